"""The error of this package; in a file of its own, because most of its modules raise it."""

from __future__ import annotations

from autograder.errors import UserError


class AssignmentError(UserError):
    """An assignment that does not hold together; the message says where and what was expected."""
