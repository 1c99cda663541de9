"""The two kinds of errors that end a command; every error of ours belongs to one of them.

The message says what was expected, what came, where, and the likely fix.
"""

from __future__ import annotations


class UserError(Exception):
    """The user's mistake: a wrong option, a file that does not fit.  The command ends with exit code 2."""


class NotJudgedError(Exception):
    """Something of ours failed, so nothing can be said about the work.  The command ends with exit code 3."""
