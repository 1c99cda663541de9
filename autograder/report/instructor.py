"""The instructor's page of one submission: evidence in full, programs, findings, provenance, override.

It says of every case whether its draw is public or hidden.  Inputs are described by kind and size here too: a page
gets forwarded, and the seed is the course's secret.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from autograder.report import measured, status, view_model
from autograder.report.at_risk import concerns
from autograder.report.html import render
from autograder.report.student_view import PUBLIC_SEED
from autograder.results import CaseEvidence, CheckEvidence, Result


class Decision(Protocol):
    """What is read of an override of the ledger; ``points`` None takes earlier ones back."""

    @property
    def points(self) -> object: ...
    @property
    def by(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def at(self) -> object: ...


@dataclass(frozen=True)
class ProgramView:
    """A judged program (several where a check runs at several shapes) and the checks that rest on it."""

    digests: tuple[str, ...]
    checks: tuple[str, ...]
    operations: tuple[tuple[str, int], ...]  # of the largest, the commonest first
    total: int


def instructor_page(
    result: Result,
    *,
    assignment_title: str,
    student_page: str = "",
    class_page: str = "",
    override: Decision | None = None,
    previous: Result | None = None,
    sources: Mapping[str, str] | None = None,
) -> str:
    """Render everything that is stored about one submission.

    Args:
      student_page: href of the page that the student reads.
      class_page: href of the page of the class.
      override: what a person decided about the points, from the ledger.
      previous: the attempt before, for what changed.
      sources: the student's files by the name that ``where`` uses.
    """
    return render(
        "instructor.html.j2",
        result=result,
        assignment_title=assignment_title,
        student_page=student_page,
        class_page=class_page,
        override=override,
        views=view_model.functions(result),
        share=status.share(result),
        status=status.standing(result),
        summary=status.summary(result),
        concerns=concerns(result, previous),
        change=status.change(previous, result),
        programs=programs,
        excerpt=functools.partial(view_model.excerpt, sources),
        states=view_model.STATES,
        draw_words=functools.partial(draw_words, result),
    )


def draw_words(result: Result, check: CheckEvidence, case: CaseEvidence) -> str:
    """Name the draw of a case: "public draw 0", "hidden draw 1"; a measurement's sizes are printed."""
    if check.kind in measured.MEASURED:
        return f"draw {case.draw}"
    public = case.public or result.provenance.seed == PUBLIC_SEED
    return f"{'public' if public else 'hidden'} draw {case.draw}"


def programs(function: view_model.FunctionView) -> tuple[ProgramView, ...]:
    """List the programs of one function; checks at the same shapes share theirs."""
    groups: dict[str, list[CheckEvidence]] = {}
    for check in function.checks:
        if check.evidence.program or check.evidence.operations:
            groups.setdefault(check.evidence.program, []).append(check.evidence)
    found = []
    for digests, checks in groups.items():
        counted = max((c.operations for c in checks), key=lambda one: sum(one.values()))
        names = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        found.append(
            ProgramView(tuple(digests.split()), tuple(c.name for c in checks), tuple(names), sum(counted.values()))
        )
    return tuple(found)
