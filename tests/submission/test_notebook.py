"""Notebooks: code cells as text, whatever the JSON around them holds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.results import problem_text
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.submission.notebook import without_magics
from autograder.submission.read import Submission, read_submission


def cell(source: Any, kind: str = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def read(tmp_path: Path, content: Any) -> Submission:
    path = tmp_path / "work.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_submission(path)


def notebook(*cells: Any, **more: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more}


def test_code_cells_are_read_and_nothing_else(tmp_path: Path) -> None:
    submission = read(
        tmp_path,
        notebook(
            cell("# Title", "markdown"),
            cell(["import jax\r\n", "def f(x):\n", "    return x\n"], outputs=[{"data": {"text/plain": "evil = 1"}}]),
            cell(""),
            cell("evil = 2", "raw"),
            cell("\ufeff    a = 1\n    b = 2"),
            cell("def g(:\n    pass\ndef h(x):\n    return x"),
        ),
    )
    (module,) = submission.modules
    assert submission.problem is None and module.name == "submission"
    assert [(s.filename, s.line, s.source.split("\n")[0]) for s in module.statements] == [
        ("cell 1", 1, "import jax"),
        ("cell 1", 2, "def f(x):"),
        ("cell 3", 1, "a = 1"),
        ("cell 3", 2, "b = 2"),
        ("cell 4", 3, "def h(x):"),
    ]
    (finding,) = submission.findings
    assert (finding.severity, finding.where, finding.function) == ("skipped", "cell 4, line 1", "g")
    assert submission.sources["cell 4"].startswith("def g(:")


@pytest.mark.parametrize(
    ("source", "left", "notes"),
    [
        ("%matplotlib inline\nimport jax", "pass\nimport jax", 1),
        ("x = 1\nif x:\n    !pip install jax\n    %load_ext y", "x = 1\nif x:\n    pass\n    pass", 2),
        ("%%time\nx = 1", "\nx = 1", 1),
        ("\n%%capture out\n%pylab\nx = 1", "\n\npass\nx = 1", 2),
        ("%%bash\nrm -rf /", "", 1),
        ("%%writefile helper.py\nx = 1", "", 1),
        ("files = !ls\nx = 1", "pass\nx = 1", 1),
        ("a, b = %who_ls", "pass", 1),
        ("?jnp.dot\njnp.dot?\njnp.dot??", "pass\npass\npass", 3),
        ("!echo \"it's\nx = 1", "pass\nx = 1", 1),
        ("!echo a \\\n  b\nx = 1", "pass\npass\nx = 1", 1),
        ("pip install optax\nx = 1", "pass\nx = 1", 1),
        ("y = (a\n  % b)\nz = '''\n!important\n%s\n'''", "y = (a\n  % b)\nz = '''\n!important\n%s\n'''", 0),
        ("%time\ny = (a\n  % b)\nz = '''\n!important'''", "pass\ny = (a\n  % b)\nz = '''\n!important'''", 1),
        ("x != y\n", "x != y\n", 0),
    ],
)
def test_notebook_commands_are_left_out(source: str, left: str, notes: int) -> None:
    text, findings = without_magics(source, "cell 1")
    assert text == left
    assert [f.severity for f in findings] == ["note"] * notes
    for finding in findings:
        assert finding.code == source.split("\n")[int(finding.where.rpartition(" ")[2]) - 1].strip()


DEEP = b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"this is no JSON", "expected a notebook (JSON), got something else at line 1, column 1"),
        (b'{"cells": [', "was the upload complete?"),
        (b'{"cells": "\xff"}', "byte 11 is not UTF-8"),
        (b"[1, 2]", "expected a notebook (a JSON object), got a JSON list"),
        (b"3", "got a JSON number"),
        ({"x": 1}, "this JSON has no list of cells"),
        ({"cells": 3}, "this JSON has no list of cells"),
        ({"worksheets": [], "nbformat": 3}, "old format 3"),
        (notebook(), "has no code in its code cells: did you save"),
        (notebook(cell("# text", "markdown"), cell("  \n")), "has no code in its code cells"),
        (notebook(3, None, [], {"cell_type": "code"}, cell(3), cell([3, None])), "has no code in its code cells"),
        (notebook(cell("x = 1"), metadata={"language_info": {"name": "R"}}), "is written for R, expected Python"),
        (
            notebook(cell("x = 1"), metadata={"kernelspec": {"language": "julia\x1b"}}),
            "written for julia\\x1b, expected",
        ),
        (DEEP, "nested 100,001 levels deep, expected at most 100"),
        (b'{"cells": ' + b"[" * 5000, "nested 5,001 levels deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Jupyter did not write this JSON"),
        (
            b'{"cells": [' + b"[]," * 1_100_000 + b"1]}",
            "millions of values, far more than code needs: clear the outputs",
        ),
        (b'{"cells": [' + b"1," * 3_100_000 + b"1]}", "millions of values"),
        (notebook(*[cell("x = 1")] * 2001), "2,001 code cells"),
        (notebook(cell("#" * 600_000), cell("#" * 600_000)), "The code of work.ipynb has 1.1 MiB"),
    ],
)
def test_what_is_no_notebook_says_why(tmp_path: Path, content: Any, problem: str) -> None:
    started = time.monotonic()
    submission = read(tmp_path, content)
    assert problem in problem_text(submission) and submission.modules == ()
    assert time.monotonic() - started < 30


def test_odd_but_readable_notebooks(tmp_path: Path) -> None:
    for metadata in ([], {"kernelspec": 3}, {"language_info": {"name": 3}}, {"language_info": {"name": "python"}}):
        assert read(tmp_path, notebook(cell("x = 1"), metadata=metadata)).problem is None
    brackets_in_outputs = notebook(cell("x = 1", outputs=["[{" * 200_000 + '\\"']))
    assert read(tmp_path, brackets_in_outputs).problem is None
    assert read(tmp_path, json.dumps(notebook(cell("x = 1"))).encode("utf-8-sig")).problem is None
    surrogate = read(tmp_path, notebook(cell("x = '\ud800'"), cell("y = 1")))
    assert [s.source for s in surrogate.modules[0].statements] == ["y = 1"]
    assert "characters that are not allowed in Python source" in surrogate.findings[0].message


def test_notebook_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "submission.ipynb").write_text(json.dumps(notebook(cell("import helper"))))
    (tmp_path / "helper.py").write_text("x = 1")
    submission = read_submission(tmp_path)
    assert {m.name: m.statements[0].filename for m in submission.modules} == {
        "submission": "cell 1",
        "helper": "helper.py",
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["code", "%x", "!x", "x = 1", "x?"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "metadata", "language_info", "name"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(JSON, st.lists(st.text(alphabet="%!?x=( \n\"'\\\t", max_size=30), max_size=3))
def test_reading_never_raises(tmp_path_factory: pytest.TempPathFactory, tree: Any, texts: list[str]) -> None:
    path = tmp_path_factory.getbasetemp()
    for content in (tree, notebook(*map(cell, texts)), notebook(tree)):
        submission = read(path, content)
        assert bool(submission.problem) != bool(submission.modules)


def modules(submission: Submission) -> dict[str, list[str]]:
    return {m.name: [s.source for s in m.statements] for m in submission.modules}


def test_files_that_cells_write_are_modules(tmp_path: Path) -> None:
    submission = read(
        tmp_path,
        notebook(
            cell("%%writefile helper.py\nold = 1"),
            cell("\n%%writefile  './helper.py'\nx = 1\ndef f(): return x"),
            cell("%%writefile -a helper.py\ny = 2"),
            cell("%%file pkg/layers.py\nz = 3"),
            cell("from helper import f\n%run helper.py\n%run other.py\nfrom pkg.layers import z"),
        ),
    )
    assert modules(submission) == {
        "submission": ["from helper import f", "from helper import *", "pass", "from pkg.layers import z"],
        "helper": ["x = 1", "def f(): return x", "y = 2"],
        "pkg": [],
        "pkg.layers": ["z = 3"],
    }
    assert [s.line for s in submission.modules[1].statements] == [3, 4, 2] and submission.problem is None
    assert [f.where for f in submission.findings] == ["cell 5, line 3"]


@pytest.mark.parametrize("magic", ["../helper.py", "/tmp/helper.py", "helper.txt", "a b.py", "1x.py", "x.py y.py", ""])
def test_other_files_are_not_written(tmp_path: Path, magic: str) -> None:
    submission = read(tmp_path, notebook(cell(f"%%writefile {magic}\nx = 1"), cell("y = 1")))
    assert modules(submission) == {"submission": ["y = 1"]} and len(submission.findings) == 1


def test_work_that_a_cell_writes_as_the_submission_is_read(tmp_path: Path) -> None:
    assert modules(read(tmp_path, notebook(cell("%%writefile submission.py\nx = 1")))) == {"submission": ["x = 1"]}


def test_a_file_that_the_notebook_writes_hides_the_one_beside_it(tmp_path: Path) -> None:
    content = notebook(cell("%%writefile helper.py\nx = 1"), cell("import helper"))
    (tmp_path / "submission.ipynb").write_text(json.dumps(content))
    (tmp_path / "helper.py").write_text("x = 2")
    assert modules(read_submission(tmp_path))["helper"] == ["x = 1"]
