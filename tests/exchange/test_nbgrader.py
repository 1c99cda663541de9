"""nbgrader, the real one: its own commands on a fresh course, with our judgement inside."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from helpers.commands import COURSE, LIMITS, ROOT

from autograder.assignment.load import Assignment, load_folder
from autograder.exchange.nbgrader.cells import possible
from autograder.exchange.nbgrader.init import JUDGE, SAVE, judged_steps
from autograder.exchange.nbgrader.marks import cell_marks
from autograder.exchange.nbgrader.rebuild import Handed, Known, Written, read_handed, rebuild
from autograder.result_json import from_json
from autograder.results import NOT_JUDGED, Result
from autograder.sandbox import bubblewrap

pytest.importorskip("nbgrader", reason="nbgrader is not installed")
pytestmark = [
    pytest.mark.timeout(600),  # a dozen commands that import much, on a machine that does other things beside
    pytest.mark.xdist_group("nbgrader"),  # one course for all of them
]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

KEY = "0123456789abcdef0123456789abcdef"

SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()

# Right along the last axis only, and without the scaling that a known mistake leaves out.
PARTLY = """\
import jax
import jax.numpy as jnp

def standardize(x, *, axis):
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=1, keepdims=True))

def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}

def dropout(key, x, *, rate):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x, 0.0)
"""

HOSTILE = """\
import os, sys, sqlite3, pathlib
pathlib.Path({canary!r}).write_text("executed")
os.system("echo executed > " + {canary!r})
print("10.0", file=sys.stderr)
print(sqlite3.connect({gradebook!r}).execute("select * from grade").fetchall())

def standardize(x, *, axis):
    open({canary!r}, "w").write("executed")
    return x

10.0
"""


# The names of downloads in both archives: "ada_LATE_101_9001_toy-1.ipynb", "eve_103_assignsubmission_file_/toy.ipynb".
NAMES = r".*/(?P<student_id>[a-z]+)_(?:LATE_)?\d+_(?:\d+_|assignsubmission_file_/)(?P<file_id>[a-z]+)(?:-\d+)?\.ipynb"


class Ran(NamedTuple):
    """A course after all commands, and where a submission would leave its mark if a kernel ran it."""

    folder: Path
    canary: Path
    said: dict[str, str]

    def grades(self, student: str) -> dict[str, Any]:
        """What the gradebook holds: points by cell, and the whole."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as book:
            found = book.find_submission_notebook("toy", "toy", student)
            cells = {g.name: (g.auto_score, g.max_score, g.needs_manual_grade) for g in found.grades}
            return {"cells": cells, "score": found.score, "possible": found.max_score}

    def feedback(self, student: str) -> str:
        """The page that ``nbgrader generate_feedback`` made."""
        return (self.folder / "feedback" / student / "toy" / "toy.html").read_text()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy course without what takes long or is timed, so that every run gives the same points."""
    root = tmp_path_factory.mktemp("toy")
    for half in ("assignments", "reference"):
        shutil.copytree(COURSE / half / "toy", root / half / "toy", ignore=shutil.ignore_patterns("__pycache__"))
    checks = root / "assignments" / "toy" / "checks.py"
    checks.write_text(checks.read_text().partition("\n\ndef _fit")[0] + "\n")
    settings = root / "assignments" / "toy" / "assignment.toml"
    text = re.sub(r"^(line_learns|standardize_speed|standardize_cost) = .*\n", "", settings.read_text(), flags=re.M)
    text = re.sub(r"^standardize_values = 4", "standardize_values = 3.35", text, flags=re.M)
    for name, seconds in LIMITS.items():
        text = re.sub(rf"^{name} = \d+", f"{name} = {seconds}", text, flags=re.M)
    settings.write_text(text)
    return root


@pytest.fixture(scope="module")
def small_toy(small: Path) -> Assignment:
    return load_folder(small / "assignments" / "toy", small / "reference" / "toy")


@pytest.fixture(scope="module")
def course(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A course folder in which an instructor ran everything, from ``init`` to ``export``."""
    sandbox = bubblewrap.probe()
    if not sandbox.isolated:
        pytest.skip(f"{sandbox.level}: {sandbox.advice}")
    above = tmp_path_factory.mktemp("nbgrader")
    folder, canary, said = above / "course", above / "canary", {}
    (above / "course.key").write_text(KEY)
    options = ("-a", "toy", "--root", str(small), "--key-file", str(above / "course.key"))
    said["init"] = _run(above, "autograder", "nbgrader", "init", "course", *options)
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.FileNameCollectorPlugin.named_regexp = r'{NAMES}'\n")
    said["generate_assignment"] = _run(folder, "nbgrader", "generate_assignment", "toy")
    release = json.loads((folder / "release" / "toy" / "toy.ipynb").read_text())
    downloaded = folder / "downloaded" / "toy" / "archive"
    downloaded.mkdir(parents=True)
    handed = {
        "ada": json.dumps(_filled(release, SOLUTION)),
        "ben": json.dumps(_filled(release, PARTLY)),
        "eve": json.dumps(_forged(release, canary, folder / "gradebook.db")),
        "max": '{"cells": [' + "[" * 5000,
    }
    _download(downloaded, handed)
    said["zip_collect"] = _run(folder, "nbgrader", "zip_collect", "toy")
    said["autograde"] = _run(folder, "nbgrader", "autograde", "toy")
    said["generate_feedback"] = _run(folder, "nbgrader", "generate_feedback", "toy")
    said["export"] = _run(folder, "nbgrader", "export")
    return Ran(folder, canary, said)


