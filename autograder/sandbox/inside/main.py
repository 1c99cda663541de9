"""The sandboxed process: isolate, run a submission, answer in frames.

Messages come on standard input, each after its length: where the packages lie (a fresh process only), what the process
must be (``setup``: trusted), and what it shall trace (``request``: a stranger's text, read only after isolation).
Answers leave as frames (see ``wire.py``) on a private descriptor.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import struct
import sys
import time
import types
from collections.abc import Callable
from typing import Any, NoReturn

from .by_hand import refuse_autodiff
from .isolation import enter, limit
from .loader import Loader
from .lowering import lower
from .tracing import TracedCall, TracingError, explain, trace_call

# Where the process says that it is, beside (module, index of a statement).  A module can have none of these names.
START, CALL, LOWERING = "import jax", "a call", "lowering all calls"


def main() -> None:
    """Serve one submission in a fresh process, where none can be forked (see ``template.py``)."""
    sys.path[:] = json.loads(message())["path"]
    serve()


def serve() -> NoReturn:
    """Serve one submission; end the process."""
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # this process may end at any moment
    setup = json.loads(message())

    def send(header: dict[str, Any], payload: bytes = b"") -> None:
        text = json.dumps(header).encode()
        data = memoryview(struct.pack(">II", len(text), len(payload)) + text + payload)
        while data:
            data = data[os.write(answers, data) :]

    send({"begin": [START, 0]})
    import jax.export  # noqa: F401 - before student code can stand in its way

    prepared = time.process_time()
    cover = refuse_autodiff() if setup["by_hand"] else ()
    if setup["isolated"]:
        enter(setup["limits"], (answers,), cover)
    else:
        limit(setup["limits"])
    request = json.loads(message())
    os.close(0)
    os.open("/dev/null", os.O_RDONLY)
    for name in [name for name in sys.modules if name.split(".")[0] == __package__]:
        del sys.modules[name]  # a submission may have a module of this name
    started = time.process_time()
    _serve(request, send)
    start = prepared if setup["isolated"] else started
    send({"done": True, "start": start, "trace": time.process_time() - started})
    os._exit(0)


def _serve(request: dict[str, Any], send: Callable[..., None]) -> None:
    _let_tracers_be_printed()
    given = None
    if request["given"] is not None:
        given = types.ModuleType("given")
        sys.modules["given"] = given
        exec(compile(request["given"], "given.py", "exec"), given.__dict__)
    sys.meta_path.append(Loader(request["modules"], request["skip"], request["internal"], send))
    sys.setrecursionlimit(3000)
    student = importlib.import_module(request["modules"][0]["name"])
    sources = frozenset(s["filename"] for m in request["modules"] for s in m["statements"])
    traced: dict[str, TracedCall] = {}
    for call in request["calls"]:
        if not call["public"]:
            _mute()
        send({"begin": [CALL, call["id"]]})
        try:
            found = trace_call(call, student, given, sources)
            if request["together"]:
                traced[call["id"]] = found
            else:
                _hand_out(send, {call["id"]: found}, _lowered([found], request["platforms"], sources))
        except TracingError as failure:
            send({"failure": call["id"], "kind": failure.kind, "message": failure.message, **failure.details})
        except BaseException as error:
            send({"failure": call["id"], "kind": "raised", "message": str(error)[:500], "type": type(error).__name__})
    if traced:
        sys.settrace(None)  # what one function left behind does not reach the programs of the others
        sys.setprofile(None)
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        send({"begin": [LOWERING, 0]})
        with contextlib.suppress(BaseException):  # then they are asked for again, one by one
            _hand_out(send, traced, lower(list(traced.values()), request["platforms"]))


def _lowered(calls: list[TracedCall], platforms: list[str], sources: frozenset[str]) -> list[bytes]:
    try:
        return lower(calls, platforms)
    except BaseException as error:
        raise explain(error, sources) from None


def _hand_out(send: Callable[..., None], calls: dict[str, TracedCall], programs: list[bytes]) -> None:
    for (key, call), program in zip(calls.items(), programs, strict=True):
        send({"program": key, "output": call.output, "forward": call.forward}, program)


def _let_tracers_be_printed() -> None:
    """Let ``print(f"{loss:.3f}")`` show what JAX shows of an array without numbers, and raise nothing."""
    import jax

    jax.core.Tracer.__format__ = lambda self, how: str(self)  # type: ignore[method-assign]


def _mute() -> None:
    """Print nothing from here on: students read what their code prints, and must not read hidden sizes."""
    sys.stdout.flush()
    silence = os.open("/dev/null", os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.close(silence)


def message() -> bytes:
    """Read one message from standard input and not a byte more: what follows is for later."""
    return _exactly(struct.unpack(">I", _exactly(4))[0])


def _exactly(size: int) -> bytes:
    data = b""
    while len(data) < size and (more := os.read(0, min(size - len(data), 1 << 20))):
        data += more
    return data
