"""SQLite's locks of one process: opening a database a second time must not drop those of the first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from autograder.gradebook.database import open_engine, read_url

# Opens and closes as a command does, then stays as a server does.  The last to close a database takes its log away; who
# still has it open is not asked, but found by the locks.
ELSEWHERE = """
import sqlite3, sys
for value in "23":
    connection = sqlite3.connect(sys.argv[1])
    connection.execute("INSERT INTO t VALUES (?)", value)
    connection.commit()
    if value == "2":
        connection.close()
print("written", flush=True)
sys.stdin.read()
"""


def test_processes_see_each_other_after_a_second_opening(tmp_path: Path) -> None:
    path = tmp_path / "course.db"
    first = open_engine(read_url(f"sqlite:///{path}"))
    with first.begin() as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
    second = open_engine(read_url(f"sqlite:///{path}"))
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", ELSEWHERE, path], stdin=pipe, stdout=pipe) as other:
        try:
            assert other.stdout is not None and other.stdout.readline() == b"written\n"
            with first.begin() as connection:
                assert connection.execute(text("SELECT x FROM t ORDER BY x")).scalars().all() == [1, 2, 3]
        finally:
            other.kill()
    first.dispose()
    second.dispose()
