"""The two kinds of errors of the question bank; the command line treats them as it treats its own."""

from __future__ import annotations


class UserError(Exception):
    """The user's mistake: a document, a bank or an option that does not fit.  Exit code 2."""


class NotMadeError(Exception):
    """Items could not be made, through no mistake of the user: a faulty template, a model that fails.  Exit code 3."""
