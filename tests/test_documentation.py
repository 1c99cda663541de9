"""The pages keep their promises: paths exist, commands can be typed as they stand, and cheap commands run.

A block of commands that cannot run here has "not run here" in the paragraph before it or at the end of the line.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import typer.main
from helpers.commands import COURSE, ROOT, Ran
from helpers.results import check, graded

from autograder.cli import app
from autograder.result_json import to_json

README_LINES = 100
MARK = "not run here"
_FOLDERS = ("assignments", "autograder", "question_bank", "reference", "tests")
_NOT_OURS = ("question_bank/notes/", "tests/question_bank/", "tests/report/", "autograder/assignment/template/")
PAGES = sorted(
    name
    for path in (*ROOT.glob("*.md"), *(p for folder in _FOLDERS for p in (ROOT / folder).rglob("*.md")))
    if not (name := path.relative_to(ROOT).as_posix()).startswith(_NOT_OURS)
)

# Files that students and instructors make; the pages name them, and they are not in the repository.
_THEIRS = frozenset(
    """submission.py submission.ipynb course.toml old.toml exam.toml course.key gradescope.key course.db collected.csv
    roster.csv results.json autograder.zip codes.csv keys.html rekeys.jsonl responses.json times.json
    nbgrader_config.py errata.toml decisions.yaml review.yaml statistics.yaml answers_public.npz
    """.split()
)
_THEIR_FOLDERS = ("demo/", "graded/", "handout/", "midterm/", "own/", "submissions/", "submitted/", "bank/", "work/")
_SUFFIXES = "py|ipynb|md|toml|yaml|yml|json|jsonl|csv|db|zip|npz|html|j2|css|js|sh|txt|cfg"
_HERE = ("autograder", "make", "python", ".venv/bin/python", "pip", "bash")
_ELSEWHERE = ("caddy", "dask", "docker", "kubectl", "nginx", "sbatch", "srun", "ssh")


@dataclass(frozen=True)
class Line:
    """A command on a page; ``marked`` where the page says that it cannot run here."""

    page: str
    number: int
    text: str
    marked: bool = False

    def __str__(self) -> str:
        return f"{self.page}:{self.number}: {self.text}"


def read_lines(text: str, page: str = "page.md") -> Iterator[Line]:
    """Yield the lines of code blocks: fenced as shell or plain, or indented by four spaces."""
    fence, paragraph, before_blank = "", "", True
    for number, line in enumerate(text.splitlines(), 1):
        if opened := re.match(r"\s*```\s*(\w*)", line):
            fence = "" if fence else opened[1] or "sh"
            continue
        if fence or line.startswith("    "):
            if line.strip() and fence in ("", "sh", "bash", "console"):
                marked = MARK in paragraph.lower() or MARK in line.lower()
                yield Line(page, number, line.strip().removeprefix("$ "), marked)
            continue
        if not line.strip():
            before_blank = True
        else:
            paragraph = line if before_blank else f"{paragraph} {line}"
            before_blank = False


def read_spans(text: str) -> list[str]:
    """List the code spans of a page, outside its code blocks."""
    text = re.sub(r"(?ms)^```.*?^```", "", text)
    text = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def commands(page: str) -> Iterator[Line]:
    for line in read_lines((ROOT / page).read_text("utf-8"), page):
        if _words(line.text)[:1] and _words(line.text)[0] in (*_HERE, *_ELSEWHERE):
            yield line


def _words(text: str) -> list[str]:
    """Split a line of shell into words, without variables set before the command, and up to a redirection or pipe."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:  # a picture or a formula
        return []
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    return words[: next((i for i, word in enumerate(words) if word in (">", ">>", "|", "&&")), None)]


# --- paths


def missing_paths(text: str, page: str) -> list[str]:
    """List the paths in links and code spans of a page that do not exist."""
    text = re.sub(r"(?ms)^```.*?^```", "", text)
    folder = (ROOT / page).parent
    links = [t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"\w+:", t)]
    missing = [target for target in links if target and not (folder / target).exists()]
    spans = [s for s in read_spans(text) if re.fullmatch(rf"\.?[\w./<>*-]+(?:/|\.(?:{_SUFFIXES}))", s)]
    return missing + [span for span in spans if not _exists(span, folder)]


def _exists(span: str, folder: Path) -> bool:
    if span in _THEIRS or span.startswith(_THEIR_FOLDERS) or "submitted/" in span:
        return True
    pattern = re.sub(r"<\w+>", "*", span).rstrip("/")
    if any(True for base in (folder, ROOT) for _ in base.glob(pattern)):
        return True
    # By its bare name: a file of the folder that the page describes, or of an assignment.
    described = (*(() if folder == ROOT else (folder,)), ROOT / "assignments", ROOT / "reference")
    return "/" not in pattern and any(True for base in described for _ in base.rglob(pattern))


