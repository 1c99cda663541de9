"""Plain pytest: one fresh interpreter for each submission, a limit for each test, and one for the whole."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from peer_venv import environment
from table import Graded
from watch import Spent, measure

TEST_SECONDS = 30
WHOLE_SECONDS = 120  # without it the endless program, which no signal reaches, would hold the loop for ever


def grade(python: Path, submissions: dict[str, str], crashes: list[str], folder: Path, memory: float) -> Graded:
    """Grade one after the other, as a loop in a shell does."""
    variables = environment(python, folder / "home")
    every, crashed = Spent(), Spent()
    verdicts: dict[str, dict[str, bool]] = {}
    notes: dict[str, str] = {}
    for name, text in submissions.items():
        own = folder / name
        own.mkdir(parents=True)
        (own / "submission.py").write_text(text)
        shutil.copy(folder / "numbers.npz", own)
        shutil.copy(Path(__file__).with_name("peer_checks.py"), own / "test_submission.py")
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--timeout={TEST_SECONDS}"]
        command += ["--junitxml=report.xml", "test_submission.py"]
        spent = measure(command, own, variables, seconds=WHOLE_SECONDS, memory=memory, log=own / "log")
        every += spent
        crashed += spent if name in crashes else Spent()
        report = own / "report.xml"
        if report.exists():
            verdicts[name] = _verdicts(report)
        else:
            over = spent.wall > WHOLE_SECONDS
            notes[name] = f"killed {f'after {WHOLE_SECONDS} s' if over else 'when memory was full'}, no report"
    return Graded("pytest", len(submissions), every, crashed, verdicts, notes=notes)


def _verdicts(report: Path) -> dict[str, bool]:
    return {
        test.attrib["name"].removeprefix("test_"): test.find("failure") is None and test.find("error") is None
        for test in ElementTree.parse(report).iter("testcase")
    }
