"""How a run grades: on which device, how many submissions in parallel, and which stored results it keeps."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Keep(enum.Enum):
    """Which results of an earlier run a run keeps."""

    UNCHANGED = enum.auto()  # results for which nothing has changed that they depend on
    SAME_BYTES = enum.auto()  # results of unchanged submissions, whatever else has changed
    NOTHING = enum.auto()


@dataclass(frozen=True)
class RunOptions:
    """What an instructor chooses for a run.

    Attributes:
      device: "cpu", "gpu", "tpu" or "auto"; several GPUs get one evaluator each.
      jobs: submissions in parallel; 0 for one per core.
      quick: leave out training, throughput and cost.
      keep: which stored results stand.
      cluster: where to grade, if not in this process: "local", "slurm" or the address of a dask scheduler.
    """

    device: str = "auto"
    jobs: int = 0
    quick: bool = False
    keep: Keep = Keep.UNCHANGED
    cluster: str = ""