@pytest.mark.parametrize("page", PAGES)
def test_every_path_on_a_page_exists(page: str) -> None:
    assert missing_paths((ROOT / page).read_text("utf-8"), page) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("`judge/diagnose.py`, `judge/diagnoze.py`", ["judge/diagnoze.py"]),
        ("[x](CONTRIBUTING.md) [y](CONTRIBUTE.md#top)", ["CONTRIBUTE.md"]),
        ("`grading/cluster/`, `grading/clusters/`", ["grading/clusters/"]),
        ("`reference/<name>/mistakes.py`, `reference/<name>/errors.py`", ["reference/<name>/errors.py"]),
        ("`results.py`, `result.py`, `submission.py`", ["CONTRIBUTING.md", "result.py"]),
    ],
)
def test_a_path_that_does_not_exist_is_found(text: str, missing: list[str]) -> None:
    page = "autograder/README.md" if "](" not in text else "README.md"
    assert missing_paths(text, page) == [m for m in missing if m in text]


# --- commands


def _flat(group: Any, before: str = "") -> dict[str, Any]:
    """Every command by what one types: "list", "bank build"."""
    flat = {}
    for name, one in group.commands.items():
        flat |= _flat(one, f"{before}{name} ") if hasattr(one, "commands") else {f"{before}{name}": one}
    return flat


COMMANDS = _flat(typer.main.get_command(app))


def command_name(words: Sequence[str]) -> str:
    """Return the command that the words begin with, of one word or two; "" where there is none."""
    return next((name for name in (" ".join(words[:2]), *words[:1]) if name in COMMANDS), "")


def complaint(line: Line) -> str:
    """Say what is wrong with a command, or nothing."""
    words = _words(line.text)
    if words[0] in _ELSEWHERE:
        return "" if line.marked else f"{words[0]} cannot run here: mark it with {MARK!r}"
    if words[0].endswith("python"):
        if words[1] == "-m" and words[2] == "autograder":
            words = words[2:]
        elif words[1] == "-m":
            if importlib.util.find_spec(words[2]) is None:
                return f"there is no module {words[2]}"
            return _wrong_files(words[3:])
        else:
            return _wrong_files(words[1:])
    if words[0] == "autograder":
        return autograder_complaint(words[1:], line.marked)
    if words[0] == "make":
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        wrong = [w for w in words[1:] if w not in targets and not re.match(r"(PYTHON|ARGS)=", w)]
        return f"make has no target {wrong[0]}" if wrong else ""
    if words[0] == "pip":
        return pip_complaint(words)
    return _wrong_files(words[1:])


def _wrong_files(words: Sequence[str]) -> str:
    files = [w.partition("::")[0] for w in words if "/" in w and not w.startswith("-")]
    return next((f"{name} does not exist" for name in files if not (ROOT / name).exists()), "")


def autograder_complaint(words: Sequence[str], marked: bool) -> str:
    """Let the command's own parser read the words, and check values that it reads later."""
    name = command_name(words)
    if not name:
        return f"there is no command {' '.join(words[:2])}"
    if not marked and ("…" in words or any(w.startswith(("slurm", "tls:", "postgresql:")) for w in words)):
        return f"this needs another machine: mark it with {MARK!r}"
    command, rest = COMMANDS[name], list(words[len(name.split()) :])
    try:
        context = command.make_context(name, rest)
    except Exception as error:  # the parser is typer's own copy of click: its errors have no public name
        return f"autograder {name}: {getattr(error, 'format_message', error.__repr__)()}"
    for option in command.params:
        named = re.match(r"One of ([\w, ]+)\.", getattr(option, "help", "") or "")
        if named and context.params.get(option.name) not in (None, *named[1].split(", ")):
            return f"autograder {name}: {option.name} is {named[0]}"
    return ""


