"""JUnit XML as Jenkins, GitLab and others read it: valid against the schema of Jenkins' xUnit plugin (junit-10)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from autograder.exchange.told import Told, complete, headline, seconds, told
from autograder.report import view
from autograder.report.text import points, visible
from autograder.results import Result


def junit(results: Sequence[Result], *, name: str) -> str:
    """Render results as test suites: one for each submission, a test case for each check.

    A check that failed is a failure; one that could not be judged is an error; one that waits for another check,
    was left out or is to be measured again is skipped.
    """
    suites = [_suite(result) for result in results]
    root = ET.Element("testsuites", name=visible(name))
    for total in ("tests", "failures", "errors"):
        root.set(total, str(sum(int(s.get(total, "0")) for s in suites)))
    root.set("time", f"{sum(seconds(r) for r in results):.3f}")
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(result: Result) -> ET.Element:
    p = result.provenance
    suite = ET.Element("testsuite", name=visible(result.submission) or "submission", time=f"{seconds(result):.3f}")
    if p.created:
        suite.set("timestamp", visible(p.created))
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
    checks = told(result)
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


def _case(check: Told, assignment: str) -> ET.Element:
    case = ET.Element("testcase", name=check.title, classname=f"{visible(assignment)}.{check.function}")
    if check.state is view.PASS:
        return case
    tag = {view.FAIL: "failure", view.PARTLY: "failure", view.FAULT: "error"}.get(check.state, "skipped")
    inner = ET.SubElement(case, tag, message=check.first, type=check.state.word.lower())
    inner.text = "\n".join(check.lines)
    return case
