"""Run in a worker's place, try every rule of its confinement, and print what holds: a rule, a tab, and what was seen.

The rules of the worker's own world come first.  The others are the tracer's (``inside.probe``), where the worker wears
the strict filter as it does.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator

from autograder.sandbox.inside import probe
from autograder.sandbox.inside.isolation import renounce
from autograder.sandbox.inside.main import message

OURS = "/ours"
STATUS = ("NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000")


def main(arguments: list[str]) -> int:
    """Probe.  The only argument says what is expected; a worker's first message says how to isolate."""
    expected = json.loads(arguments[0])
    _print("only the worker's code", _code(expected["modules"]))
    _print("no other files", probe.foreign_files(expected["paths"]))
    _print("only its own variables", _variables(expected["variables"]))
    if not expected["network"]:
        _print("own network", _network())
    if expected["strict"]:
        probe.main()
        return 0
    renounce(json.loads(message())["limits"])
    _print("an ordinary user", _rights())
    _print("own processes", _others())
    _print("end", iter(()))
    return 0


def _print(rule: str, details: Iterator[str]) -> None:
    print(f"{rule}\t{next(details, '')}", flush=True)


def _code(modules: list[str]) -> Iterator[str]:
    known = {name.replace(".", "/") for name in modules}
    for folder, _, files in os.walk(OURS):
        for file in files:
            inside = os.path.relpath(os.path.join(folder, file), OURS)
            if inside.replace("__pycache__/", "").partition(".")[0].removesuffix("/__init__") not in known:
                yield f"{inside} is there"


def _variables(known: list[str]) -> Iterator[str]:
    yield from sorted(set(os.environ) - {*known, "PWD", "LC_CTYPE"})


def _network() -> Iterator[str]:
    try:
        if others := [name for _, name in socket.if_nameindex() if name != "lo"]:
            yield f"it has an interface, {others[0]}"
        with socket.socket() as line:
            line.settimeout(2)
            line.connect(("192.0.2.1", 80))  # belongs to nobody
        yield "it connected"
    except OSError:
        pass


def _rights() -> Iterator[str]:
    if os.getuid() == 0 or os.geteuid() == 0:
        yield "it is root"
    with open("/proc/self/status") as file:
        said = file.read()
    yield from (f"expected {line}" for line in STATUS if line not in said)


def _others() -> Iterator[str]:
    if numbers := [name for name in os.listdir("/proc") if name.isdigit() and int(name) > 16]:
        yield f"it sees process {numbers[0]}"
