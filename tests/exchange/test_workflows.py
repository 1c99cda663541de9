"""The example workflows do what they say: every line of their steps is run, each job in a clean folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.commands import COURSE, ROOT, Ran

from autograder.assignment.seed import secret_seed
from autograder.result_json import from_json
from autograder.results import Result
from autograder.sandbox import bubblewrap

FOLDER = ROOT / "assignments" / "ci"
SOLUTION = COURSE / "reference" / "toy" / "solution.py"
KEY = "0123456789abcdef0123456789abcdef"
KEYS = secret_seed(KEY.encode(), "x").keys("toy")
SECRETS = {"AUTOGRADER_KEY": KEY, "AUTOGRADER_SHAPES": KEYS.shapes.hex()}
STUBS = ("sudo", "apt-get", "python", "sysctl")  # what prepares a fresh machine is there already


def _load(name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return data


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a line of a job as the runner does: bash -e, in the job's folder, with the job's variables only."""
    tools = tmp_path / "bin"
    tools.mkdir()
    sandbox = (
        ""
        if bubblewrap.probe().isolated
        else 'if [ $1 = trace ] || [ $1 = judge ]; then set -- "$@" --unsandboxed; fi\n'
    )
    quick = 'case $1 in trace|judge|check) set -- "$@" --quick;; esac\n'
    (tools / "autograder").write_text(
        f'#!/bin/bash\n{sandbox}{quick}exec env PYTHONPATH={ROOT} {sys.executable} -P -m autograder "$@"\n'
    )
    for name in STUBS:
        (tools / name).write_text("#!/bin/bash\nexit 0\n")
    for path in tools.iterdir():
        path.chmod(0o755)

    def run(lines: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        cache = os.environ["XDG_CACHE_HOME"] if "AUTOGRADER_KEY" in variables else str(folder / ".cache")
        kept = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder), "XDG_CACHE_HOME": cache}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", lines]
        return subprocess.run(
            command, cwd=folder, env={**kept, **variables}, capture_output=True, text=True, timeout=170, check=False
        )

    return run


@pytest.fixture
def repository(tmp_path: Path, command: Callable[..., Ran]) -> Path:
    """The instructor's repository as the README says to set it up, and the submissions."""
    repository = tmp_path / "repository"
    shutil.copytree(COURSE, repository, ignore=shutil.ignore_patterns("__pycache__"))
    published = repository / "public" / "assignments" / "toy"
    assert command("starter", "toy", "--to", published, "--root", repository).code == 0
    work = tmp_path / "submissions"
    work.mkdir()
    shutil.copy(SOLUTION, work / "anna.py")
    (work / "ben.py").write_text(SOLUTION.read_text() + "\n\ndef momentum(state, grad):\n    return state\n")
    return repository


def _results(folder: Path) -> dict[str, Result]:
    return {r.submission: r for r in (from_json(p.read_text()) for p in (folder / "results").glob("*.json"))}


def _marks(results: dict[str, Result]) -> dict[str, float]:
    assert {r.provenance.seed for r in results.values()} == {KEYS.identity}
    return {name: r.score.points for name, r in results.items() if r.score}


