"""Traced programs become evidence, and evidence becomes points.

Holds the truth, the rubric and programs of submissions, and runs no Python of a student.  Its results are final:
marks rest on them.  The packages ``device``, ``oracle`` and ``performance`` have interfaces of their own.
The modules below are the interface.  None is imported here: the device's worker loads this package
and must not hold what the others hold.
"""

__all__ = ["bench", "compare", "device", "judge", "ladder", "oracle", "performance", "score", "suspected", "tasks"]
