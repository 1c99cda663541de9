"""Reading submissions: what students hand in by accident or on purpose, each with a clear answer."""

from __future__ import annotations

import ast
import errno
import os
import socket
import textwrap
import time
from pathlib import Path

import pytest
from helpers.results import problem_text
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.submission import read as reading
from autograder.submission.read import Submission, find_submissions, read_submission
from autograder.submission.statements import newer_syntax, split


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def sources(submission: Submission, module: int = 0) -> list[str]:
    return [s.source for s in submission.modules[module].statements]


# Statements -----------------------------------------------------------------------------------------


def test_statements_keep_their_text_and_their_line(tmp_path: Path) -> None:
    text = textwrap.dedent('''\
        """Title."""
        import jax

        # a comment
        @jax.jit
        # between
        @partial(
            jax.jit)
        def f(x):
            """First
        column 0 @ text
            """
            return x
        é = "ü"; b = [
            2]; c = 3

        class A: pass
        if __name__ == "__main__":
            f(1)
    ''')
    read = read_submission(write(tmp_path / "hw1.py", text))
    assert read.findings == () and read.problem is None and read.name == "hw1.py" and read.sources == {"hw1.py": text}
    (module,) = read.modules
    assert module.name == "submission"
    assert [(s.line, s.source.split("\n")[0]) for s in module.statements] == [
        (1, '"""Title."""'),
        (2, "import jax"),
        (5, "@jax.jit"),
        (14, 'é = "ü"'),
        (14, "b = ["),
        (15, "c = 3"),
        (17, "class A: pass"),
        (18, 'if __name__ == "__main__":'),
    ]
    for statement in module.statements:
        lines = text.split("\n")[statement.line - 1 :]
        assert statement.source.split("\n")[0] in lines[0] and len(ast.parse(statement.source).body) == 1
        assert statement.filename == "hw1.py"


def test_one_broken_function_costs_itself() -> None:
    text = textwrap.dedent('''\
        import jax
        def good(x):
            return x

        @jax.jit
        def bad(x):
            y = = 3
            return y

        def open_text(x):
            """never closed
            return x

        def documented(x):
            """fine"""
            return x
        z = (1,
        def after_bracket(x): return x
        if z:
            pass
        else:
            w = = 1
        last = [
            1,
        ]
    ''')
    statements, findings = split(text, "submission.py")
    assert [s.source.split("\n")[0] for s in statements] == [
        "import jax", "def good(x):", "def documented(x):", "def after_bracket(x): return x", "last = [",
    ]  # fmt: skip
    assert [(f.severity, f.where, f.function, f.code) for f in findings] == [
        ("skipped", "submission.py, line 7", "bad", "y = = 3"),
        ("skipped", "submission.py, line 11", "open_text", '"""never closed'),
        ("skipped", "submission.py, line 17", "", "z = (1,"),
        ("skipped", "submission.py, line 22", "", "w = = 1"),
    ]
    assert findings[0].message == (
        "Python cannot read this: this is not valid Python syntax. The function bad was skipped; the rest is graded"
    )
    assert "was never closed" in findings[2].message and "line" not in findings[1].message.replace("literal", "")