def pip_complaint(words: Sequence[str]) -> str:
    """Nobody is told to install our name from the public index: it is somebody else's package there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    targets = [w for w in words[2:] if not w.startswith("-") and w != "constraints.txt"]
    for target in targets:
        local = re.fullmatch(r"\.(?:\[(\w+)\])?", target)
        if local is None:
            return f"pip install {target} takes a stranger's package: install from the checkout"
        if local[1] and local[1] not in extras:
            return f"pyproject.toml has no extra {local[1]}"
    return ""


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_can_be_typed(page: str) -> None:
    assert [f"{line}: {wrong}" for line in commands(page) if (wrong := complaint(line))] == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_options_within_a_sentence_exist(page: str) -> None:
    for span in read_spans((ROOT / page).read_text("utf-8")):
        words = _words(span)
        if words[:1] == ["make"]:
            assert not complaint(Line(page, 0, span))
        if words[:1] != ["autograder"] or len(words) == 1:
            continue
        name = command_name(words[1:])
        groups = {n.split()[0] for n in COMMANDS if " " in n}
        assert name or (words[1] in groups and len(words) == 2), f"{page} names the command {span}"
        options = {text for p in (COMMANDS[name].params if name else ()) for text in p.opts} | {"-h", "--help"}
        assert {w for w in words if w.startswith("-")} <= options, f"{page}: {span}"


def test_there_are_pages_and_commands() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "autograder/README.md"} <= set(PAGES)
    assert len([line for page in PAGES for line in commands(page)]) > 60


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("    autograder grad submissions/", "there is no command grad submissions/"),
        ("    autograder grade submissions/ --sped", "No such option: --sped"),
        ("    autograder grade", "Missing argument"),
        ("    autograder grade submissions/ --jobs many", "valid integer"),
        ("    autograder export graded --format junits", "One of junit"),
        ("    autograder grade submissions/ --cluster slurm", "needs another machine"),
        ("```sh\n$ autograder bank buildd notes/\n```", "there is no command bank buildd"),
        ("    make tests", "no target tests"),
        ("    X=1 .venv/bin/python -m pytest tests/test_nothing.py", "tests/test_nothing.py does not exist"),
        ("    python -m autograder lst", "there is no command lst"),
        ("    python -m autograder_nothing", "there is no module autograder_nothing"),
        ("    srun -n 4 dask worker", "srun cannot run here"),
        ("    pip install autograder", "takes a stranger's package"),
        ("    pip install -c constraints.txt -e '.[clusters]'", "no extra clusters"),
    ],
)
def test_a_command_that_does_not_exist_is_found(text: str, says: str) -> None:
    lines = list(read_lines(text))
    assert len(lines) == 1 and says in complaint(lines[0])


@pytest.mark.parametrize(
    "text",
    [
        "Not run here: another machine.\n\n    srun -n 4 dask worker",
        "    autograder record graded --db postgresql://me@host/course   # not run here",
    ],
)
def test_what_is_marked_need_not_run_here(text: str) -> None:
    (line,) = read_lines(text)
    assert line.marked and not complaint(line)


# --- what runs

# Commands that need neither the reference nor a sandbox.
_CHEAP = {
    *(
        "attempts",
        "bank show",
        "bank stats",
        "export",
        "extend",
        "gradebook",
        "list",
        "override",
        "profiles",
        "record",
        "slip",
    ),
    *(
        "report",
        "rescore",
        "set-time",
        "exam build",
        "exam codes",
        "exam mark",
        "exam notebook",
        "exam paper",
        "exam preview",
    ),
    *("exam record", "exam release", "exam responses"),
}
COURSE_FILE = """\
[policy]
attempts = "best"
timezone = "Europe/Berlin"
slip_days = 5
[policy.assignments.backprop]
due = 2027-01-10T23:59:00
"""
_ENDS = {"gradebook": (0, 3)}  # 3: some assignment of the class awaits a person
# Commands that trace and judge: run on the toy assignment, under the name that the pages use.
_GRADING = {
    "check",
    "doctor",
    "grade",
    "judge",
    "new",
    "package gradescope",
    "shape-key",
    "starter",
    "trace",
    "validate",
}
# Commands of the bank that build, check and exchange items.
_BANK = {
    f"bank {name}" for name in ("build", "lint", "stats", "show", "diff", "draws", "export", "import", "fingerprint")
}


def cheap_commands(page: str) -> list[tuple[Line, str, list[str]]]:
    """List the commands of a page that are run here, each with its name and its words."""
    cheap = []
    for line in commands(page):
        words = _words(line.text)[1:]
        name = command_name(words)
        if name in _CHEAP and not line.marked and "--bank" not in words:
            cheap.append((line, name, words))
    return cheap


@pytest.mark.parametrize("page", [page for page in PAGES if cheap_commands(page)])
def test_cheap_commands_run_in_the_order_of_their_page(
    page: str, command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_course(tmp_path)
    monkeypatch.chdir(tmp_path)
    for line, name, words in cheap_commands(page):
        ran = command(*words)
        assert ran.code in _ENDS.get(name, (0,)), f"{line}\n{ran.out}{ran.err}"


def grading_commands(page: str) -> list[tuple[Line, list[str]]]:
    """List the commands of a page that trace and judge, once each; many machines have tests of their own."""
    chosen: dict[str, tuple[Line, list[str]]] = {}
    for line in commands(page):
        tool, *words = _words(line.text)
        if (
            tool == "autograder"
            and command_name(words) in _GRADING
            and not line.marked
            and not {"--cluster", "NAME", "FUNCTION"} & set(words)
        ):
            chosen.setdefault(" ".join(words), (line, words))
    return list(chosen.values())


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if grading_commands(page)])
def test_commands_that_grade_run_in_the_order_of_their_page(
    page: str, command: Callable[..., Ran], full_sandbox: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_course(tmp_path)
    write_assignment(tmp_path, "backprop")
    monkeypatch.chdir(tmp_path)
    for line, words in grading_commands(page):
        ran = command(*words)
        # How fast the right solution is, a busy machine may leave open: that is no matter of the page.
        measured = command_name(words) in ("check", "grade", "judge")
        assert ran.code in ((0, 1, 3) if measured else (0,)), f"{line}\n{ran.out}{ran.err}"
        assert "Traceback" not in ran.err


def write_assignment(folder: Path, name: str) -> None:
    """Write the toy assignment under a name, a student's copy of it, and a class with one right submission."""
    for half in ("assignments", "reference"):
        shutil.copytree(COURSE / half / "toy", folder / half / name, ignore=shutil.ignore_patterns("__pycache__"))
    solution = COURSE / "reference" / "toy" / "solution.py"
    for work in ("submissions", "work"):
        (folder / work).mkdir()
        shutil.copy(solution, folder / work / "lovelace.py")
    shutil.copy(solution, folder / "submission.py")
    (folder / "gradescope.key").write_text("fedcba9876543210" * 2)