def _download(folder: Path, handed: dict[str, str]) -> None:
    """Put what was handed in where it is collected from: half as Canvas packs downloads, half as Moodle does."""
    with zipfile.ZipFile(folder / "submissions.zip", "w") as canvas:
        canvas.writestr("ada_LATE_101_9001_toy-1.ipynb", handed["ada"])
        canvas.writestr("ben_102_9002_toy.ipynb", handed["ben"])
        canvas.writestr("ben_102_9003_notes.pdf", "%PDF")
    with zipfile.ZipFile(folder / "DL-Toy-1234.zip", "w") as moodle:
        for number, name in ((103, "eve"), (104, "max")):
            moodle.writestr(f"{name}_{number}_assignsubmission_file_/toy.ipynb", handed[name])


def _run(folder: Path, module: str, *arguments: str) -> str:
    """Run a command as an instructor does, with nothing of this virtual environment on the path."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": str(ROOT)}
    environment |= {k: os.environ[k] for k in ("XDG_CACHE_HOME",) if k in os.environ}
    command = [sys.executable, "-m", module, *arguments]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def _filled(release: dict[str, Any], text: str) -> dict[str, Any]:
    """The students' notebook with its first solution cell filled in and the others emptied."""
    notebook: dict[str, Any] = json.loads(json.dumps(release))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"], text = text, ""
    return notebook