def test_blocks_around_a_broken_one_are_found_whole() -> None:
    kept = [
        'def f(x):\n    """First\ncolumn 0 (text\ndef no_definition\n    """\n# it\'s a comment\n\n    return x',
        "table = [\n1,\n# (\n2,\n]",
        "total = 1 + \\\n2",
        "text = 'it is \\\nbroken (over lines'",
        "@jit  # it's\n@partial(jit,\nx=1)\n\n# between\ndef g(x):\n    if x: return '('\n    else: return \"'\"",
        "try:\n    pass\nexcept E:\n    pass\nfinally:\n    pass",
        "last = 1",
    ]
    broken = "def bad(:\n    pass"
    statements, findings = split("\n".join(part for piece in kept for part in (piece, broken)), "a.py")
    assert [s.source for s in statements] == kept
    assert [f.function for f in findings] == ["bad"] * len(kept)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n  y = 2\n", "indented further"),
        ("if x:\n\ty = 1\n        z = 2\n", "tabs and spaces are mixed: use four spaces"),
        ("def f():\nreturn 1\n", "expected an indented block"),
        ("return 1\n", "return is allowed only inside a function"),
        ("await f()\n", "await is allowed only inside a function"),
        ("x = [(yield) for y in z]\n", "yield"),
        ("x = " + "(" * 300 + ")" * 300, "too many nested parentheses"),
        ("x = " + "-" * 5000 + "1", "more than 200 operators in a row"),
        ("x = " + "not " * 5000 + "1", "more than 200 operators in a row"),
        ("import " + "a." * 5000 + "a", "more than 200 dots"),
        ("x = 1" + " + 1" * 50_000, "nested too deeply or chains too many operators"),
        ("x = 1" + "9" * 5000, "Exceeds the limit"),
        ("x = '\ud800'", "characters that are not allowed in Python source"),
        ("a;" * 150_000, "hand in code, not data"),
        ("a\n" * 6000, "more than 5,000 statements"),
        ("def f(:\n  pass\n" * 3000, "too much of this file is not valid Python"),
        ("print 'hello'\n", "Missing parentheses in call to 'print'"),
    ],
)
def test_text_that_cannot_be_read_is_explained_and_the_rest_kept(text: str, message: str) -> None:
    started = time.monotonic()
    statements, findings = split(text + "\ndef fine(x): return x\n", "submission.py")
    assert time.monotonic() - started < 30
    assert any(message in f.message for f in findings), findings
    if "hand in code" not in message and "more than 5,000" not in message and "too much" not in message:
        assert statements[-1].source == "def fine(x): return x"


def test_harmless_oddities_are_fine() -> None:
    text = "x = '\\d'\n#" + "-" * 500 + "\ny = '" + "-" * 500 + "'\n\x0cdef f(): return 1 is 1\n"
    statements, findings = split(text, "submission.py")
    assert len(statements) == 3 and findings == () and statements[2].source.startswith("def f")


# Files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "x = 'é'\n".encode("utf-8-sig"),
        "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = 'é'\n".encode("cp1252"),
        "# coding: utf-8-unix\r\nx = 'é'\r\n".encode(),
        "# caf\xe9\n# coding: ascii\n".replace("\xe9", "e").encode() + b"x = '\\xe9'\r",
    ],
)
def test_encodings_and_line_ends(tmp_path: Path, data: bytes) -> None:
    read = read_submission(write(tmp_path / "a.py", data))
    (statement,) = read.modules[0].statements
    assert ast.literal_eval(ast.parse(statement.source).body[0].value) == "é"  # type: ignore[attr-defined]
    assert "\r" not in read.sources["a.py"] and read.problem is None


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.py", b"", "a.py is empty: save your work"),
        ("a.py", b" \n\n", "a.py is empty"),
        ("a.py", b"# only a comment\n", "contains no code"),
        ("a.py", b"x = 1\0", "is binary"),
        ("a.py", b"\x7fELF\0\0", "is binary"),
        ("a.py", "x = 1".encode("utf-16"), "UTF-16: save it as UTF-8"),
        ("a.py", b"PK\x03\x04...", "a zip archive: unpack it"),
        ("a.py", b"x = 1\ny = '\xe9'\n", "line 2 of a.py contains the byte 0xe9: save the file as UTF-8"),
        ("a.py", b"# coding: ascii\ny = '\xe9'\n", "Expected text in ASCII"),
        ("a.py", b"# coding: utf-7\nx = 1", "declares the encoding utf-7: save the file as UTF-8"),
        ("a.py", b"# coding: rot13\nx = 1", "declares the encoding rot13"),
        ("a.txt", b"x = 1", "Expected a .py file, an .ipynb notebook or a folder, got a.txt"),
        ("a.ipynb", b"", "a.ipynb is empty"),
        ("a.py", b"#" * (1 << 20) + b"\n", "a.py has 1.0 MiB, expected at most 1 MiB: hand in code only"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path: Path, name: str, data: bytes, problem: str) -> None:
    read = read_submission(write(tmp_path / name, data))
    assert problem in problem_text(read) and read.modules == () and read.name == name


