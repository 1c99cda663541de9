"""The pages in a real browser: layout, console, requests, accessibility, print, light and dark.

Needs Chromium; without it these tests are skipped.  To have it: ``sudo apt-get install -y chromium``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.pages import pages
from helpers.results import HOSTILE, TITLE, check, graded, measured, mistaken, timed, trained

from autograder.report import submission_page
from autograder.report.html import class_page
from autograder.results import FAILED, CheckEvidence, Result

playwright = pytest.importorskip("playwright.sync_api", reason='needs the package playwright: pip install -e ".[dev]"')
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason='needs axe: pip install -e ".[dev]"')

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: sudo apt-get install -y chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of page as a file, also with much in it, and with hostile and long text."""
    where = tmp_path_factory.mktemp("pages")
    made = {name: text for name, text in pages().items() if name.endswith(".html")}
    made["measured.html"] = submission_page(_measured(), assignment_title=TITLE)
    many = [graded(f"student_with_a_long_name_{i}.py", *_checks(i)) for i in range(12)]
    made["many.html"] = class_page(many, assignment_title=TITLE, hrefs=[f"{i}.html" for i in range(12)])
    made["hostile.html"] = class_page(
        [graded(text, check("one", FAILED, text, message=text)) for text in HOSTILE],
        assignment_title=HOSTILE[0],
        hrefs=[""] * len(HOSTILE),
    )
    for name, text in made.items():
        (where / name).write_text(text, encoding="utf-8")
    return where


def _measured() -> Result:
    learning = (trained(0, 0.95), trained(1, 0.5, (2.3, 2.3, float("nan"), float("nan"))))
    return graded(
        "ada.py",
        measured("throughput", FAILED, timed(3.0), timed(1.5, label="a large batch")),
        measured("training", FAILED, *learning, function="given.train_step"),
    )


def _checks(number: int) -> tuple[CheckEvidence, ...]:
    outcomes = [number % (k + 2) != 0 for k in range(12)]
    return tuple(
        check(
            f"check_{k}", "passed" if right else FAILED, f"function_number_{k}", message="It is off.", program=f"p{k}"
        )
        for k, right in enumerate(outcomes)
    )


BACKGROUND = "getComputedStyle(document.body).backgroundColor"
NAMES = ("student", "instructor", "class", "course", "measured", "many", "hostile")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
@pytest.mark.parametrize("name", NAMES)
def test_pages_fit_are_quiet_and_accessible(name: str, width: int, scheme: str, browser: Any, folder: Path) -> None:
    other = "dark" if scheme == "light" else "light"
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    try:
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / f"{name}.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "scrolls sideways"
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert (page.evaluate(BACKGROUND) == "rgb(20, 23, 27)") == (scheme == "dark")
        page.emulate_media(color_scheme=other)
        contrast = axe.Axe().run(page, options={"runOnly": ["color-contrast"]})
        assert contrast.violations_count == 0, contrast.generate_report()
        assert (page.evaluate(BACKGROUND) == "rgb(20, 23, 27)") == (other == "dark")
        assert not said
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        assert len([url for url in asked if url.startswith("file:")]) == 1
    finally:
        context.close()


@pytest.mark.parametrize("name", NAMES)
def test_pages_print_in_black_on_white(name: str, browser: Any, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 794, "height": 1123}, color_scheme="dark")
    try:
        page = context.new_page()
        page.goto((folder / f"{name}.html").as_uri())
        page.emulate_media(media="print")
        assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
        assert page.evaluate("document.documentElement.scrollWidth") <= 794
        assert page.evaluate(
            "[...document.querySelectorAll('.skip')].every(e => getComputedStyle(e).display === 'none')"
        )
        if name == "student":
            assert page.pdf(format="A4").startswith(b"%PDF")
    finally:
        context.close()


def test_pages_work_without_a_script_and_by_keyboard(browser: Any, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    try:
        page = context.new_page()
        page.goto((folder / "class.html").as_uri())
        first = page.locator("details.orders").first
        assert not first.locator("ol").is_visible()
        first.locator("summary").focus()
        page.keyboard.press("Enter")
        assert first.locator("ol").is_visible()
    finally:
        context.close()


def test_the_checks_of_a_page_notice_what_is_wrong(browser: Any, tmp_path: Path) -> None:
    """A page with faults planted in it: too wide, a request, a console error, no alternative text."""
    source = submission_page(mistaken(), assignment_title=TITLE)
    bad = (
        '<div style="width: 2000px">x</div><svg role="img" viewBox="0 0 1 1"></svg><img src="http://127.0.0.1:9/x.png">'
    )
    (tmp_path / "bad.html").write_text(source.replace("</main>", bad + "</main>"), encoding="utf-8")
    context = browser.new_context(viewport={"width": 360, "height": 800}, bypass_csp=True)
    try:
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "bad.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") > 360
        assert axe.Axe().run(page).violations_count > 0
        assert said and "http://127.0.0.1:9/x.png" in asked
    finally:
        context.close()
