"""The environment of the oracle, and the folder of caches."""

from __future__ import annotations

import os
import platform
from pathlib import Path

# Handed on to a trusted process.  A list of what may pass, because a secret may have any name.
_PASSES = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "SYSTEMROOT"),
    *("VIRTUAL_ENV", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
)


def oracle_environment() -> dict[str, str]:
    """Return the environment of the oracle, which runs on the CPU: all of it.

    The course secret is not in it; the oracle reads it from its standard input.
    Trusted processes start with -P: the current folder may hold submissions, and a file named jax.py among them.
    """
    package = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    kept = {name: os.environ[name] for name in _PASSES if name in os.environ}
    return kept | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": path, "XLA_FLAGS": xla_flags()}


def xla_flags(pinned: bool = False) -> str:
    """Return the options of XLA, in a process that compares numbers or, pinned, measures speed with one thread."""
    flags = [os.environ.get("XLA_FLAGS", "")]
    if pinned:
        flags += ["--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"]  # at full speed
    elif platform.machine() == "x86_64":
        # Compiled quickly, XLA may compute a value twice, once with a fused multiply-add: x == max(x) is then false.
        flags += ["--xla_cpu_max_isa=AVX"]
    return " ".join(filter(None, flags))


def cache_folder() -> Path:
    """Return the folder of stored reference answers and device locks; it may not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "autograder"
