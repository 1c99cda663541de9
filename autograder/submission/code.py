"""The code of a submission as the grader reads it: what stays the same when comments and layout change."""

from __future__ import annotations

import ast

from autograder.submission.read import Submission
from autograder.submission.statements import Broken, parse


def code_as_read(submission: Submission) -> str:
    """Return all statements of a submission without comments and layout, as one text.

    A notebook that was saved again, or a file with another comment, gives the same text.
    """
    return "\n".join(
        f"{module.name}\n{_without_comments(statement.source)}"
        for module in submission.modules
        for statement in module.statements
    )


def _without_comments(source: str) -> str:
    tree = parse(source)
    try:
        return source if isinstance(tree, Broken) else ast.dump(tree, annotate_fields=False)
    except (RecursionError, ValueError):  # too deep, or an integer with too many digits to be written
        return source