def _forged(release: dict[str, Any], canary: Path, gradebook: Path) -> dict[str, Any]:
    notebook = _filled(release, HOSTILE.format(canary=str(canary), gradebook=str(gradebook)))
    cells = notebook["cells"]
    graded = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade")]
    cells.remove(graded[1])
    for cell in graded:
        number = {"output_type": "execute_result", "data": {"text/plain": "10.0"}, "metadata": {}, "execution_count": 1}
        cell["outputs"] = [number] * 3
        cell["metadata"]["nbgrader"]["points"] = 1000
    graded[0]["source"] = f"open({str(canary)!r}, 'w')"
    graded[2]["metadata"]["nbgrader"] |= {"grade": False, "solution": True, "schema_version": 1}
    graded[3]["metadata"]["nbgrader"]["grade_id"] = "points_standardize"  # twice, and a wrong one
    notebook["metadata"]["kernelspec"] = {"name": "bash", "display_name": "bash", "language": "bash"}
    script = "<script>document.title='owned'</script> ![x](attachment:none) [y](javascript:alert(1)) [z]\n\n"
    script += "[z]: javascript:alert(2)\n\n$\\\\href{javascript:alert(3)}{click}$ <img src=x onerror=alert(4)>"
    cells.insert(0, {"cell_type": "markdown", "metadata": {"nbgrader": {"schema_version": 99}}, "source": script})
    cells.insert(0, {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": script})
    return notebook


@pytest.mark.slow
def test_the_students_notebook_is_valid_and_holds_no_answer(course: Ran, small_toy: Assignment) -> None:
    from nbgrader.nbgraderformat import SCHEMA_VERSION, MetadataValidator

    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(course.folder / "release" / "toy" / "toy.ipynb", as_version=4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    entries = [c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata]
    assert {e["schema_version"] for e in entries} == {SCHEMA_VERSION}
    points = {e["grade_id"]: e["points"] for e in entries if e["grade"]}
    assert points == {f"points_{f.replace('.', '-')}": p for f, p in possible(small_toy).items()}
    assert sum(points.values()) == small_toy.total
    assert [e["grade_id"] for e in entries if e["solution"]] == [f"solution_{f}" for f in small_toy.functions]
    text = "\n".join(c.source for c in notebook.cells)
    for function in small_toy.functions:
        assert re.search(rf"def {function}\(.*\n +\"\"\".*\n +# YOUR CODE HERE\n +raise NotImplementedError", text)
    given = {p.name for p in (course.folder / "release" / "toy").iterdir()}
    assert given == {"toy.ipynb", "assignment.toml", "checks.py", "given.py", "answers_public.npz"}


@pytest.mark.slow
def test_downloads_of_canvas_and_moodle_are_collected_as_they_came(course: Ran) -> None:
    handed = {p.relative_to(course.folder / "submitted") for p in (course.folder / "submitted").rglob("*.ipynb")}
    assert handed == {Path(name, "toy", "toy.ipynb") for name in ("ada", "ben", "eve", "max")}
    archives = course.folder / "downloaded" / "toy" / "archive"
    for archive in sorted(archives.iterdir()):
        with zipfile.ZipFile(archive) as packed:
            for entry in (n for n in packed.namelist() if n.endswith(".ipynb")):
                name = entry.partition("_")[0]
                collected = course.folder / "submitted" / name / "toy" / "toy.ipynb"
                assert collected.read_bytes() == packed.read(entry), entry
        assert archive.name in course.said["zip_collect"]


@pytest.mark.slow
def test_points_equal_ours_to_the_last_digit(course: Ran, small: Path, tmp_path: Path) -> None:
    """The same files graded by our own command, apart from nbgrader."""
    (tmp_path / "key").write_text(KEY)
    handed = course.folder / "submitted"
    for student in ("ada", "ben", "eve", "max"):
        shutil.copy(handed / student / "toy" / "toy.ipynb", tmp_path / f"{student}.ipynb")
    files = [f"{s}.ipynb" for s in ("ada", "ben", "eve", "max")]
    options = ("-a", "toy", "--root", str(small), "--key-file", "key", "-q", "-o", "out")
    command = [sys.executable, "-m", "autograder", "grade", *files, *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=300)
    assert ran.returncode == 1, ran.stderr
    ours = {r.submission: r for r in (from_json(p.read_text()) for p in (tmp_path / "out" / "results").glob("*.json"))}
    loaded = load_folder(small / "assignments" / "toy", small / "reference" / "toy")
    rows = csv.DictReader((course.folder / "grades.csv").read_text().splitlines())
    exported = {r["student_id"]: r for r in rows}
    for student in ("ada", "ben", "eve", "max"):
        result = ours[f"{student}.ipynb"]
        found = course.grades(student)
        marks = {f"points_{f.replace('.', '-')}": m for f, m in cell_marks(result, loaded).items()}
        assert {name: auto for name, (auto, _, _) in found["cells"].items()} == marks
        assert not any(open_ for _, _, open_ in found["cells"].values())
        assert result.score is not None
        assert found["possible"] == result.score.possible == loaded.total
        assert round(found["score"], 9) == result.score.points
        assert exported[student]["score"] == str(result.score.points)
    assert course.grades("ada")["score"] == loaded.total
    assert 0 < course.grades("ben")["score"] < loaded.total
    assert course.grades("eve")["score"] == course.grades("max")["score"] == 0


@pytest.mark.slow
def test_nothing_ran_in_a_kernel(course: Ran) -> None:
    assert not course.canary.exists()
    assert "kernel" not in course.said["autograde"].lower()


@pytest.mark.slow
def test_feedback_teaches_and_keeps_the_inputs(course: Ran) -> None:
    ben = course.feedback("ben")
    assert "The kept entries are not scaled up" in ben
    assert "Test cell</a> (Score: 0.0 / 4.0)" in ben and "Test cell</a> (Score: 4.0 / 4.0)" in ben
    assert "rows" in ben and "float32" in ben  # kinds and shapes
    for name in ("ada", "ben", "eve", "max"):
        page = course.feedback(name)
        own = page.replace(str(course.canary), "").replace(str(course.folder / "gradebook.db"), "")  # eve wrote these
        assert KEY not in own and str(course.folder.parent) not in own
        assert not re.search(r"\[\s*-?\d+\.\d+(,\s*-?\d+\.\d+){2,}", page), "a row of numbers is an input or an answer"


@pytest.mark.slow
def test_a_hostile_notebook_comes_out_inert(course: Ran) -> None:
    eve = course.feedback("eve")
    assert "<script>document.title" not in eve and "&lt; script&gt;document.title" in eve
    assert 'href="javascript' not in eve and "\\href{" not in eve and "<img src=x" not in eve
    assert "10.0</pre>" not in eve
    path = course.folder / "autograded" / "eve" / "toy" / "toy.ipynb"
    cells = json.loads(path.read_text())["cells"]
    graded = [c["metadata"]["nbgrader"] for c in cells if c["metadata"].get("nbgrader", {}).get("grade")]
    assert sorted(c["grade_id"] for c in graded) == sorted(course.grades("eve")["cells"])
    assert max(c["points"] for c in graded) < 10
    assert all(
        "\n".join(c["source"]).count("open(") == 0 for c in cells if c["metadata"].get("nbgrader", {}).get("grade")
    )
    assert "expected a notebook" in course.feedback("max") or "nested" in course.feedback("max")


@pytest.mark.slow
def test_joining_a_course_leaves_what_is_there(small: Path, tmp_path: Path) -> None:
    mine = "c = get_config()\nc.CourseDirectory.course_id = 'mine'\nc.Autograde.autograde_preprocessors = [\n"
    mine += "'nbgrader.preprocessors.Execute', 'nbgrader.preprocessors.SaveAutoGrades', 'my.own.Step']\n"
    (tmp_path / "nbgrader_config.py").write_text(mine)
    (tmp_path / "nbgrader_config.json").write_text('{"Execute": {"timeout": 99}}')
    kept = tmp_path / "source" / "toy" / "given.py"
    kept.parent.mkdir(parents=True)
    kept.write_text("# mine\n")
    options = ("-a", "toy", "--root", str(small))
    said = _run(tmp_path, "autograder", "nbgrader", "init", ".", *options)
    assert "given.py" in said and kept.read_text() == "# mine\n"
    assert (tmp_path / "nbgrader_config.py").read_text() == mine
    settings = json.loads((tmp_path / "nbgrader_config.json").read_text())
    assert settings["Execute"] == {"timeout": 99}
    assert settings["Autograde"]["autograde_preprocessors"] == [JUDGE, SAVE, "my.own.Step"]


def test_our_steps_take_the_places_of_theirs() -> None:
    assert judged_steps(["a.b.Execute", "x.Y", "nbgrader.SaveAutoGrades"]) == [JUDGE, "x.Y", SAVE]
    assert judged_steps(judged_steps(["a.b.Execute", "x.Y"])) == [JUDGE, SAVE, "x.Y"]
    assert judged_steps([]) == [JUDGE, SAVE]
    old = ["autograder.nbgrader.convert.Judge", "x.Y", "autograder.nbgrader.convert.SaveJudged"]
    assert judged_steps(old) == [JUDGE, "x.Y", SAVE]  # of a course that version 0.1.0 made


@pytest.mark.slow
def test_cells_add_up_to_the_mark(small_toy: Assignment, course: Ran) -> None:
    stored = [from_json(p.read_text()) for p in (course.folder / "graded" / "toy" / "results").glob("*.json")]
    ben = next(r for r in stored if r.submission.startswith("ben/"))
    assert ben.score is not None
    marks = cell_marks(ben, small_toy)
    assert round(sum(m or 0 for m in marks.values()), 9) == ben.score.points
    assert marks["standardize"] != round(marks["standardize"] or 0, 1)  # 1.675 of 3.35: rounded, and only once


@pytest.mark.slow
def test_what_we_failed_to_judge_is_nobodys_zero(small_toy: Assignment, course: Ran) -> None:
    result = _stored(course, "ada")
    checks = tuple(
        dataclasses.replace(c, outcome=NOT_JUDGED) if c.name == "momentum_path" else c for c in result.checks
    )
    marks = cell_marks(dataclasses.replace(result, checks=checks), small_toy)
    assert marks["momentum"] is None and marks["dropout"] == 4.0
    assert set(cell_marks(dataclasses.replace(result, score=None), small_toy).values()) == {None}


@pytest.mark.slow
def test_an_open_cell_waits_for_the_instructor(course: Ran, tmp_path: Path) -> None:
    """A fault of ours, stored as the result of a submission that has not changed."""
    folder = tmp_path / "course"
    shutil.copytree(course.folder, folder, ignore=shutil.ignore_patterns("feedback"))
    settings = folder / "nbgrader_config.json"
    settings.write_text(settings.read_text().replace("autograder.exchange.nbgrader.convert.Judge", "failing.Judge"))
    (folder / "failing.py").write_text(
        "import dataclasses\n"
        "from autograder.exchange.nbgrader import convert\n"
        "real = convert.judge\n"
        "def judge(*args):\n"
        "    found = real(*args)\n"
        "    checks = [dataclasses.replace(c, outcome='not judged') if c.function == 'momentum' else c\n"
        "              for c in found.checks]\n"
        "    return dataclasses.replace(found, checks=tuple(checks))\n"
        "convert.judge = judge\n"
        "Judge = convert.Judge\n"
    )
    _run(folder, "nbgrader", "autograde", "toy", "--student", "ada", "--force")
    cells = Ran(folder, course.canary, {}).grades("ada")["cells"]
    assert cells["points_momentum"] == (None, 4.0, True)
    assert cells["points_dropout"] == (4.0, 4.0, False)


@pytest.mark.slow
def test_nbgraders_own_exchange_carries_it_both_ways(course: Ran, tmp_path: Path) -> None:
    """Released, fetched, filled in, submitted, collected, judged, and the feedback fetched: nbgrader's own commands."""
    folder, exchange, student = tmp_path / "course", tmp_path / "exchange", tmp_path / "student"
    left_out = ("submitted", "autograded", "feedback", "downloaded", "graded", "home")
    shutil.copytree(course.folder, folder, ignore=shutil.ignore_patterns(*left_out))
    for place in (exchange, student):
        place.mkdir()
    exchange.chmod(0o777)  # or nbgrader refuses it
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.Exchange.root = {str(exchange)!r}\n")
    (student / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\nc.CourseDirectory.course_id = 'course'\n"
    )
    _run(folder, "nbgrader", "release_assignment", "toy")
    _run(student, "nbgrader", "fetch_assignment", "toy")
    notebook = student / "toy" / "toy.ipynb"
    notebook.write_text(json.dumps(_filled(json.loads(notebook.read_text()), SOLUTION)))
    _run(student, "nbgrader", "submit", "toy")
    _run(folder, "nbgrader", "collect", "toy")
    (handed,) = (folder / "submitted").iterdir()
    assert (handed / "toy" / "toy.ipynb").read_bytes() == notebook.read_bytes()
    _run(folder, "nbgrader", "autograde", "toy", "--student", handed.name)
    found = Ran(folder, course.canary, {}).grades(handed.name)
    assert found["score"] == found["possible"] == course.grades("ada")["score"]
    _run(folder, "nbgrader", "generate_feedback", "toy", "--student", handed.name)
    _run(folder, "nbgrader", "release_feedback", "toy")
    _run(student, "nbgrader", "fetch_feedback", "toy")
    (page,) = (student / "toy" / "feedback").rglob("toy.html")
    assert "Test cell</a> (Score: 4.0 / 4.0)" in page.read_text()


@pytest.fixture
def formgrader(course: Ran) -> Iterator[str]:
    """A Jupyter server with formgrader in the course folder; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(course.folder / "home"), "PYTHONPATH": str(ROOT)}
    settings = ("port_retries=0", "token=key", "open_browser=False", f"port={port}", f"root_dir={course.folder}")
    command = [sys.executable, "-m", "jupyter_server", "--allow-root", *(f"--ServerApp.{s}" for s in settings)]
    command.append("--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}")
    with subprocess.Popen(
        command, cwd=course.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            deadline = time.monotonic() + 120
            while server.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/formgrader"
        finally:
            server.terminate()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: sudo apt-get install -y chromium")
def test_formgrader_shows_points_and_feedback(course: Ran, formgrader: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as book:
        ids = {s: book.find_submission_notebook("toy", "toy", s).id for s in ("ben", "eve")}
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        page.route("**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
        page.goto(f"{formgrader}/?token=key", wait_until="domcontentloaded")
        page.goto(f"{formgrader}/submissions/{ids['ben']}", wait_until="domcontentloaded")
        for name, (points, _, _) in course.grades("ben")["cells"].items():
            shown = page.locator(f"input.score[id='{name}'][placeholder='{points:g}']")
            shown.wait_for()  # filled in by formgrader's own script
        assert "The kept entries are not scaled up" in page.inner_text("body")
        page.goto(f"{formgrader}/submissions/{ids['eve']}", wait_until="domcontentloaded")
        page.locator("input.score[id='points_dropout'][placeholder='0']").wait_for()
        assert page.title() != "owned" and not asked
        assert not page.locator("a[href^=javascript]").count()
        browser.close()


def _stored(course: Ran, student: str) -> Result:
    found = (from_json(p.read_text()) for p in (course.folder / "graded" / "toy" / "results").glob("*.json"))
    return next(r for r in found if r.submission.startswith(f"{student}/"))


KNOWN = {
    k.name: k
    for k in (
        Known("points_f", "code", "# points", "0" * 32, locked=True, solution=False, points=4.0, after="solution_f"),
        Known("solution_f", "code", "def f(): ...", "1" * 32, locked=False, solution=True),
        Known("essay", "markdown", "Write.", "2" * 32, locked=False, solution=True, points=2.0),
    )
}


def _names(*cells: Written) -> list[tuple[str, str]]:
    made = rebuild(Handed(cells), KNOWN).cells
    return [(c.metadata.get("nbgrader", {}).get("grade_id", ""), c.source) for c in made]


def test_cells_that_are_missing_come_back_in_their_place() -> None:
    assert _names(Written("markdown", "hello"), Written("code", "mine", "solution_f"), Written("code", "x")) == [
        ("", "hello"),
        ("solution_f", "mine"),
        ("points_f", "# points"),
        ("", "x"),
        ("essay", "Write."),
    ]
    assert _names() == [("points_f", "# points"), ("essay", "Write.")]


def test_claims_count_once_and_what_stood_in_a_locked_cell_is_shown_beside_it() -> None:
    cells = (Written("code", "one", "points_f"), Written("code", "two", "points_f"), Written("raw", "text", "essay"))
    assert _names(*cells) == [("", "one"), ("points_f", "# points"), ("", "two"), ("essay", "text")]
    made = rebuild(Handed(cells), KNOWN).cells
    assert made[1].metadata["nbgrader"]["points"] == 4.0 and made[3].cell_type == "markdown"


def test_rebuilding_twice_changes_nothing(tmp_path: Path) -> None:
    """nbgrader reads a submission, writes it, and reads what it wrote."""
    nbformat = pytest.importorskip("nbformat")
    odd = "a\u202eb <b> ![](attachment:x) \x1b[31m \\\\href [a]: b <<a"
    cells = (Written("markdown", odd), Written("code", odd, "points_f"), Written("markdown", odd, "essay"))
    first = rebuild(Handed(cells), KNOWN)
    nbformat.write(first, tmp_path / "n.ipynb")
    second = rebuild(read_handed(tmp_path / "n.ipynb"), KNOWN)
    assert [(c.source, c.metadata) for c in first.cells] == [(c.source, c.metadata) for c in second.cells]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"{", "expected a notebook"),
        (b"[" * 9000, "nested"),
        (b"[1]", "expected a notebook"),
        (b'{"cells": [1, {"cell_type": [], "source": {}, "metadata": 3}]}', ""),
        (b'{"cells": [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": ["x"]}}}]}', ""),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
    ids=str,
)
def test_whatever_is_handed_in_becomes_a_notebook(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(data)
    handed = read_handed(path)
    assert said in handed.problem and bool(said) == bool(handed.problem)
    assert {c.metadata["nbgrader"]["grade_id"] for c in rebuild(handed, KNOWN).cells if "nbgrader" in c.metadata} == {
        "points_f",
        "essay",
    }


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.ipynb").write_text('{"cells": []}')
    (tmp_path / "n.ipynb").symlink_to(tmp_path / "secret.ipynb")
    assert "symbolic link" in read_handed(tmp_path / "n.ipynb").problem
