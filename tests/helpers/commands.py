"""The toy course, and what a command leaves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple


class Ran(NamedTuple):
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


ROOT = Path(__file__).resolve().parents[2]


COURSE = ROOT / "tests" / "course"


# Short, so that what never ends ends soon; long enough for a machine that does other things beside.
LIMITS = {"import_seconds": 6, "trace_seconds": 3, "run_seconds": 3}


def listening_to_interrupts(*command: str) -> list[str]:
    """A command that Ctrl-C ends, also where the tests themselves run in the background.

    Not by a function that runs between fork and exec: a process that has used JAX must not run any there.
    """
    code = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", code, *command]
