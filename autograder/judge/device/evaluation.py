"""Inspect and run the programs of one submission within its budget; what goes wrong is charged to one program.

The worker tells of each program as soon as it is done with it, so whatever brings it down is known at once: the
program that it was busy with.  That program is tried again alone, in a fresh worker.  Programs are first run function
by function, with little time each; what fails then is run at the end, program by program, so that a slow function
takes no time from the others.  A function that used up the time of one program gets no time for its other programs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograder.judge.device.budget import (
    ALL_TIME,
    COMPILE_TIME,
    PARSE_TIME,
    RUN_TIME,
    TIMES,
    Budget,
    Limits,
    Stopwatch,
    spent,
)
from autograder.judge.device.canary import canary_task, is_right
from autograder.judge.device.process import CRASH, TIMEOUT, DeviceWorker, LostWorkerError
from autograder.judge.device.requests import (
    MEMORY,
    OURS,
    Inspected,
    Refusal,
    Rounds,
    Task,
    inspection_request,
    read_inspection,
    read_outputs,
    run_request,
)

CANARY_LIMITS = Limits(20, 60, 20, 120)


class Evaluation:
    """The programs of one submission, on a worker that nobody else uses meanwhile.

    Args:
      limits: for each program.
      budget: what the submission has left; it is spent here.
      stopwatch: times requests.
    """

    def __init__(
        self,
        worker: DeviceWorker,
        limits: Limits,
        budget: Budget,
        stopwatch: Callable[[float], Stopwatch] = Stopwatch,
    ) -> None:
        self.worker, self.limits, self.budget, self.stopwatch = worker, limits, budget, stopwatch
        self._sound: bool | None = None  # whether the canary lives, once it is known

    def inspect(self, tasks: Sequence[Task]) -> dict[str, Inspected | Refusal]:
        """Inspect programs in turn; after a crash, go on in a fresh worker with the next.

        Raises:
          DeviceError: the worker cannot start.
        """
        results: dict[str, Inspected | Refusal] = {}
        strikes: dict[str, Refusal] = {}
        waiting = list(tasks)
        while waiting:
            answers, lost = self._inspect(waiting)
            results |= {t.key: answer for t, answer in zip(waiting, answers, strict=False)}
            waiting = waiting[len(answers) :]
            if waiting and lost is not None:
                task = waiting.pop(0)
                results[task.key] = found = self._suspected(task, lost)
                if isinstance(found, Refusal) and found.kind in TIMES:
                    strikes[task.function or task.key] = found
            if self.budget.used_up:
                strikes |= {t.function or t.key: Refusal(ALL_TIME) for t in waiting}
            results |= {t.key: strikes[f] for t in waiting if (f := t.function or t.key) in strikes}
            waiting = [t for t in waiting if t.key not in results]
        return {key: self._judged(found) for key, found in results.items()}

    def run(self, tasks: Sequence[Task]) -> dict[str, Rounds | Refusal]:
        """Run inspected programs: quick functions first, what is slow or fails at the end and one by one.

        Raises:
          DeviceError: the worker cannot start.
        """
        groups: dict[str, list[Task]] = {}
        for task in tasks:
            groups.setdefault(task.function or task.key, []).append(task)
        results: dict[str, Rounds | Refusal] = {}
        suspects: list[list[Task]] = []
        waiting = list(groups.values())
        while waiting and not self.budget.used_up:
            outcomes = self._run(waiting, self.limits.hasty(), interpret=True)
            for group, outcome in zip(waiting, outcomes, strict=False):
                if isinstance(outcome, Refusal):
                    suspects.append(group)
                else:
                    results |= outcome
            waiting = waiting[len(outcomes) :]
        for group in (*suspects, *waiting):
            strike: Refusal | None = None
            for task in group:
                results[task.key] = result = strike or self._alone(task)
                strike = result if isinstance(result, Refusal) and result.kind in TIMES else strike
        return results

    def ask(
        self,
        request: tuple[dict[str, Any], bytes],
        limit: float,
        progress: Callable[[Stopwatch, dict[str, Any], bytes], object] = lambda *_: None,
    ) -> tuple[dict[str, Any], bytes]:
        """Ask the worker within the budget, and charge it; starting a worker is charged as well.

        Args:
          limit: seconds of the first phase; ``progress`` may begin others.

        Raises:
          DeviceError: the worker cannot start.
          LostWorkerError: there was no answer; its kind is ALL_TIME where the budget is used up.
        """
        watch = self.stopwatch(limit)
        fresh = not self.worker.running
        waited = watch.clock()
        process = self.worker.process_id()
        if fresh:
            self.budget.spend(spent(watch.clock() - waited, watch.processor(process)))
        watch.whole = self.budget.left
        try:
            return self.worker.ask(*request, watch, lambda header, payload: progress(watch, header, payload))
        except LostWorkerError as lost:
            if lost.kind == TIMEOUT and watch.all_over:
                raise LostWorkerError(ALL_TIME) from None
            raise
        finally:
            self.budget.spend(watch.spent())

    def _inspect(self, tasks: Sequence[Task]) -> tuple[list[Inspected | Refusal], Refusal | None]:
        """Return what the worker said of the first programs, and how it was lost in the next, if it was."""
        answers: list[Inspected | Refusal] = []

        def note(watch: Stopwatch, header: dict[str, Any], _: bytes) -> None:
            answers.append(read_inspection(header))
            watch.next_phase(self.limits.parse)

        try:
            answer, _ = self.ask(inspection_request(tasks), self.limits.parse, note)
        except LostWorkerError as lost:
            return answers, Refusal(PARSE_TIME if lost.kind == TIMEOUT else lost.kind, lost.message)
        return answers, Refusal(OURS, str(answer["error"])) if "error" in answer else None

    def _suspected(self, task: Task, lost: Refusal) -> Inspected | Refusal:
        """Inspect a program once more, alone, after it brought a worker down."""
        if lost.kind in TIMES or lost.kind == MEMORY:
            return lost
        self.worker.close()
        answers, again = self._inspect([task])
        if answers:
            return answers[0]
        kind = again.kind if again is not None and again.kind in TIMES else "parse"
        return Refusal(kind if self._is_sound() else OURS)

    def _judged(self, found: Inspected | Refusal) -> Inspected | Refusal:
        """Blame a program for an exception in its inspection only where a good program raises none."""
        malformed = isinstance(found, Refusal) and found.kind == "malformed"
        return found if not malformed or self._is_sound() else Refusal(OURS, "a good program could not be inspected")

    def _run(
        self, groups: Sequence[Sequence[Task]], limits: Limits, interpret: bool = False
    ) -> list[dict[str, Rounds] | Refusal]:
        """Return the outputs of the first groups; the last entry may be why the worker was lost."""
        outcomes: list[dict[str, Rounds] | Refusal] = []
        running = False

        def note(watch: Stopwatch, header: dict[str, Any], payload: bytes) -> None:
            nonlocal running
            running = "compiled" in header
            if running:
                watch.next_phase(limits.run)
                return
            if "error" in header:
                outcomes.append(Refusal(MEMORY if header["error"] == MEMORY else CRASH, str(header["message"])))
            else:
                outcomes.append(read_outputs(groups[len(outcomes)], payload))
            watch.next_phase(limits.compile)

        try:
            answer, _ = self.ask(run_request(groups, self.worker.memory_mb, interpret), limits.compile, note)
        except LostWorkerError as lost:
            kind = (RUN_TIME if running else COMPILE_TIME) if lost.kind == TIMEOUT else lost.kind
            return [*outcomes, Refusal(kind, lost.message)]
        if len(outcomes) < len(groups):  # it gave up before it came to them
            outcomes.append(Refusal(CRASH, str(answer.get("message", ""))))
        return outcomes

    def _alone(self, task: Task) -> Rounds | Refusal:
        """Run one program; after a crash, once more in a fresh worker."""
        found: Rounds | Refusal = Refusal(ALL_TIME)
        for _ in range(2):
            if self.budget.used_up:
                return Refusal(ALL_TIME)
            outcome = self._run([[task]], self.limits)[0]
            found = outcome if isinstance(outcome, Refusal) else outcome[task.key]
            if not isinstance(found, Refusal) or found.kind != CRASH:
                return found
            self.worker.close()
        return found if self._is_sound() else Refusal(OURS, "a good program failed as well")

    def _is_sound(self) -> bool:
        """Whether a good program passes, in a worker that met no other; asked once, and not charged."""
        if self._sound is None:
            self.worker.close()
            self._sound = self._canary_lives()
        return self._sound

    def _canary_lives(self) -> bool:
        apart = Evaluation(self.worker, CANARY_LIMITS, Budget(CANARY_LIMITS.submission), self.stopwatch)
        apart._sound = True
        try:
            answer, module = apart.ask(({"do": "canary"}, b""), CANARY_LIMITS.compile)
        except LostWorkerError:
            return False
        if "error" in answer:
            return False
        task = canary_task(module)
        if isinstance(apart.inspect([task])[task.key], Refusal):
            return False
        rounds = apart.run([task])[task.key]
        return not isinstance(rounds, Refusal) and is_right(rounds)
