"""The command line: one module for each group of commands; each command is one call into the engine.

Exit codes: 0 all judged and passed, 1 some check failed, 2 usage, 3 something could not be judged, 130 interrupted.
A user's error never shows a traceback, and everything that is printed is escaped.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from autograder import __version__
from autograder.cli import (
    authors,
    bank,
    check,
    demo,
    exam,
    export,
    grade,
    gradebook,
    handover,
    ledger,
    machine,
    nbgrader,
    package,
    record,
)
from autograder.cli.common import NOT_ALL_JUDGED, OK, USAGE, complain, out
from autograder.errors import NotJudgedError, UserError
from question_bank.errors import NotMadeError
from question_bank.errors import UserError as BankUserError

__all__ = ["main"]

INTERRUPTED = 130

app = typer.Typer(
    name="autograder",
    help="Exams and grading for deep-learning courses: submissions become programs, and the programs are judged.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(check.check)
app.command()(grade.grade)
app.command()(grade.rescore)
app.command()(handover.trace)
app.command("shape-key")(handover.shape_key)
app.command()(handover.judge)
app.command()(grade.report)
app.command()(export.export)
app.command()(record.record)
app.command()(ledger.attempts)
app.command("set-time")(ledger.set_time)
app.command()(ledger.override)
app.command()(ledger.extend)
app.command()(ledger.slip)
app.command()(gradebook.gradebook)
app.command()(machine.doctor)
app.command()(machine.bench)
app.command()(demo.demo)
app.command("list")(authors.list_command)
app.command()(authors.profiles)
app.command()(authors.starter)
app.command()(authors.new)
app.command()(authors.validate)
app.add_typer(bank.app, name="bank")
app.add_typer(package.app, name="package")
app.add_typer(exam.app, name="exam")
app.add_typer(nbgrader.app, name="nbgrader")


def main() -> None:
    """Run the command line; bad input never shows a traceback."""
    code: int | str | None
    try:
        code = app(standalone_mode=False) or OK
        if code == INTERRUPTED:  # how typer returns Ctrl-C
            raise KeyboardInterrupt
    except (UserError, BankUserError) as error:
        code = complain(str(error), USAGE)
    except (NotJudgedError, NotMadeError) as error:
        code = complain(str(error), NOT_ALL_JUDGED)
    except typer.Exit as stop:
        code = stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = complain("interrupted; finished results are stored. Run the same command again to resume.", INTERRUPTED)
    except OSError as error:
        code = complain(f"{error.filename or 'a file'}: {error.strerror or error}", USAGE)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        error.show()  # type: ignore[attr-defined]
        code = USAGE
    sys.exit(code)


def _version(show: bool) -> None:
    if show:
        out.print(f"autograder {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
