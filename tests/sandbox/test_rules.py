"""The rules of the sandbox are tried from inside, one by one, and the trial can fail."""

from __future__ import annotations

import dataclasses
import errno
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.commands import ROOT

from autograder.grading.doctor import examine
from autograder.sandbox import bubblewrap, system_calls
from autograder.sandbox.inside.probe import REFUSED

pytestmark = pytest.mark.sandbox


def _everything_allowed(network: bool = False) -> bytes:
    return struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)  # one instruction: allow


def test_all_rules_hold(full_sandbox: bubblewrap.Sandbox) -> None:
    found = bubblewrap.rules()
    assert full_sandbox.level == "full" and set(REFUSED) < set(found)
    assert not {rule: detail for rule, detail in found.items() if detail}


def test_without_filters_the_probe_says_what_is_open(
    full_sandbox: bubblewrap.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "student_filter", _everything_allowed)
    monkeypatch.setattr(bubblewrap, "template_filter", _everything_allowed)
    open_rules = {rule for rule, detail in bubblewrap.rules.__wrapped__().items() if detail}
    # The kernel itself refuses to mount, to look into others and to open handles, for want of rights.
    assert open_rules >= set(REFUSED) - {"no mounts", "no file handles", "no doors to the kernel"}
    assert "no other architecture" in open_rules
    assert not open_rules & {"own files", "own processes", "an ordinary user", "bounded memory", "bounded scratch"}


def test_the_wide_filter_alone_leaves_no_memory_of_nobody_and_no_keys(
    full_sandbox: bubblewrap.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "student_filter", _everything_allowed)
    broken = {rule: detail for rule, detail in bubblewrap.rules.__wrapped__().items() if detail}
    assert not {"own keyring", "no network", "no queues", "no look into processes", "no file handles"} & set(broken)
    assert broken["no shared memory"].startswith("mmap")


def test_limits_that_are_not_set_are_noticed(
    full_sandbox: bubblewrap.Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The code inside is replaced by code that forgets its limits."""
    inside = tmp_path / bubblewrap.INSIDE.name
    shutil.copytree(bubblewrap.INSIDE, inside, ignore=shutil.ignore_patterns("__pycache__"))
    path = inside / "isolation.py"
    text = path.read_text()
    assert "    limit(limits)\n" in text
    path.write_text(text.replace("    limit(limits)\n", ""))
    world = dataclasses.replace(bubblewrap._WORLD, binds=((str(inside), f"{bubblewrap.OURS}/{inside.name}"),))
    monkeypatch.setattr(bubblewrap, "_WORLD", world)
    broken = {rule for rule, detail in bubblewrap.rules.__wrapped__().items() if detail}
    assert broken == {"bounded memory", "bounded scratch"}


def test_where_no_namespace_can_be_made_the_doctor_says_so() -> None:
    """As in a container that forbids them."""
    code = (
        "import errno, os, sys, pyseccomp as s\n"
        "f = s.SyscallFilter(s.ALLOW)\n"
        "for name in ('unshare', 'setns', 'mount', 'pivot_root', 'keyctl'): f.add_rule(s.ERRNO(errno.EPERM), name)\n"
        "f.add_rule(s.ERRNO(errno.EPERM), 'clone', s.Arg(0, s.MASKED_EQ, 0x10000000, 0x10000000))\n"
        "f.add_rule(s.ERRNO(errno.ENOSYS), 'clone3')\n"
        "f.load()\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'autograder', 'doctor', '--root', sys.argv[1]])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "tests" / "course")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 3, ran.stdout + ran.stderr
    assert "! sandbox: missing: namespaces" in ran.stdout and "Traceback" not in ran.stdout + ran.stderr


def test_the_doctor_lists_what_holds_and_what_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = {"own files": "", "no network": "socket: it worked", "threads": ""}
    monkeypatch.setattr(bubblewrap, "rules", lambda: rules)
    monkeypatch.setattr(bubblewrap, "probe", bubblewrap.probe.__wrapped__)
    items = {item.name: item for item in examine(ROOT / "tests" / "course", "cpu")}
    assert items["sandbox"].text.startswith("missing: no network") and not items["sandbox"].good
    assert items["rules of the sandbox that hold"].text == "own files, threads"
    assert items["rule of the sandbox: no network"].text == "socket: it worked"


def test_without_libseccomp_nothing_runs_and_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> bytes:
        raise system_calls.FilterError(errno.ENOSYS, "libseccomp cannot be loaded (not found)")

    monkeypatch.setattr(bubblewrap, "template_filter", missing)
    monkeypatch.setattr(bubblewrap, "rules", bubblewrap.rules.__wrapped__)
    found = bubblewrap.probe.__wrapped__()
    assert found.level == "missing: libseccomp" and "apt-get install libseccomp2" in found.advice
