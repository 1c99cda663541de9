"""How long programs may take: limits for one program, a stopwatch for one request, a budget for one submission.

A loaded machine must not fail honest work, so a second counts when the worker both waited it and computed in it.
A worker that waits and computes nothing is stopped as well, after ``PATIENCE`` times as long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

PATIENCE = 3.0  # how many seconds of waiting count as one, where nothing is computed

# Kinds of refusals that say which time was used up: that of one program, or that of the submission.
PARSE_TIME, COMPILE_TIME, RUN_TIME = "parse time", "compile time", "timeout"
ALL_TIME, MEASURED_TIME = "all time", "measured time"
TIMES = (PARSE_TIME, COMPILE_TIME, RUN_TIME, ALL_TIME, MEASURED_TIME)

Clock = Callable[[], float]


@dataclass(frozen=True)
class Limits:
    """Seconds for one program in each phase, and for all programs of a submission together."""

    parse: float = 2.0
    compile: float = 20.0
    run: float = 5.0
    submission: float = 60.0

    @classmethod
    def of(cls, run_seconds: float) -> Limits:
        """Return the limits of an assignment: ``run_seconds`` to compile, and a quarter of that to run."""
        return cls(compile=run_seconds, run=run_seconds / 4)

    def hasty(self) -> Limits:
        """Return the limits of a first try: they hold back what is slow, so that it does not keep others waiting."""
        return Limits(self.parse, 0.3 * self.compile, 0.4 * self.run, self.submission)


@dataclass
class Budget:
    """What is left, in seconds, of the time of one submission."""

    left: float

    def spend(self, seconds: float) -> None:
        """Take ``seconds`` from what is left."""
        self.left = max(0.0, self.left - seconds)

    @property
    def used_up(self) -> bool:
        return self.left <= 0


def spent(waited: float, computed: float) -> float:
    """Return how many seconds count, of ``waited`` seconds with ``computed`` seconds of processor time in them."""
    return max(min(waited, computed), waited / PATIENCE)


@dataclass
class Stopwatch:
    """Times one request to a worker: its current phase, and the whole of it.

    Attributes:
      limit: seconds that the current phase may take.
      whole: seconds that all phases may take together.
      clock: seconds of wall time.
      processor: seconds of processor time of a process and its children, by process id.
      all_over: whether it was the whole that was used up.
    """

    limit: float
    whole: float = float("inf")
    clock: Clock = time.monotonic
    processor: Callable[[int], float] = field(default_factory=lambda: ProcessorTime())
    all_over: bool = False

    def __post_init__(self) -> None:
        self._process = 0
        self._began = self._phase = (self.clock(), 0.0)

    def start(self, process: int) -> None:
        """Begin to time the request that this process answers."""
        self._process = process
        self._began = self._phase = self._now()

    def next_phase(self, limit: float) -> None:
        """Begin another phase, which may take ``limit`` seconds."""
        self.limit, self._phase = limit, self._now()

    def over(self) -> bool:
        """Whether the phase or the request as a whole has used up its time."""
        waited = self.clock()
        if waited - self._phase[0] <= self.limit and waited - self._began[0] <= self.whole:
            return False  # too early, however much was computed
        now = self._now()
        self.all_over = _between(self._began, now) > self.whole
        return self.all_over or _between(self._phase, now) > self.limit

    def spent(self) -> float:
        """Return the seconds that count since the start."""
        return _between(self._began, self._now()) if self._process else 0.0

    def _now(self) -> tuple[float, float]:
        return self.clock(), self.processor(self._process)


def _between(start: tuple[float, float], end: tuple[float, float]) -> float:
    return spent(end[0] - start[0], end[1] - start[1])


class ProcessorTime:
    """Reads the processor time of a process, with the children that it had at first.

    Where the system does not tell, the process counts as one that computes all the time.
    """

    def __init__(self) -> None:
        self._used: dict[psutil.Process, float] = {}

    def __call__(self, process: int) -> float:
        """Return the seconds of processor time; what has ended counts with the last that was known of it."""
        try:
            if not self._used:
                root = psutil.Process(process)
                self._used = dict.fromkeys([root, *root.children(recursive=True)], 0.0)
        except psutil.Error:
            return time.monotonic()
        for member in self._used:
            try:
                times = member.cpu_times()
            except psutil.Error:
                continue
            self._used[member] = times.user + times.system
        return sum(self._used.values())