@pytest.mark.slow
def test_the_bank_s_commands_run_in_the_order_of_their_page(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("notes", "bank"):
        shutil.copytree(ROOT / "question_bank" / part, tmp_path / "question_bank" / part)
    monkeypatch.chdir(tmp_path)
    ran = []
    for line in commands("question_bank/README.md"):
        words = _words(line.text)[1:]
        if command_name(words) in _BANK and not line.marked:
            result = command(*words)
            ran.append(command_name(words))
            assert result.code == 0, f"{line}\n{result.out}{result.err}"
    assert set(ran) == _BANK


def test_every_command_on_the_pages_runs_or_is_marked() -> None:
    """What is left is parsed only: it waits for a person, a browser, a class at work or another program."""
    parsed = {"nbgrader init", "exam dry-run", "bench"}
    for page in PAGES:
        for line in commands(page):
            words = _words(line.text)
            name = command_name(words[1:]) if words[0] == "autograder" else ""
            known = name in _CHEAP | _GRADING | _BANK | parsed or line.marked
            assert known or not name, f"{line}: run it in a test, or mark it with {MARK!r}"


def test_every_page_of_marks_runs() -> None:
    assert {"README.md", "autograder/exam/README.md", "autograder/gradebook/README.md"} <= {
        page for page in PAGES if len(cheap_commands(page)) >= 5
    }


def write_course(folder: Path) -> None:
    """Write what the pages take for granted: a secret, a roster, a policy, an exam, and a class that was graded."""
    students = ["lovelace", *(f"s{number}" for number in range(1, 20))]
    (folder / "course.key").write_text("0123456789abcdef" * 2)
    (folder / "roster.csv").write_text("id,name\n" + "".join(f"{s},{s.title()}\n" for s in students))
    (folder / "course.toml").write_text(COURSE_FILE)
    (folder / "old.toml").write_text('[policy]\nattempts = "last"\n')
    blueprint = (ROOT / "autograder" / "exam" / "BLUEPRINT.md").read_text("utf-8")
    (folder / "exam.toml").write_text(blueprint.split("```toml\n")[1].split("```")[0], "utf-8")
    (folder / "exported.csv").write_text("Student,ID,SIS User ID,SIS Login ID,Section,backprop (1)\n")
    (folder / "graded" / "results").mkdir(parents=True)
    for student in students:
        result = graded(f"{student}.py", check("relu_values"))
        sha256 = hashlib.sha256(student.encode()).hexdigest()
        provenance = replace(result.provenance, submission_sha256=sha256, created="2026-11-20T12:00:00+00:00")
        result = replace(result, provenance=provenance)
        (folder / "graded" / "results" / f"{student}.json").write_text(to_json(result))


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= README_LINES


def test_no_text_installs_our_name_from_the_public_index() -> None:
    texts = [*(ROOT / page for page in PAGES), *(p for f in _FOLDERS[:3] for p in (ROOT / f).rglob("*.py"))]
    telling = re.compile(r"pip3? install\b[^\n`]*?[\s'\"](autograder)(?=[\s'\"\[=<>~]|$)")
    assert [f"{path.relative_to(ROOT)}" for path in texts if telling.search(path.read_text("utf-8"))] == []
