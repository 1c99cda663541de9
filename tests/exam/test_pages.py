"""How the student's pages look and behave in a real browser: layout, console, requests, accessibility, print.

Needs Chromium; without it these tests are skipped.  To have it: ``sudo apt-get install -y chromium``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.exam_browser import MARKS, ServedExam, Watched, chromium, look, saved, serving

from autograder.exam.sitting import ANNOUNCED, RELEASED, WITHDRAWN

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason='needs axe: pip install -e ".[dev]"')

pytestmark = MARKS
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
DARK = "rgb(20, 23, 27)"
WIDTH = "document.documentElement.scrollWidth"
SMALL = """
() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea')]
  .filter(e => e.checkVisibility() && !e.matches('.skip') && !e.closest('p:not(.buttons), li:not(.chips li)'))
  .map(e => [e.outerHTML.slice(0, 60), (e.closest('label') || e).getBoundingClientRect()])
  .filter(([_, box]) => box.height < 24 || box.width < 24).map(([html]) => html)
"""
EXPECTED = "the server responded with a status of"  # Chromium's own line for a page that is an error page


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedExam]:
    with serving(tmp_path_factory.mktemp("exam")) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found[1]


def check_page(watched: Watched, served: ServedExam, width: int) -> None:
    """Fits, nothing on the console, no request elsewhere, no violation in light or in dark."""
    page = watched.page
    page.wait_for_load_state()  # right after a click the new document may still be empty
    assert page.evaluate(WIDTH) <= width, f"{page.url} scrolls sideways"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(page)
        assert found.violations_count == 0, f"{page.url} {scheme}: {found.generate_report()}"
        assert (page.evaluate(BACKGROUND) == DARK) == (scheme == "dark")
    assert page.evaluate(SMALL) == []
    assert [text for text in watched.said if EXPECTED not in text] == []
    assert [url for url in watched.asked if not url.startswith(f"{served.base}/")] == []


def answer_everything(page: Any) -> None:
    for fieldset in page.locator("fieldset.item").all():
        for kind in ("radio", "checkbox"):
            for choice in fieldset.locator(f".choices [type={kind}]").all()[:1]:
                choice.check()
        for n, select in enumerate(fieldset.locator("select").all(), 1):
            select.select_option(index=min(n, 2))
        for field in fieldset.locator("input.gap, .typed input, textarea").all():
            field.fill("something")
        fieldset.locator(".flag input").check()


@pytest.mark.parametrize(
    ("who", "width", "height", "scale"),
    [("plain", 360, 740, 2), ("wide", 1280, 800, 1), ("wide", 320, 256, 2)],
)
def test_pages_fit_are_quiet_and_accessible(
    who: str, width: int, height: int, scale: int, served: ServedExam, browser: Any
) -> None:
    """The last width is a window of 640 by 512 pixels at 200 %."""
    student = served.student("wide" if who == "wide" else "s")
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        reduced_motion="reduce",  # no scrolling under the checks' feet
        timezone_id="Asia/Kolkata",
    )
    context.set_default_timeout(15_000)
    try:
        watched = Watched(context)
        page = watched.page
        page.goto(f"{served.base}/in/222233334444")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("not valid").wait_for()
        check_page(watched, served, width)
        page.goto(f"{served.base}/nothing")
        page.get_by_text("does not exist").wait_for()
        check_page(watched, served, width)
        page.goto(served.link(student))
        check_page(watched, served, width)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Begin").wait_for()
        check_page(watched, served, width)
        page.get_by_role("button", name="Begin").click()
        page.locator("html.js #answers").wait_for()
        assert "your time)" in page.inner_text("#ends")
        check_page(watched, served, width)
        answer_everything(page)
        saved(page)
        served.add(ANNOUNCED, student, text="A long announcement. " * 20)
        look(page)
        page.locator("#news").wait_for()
        check_page(watched, served, width)
        page.get_by_role("button", name="Review").click()
        page.wait_for_url("**/review")
        check_page(watched, served, width)
        page.get_by_role("button", name="Hand in now").click()
        page.get_by_text("You handed in on").wait_for()
        check_page(watched, served, width)
        served.add(RELEASED)
        try:
            page.reload()
            page.get_by_role("link", name="Marks and explanations").click()
            page.get_by_role("heading", name="Marks and explanations").wait_for()
            assert page.locator("fieldset.item").count() == page.locator(".verdict").count() > 6
            check_page(watched, served, width)
        finally:
            served.add(WITHDRAWN)
        assert page.evaluate("document.querySelectorAll('math [style], math [href], math [class]').length") == 0
    finally:
        context.close()


def test_what_has_the_focus_is_not_under_the_line_on_top(served: ServedExam, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, reduced_motion="reduce")
    try:
        page = context.new_page()
        page.goto(served.link(student := served.student("s")))
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Begin").click()
        page.locator("html.js #answers").wait_for()
        assert page.evaluate("getComputedStyle(document.getElementById('bar')).position") == "sticky"
        seen = 0
        for key in ["Tab"] * 70 + ["Shift+Tab"] * 70:
            page.keyboard.press(key)
            top, bottom, inside = page.evaluate(
                "() => { const e = document.activeElement, b = e.getBoundingClientRect();"
                " return [b.bottom, document.getElementById('bar').getBoundingClientRect().bottom,"
                " e.matches('main *, main') && !e.matches('main')]; }"
            )
            if inside:
                seen += 1
                assert top > bottom, page.evaluate("document.activeElement.outerHTML.slice(0, 99)")
        assert seen > 60, student
    finally:
        context.close()


def test_pages_print_in_black_on_white(served: ServedExam, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 794, "height": 1123}, color_scheme="dark")
    try:
        page = context.new_page()
        page.goto(served.link(served.student("s")))
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Begin").click()
        page.locator("html.js #answers").wait_for()
        page.emulate_media(media="print")
        assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
        assert page.evaluate(WIDTH) <= 794
        assert not page.locator("#overview").is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF")
    finally:
        context.close()


def test_the_checks_of_a_page_notice_what_is_wrong(served: ServedExam, browser: Any) -> None:
    """Faults planted one at a time: too wide, a request, the console, a style that the policy forbids, no label."""
    faults = {
        "document.body.append(Object.assign(document.createElement('p'), {textContent: 'x'}));"
        "document.body.lastChild.style.width = '5000px'": "scrolls sideways",
        "fetch('http://127.0.0.1:9/').catch(() => 0)": "127.0.0.1:9",
        "console.log('x')": "x",
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')": "style",
        "document.querySelector('label').remove()": "label",
    }
    for fault, words in faults.items():
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        try:
            watched = Watched(context)
            watched.page.goto(f"{served.base}/")
            check_page(watched, served, 1280)
            watched.page.evaluate(fault)
            watched.page.wait_for_timeout(200)
            with pytest.raises(AssertionError, match=words):
                check_page(watched, served, 1280)
        finally:
            context.close()
