"""The bridge to nbgrader: nbgrader's folders, gradebook and pages, with our judgement.

nbgrader's own ``autograde`` runs the student's notebook in a kernel of the instructor's account and believes what
comes out.  Here the same command reads the notebook as a stranger's bytes, has it judged as programs, and writes
the points where nbgrader looks for them.  nbgrader is imported by the modules that extend it, and only by them.
The interface of this package is its modules, listed in ``__all__``; nbgrader itself loads ``convert`` and ``export``.
"""

__all__ = ["init"]