def test_the_github_workflow_judges_without_student_code(
    shell: Callable[..., Any], repository: Path, tmp_path: Path
) -> None:
    flow = _load("github-marks.yml")
    assert flow["permissions"] == {"contents": "read"}
    artifacts: dict[str, Path] = {}
    for name in ("trace", "judge"):
        job = flow["jobs"][name]
        folder = tmp_path / name
        folder.mkdir()
        known = set(re.findall(r"secrets\.(\w+)", str(job)))
        assert known == {"AUTOGRADER_SHAPES" if name == "trace" else "AUTOGRADER_KEY"}
        for step in job["steps"]:
            uses, options = step.get("uses", ""), step.get("with", {})
            if uses.startswith("actions/checkout"):
                assert options["persist-credentials"] is False
                if options.get("path"):
                    shutil.copytree(tmp_path / "submissions", folder / options["path"])
                elif "sparse-checkout" in options:
                    shutil.copytree(repository / options["sparse-checkout"], folder / options["sparse-checkout"])
                else:
                    shutil.copytree(repository, folder, dirs_exist_ok=True)
            elif uses.startswith("actions/upload-artifact"):
                artifacts[options["name"]] = folder / options["path"]
                assert artifacts[options["name"]].is_dir()
            elif uses.startswith("actions/download-artifact"):
                shutil.copytree(artifacts[options["name"]], folder / options["path"])
            elif "run" in step:
                given = {secret: SECRETS[secret] for secret in step.get("env", {})}
                ran = shell(step["run"], folder, ASSIGNMENT="toy", ENGINE="x", **given)
                assert ran.returncode == 0, step["name"] + ran.stdout + ran.stderr
                assert not any(secret in ran.stdout + ran.stderr for secret in SECRETS.values())
            else:
                assert uses.startswith("actions/setup-python")
        if name == "trace":  # nothing of the secret half was there, and no secret
            assert not list(folder.rglob("reference*")) and not list(folder.rglob("mistakes.py"))
            assert {p.suffix for p in (folder / "programs").rglob("*") if p.is_file()} == {".json", ".stablehlo"}
    assert _marks(_results(artifacts["graded"])) == {"anna.py": 18, "ben.py": 14}


def test_the_gitlab_pipeline_judges_without_student_code(
    shell: Callable[..., Any], repository: Path, tmp_path: Path
) -> None:
    flow = _load("gitlab-marks.yml")
    assert "environment" not in flow["trace"] and flow["judge"]["environment"] == "marks"
    handed = tmp_path
    for name in flow["stages"]:
        job = flow[name]
        folder = tmp_path / name
        shutil.copytree(repository, folder)
        if name == "trace":
            shutil.copytree(tmp_path / "submissions", folder / "submissions")
        for path in _load("gitlab-marks.yml")["trace"]["artifacts"]["paths"] if name == "judge" else ():
            shutil.copytree(handed / path, folder / path)
        secret = "AUTOGRADER_KEY" if name == "judge" else "AUTOGRADER_SHAPES"
        given = {secret: SECRETS[secret]}
        ran = shell("\n".join(job["script"]), folder, ASSIGNMENT="toy", ENGINE="x", **given)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert not (name == "trace" and list(folder.rglob("reference.py")))
        handed = folder
    assert _marks(_results(handed / "graded")) == {"anna.py": 18, "ben.py": 14}


def test_a_students_repository(shell: Callable[..., Any], repository: Path, tmp_path: Path) -> None:
    flow = _load("github-student.yml")
    assert flow["permissions"] == {"contents": "read"} and "secrets" not in str(flow)
    folder = tmp_path / "student"
    shutil.copytree(repository / "public" / "assignments" / "toy", folder)
    shutil.copy(tmp_path / "submissions" / "ben.py", folder / "submission.py")
    steps = [s["run"] for s in flow["jobs"]["check"]["steps"] if "run" in s]
    assert steps[-1] == "autograder check submission.py --ci"
    ran = shell("\n".join(steps), folder, ENGINE="x", GITHUB_STEP_SUMMARY=str(folder / "summary.md"))
    assert ran.returncode == 1 and "::error file=submission.py" in ran.stdout, ran.stdout + ran.stderr
    assert "Toy" in (folder / "summary.md").read_text()
    shutil.copy(SOLUTION, folder / "submission.py")
    assert shell("\n".join(steps), folder, ENGINE="x").returncode == 0


def test_a_class_that_cannot_be_judged_is_not_marked(
    shell: Callable[..., Any], repository: Path, tmp_path: Path
) -> None:
    """Exit code 1 is what a class with mistakes gives; 3 still ends the job."""
    (repository / "programs" / "anna").mkdir(parents=True)
    line = next(s["run"] for s in _load("github-marks.yml")["jobs"]["judge"]["steps"] if s.get("name") == "Judge")
    ran = shell(line, repository, ASSIGNMENT="toy", AUTOGRADER_KEY=KEY)
    assert ran.returncode != 0 and "Traceback" not in ran.stderr