def test_a_gigabyte_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "read", None)
    for name in ("a.ipynb", "a.py", "folder/submission.ipynb"):
        path = write(tmp_path / name, b"{")
        os.truncate(path, 1 << 30)
        read = read_submission(path.parent if path.parent != tmp_path else path)
        assert "has 1,024.0 MiB" in problem_text(read)


def test_a_file_that_lies_about_its_size_is_read_to_the_limit_only(tmp_path: Path) -> None:
    lying = Path("/proc/self/maps")
    if not lying.exists():
        pytest.skip("needs /proc")
    with pytest.raises(reading.UnreadableError, match="at most"):
        reading.read_bytes(lying, 100, "maps")


def test_what_is_no_ordinary_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "link.py").symlink_to(write(tmp_path / "real.py", "x = 1"))
    (tmp_path / "dangling.ipynb").symlink_to("nowhere")
    (tmp_path / "folder").symlink_to(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.py"))
        found = {p.name: problem_text(read_submission(p)) for p in find_submissions(tmp_path)}
    assert found.pop("real.py") == ""
    assert {name: problem.split(",")[0] for name, problem in found.items()} == {
        "pipe.py": "pipe.py is a pipe",
        "link.py": "link.py is a symbolic link",
        "dangling.ipynb": "dangling.ipynb is a symbolic link",
        "folder": "folder is a symbolic link",
        "socket.py": "socket.py is a socket",
    }
    assert "is a device" in problem_text(read_submission(Path("/dev/zero")))


def test_a_link_put_in_place_of_a_file_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").symlink_to(write(tmp_path / "b.py", "x = 1"))
    monkeypatch.setattr("autograder.submission.source.kind_of", lambda path, shown: "file")
    with pytest.raises(reading.UnreadableError, match="symbolic link"):
        reading.read_bytes(tmp_path / "a.py", 100, "a.py")


def test_missing_and_forbidden_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        problem_text(read_submission(tmp_path / "none.py")) == "There is no file none.py: check the name and the folder"
    )
    assert "There is no file" in problem_text(read_submission(tmp_path / "a\0b.py"))
    assert "There is no file" in problem_text(read_submission(tmp_path / ("x" * 5000 + ".py")))
    path = write(tmp_path / "a.py", "x = 1")

    def refuse(*args: object, **kwargs: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "cannot be read (permission denied)" in problem_text(read_submission(path))


def test_names_are_safe_to_print(tmp_path: Path) -> None:
    for raw in ("é中.py", "a\x1b[31m\n.py", "x\u202eyp.py", os.fsdecode(b"\xff.py")):
        read = read_submission(write(tmp_path / raw, "x = 1"))
        assert read.name.isprintable() and read.name.encode() and read.problem is None
        assert read.modules[0].statements[0].filename == read.name
    assert read_submission(write(tmp_path / "é中.py", "x = 1")).name == "é中.py"


def test_hash_is_of_the_bytes(tmp_path: Path) -> None:
    digests = [
        read_submission(write(tmp_path / "a.py", "x = 1\n")).sha256,
        read_submission(write(tmp_path / "b.py", "x = 1\n")).sha256,
        read_submission(write(tmp_path / "c.py", "x = 1\r\n")).sha256,
        read_submission(write(tmp_path / "d/submission.py", "x = 1\n").parent).sha256,
        read_submission(write(tmp_path / "e/submission.py", "x = 1\n").parent).sha256,
    ]
    write(tmp_path / "e/helper.py", "")
    digests.append(read_submission(tmp_path / "e").sha256)
    a, b, c, d, e, f = digests
    assert a == b and d == e and len({a, c, d, f}) == 4 and all(len(x) == 64 for x in digests)


# Folders --------------------------------------------------------------------------------------------


def test_folder_with_helpers(tmp_path: Path) -> None:
    for name in ("submission.py", "helper.py", "nets/layers.py", "nets/deep/__init__.py", "nets/deep/conv.py"):
        write(tmp_path / name, f"name = {name!r}")
    write(tmp_path / "nets/empty/__init__.py", "")
    for name in (".hidden/a.py", "__pycache__/b.py", ".ipynb_checkpoints/submission.py", "venv/lib/c.py", "d.txt"):
        write(tmp_path / name, "ignored = 1")
    write(tmp_path / "venv/pyvenv.cfg", "home = /usr")
    read = read_submission(tmp_path)
    assert read.problem is None and read.findings == ()
    assert {m.name: [s.filename for s in m.statements] for m in read.modules} == {
        "submission": ["submission.py"],
        "helper": ["helper.py"],
        "nets": [],
        "nets.deep": ["nets/deep/__init__.py"],
        "nets.deep.conv": ["nets/deep/conv.py"],
        "nets.empty": [],
        "nets.layers": ["nets/layers.py"],
    }
    assert read.modules[0].name == "submission" and read.sources["helper.py"] == "name = 'helper.py'"


def test_trouble_in_a_helper_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path / "submission.py", "x = 1")
    write(tmp_path / "binary.py", b"\0\1")
    write(tmp_path / "broken.py", "def f(:\n  pass\ny = 1\n")
    write(tmp_path / "my-file.py", "x = 1")
    write(tmp_path / "old.ipynb", "{}")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/link.py").symlink_to("/etc/passwd")
    (tmp_path / "linked").symlink_to("/etc")
    read = read_submission(tmp_path)
    assert read.problem is None and [m.name for m in read.modules] == ["submission", "broken"]
    assert sources(read, 1) == ["y = 1"]
    assert {f.where: f.message.split(":")[0] for f in read.findings} == {
        "binary.py": "Expected Python text, but binary.py is binary (it contains NUL bytes)",
        "broken.py, line 1": "Python cannot read this",
        "my-file.py": "my-file.py was not read",
        "old.ipynb": "old.ipynb was not read",
        "link.py": "link.py is a symbolic link, expected an ordinary file",
        "pipe.py": "pipe.py is a pipe, expected an ordinary file",
        "sub/link.py": "This is not an ordinary file",
    }


