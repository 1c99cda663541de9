"""The command export: results for other programs."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from autograder.assignment.load import AssignmentError, find_root, load
from autograder.cli.common import UsageError, err, plain, stored_results
from autograder.cli.options import Root
from autograder.result_json import to_json
from autograder.results import Result

EACH = ("gradescope", "classroom")  # one file for each submission
FORMATS = ("junit", "gradescope", "github", "classroom", "json")
SUMMARY = "GITHUB_STEP_SUMMARY"


def export(
    folder: Annotated[Path, typer.Argument(help="Folder of a grading run.")],
    form: Annotated[str, typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}.")],
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write, or folder for a file per submission; default: print."),
    ] = None,
    root: Root = None,
) -> None:
    """Write the results of a grading run for another program: Jenkins, GitLab, GitHub, Gradescope.

    With --format github, annotations are printed, and the summary is appended to the file that
    GITHUB_STEP_SUMMARY names.

    Example: autograder export graded --format junit -o junit.xml
    """
    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}: expected one of {', '.join(FORMATS)}")
    stored = stored_results(folder)
    results = [result for _, result in stored]
    title = results[0].provenance.assignment
    with contextlib.suppress(AssignmentError):
        title = load(title, root or find_root()).title
    if form in EACH and len(stored) > 1:
        if file is None or (file.exists() and not file.is_dir()):
            raise UsageError(f"{form} needs one file for each of {len(stored)} submissions: name a folder with -o")
        file.mkdir(parents=True, exist_ok=True)
        render = _render(form, title)
        for path, result in stored:  # names of result files are made by us
            (file / path.name).write_text(render([result]), encoding="utf-8")
        err.print(f"Wrote {len(stored)} files to {plain(str(file))}", highlight=False, soft_wrap=True)
        return
    text = _render(form, title)(results)
    if form == "github" and os.environ.get(SUMMARY):
        from autograder.exchange.github import summary

        with Path(os.environ[SUMMARY]).open("a", encoding="utf-8") as page:
            page.write(summary(results, assignment_title=title))
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")
        err.print(f"Wrote {plain(str(file))}", highlight=False, soft_wrap=True)


def _render(form: str, title: str) -> Callable[[Sequence[Result]], str]:
    from autograder.exchange.classroom import classroom
    from autograder.exchange.github import annotations
    from autograder.exchange.gradescope.results import gradescope
    from autograder.exchange.junit import junit

    makers: dict[str, Callable[[Sequence[Result]], str]] = {
        "junit": lambda results: junit(results, name=title),
        "gradescope": lambda results: gradescope(results[0], assignment_title=title),
        "github": lambda results: "".join(map(annotations, results)),
        "classroom": lambda results: classroom(results[0]),
        "json": lambda results: "[" + ",\n".join(map(to_json, results)) + "]\n",
    }
    return makers[form]
