"""Exams taken in a real browser: by keyboard, without a line, without a script, in two tabs, past the end.

Needs Chromium; without it these tests are skipped.  To have it: ``sudo apt-get install -y chromium``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.exam_browser import (
    CHROMIUM,
    FLAGS,
    MARKS,
    ServedExam,
    Watched,
    begin,
    chromium,
    look,
    saved,
    serving,
    tab_to,
    wait_until,
)

from autograder.exam.form import ShownItem
from autograder.exam.sitting import ANNOUNCED, BEGUN, EXTENDED, SUBMITTED

pytestmark = MARKS
LOST = "net::ERR_INTERNET_DISCONNECTED"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedExam]:
    with serving(tmp_path_factory.mktemp("exam")) as found:
        yield found


@pytest.fixture(scope="module")
def started() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def context(started: Any) -> Iterator[Any]:
    made = started[1].new_context(viewport={"width": 1000, "height": 700})
    made.set_default_timeout(15_000)
    yield made
    made.close()


def test_a_whole_exam_by_keyboard_without_a_line_and_in_a_closed_browser(
    served: ServedExam, started: Any, tmp_path: Path, command: Callable[..., Any]
) -> None:
    student = served.student()
    profile = tmp_path / "profile"  # what a browser keeps when it is closed
    options: dict[str, Any] = {"executable_path": CHROMIUM, "args": FLAGS, "viewport": {"width": 360, "height": 700}}
    open_browser = started[0].chromium.launch_persistent_context
    context = open_browser(profile, **options)
    watched = Watched(context)
    page = watched.page
    keys = page.keyboard
    page.goto(served.link(student))
    tab_to(page, "button")
    keys.press("Enter")
    page.get_by_text("from the moment you begin").wait_for()
    tab_to(page, "button.main")
    keys.press("Enter")
    page.locator("#answers").wait_for()

    tab_to(page, "#q1 [type=radio]")
    keys.press("ArrowDown")  # from "No answer" around to the first
    keys.press("ArrowDown")
    tab_to(page, "#q2 [value='1']")
    keys.press("Space")
    tab_to(page, "#q2 [value='3']")
    keys.press("Space")
    tab_to(page, "[name=q3]")
    keys.type("5.05")
    saved(page)
    assert served.kept(student) == {"q1": 1, "q2": [1, 3], "q3": "5.05"}

    context.set_offline(True)
    tab_to(page, "[name=q4]")
    keys.type("Größe “ħ” <b>")
    tab_to(page, "[name='q5.0']")
    keys.press("ArrowDown")
    tab_to(page, "[name='q5.1']")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    for step, place in enumerate("3142"):
        tab_to(page, f"[name='q6.{step}']")
        keys.type(place)
    tab_to(page, "[name='q7.0']")
    keys.type("red")
    tab_to(page, "[name='q7.1']")
    keys.type("blue")
    tab_to(page, "[name=q8]")
    keys.press("Enter")  # an empty first line stays
    keys.type("if x:\n  print(2)")
    saved(page, "No connection: 5 answers are kept in this browser and will be sent")
    assert set(served.kept(student)) == {"q1", "q2", "q3"}
    typed = page.evaluate("[...document.querySelectorAll('#q5 select, #q6 select')].map(s => s.value)")
    assert all(LOST in text for text in watched.said), watched.said
    served.server.kill()  # a browser that closes ends "offline" before its pages, which may then still send
    context.close()
    served.server.start()

    context = open_browser(profile, **options)
    watched = Watched(context)
    page, keys = watched.page, watched.page.keyboard
    page.goto(served.base)
    page.get_by_text("were restored").wait_for()
    assert page.evaluate("[...document.querySelectorAll('#q5 select, #q6 select')].map(s => s.value)") == typed
    assert page.locator("[name=q8]").input_value() == "\nif x:\n  print(2)"
    saved(page)
    tab_to(page, "[name='q3.flag']")
    keys.press("Space")
    saved(page)
    assert page.locator("#overview a[data-name=q3][data-flagged]").get_by_text("flagged").count() == 1
    tab_to(page, "[name=then][value=review]")
    keys.press("Enter")
    page.wait_for_url("**/review")
    assert "All 8 questions are answered." in page.inner_text("main")
    assert page.locator("#l-flag ~ ul a").all_inner_texts() == ["Question 3"]
    tab_to(page, ".hand-in button")
    keys.press("Enter")
    page.get_by_text("You handed in on").wait_for()
    wait_until(page, "Object.keys(localStorage).length === 0")  # nothing is left for the next student at this device
    assert not watched.said
    context.close()

    file = tmp_path / "responses.json"
    assert command("exam", "responses", served.folder, "-o", file).code == 0
    found = json.loads(file.read_text())[student]
    shown = shown_to(served, student)
    steps = [step for _, step in sorted(zip("3142", shown["q6"].steps, strict=True))]
    assert found == {
        "q1": 1,
        "q2": [1, 3],
        "q3": "5.05",
        "q4": "Größe “ħ” <b>",
        "q5": [shown["q5"].rights[0], shown["q5"].rights[1]],
        "q6": steps,
        "q7": ["red", "blue"],
        "q8": "\nif x:\n  print(2)",
    }
    assert len(served.store.answers(student)) <= 16  # nothing is sent over and over


def shown_to(served: ServedExam, student: str) -> dict[str, ShownItem]:
    return dict(served.context.shown(student))


def test_a_whole_exam_without_a_script(served: ServedExam, started: Any) -> None:
    student = served.student()
    context = started[1].new_context(java_script_enabled=False, viewport={"width": 360, "height": 700})
    page = context.new_page()
    begin(served, page, student)
    assert "minutes left when this page was loaded" in page.inner_text("#left")
    page.locator("#q1 [type=radio]").nth(2).check()
    page.check("#q2 [value='0']")
    page.fill("[name=q3]", "5")
    page.check("[name='q4.flag']")
    page.get_by_role("button", name="Save and continue").click()
    assert page.url.endswith("/#q5")
    assert served.kept(student) == {"q1": 2, "q2": [0], "q3": "5", "q4": None}
    page.locator("#q1").get_by_label("No answer").check()  # a choice can be taken back
    page.select_option("[name='q6.0']", "1")
    page.select_option("[name='q6.1']", "1")
    page.fill("[name='q7.1']", "blue")
    page.fill("[name=q8]", "\n2\n")
    page.get_by_role("button", name="Review").click()
    text = page.inner_text("main")
    assert "3 of 8 questions are answered." in text
    assert page.locator("#l-empty ~ ul a").all_inner_texts() == ["Question 1", "Question 4", "Question 5"]
    assert page.locator("#l-begun ~ ul a").all_inner_texts() == ["Question 6", "Question 7"]
    page.locator("#l-begun ~ ul a").first.click()
    assert page.input_value("[name='q6.1']") == "1" and page.input_value("[name=q8]") == "\n2\n"
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Hand in now").click()
    assert "3 of 8 questions answered, 2 incomplete." in page.inner_text("main")
    context.close()
    kept = served.kept(student)
    assert (kept["q1"], kept["q7"], kept["q8"]) == (None, ["", "blue"], "\n2\n")
    assert [one.name for one in served.store.answers(student)].count("q8") == 1  # what was there already is not new


def test_the_line_comes_back_and_so_does_the_server(served: ServedExam, context: Any) -> None:
    student = served.student()
    page = context.new_page()
    begin(served, page, student)
    context.set_offline(True)
    page.fill("[name=q3]", "1")
    saved(page, "No connection: 1 answer is kept")
    page.get_by_role("button", name="Review").click()  # would only lead to an error page
    page.wait_for_timeout(500)
    assert page.url.rstrip("/") == served.base and page.input_value("[name=q3]") == "1"
    context.set_offline(False)
    saved(page)
    served.server.kill()
    page.fill("[name=q3]", "12")
    saved(page, "No connection: 1 answer is kept")
    served.server.start()
    saved(page)
    assert served.kept(student) == {"q3": "12"}


def test_an_answer_whose_receipt_was_lost_is_kept_once(served: ServedExam, context: Any) -> None:
    student = served.student()
    page = context.new_page()
    begin(served, page, student)
    lost: list[int] = []

    def lose(route: Any) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/save", lose, times=2)
    page.fill("[name=q3]", "7")
    saved(page, "No connection")
    saved(page)
    assert lost == [200, 200]
    assert [one.response for one in served.store.answers(student)] == ["7"]
    page.get_by_role("button", name="Review").click()  # the page knows that its answer is there
    page.wait_for_url("**/review")
    assert len(served.store.answers(student)) == 1


def test_two_tabs_of_one_student_lose_nothing(served: ServedExam, context: Any) -> None:
    student = served.student()
    one, two = context.new_page(), context.new_page()
    begin(served, one, student)
    two.goto(served.base)
    one.fill("[name=q3]", "1")
    one.fill("[name=q4]", "first")
    saved(one)
    two.fill("[name=q3]", "2")
    saved(two)
    two.get_by_role("button", name="Review").click()  # sends its whole page, in which q4 is still empty
    two.wait_for_url("**/review")
    assert served.kept(student) == {"q3": "2", "q4": "first"}
    one.fill("[name=q4]", "last")
    saved(one)
    two.get_by_role("button", name="Hand in now").click()
    two.get_by_text("You handed in on").wait_for()
    look(one)
    one.get_by_text("You handed in on").wait_for()
    assert served.kept(student) == {"q3": "2", "q4": "last"}


def test_announcements_and_more_time_arrive_by_themselves(served: ServedExam, context: Any) -> None:
    student = served.student()
    watched = Watched(context)
    page = watched.page
    begin(served, page, student)
    page.locator("#left", has_text="59 min left").wait_for()
    text = "Question 3: <b>metres</b>"
    served.add(ANNOUNCED, student, text=text)
    served.add(EXTENDED, student, minutes=30)
    look(page)
    page.locator("#announced").get_by_text(text).wait_for()
    assert page.locator("#news").inner_text().startswith(f"{text}\n")
    page.locator("#left", has_text="89 min left").wait_for()
    assert "Your end time has changed" in page.inner_text("#spoken")
    page.get_by_role("button", name="Close").click()
    look(page)
    page.wait_for_timeout(500)
    assert not page.locator("#news").is_visible() and page.locator("#announced .notice").count() == 1
    served.add(EXTENDED, student, minutes=-86)
    look(page)
    page.locator("#left[data-short]", has_text="3:").wait_for()
    assert not watched.said


def test_when_time_is_up_what_was_typed_last_is_sent(served: ServedExam, context: Any) -> None:
    student = served.student()
    page = context.new_page()
    begin(served, page, student)
    page.fill("[name=q3]", "1")
    saved(page)
    served.add(EXTENDED, student, minutes=-59.8 + 1 / 60)
    look(page)
    page.locator("#left", has_text="0:0").wait_for()
    page.focus("[name=q4]")
    for _ in range(400):
        if page.locator("#answers").count() == 0:
            break
        if page.locator("#q4[disabled]").count() == 0:
            page.keyboard.type("x", delay=20)
    page.get_by_role("heading", name="Time is up").wait_for()
    kept = served.kept(student)
    assert kept["q3"] == "1" and set(kept["q4"]) == {"x"}
    assert "2 of 8 questions answered" in page.inner_text("main")


def test_what_comes_back_after_time_is_kept_and_said_not_to_count(served: ServedExam, context: Any) -> None:
    student = served.student()
    page = context.new_page()
    begin(served, page, student)
    context.set_offline(True)
    page.fill("[name=q3]", "1")
    saved(page, "No connection")
    served.add(EXTENDED, student, minutes=-65)
    context.set_offline(False)
    page.get_by_role("heading", name="Time is up").wait_for()
    page.get_by_text("count only if you are given more time").wait_for()
    assert "0 of 8 questions answered" in page.inner_text("main")
    assert served.kept(student) == {"q3": "1"}


@pytest.mark.parametrize("replaced", [True, False])
def test_who_is_signed_out_loses_nothing(replaced: bool, served: ServedExam, context: Any) -> None:
    student = served.student()
    page = context.new_page()
    begin(served, page, student)
    code = served.code(student)  # ends the session
    kept = "1 answer is kept in this browser and will be sent when you"
    if not replaced:
        context.clear_cookies()
    page.fill("[name=q3]", "1")
    saved(page, f"You are signed out: {kept} sign in again." if replaced else f"out of date: {kept} reload it.")
    page.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave what is not sent
    page.locator("#saved a").click()
    page.fill("#code", code.lower())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("were restored").wait_for()
    saved(page)
    assert served.kept(student) == {"q3": "1"}


def test_what_is_typed_before_the_script_is_there_is_saved(served: ServedExam, context: Any) -> None:
    student = served.student()
    page = context.new_page()
    begin(served, page, student)
    page.fill("[name=q3]", "1")
    page.check("#q2 [value='0']")
    saved(page)
    slow: list[Any] = []
    page.route("**/exam.js", lambda route: slow.append(route))
    page.reload(wait_until="commit")
    page.fill("[name=q3]", "12")
    page.uncheck("#q2 [value='0']")
    page.select_option("[name='q5.0']", "1")
    slow[0].continue_()
    saved(page)
    assert served.kept(student) == {"q2": None, "q3": "12", "q5": [shown_to(served, student)["q5"].rights[1], ""]}


def test_one_answer_that_is_refused_holds_no_other_back(served: ServedExam, context: Any) -> None:
    student = served.student()
    page = context.new_page()
    begin(served, page, student)
    page.evaluate("document.querySelectorAll('[maxlength]').forEach(e => e.removeAttribute('maxlength'))")
    page.fill("[name=q4]", "LSTM")
    page.fill("[name=q3]", "1" * 600)
    page.fill("[name='q7.0']", "red")
    saved(page, "1 answer could not be saved")
    assert "longer than 500 characters" in page.locator("#q3 .problem").inner_text()
    assert served.kept(student) == {"q4": "LSTM", "q7": ["red", ""]}
    page.fill("[name=q3]", "1")
    saved(page)
    assert page.locator(".problem").count() == 0
    assert served.kept(student)["q3"] == "1"


def test_a_browser_that_forbids_storage(served: ServedExam, context: Any) -> None:
    student = served.student()
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    watched = Watched(context)
    page = watched.page
    begin(served, page, student)
    page.fill("[name=q3]", "1")
    saved(page)
    assert not watched.said
    context.set_offline(True)
    page.fill("[name=q4]", "x")
    saved(page, "1 answer is kept on this page only; do not close it")
    context.set_offline(False)
    saved(page)
    assert served.kept(student) == {"q3": "1", "q4": "x"}


def test_a_second_attempt_begins_empty(served: ServedExam, context: Any) -> None:
    """Also where the browser still holds an answer of the first one: that is sent, and to the first."""
    student = served.student()
    page = context.new_page()
    begin(served, page, student)
    page.fill("[name=q3]", "1")
    saved(page)
    context.set_offline(True)
    page.fill("[name=q4]", "old")
    saved(page, "No connection")
    served.add(SUBMITTED, student)
    served.add(BEGUN, student)
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(served.base)
    page.fill("[name=q8]", "new")
    saved(page)
    assert page.input_value("[name=q3]") == page.input_value("[name=q4]") == ""
    wait_until(page, "!Object.keys(localStorage).some(key => key.includes('answer'))")
    kept = {(one.sitting, one.name, one.response) for one in served.store.answers(student)}
    assert kept == {(1, "q3", "1"), (1, "q4", "old"), (2, "q8", "new")}


def test_time_counts_for_the_item_that_was_read(served: ServedExam, context: Any) -> None:
    student = served.student()
    page = context.new_page()
    started = time.monotonic()
    begin(served, page, student)
    page.locator("#q1 [type=radio]").first.check()
    page.wait_for_timeout(1500)
    page.locator("#q2 [type=checkbox]").first.check()
    page.fill("[name=q3]", "1")
    passed = time.monotonic() - started
    saved(page)
    seconds = {one.name: one.seconds or 0 for one in served.store.latest(student)}
    assert seconds["q2"] >= 1.4 and sum(seconds.values()) <= passed