@pytest.mark.parametrize(
    ("names", "entry", "problem"),
    [
        (["hw.py"], "hw.py", ""),
        (["submission.py", "submission.ipynb", "a.py"], "submission.py", ""),
        (["sub/a.py", "b.py"], "b.py", ""),
        ([], "", "found no .py file and no notebook"),
        (["notes.txt"], "", "found no .py file and no notebook"),
        (["a.py", "b.py"], "", "found a.py, b.py: rename the file that contains your functions to submission.py"),
        (["inner/submission.py"], "submission.py", ""),
        (["inner/hw.py.txt", "readme.txt"], "hw.py.txt", ""),
        (["one/submission.py", "two/submission.py"], "", "found one/submission.py, two/submission.py: rename the file"),
        ([f"f{i}.py" for i in range(201)], "", "more than 200 Python files"),
        ([f"f{i}.txt" for i in range(2001)], "", "more than 2,000 files"),
    ],
)
def test_which_file_of_a_folder_counts(tmp_path: Path, names: list[str], entry: str, problem: str) -> None:
    for name in names:
        write(tmp_path / "work" / name, "x = 1")
    (tmp_path / "work").mkdir(exist_ok=True)
    read = read_submission(tmp_path / "work")
    assert problem in problem_text(read) and bool(problem) == bool(read.problem)
    assert [s.filename for m in read.modules[:1] for s in m.statements] == ([entry] if entry else [])


