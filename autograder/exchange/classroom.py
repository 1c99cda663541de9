"""GitHub Classroom's result of a test runner, as its grading reporter reads it (version 1).

A workflow passes it in base64, as the output of a step:

    echo "result=$(base64 -w0 result.json)" >> "$GITHUB_OUTPUT"
"""

from __future__ import annotations

import json
from typing import Any

from autograder.exchange.check_text import check_texts, complete, headline
from autograder.report import view_model
from autograder.report.student_view import student_view
from autograder.report.text import visible
from autograder.results import Result


def classroom(result: Result) -> str:
    """Render a result for the grading reporter, which adds up the scores of the tests.

    While a check is not judged, the status is "error" and no points can be earned, so that the reporter sends
    Classroom no score at all.
    """
    result = student_view(result)
    final = complete(result)
    tests: list[dict[str, Any]] = [
        {
            "name": f"{check.function}: {check.title}",
            "status": _status(check.state),
            "score": (check.points or 0) if final else 0,
            "message": "\n".join(check.lines),
            "test_code": "",
            "filename": check.file,
            "line_no": check.line,
        }
        for check in check_texts(result)
        if check.state is not view_model.LEFT
    ]
    if not tests:  # the reporter divides by their number
        status = "fail" if final else "error"
        tests = [{"name": visible(result.submission), "status": status, "score": 0, "message": headline(result)}]
        tests[0] |= {"test_code": "", "filename": "", "line_no": 0}
    passed = all(t["status"] == "pass" for t in tests)
    data = {
        "version": 1,
        "status": "error" if not final else "pass" if passed else "fail",
        "max_score": result.score.possible if final and result.score else 0,
        "tests": tests,
    }
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _status(state: view_model.State) -> str:
    if state is view_model.PASS:
        return "pass"
    return "error" if state in (view_model.FAULT, view_model.UNSURE) else "fail"
