"""Gradescope's ``results.json``, as https://gradescope-autograders.readthedocs.io/en/latest/specs/ describes it."""

from __future__ import annotations

import json
from typing import Any

from autograder.exchange.check_text import CheckText, check_texts, complete, headline, remarks
from autograder.report import view_model
from autograder.report.student_view import student_view
from autograder.report.text import points, visible
from autograder.results import Result

VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")


def gradescope(result: Result, *, assignment_title: str, visibility: str = "visible") -> str:
    """Render a result for Gradescope, in plain text; only instructors see what the autograder prints.

    While a check is not judged, the file holds no score: Gradescope then tells the instructor that the autograder
    failed, and shows the student no mark.  A sum over the other checks would cost the student points for our fault.

    Args:
      visibility: when students see it: "visible", "hidden", "after_due_date" or "after_published".
    """
    if visibility not in VISIBILITIES:
        raise ValueError(f"visibility: expected one of {', '.join(VISIBILITIES)}, got {visibility!r}")
    result = student_view(result)
    final = complete(result)
    p = result.provenance
    data: dict[str, Any] = {
        "output": "\n".join((visible(assignment_title), headline(result), *remarks(result))),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "tests": [_test(check, final) for check in check_texts(result)],
        "extra_data": {
            "assignment": p.assignment,
            "engine": p.engine_version,
            "seed": p.seed,
            "sandbox": p.sandbox,
            "device": p.device,
            "submission_sha256": p.submission_sha256,
            "judged": final,
        },
    }
    if final and result.score is not None:
        data["score"] = result.score.points
    return json.dumps(_inert(data), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _test(check: CheckText, final: bool) -> dict[str, Any]:
    test: dict[str, Any] = {"name": f"{check.function}: {check.title}", "name_format": "text", "output_format": "text"}
    lines = check.lines
    if final and check.points is not None and check.possible is not None:
        test["score"], test["max_score"] = check.points, check.possible
    elif check.possible is not None:
        lines = (f"Worth {points(check.possible)} points.", *lines)
    if check.state is view_model.LEFT:
        lines = ("Left out of this run.",)
    test["output"] = "\n".join(lines)
    # Gradescope knows only passed and failed; an undecided check is neither.
    if check.state is view_model.PASS:
        test["status"] = "passed"
    elif check.state in (view_model.FAIL, view_model.PARTLY, view_model.SKIP):
        test["status"] = "failed"
    return test


def _inert(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _inert(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_inert(v) for v in value]
    return visible(value, lines=True, limit=20_000) if isinstance(value, str) else value
