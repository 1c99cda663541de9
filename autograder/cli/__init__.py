"""The command line.  Exit codes: 0 all judged and passed, 1 some check failed, 2 usage, 3 something not judged."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from autograder import __version__
from autograder.answers import ReferenceFailed
from autograder.assignment import AssignmentError
from autograder.cli import (
    attempts,
    authors,
    bank,
    exam,
    export,
    gradebook,
    handover,
    instructors,
    nbgrader,
    package,
    students,
)
from autograder.cli.common import NOT_ALL_JUDGED, OK, USAGE, UsageError, complain, out
from autograder.cluster_start import ClusterError
from autograder.device import DeviceError
from autograder.gradebook.policy import PolicyError
from autograder.gradebook.records import LedgerError
from autograder.plan import SeedError
from autograder.results import ResultError
from autograder.store import Busy
from question_bank.document import DocumentError
from question_bank.errata import ErrataError
from question_bank.exam.fields import ExamError
from question_bank.propose import ProposalError
from question_bank.store import BankError
from question_bank.template import TemplateError

INTERRUPTED = 130

app = typer.Typer(
    name="autograder",
    help="Exams and grading for deep-learning courses: submissions become programs, programs are judged.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(students.check)
app.command()(instructors.grade)
app.command()(instructors.rescore)
app.command()(handover.trace)
app.command()(handover.judge)
app.command()(instructors.report)
app.command()(export.export)
app.command()(attempts.record)
app.command()(attempts.attempts)
app.command()(attempts.override)
app.command()(attempts.extend)
app.command()(gradebook.gradebook)
app.command()(instructors.doctor)
app.command()(instructors.bench)
app.command()(instructors.demo)
app.command("list")(authors.list_command)
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
    except (UsageError, Busy, AssignmentError, SeedError, ResultError, BankError, DocumentError, ErrataError) as error:
        code = complain(str(error), USAGE)
    except (LedgerError, PolicyError, ExamError, ClusterError) as error:
        code = complain(str(error), USAGE)
    except (ReferenceFailed, DeviceError, ProposalError, TemplateError) as error:
        code = complain(str(error), NOT_ALL_JUDGED)
    except typer.Exit as stop:
        code = stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = complain(
            "interrupted; what was finished is stored, and the same command goes on from there", INTERRUPTED
        )
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
