"""JUnit XML as Jenkins, GitLab and others read it: valid against the schema of Jenkins' xUnit plugin (junit-10)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from autograder.exchange.check_text import CheckText, check_texts, complete, headline
from autograder.report import view_model
from autograder.report.student_view import student_view
from autograder.report.text import points, visible
from autograder.results import Result


def junit(results: Sequence[Result], *, name: str) -> str:
    """Render results as test suites: one for each submission, a test case for each check.

    A failed check is a failure; a check that could not be judged is an error; a check that waits for another check,
    was left out or must be measured again is skipped.  CI systems show such files to whoever can see the job, so they
    hold what students may see, and no times.
    """
    suites = [_suite(student_view(result)) for result in results]
    root = ET.Element("testsuites", name=visible(name))
    for total in ("tests", "failures", "errors"):
        root.set(total, str(sum(int(s.get(total, "0")) for s in suites)))
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(result: Result) -> ET.Element:
    p = result.provenance
    suite = ET.Element("testsuite", name=visible(result.submission) or "submission")
    properties = ET.SubElement(suite, "properties")
    about = {
        "assignment": p.assignment,
        "submission_sha256": p.submission_sha256,
        "seed": p.seed,
        "engine": p.engine_version,
        "sandbox": p.sandbox,
        "device": p.device,
    }
    if complete(result) and result.score is not None:
        about |= {"points": points(result.score.points), "possible": points(result.score.possible)}
    for key, value in about.items():
        ET.SubElement(properties, "property", name=key, value=visible(value))
    checks = check_texts(result)
    cases = [_case(check, p.assignment) for check in checks]
    if not checks:
        case = ET.Element("testcase", name="the submission can be graded", classname=visible(p.assignment))
        tag = "failure" if complete(result) else "error"
        ET.SubElement(case, tag, message=headline(result), type="unreadable" if tag == "failure" else "not judged")
        cases = [case]
    suite.extend(cases)
    counts = {"tests": len(cases)}
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[attribute] = sum(case.find(tag) is not None for case in cases)
    for attribute, number in counts.items():
        suite.set(attribute, str(number))
    return suite


def _case(check: CheckText, assignment: str) -> ET.Element:
    case = ET.Element("testcase", name=check.title, classname=f"{visible(assignment)}.{check.function}")
    if check.state is view_model.PASS:
        return case
    tag = {view_model.FAIL: "failure", view_model.PARTLY: "failure", view_model.FAULT: "error"}.get(
        check.state, "skipped"
    )
    inner = ET.SubElement(case, tag, message=check.first, type=check.state.word.lower())
    inner.text = "\n".join(check.lines)
    return case
