"""Gradescope: the package that it runs, what runs inside its container, and the results file that it reads.

The package holds the reference, and the course secret where the instructor says so; ``run`` starts inside the
container, next to the student's files.
The interface of this package is its modules, listed in ``__all__``.
"""

__all__ = ["package", "results"]
