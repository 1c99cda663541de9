"""Many students take a served exam at once: the second process of the load benchmark, and of the test of crashes.

python tests/benchmarks/exam_crowd.py plan.json   # writes what was acknowledged beside it
"""

from __future__ import annotations

import asyncio
import collections
import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from autograder.exam.client import ClientRequest, ExamProtocol, RequestRefusedError, httpx_arguments, run_async

TIMEOUT = 30.0  # seconds for one request
PATIENCE = 60.0  # seconds after the end in which every answer must have arrived
ATTENTION_FILTERS = 0.05  # seconds between two looks at how late this process is
HAND_IN = 15.0  # seconds over which they hand in


@dataclass(frozen=True)
class Plan:
    """What the crowd does.

    Attributes:
      links: Student → personal link; all of them are opened at once.
      answers: Student → what may be typed: item name and fields, one of them each time.
      seconds: How long each one works before handing in.
      lost: Share of the replies to answers that get lost on the way, so that the same answer is sent again.
      think: Shortest and longest time between two answers; ``poll`` and ``reload`` seconds between others.
    """

    base: str
    links: dict[str, str]
    answers: dict[str, list[tuple[str, list[tuple[str, str]]]]]
    seconds: float
    think: tuple[float, float] = (5.0, 10.0)
    poll: float = 20.0
    reload: float = 90.0
    lost: float = 0.01
    seed: int = 1


@dataclass
class Seen:
    """What the crowd saw.

    Attributes:
      kept: Student, item, fields, token and number of every acknowledged answer.
      unsent: Students whose answers never arrived.
      times: What was asked → when (seconds from the start) and seconds of each reply.
      errors: What went wrong and was tried again → how often.
      refused: What the server would not do, ever.
      signed_in: Seconds from the start until the last one saw the first page.
      lags: Seconds that this process itself was late, looked at all the time: it adds them to what it measures.
    """

    kept: list[tuple[str, str, Any, str, int]] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    times: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: collections.defaultdict(list))
    errors: dict[str, int] = field(default_factory=lambda: collections.defaultdict(int))
    refused: list[str] = field(default_factory=list)
    signed_in: float = 0.0
    lags: list[float] = field(default_factory=list)


def main(path: Path) -> None:
    plan = Plan(**json.loads(path.read_text()))
    seen = asyncio.run(crowd(plan))
    path.with_suffix(".seen.json").write_text(json.dumps(vars(seen)))


async def crowd(plan: Plan) -> Seen:
    """Let all of them take the exam at once."""
    seen = Seen()
    watch = asyncio.create_task(_lag(seen))
    async with asyncio.TaskGroup() as group:
        for number, student in enumerate(plan.links):
            group.create_task(_one(plan, student, seen, random.Random(plan.seed * 100_000 + number)))
    watch.cancel()
    return seen


async def _lag(seen: Seen) -> None:
    while True:
        due = time.monotonic() + ATTENTION_FILTERS
        await asyncio.sleep(ATTENTION_FILTERS)
        seen.lags.append(time.monotonic() - due)


async def _one(plan: Plan, student: str, seen: Seen, draw: random.Random) -> None:
    protocol = ExamProtocol(plan.links[student])
    began = time.monotonic()
    end = began + plan.seconds
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60)
    # No TLS here; without verify=False each client reads all certificates of the machine.
    async with httpx.AsyncClient(
        base_url=plan.base, limits=limits, timeout=TIMEOUT, verify=False, trust_env=False
    ) as client:

        async def send(request: ClientRequest) -> httpx.Response:
            started = time.monotonic()
            response = await client.request(**httpx_arguments(request))
            what = f"{request.method} {'/in/…' if request.path.startswith('/in/') else request.path}"
            seen.times[what].append((started - began, time.monotonic() - started))
            if request.path == "/save" and draw.random() < plan.lost:
                raise httpx.ReadError("lost on the way")
            return response

        async def do(steps: Any) -> bool:
            """Carry out steps, again and again where the line or the server fails."""
            pause = 0.5
            while True:
                try:
                    await run_async(send, steps())
                    return True
                except RequestRefusedError as refused:
                    if not refused.retry:
                        seen.refused.append(f"{student}: {refused}")
                        return False
                    seen.errors[str(refused.status)] += 1
                except httpx.TransportError as error:
                    seen.errors[type(error).__name__] += 1
                if time.monotonic() > end + PATIENCE:
                    return False
                await asyncio.sleep(pause * draw.uniform(0.5, 1.5))
                pause = min(8.0, 2 * pause)

        if await do(protocol.sign_in) and await do(protocol.begin):
            seen.signed_in = max(seen.signed_in, time.monotonic() - began)
            await _work(plan, student, protocol, do, end, draw)
            await asyncio.sleep(draw.uniform(0, min(HAND_IN, plan.seconds / 4)))
            await do(protocol.hand_in)
        if protocol.pending or not protocol.acknowledged:
            seen.unsent.append(student)
        for acknowledged in protocol.acknowledged:
            sent = acknowledged.response
            seen.kept.append((student, sent.name, sent.fields, sent.token, acknowledged.number))


async def _work(plan: Plan, student: str, protocol: ExamProtocol, do: Any, end: float, draw: random.Random) -> None:
    """Type, save, ask for the time, and now and then load the page anew."""
    due: list[tuple[float, Any]] = []
    now = time.monotonic()
    due.append((now + draw.uniform(0, plan.poll), protocol.state))
    due.append((now + draw.uniform(0, plan.reload), protocol.load_page))
    await asyncio.sleep(draw.uniform(0, plan.think[1]))
    while time.monotonic() < end:
        name, fields = draw.choice(plan.answers[student])
        protocol.answer(name, [(f, v) for f, v in fields], flagged=draw.random() < 0.1, seconds=draw.uniform(1, 300))
        await do(protocol.save)
        now = time.monotonic()
        for index, (at, steps) in enumerate(due):
            if now >= at:
                await do(steps)
                every = plan.poll if index == 0 else plan.reload
                due[index] = (now + every * draw.uniform(0.9, 1.1), steps)
        await asyncio.sleep(max(0.0, min(draw.uniform(*plan.think), end - time.monotonic())))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
