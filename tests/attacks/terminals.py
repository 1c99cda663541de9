# why: terminals and devices: a controlling terminal, letters typed for somebody else, the kernel's log
# expect: standardize=passed momentum=passed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held typing PermissionError
# prints unscreened: held controlling PermissionError
# prints unscreened: held /dev/tty
# prints unscreened: held left 0

import fcntl
import os
import stat

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


left = [fd for fd in range(256) if os.path.exists(f"/dev/fd/{fd}")]
for fd in range(3, 1024):
    try:
        kind = os.fstat(fd).st_mode
    except OSError:
        continue
    left += [fd] if not stat.S_ISFIFO(kind) or fcntl.fcntl(fd, 3) & 3 != os.O_WRONLY else []
print("BREACH" if left else "held", "left", len(left))


def terminal():
    """A pair of terminals of one's own is harmless; what can be done with it is not."""
    master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    return master


for what, number, argument in (
    ("typing", 0x5412, b"x"),
    ("controlling", 0x540E, 1),
    ("console", 0x541D, 0),
    ("paste", 0x541C, bytes([3])),
    ("exclusive", 0x540C, 0),
    ("group", 0x5410, bytes(4)),
    ("peer", 0x5441, 0),
    ("discipline", 0x5423, bytes([15, 0, 0, 0])),
    ("packet", 0x5420, bytes([1, 0, 0, 0])),
    ("files of a device", 0x1260, bytes(8)),
    ("high bits", 0x100005412, b"x"),
):
    attempt(what, lambda: fcntl.ioctl(terminal(), number & 0xFFFFFFFF, argument))
for path in ("tty", "console", "kmsg", "mem", "kvm", "fuse", "net/tun", "loop-control", "shm/x", "pts/0", "mqueue/x"):
    attempt("/dev/" + path, lambda: os.open("/dev/" + path, os.O_RDWR))
attempt("standard input", lambda: os.read(0, 1) or 1 / 0)
attempt("parent folder", lambda: os.chdir("../../../..") or os.stat("home"))
attempt("owner", lambda: os.fchown(2, 0, 0))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
