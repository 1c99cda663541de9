"""The live view in a real browser: it keeps itself up to date without disturbing whoever uses it, and is accessible.

Needs Chromium; without it these tests are skipped.  To have it: ``sudo apt-get install -y chromium``.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers.exam_app import STUDENTS, ServedExam, a_form, change, sqlite
from waitress.server import create_server

from autograder.exam.server.access import make_codes
from autograder.exam.sign_in import INSTRUCTOR
from autograder.exam.sitting import ANNOUNCED

playwright = pytest.importorskip("playwright.sync_api", reason='needs the package playwright: pip install -e ".[dev]"')
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason='needs axe: pip install -e ".[dev]"')

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("exam-watch"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: sudo apt-get install -y chromium"),
]

NAMES = (*STUDENTS, *(f"student-{n:02}" for n in range(30)))
PATHS = ("/watch/", "/watch/student?id=ada", "/watch/student?id=bob", "/watch/submit?id=ada", "/watch/release")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedExam]:
    made = ServedExam(sqlite(tmp_path_factory.mktemp("watch")), forms=[a_form(name) for name in NAMES])
    yield made
    made.close()


@pytest.fixture(scope="module")
def base(served: ServedExam) -> Iterator[str]:
    """The exam behind a real server, with somebody at work, somebody done, and somebody's time over."""
    served.clock.to(0)
    ada, bob, late = (served.browser(name).begin() for name in ("ada", "bob", NAMES[4]))
    ada.save(change("q1", ("q1", "0"), flagged=True), change("q8", ("q8", "print(1)\nprint(2)" * 40)))
    bob.post("/submit", {"sitting": "1", "q99": "odd"})
    served.store.add_event(ANNOUNCED, "", served.clock(), {"text": "Read question 2 again.\n" + "w" * 200}, "staff")
    served.clock.to(62)
    late.save(change("q1", ("q1", "0")))
    served.store.add_event("extended", "ada", served.clock(), {"minutes": 10, "reason": "alarm"}, "staff")
    server = create_server(served.app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(10)


Open = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, served: ServedExam, base: str) -> Iterator[Open]:
    """Open a page as an instructor who has just signed in; what went wrong in it is in ``said``."""
    contexts = []

    def open_page(path: str, width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        code = make_codes(served.context, ["staff"], INSTRUCTOR)["staff"]
        page.goto(f"{base}/in/{code}")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{base}/watch/")
        if path != "/watch/":
            page.goto(base + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark"), (640, "dark")])
@pytest.mark.parametrize("path", PATHS)
def test_pages_fit_are_quiet_and_accessible(path: str, width: int, scheme: str, opened: Open, base: str) -> None:
    page = opened(path, width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "scrolls sideways"
    for now in (scheme, "dark" if scheme == "light" else "light"):
        page.emulate_media(color_scheme=now)
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    small = page.evaluate(
        "[...document.querySelectorAll('main a, button, input:not([type=hidden]), select, summary')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 23.5 && !e.closest('p, li:not([data-key])'))"
        ".map(e => e.outerHTML)"
    )
    assert small == []
    assert page.said == []
    assert [url for url in page.asked if not url.startswith(base)] == []


def test_rows_change_in_place(opened: Open, served: ServedExam) -> None:
    page = opened("/watch/", reduced_motion="reduce")
    name = NAMES[20]
    row = page.locator(f'tr[data-id="{name}"]')
    assert "No code yet" in row.inner_text()
    page.evaluate("document.querySelectorAll('tr').forEach(r => r.kept = true)")
    link = row.get_by_role("link")
    link.focus()
    page.evaluate(f"""() => getSelection().selectAllChildren(document.querySelector('tr[data-id="{NAMES[19]}"] th'))""")
    top = page.evaluate("scrollY")
    assert top > 0
    served.browser(name).begin().save(change("q1", ("q1", "0")))
    playwright.expect(row).to_contain_text("1 of 8", timeout=15_000)
    playwright.expect(row).to_contain_text("Working")
    assert page.evaluate("document.activeElement.closest('tr').dataset.id") == name
    assert page.evaluate("scrollY") == top and page.evaluate("String(getSelection())").strip() == NAMES[19]
    assert page.evaluate("[...document.querySelectorAll('#roster tr')].every(r => r.kept)")
    playwright.expect(page.locator('#tiles [data-key="working"] b')).to_have_text("2")
    served.store.add_event(ANNOUNCED, "", served.clock(), {"text": "<b>five</b> minutes"}, "other")
    playwright.expect(page.locator("#log li").first).to_contain_text("<b>five</b> minutes", timeout=15_000)
    assert page.said == []


def test_order_filter_and_search_by_keyboard(opened: Open) -> None:
    page = opened("/watch/")
    first = page.locator("#roster tbody th").first
    page.locator("[data-sort=until] a").focus()
    page.keyboard.press("Enter")
    playwright.expect(first).to_have_text("ada")
    playwright.expect(page.locator("[data-sort=until]")).to_have_attribute("aria-sort", "ascending")
    assert page.evaluate("document.activeElement.closest('th').dataset.sort") == "until"
    page.keyboard.press("Enter")
    playwright.expect(page.locator("[data-sort=until]")).to_have_attribute("aria-sort", "descending")
    page.locator("#q").focus()
    page.keyboard.type("STUDENT-1")
    playwright.expect(page.locator("#count")).to_have_text("10 of 33 students")
    assert page.locator("#roster tbody tr").count() == 10 and page.input_value("#q") == "STUDENT-1"
    page.locator("#q").fill("")
    playwright.expect(page.locator("#count")).to_have_text("33 of 33 students")
    new = page.locator(f'tr[data-id="{NAMES[2]}"] a')  # rows that came back lead where they should
    new.click()
    playwright.expect(page.locator("h1")).to_contain_text(NAMES[2])
    page.go_back()
    assert "sort=-until" in page.url
    playwright.expect(page.locator("#sort")).to_have_value("-until")
    page.locator("#tiles [data-key=done] a").click()
    playwright.expect(page.locator("#count")).to_have_text("1 of 33 students")
    playwright.expect(page.locator("#show")).to_have_value("done")


def test_a_lost_line_and_a_lost_session_are_said(opened: Open, served: ServedExam) -> None:
    page = opened("/watch/")
    page.context.set_offline(True)
    page.locator("#refresh").click()
    page.locator("#refresh").click()
    playwright.expect(page.locator("#problem")).to_contain_text("No connection", timeout=40_000)
    page.context.set_offline(False)
    page.locator("#refresh").click()
    playwright.expect(page.locator("#problem")).to_be_hidden()
    make_codes(served.context, ["staff"], INSTRUCTOR)  # somebody makes this instructor a new code
    page.locator("#refresh").click()
    playwright.expect(page.locator("#problem")).to_contain_text("signed out")


def test_everything_works_without_a_script(opened: Open, served: ServedExam) -> None:
    page = opened("/watch/", 360, java_script_enabled=False)
    page.select_option("#show", "done")
    page.get_by_role("button", name="Show").click()
    assert page.locator("#count").inner_text() == "1 of 33 students"
    page.get_by_role("link", name="bob").click()
    page.locator("#reopen-minutes").fill("7")
    page.locator("#reopen-reason").fill("wrong button")
    page.get_by_role("button", name="Reopen").click()
    assert "Reopened: bob working again, 7:00 left" in page.locator(".notice").inner_text()
    page.get_by_role("link", name="Hand in for this student").click()
    page.get_by_role("button", name="Hand in").click()
    assert "Handed in for bob" in page.locator(".notice").inner_text()
    assert [e.kind for e in served.store.events("bob") if e.student][-2:] == ["reopened", "submitted"]
    page.get_by_role("link", name="All students").click()
    page.locator("summary", has_text="More time").click()
    page.locator("#minutes").fill("3")
    page.locator("#whole").check()
    page.get_by_role("button", name="Give more time").click()
    assert "3 more minutes for everyone" in page.locator(".notice").inner_text()
    with page.expect_download() as download:
        page.locator("summary", has_text="Feedback and export").click()
        page.get_by_role("link", name="answers.csv").click()
    assert download.value.suggested_filename.endswith("-answers.csv")
