"""The template: a process that has imported JAX and forks a child for each life of a submission.

It knows nothing of the course and reads nothing of a submission: the child does, once it is isolated.  It lowers no
program and starts no thread, because a child would wait for threads that it does not have.  One child runs at a time.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
import traceback

from .main import message, serve

READY = b"r"
STATUS = struct.Struct(">i")
# What tracing imports when it is first needed.
NEEDED = ("jax.export", "jax.extend.core", "jaxlib.mlir.dialects.sdy", "jaxlib.mlir.dialects.stablehlo")


def main() -> None:
    """Fork until nobody asks any more.

    Standard input is a socket.  The first message on it says where the packages lie; then come three descriptors at a
    time, the standard streams of a child.  The answers are READY, and how each child ended.
    """
    sys.path[:] = json.loads(message())["path"]
    for name in NEEDED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a child that collects garbage would copy all that it shares with this process
    control = socket.socket(fileno=os.dup(0))
    control.sendall(READY)
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not data:
            os._exit(0)
        child = os.fork()
        if not child:
            control.close()
            _become(descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        status = os.waitpid(child, 0)[1]
        with contextlib.suppress(OSError):  # without isolation it may have left others behind
            os.killpg(child, signal.SIGKILL)
        control.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))


def _become(descriptors: list[int]) -> None:
    """Serve one submission on these streams, and never return."""
    try:
        os.setsid()
        for stream, descriptor in enumerate(descriptors):
            os.dup2(descriptor, stream)
            os.close(descriptor)
        serve()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)