def test_entry_may_have_another_name(tmp_path: Path) -> None:
    write(tmp_path / "main.py", "x = 1")
    write(tmp_path / "submission.py", "y = 1")
    assert sources(read_submission(tmp_path, entry="main.py")) == ["x = 1"]


def test_a_folder_may_not_hold_megabytes_of_python(tmp_path: Path) -> None:
    write(tmp_path / "submission.py", "x = 1")
    for n in range(5):
        write(tmp_path / f"h{n}.py", "x" * (1 << 20))
    findings = read_submission(tmp_path).findings
    assert [f.where for f in findings] == ["h3.py", "h4.py"] and "more than 4 MiB" in findings[0].message


def test_python_files_notebooks_and_folders_are_found(tmp_path: Path) -> None:
    for name in ("b.py", "a.ipynb", "c/submission.py", ".hidden.py", "notes.txt", "__pycache__/x.py", "Z.PY"):
        write(tmp_path / name, "x = 1")
    (tmp_path / "empty").mkdir()
    assert [p.name for p in find_submissions(tmp_path)] == ["Z.PY", "a.ipynb", "b.py", "c", "empty"]
    with pytest.raises(OSError):
        find_submissions(tmp_path / "none")


# Anything at all ------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["def f(x):\n", "    return x\n", "@jit\n", '"""', "'", "(", "]", "\\\n", "\r", "\0", "\ufeff", "# coding: x\n",
     "else:\n", "%%bash\n", "!ls\n", "x?\n", "x = 1;", "\x0c", "\udcff", "é", '{"cells": [', "}", "{"]
)  # fmt: skip
BYTES = st.binary(max_size=200) | st.lists(PIECES, max_size=30).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogateescape")
)


@settings(max_examples=60, deadline=None)
@given(BYTES, st.sampled_from([".py", ".ipynb"]))
def test_reading_never_raises(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    read = read_submission(write(tmp_path_factory.getbasetemp() / f"fuzz{suffix}", data))
    assert bool(read.problem) != bool(read.modules)
    assert read.problem or read.findings or read.modules[0].statements
    for module in read.modules:
        for statement in module.statements:
            assert len(ast.parse(statement.source).body) == 1
            lines = read.sources[statement.filename].split("\n")
            assert statement.source.split("\n")[-1] in lines[statement.line - 1 + statement.source.count("\n")]


# Syntax of a later Python: (text, the version that reads it).
NEWER = {
    "type statement": ("type Vec = list[int]", "3.12"),
    "generic type statement": ("type Vec[T] = list[T]", "3.12"),
    "generic function": ("def first[T](xs: list[T]) -> T: return xs[0]", "3.12"),
    "generic class": ("class Box[T]:\n    pass", "3.12"),
    "default of a type parameter": ("def f[T = int](x: T): pass", "3.13"),
    "quotes in an f-string": ('print(f"{d["a"]}")', "3.12"),
    "single quotes in an f-string": ("x = f'{', '.join(y)}'", "3.12"),
    "several exceptions": ("try:\n    pass\nexcept A, B:\n    pass", "3.14"),
    "t-string": ("x = t'{y}'", "3.14"),
}


@pytest.mark.parametrize("name", NEWER)
def test_newer_syntax_is_named_with_its_version(name: str) -> None:
    text, version = NEWER[name]
    assert f"needs Python {version} or newer, and the grader runs Python 3.11" in newer_syntax(text, (3, 11))
    assert newer_syntax(text, tuple(map(int, version.split(".")))) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["type = 3\nx = (", "f'{x}' 'y", "def f(x:\n  return type[x]", "except_, t = 1, (", "t['a'] = {", "cat'x'"]
)
def test_broken_code_is_not_called_newer(text: str) -> None:
    assert newer_syntax(text, (3, 11)) == ""
