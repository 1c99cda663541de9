"""GitHub Actions: annotations on the student's lines, and a job summary."""

from collections.abc import Sequence

from autograder.exchange.check_text import CheckText, check_texts, complete, headline
from autograder.exchange.practice import practice_for
from autograder.report import status, view_model
from autograder.report.markdown import plain_markdown, submission_markdown
from autograder.report.student_view import student_view
from autograder.report.text import points, visible
from autograder.results import Result

SHOWN = 10  # GitHub shows at most this many annotations of each level per step
BUDGET = 1_000_000  # bytes of a job summary; GitHub drops the whole page beyond 1 MiB

_LEVELS = {
    view_model.FAIL: "error",
    view_model.PARTLY: "error",
    view_model.FAULT: "warning",
    view_model.UNSURE: "warning",
}


def annotations(result: Result, *, file: str = "") -> str:
    """Render workflow commands, one per line, for failed checks.

    Args:
      file: path of the submission in the repository; default: the file that the error itself names.
    """
    result = student_view(result)
    lines: dict[str, list[str]] = {"error": [], "warning": []}
    for check in check_texts(result):
        level = _LEVELS.get(check.state)
        if level:
            lines[level].append(_check(level, check, file))
    if result.problem:
        level = "error" if complete(result) else "warning"
        lines[level].insert(0, command(level, headline(result), title=result.submission, file=file))
    return "".join(f"{line}\n" for level, found in lines.items() for line in _capped(level, found))


def summary(results: Sequence[Result], *, assignment_title: str = "") -> str:
    """Render a job summary in Markdown: the report of one submission, or a table of several."""
    results = [student_view(result) for result in results]
    if len(results) == 1:
        title = assignment_title or results[0].provenance.assignment
        text = submission_markdown(results[0], assignment_title=title, practice=practice_for(results[0]))
    else:
        head = [f"# {plain_markdown(assignment_title or 'Results')}", "", "| submission | points | |", "|---|---:|---|"]
        text = "\n".join([*head, *map(_row, results)]) + "\n"
    data = text.encode()
    if len(data) <= BUDGET:
        return text
    kept = data[:BUDGET].decode(errors="ignore").rsplit("\n", 1)[0]
    return f"{kept}\n\nThe rest does not fit in a job summary.\n"


def command(level: str, message: str, *, title: str = "", file: str = "", line: int = 0) -> str:
    """Write one workflow command.  Whatever the text holds, it stays one line and one command."""
    values = {"file": file, "line": str(line) if file and line else "", "title": title}
    properties = ",".join(f"{name}={_property(value)}" for name, value in values.items() if value)
    return f"::{level} {properties}::{_data(message)}" if properties else f"::{level}::{_data(message)}"


def _check(level: str, check: CheckText, file: str) -> str:
    message = "\n".join(check.lines) or check.state.word
    return command(level, message, title=f"{check.function}: {check.title}", file=file or check.file, line=check.line)


def _capped(level: str, found: list[str]) -> list[str]:
    if len(found) <= SHOWN:
        return found
    more = f"{len(found) - SHOWN + 1} more: see the summary of this job"
    return [*found[: SHOWN - 1], command(level, more, title="More than can be shown here")]


def _row(result: Result) -> str:
    final = complete(result) and result.score is not None
    mark = f"{points(result.score.points)} of {points(result.score.possible)}" if final and result.score else "open"
    said = result.problem.message if result.problem else status.summary(result)
    return f"| {plain_markdown(result.submission)} | {plain_markdown(mark)} | {plain_markdown(said)} |"


def _data(text: str) -> str:
    return visible(text, lines=True).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
