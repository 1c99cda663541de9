"""Grading from end to end: one submission, a class in parallel, two jobs on two machines, many machines.

Both halves meet here: tracing (student code, no secret) and judging (the secret, no student code).  Results are
stored as they come, so that an interrupted run resumes.  ``validate`` tests assignments, ``doctor`` the machine.
The interface of this package is its modules, listed in ``__all__``.
"""

__all__ = [
    "batch",
    "cluster",
    "doctor",
    "draws",
    "explain",
    "grade",
    "handover",
    "options",
    "store",
    "summary",
    "validate",
]
