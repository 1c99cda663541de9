"""The instructor's pages over HTTP: roster, actions and refusals, exports, access."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.exam_app import NINE, STUDENTS, Browser, ServedExam, a_form, an_exam, change, read_page, sqlite
from sqlalchemy import event

from autograder.escaping import uncell
from autograder.exam import sitting
from autograder.exam.responses import Change
from autograder.exam.server import proctor_pages
from autograder.exam.server.access import make_codes
from autograder.exam.server.roster import Progress, RosterLine, natural, take_snapshot
from autograder.exam.server.table import ago, span
from autograder.exam.sitting import ANNOUNCED, BEGUN, EXTENDED, NOTED, RELEASED, REOPENED, SUBMITTED, WITHDRAWN, Event
from autograder.exam.sittings import collect_sittings, last_sittings

HOSTILE = STUDENTS[2]
RIGHT_OF_Q1 = ("q1", "0")
_once = itertools.count()


@pytest.fixture
def served(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedExam]:
    monkeypatch.setattr(proctor_pages, "FRESH_SECONDS", 0.0)
    made = ServedExam(database_url)
    yield made
    made.close()


@pytest.fixture
def staff(served: ServedExam) -> Browser:
    return served.instructor()


def do(staff: Browser, action: str, **fields: Any) -> str:
    """Send an action's form as its page has it; returns what the page after it says."""
    done = staff.post(f"/watch/{action}", {"once": f"once-{next(_once):08}", **fields})
    assert done.status_code == 303
    page = staff.get(done.location)
    assert "<img" not in page.get_data(as_text=True) and "<script>alert" not in page.get_data(as_text=True)
    return read_page(page).words


def stored(served: ServedExam, *kinds: str) -> list[Event]:
    return [e for e in served.store.events() if e.kind in kinds]


def line(served: ServedExam, student: str = "ada") -> RosterLine:
    return take_snapshot(served.context, student).lines[0]


# Who gets in


def test_only_instructors_get_in(served: ServedExam, staff: Browser) -> None:
    ada, nobody = served.browser("ada").begin(), Browser(served)
    before = len(served.store.events())
    seen = 0
    for rule in served.app.url_map.iter_rules():
        if not rule.rule.startswith("/watch"):
            continue
        for browser in (ada, nobody):
            if "GET" in (rule.methods or ()):
                assert browser.get(f"{rule.rule}?id=ada").status_code == 401, rule.rule
                assert "bob" not in browser.get(f"{rule.rule}?id=ada").get_data(as_text=True)
            else:
                sent = browser.post(rule.rule, {"student": "ada", "minutes": "9", "once": "x" * 9, "text": "t"})
                assert sent.status_code == 401, rule.rule
            seen += 1
    assert seen >= 26 and len(served.store.events()) == before
    assert staff.get("/watch/").status_code == 200


def test_instructors_do_not_sit_the_exam(served: ServedExam, staff: Browser) -> None:
    assert staff.get("/").location == "/watch/"
    for path in ("/state", "/review", "/feedback"):
        assert staff.get(path).status_code == 401
    for path in ("/begin", "/answers", "/save", "/submit"):
        assert staff.post(path, {"sitting": "1"}).status_code == 401
    assert not served.store.events() and not served.store.answers()


@pytest.mark.parametrize("action", ["extend", "reopen", "submit", "code", "announce", "release", "withdraw"])
def test_an_action_needs_the_token_of_its_page(served: ServedExam, staff: Browser, action: str) -> None:
    served.browser("ada").begin()
    before, codes = len(served.store.events()), served.context.sign_ins.last_sign_in()
    fields = {"student": "ada", "minutes": "5", "text": "t", "once": "x" * 9, "csrf_token": "forged"}
    assert staff.client.post(f"/watch/{action}", data=fields).status_code == 400
    assert staff.client.get(f"/watch/{action}?student=ada&minutes=5").status_code in (200, 404, 405)
    assert len(served.store.events()) == before and served.context.sign_ins.last_sign_in() == codes


# Who is where


def test_the_state_of_every_student(served: ServedExam, staff: Browser) -> None:
    assert [(one["student"], one["word"]) for one in staff.get("/watch/rows").json["rows"]] == [
        (HOSTILE, "No code yet"),
        ("ada", "No code yet"),
        ("bob", "No code yet"),
    ]
    make_codes(served.context, ["bob"])
    ada = served.browser("ada")
    assert [line(served, s).state for s in STUDENTS] == ["ready", "away", "no-code"]
    ada.begin()
    served.clock.to(4)
    ada.save(change("q1", RIGHT_OF_Q1, flagged=True), change("q5", ("q5.0", "1")))
    served.clock.to(17.5)
    row = next(r for r in staff.get("/watch/rows").json["rows"] if r["id"] == "ada")
    assert row["answered"] == "1 of 8" and row["flagged"] == "1 flagged"  # half a matching is not answered
    assert row["until"] == ["42 min left, until", "2026-11-20T10:00:00+00:00"]
    assert row["saved"] == ["13 min ago, idle", ""] and row["begun"][1] == "2026-11-20T09:00:00+00:00"
    page = staff.get("/watch/").get_data(as_text=True)
    assert ">Working<" in page and "10:00 UTC" in page and "Ada L." in page and "12 % " not in page
    tiles = {t["key"]: t["text"] for t in staff.get("/watch/rows").json["summary"]}
    assert tiles == {
        "no-code": "1",
        "away": "1",
        "ready": "0",
        "working": "1",
        "done": "0",
        "over": "0",
        "progress": "12 %",
    }
    served.clock.to(61)
    assert line(served).state == "over"
    served.clock.to(181)
    assert line(served, "bob").state == "missed"


def test_late_answers_and_answers_after_time(served: ServedExam, staff: Browser) -> None:
    ada = served.browser("ada").begin()
    for minute, name in ((59, "q1"), (60.5, "q8"), (62, "q1"), (63, "q8")):
        served.clock.to(minute)
        ada.save(change(name, (name, "1")))
    progress = line(served).progress
    assert (progress.answered, progress.late, progress.after_time) == (2, 1, 2)
    row = next(r for r in staff.get("/watch/rows?state=late").json["rows"])
    assert row["late"] == "1 late, 2 after time"
    page = read_page(staff.get("/watch/student?id=ada")).words
    assert page.count("after time: does not count") == 2 and "within the grace" in page


def test_the_counts_are_those_of_the_export(tmp_path: Any) -> None:
    """Whatever happened: handing in, reopening, more time, answers at any moment."""
    chance = random.Random(7)
    names = [f"s{n}" for n in range(80)]
    served = ServedExam(sqlite(tmp_path), an_exam(grace=900.0), [a_form(s) for s in names])
    token = itertools.count()
    for student in names:
        minute = 0.0
        served.store.add_event(BEGUN, student, NINE)
        for _ in range(chance.randint(0, 14)):
            minute += chance.choice([0.5, 3, 20])
            now = NINE + datetime.timedelta(minutes=minute)
            kind = chance.choice(["save"] * 4 + [SUBMITTED, REOPENED, EXTENDED])
            if kind == "save":
                one = Change(f"q{chance.choice([1, 2, 8])}", chance.choice([0, [1], None]), False, f"t{next(token)}")
                served.store.save(student, 1, [one], now)
            else:
                served.store.add_event(kind, student, now, {"minutes": chance.choice([1, 10])})
    served.clock.to(400)
    sat = last_sittings(collect_sittings(served.exam, list(served.forms.values()), served.store, served.clock()))
    lines = take_snapshot(served.context).lines
    assert {one.student: (one.progress.late, one.progress.after_time) for one in lines} == {
        name: (len(one.late), len(one.after_time)) for name, one in sat.items()
    }
    assert sum(one.progress.late for one in lines) > 4 and sum(one.progress.after_time for one in lines) > 5
    assert take_snapshot(served.context, "s3").lines[0] == lines[3]
    served.close()


def test_filter_search_and_order_without_scripts(served: ServedExam, staff: Browser) -> None:
    ada, bob = served.browser("ada").begin(), served.browser("bob").begin()
    ada.save(change("q1", RIGHT_OF_Q1))
    bob.post("/answers", {"sitting": "1", "q99": "x"})

    def shown(query: str) -> list[str]:
        return [one["id"] for one in staff.get(f"/watch/rows?{query}").json["rows"]]

    assert shown("") == [HOSTILE, "ada", "bob"] and shown("sort=-student") == ["bob", "ada", HOSTILE]
    assert shown("state=working") == ["ada", "bob"] and shown("state=no-code") == [HOSTILE]
    assert shown("q=ADA%20l") == ["ada"] and shown("q=nobody") == [] and shown("state=noted") == ["bob"]
    assert shown("sort=-answered") == ["ada", HOSTILE, "bob"]
    assert shown("sort=nonsense&state=nonsense") == [HOSTILE, "ada", "bob"]
    page = staff.get("/watch/?state=working&sort=-name").get_data(as_text=True)
    assert page.count("<tr role") == 2 + 2  # head, two rows and the one that scripts copy
    assert 'value="-name" selected' in page and 'value="working" selected' in page
    assert 'aria-sort="descending"' in page and "2 of 3 students" in page
    assert sorted(["s10", "s2", "S1"], key=natural) == ["S1", "s2", "s10"]


def test_the_number_of_queries_does_not_grow_with_the_class(tmp_path: Any) -> None:
    counts = []
    for size in (3, 30):
        served = ServedExam(f"sqlite:///{tmp_path}/{size}.db", forms=[a_form(f"s{n}") for n in range(size)])
        for n in range(size):  # all of them late, so that their answers are read in full
            served.store.add_event(BEGUN, f"s{n}", NINE)
            late = NINE + datetime.timedelta(minutes=80)
            served.store.save(f"s{n}", 1, [Change("q1", 0, False, "token")], late)
        asked: list[str] = []
        event.listen(served.engine, "before_cursor_execute", lambda *a, asked=asked: asked.append(a[2]))
        take_snapshot(served.context)
        counts.append(sum("SELECT" in one for one in asked))
        served.close()
    assert counts[0] == counts[1] == 6


# What an instructor does


def test_more_time_for_one_student(served: ServedExam, staff: Browser) -> None:
    served.browser("ada").begin()
    served.clock.to(20)
    said = do(staff, "extend", student="ada", minutes="15", reason="fire alarm")
    assert "15 more minutes for ada: working, 55 min left, until 10:15 UTC." in said
    (one,) = stored(served, EXTENDED)
    assert (one.student, one.data["minutes"], one.data["reason"], one.by) == ("ada", 15, "fire alarm", "staff")
    page = read_page(staff.get("/watch/student?id=ada")).words
    assert "15 more minutes for this student by staff" in " ".join(page.split()) and "Reason: fire alarm" in page
    said = do(staff, "extend", student="bob", minutes="5")
    assert "not begun yet" in said and "reason" not in stored(served, EXTENDED)[1].data


def test_more_time_after_the_end_lets_a_student_continue(served: ServedExam, staff: Browser) -> None:
    ada = served.browser("ada").begin()
    served.clock.to(65)
    ada.save(change("q1", RIGHT_OF_Q1))
    assert line(served).state == "over" and line(served).progress.answered == 0
    assert "even with it, the time was up at 10:02 UTC" in do(staff, "extend", student="ada", minutes="2")
    assert line(served).state == "over"
    assert "working again, 7:00 left, until 10:12 UTC" in do(staff, "extend", student="ada", minutes="10")
    assert line(served).state == "working" and line(served).progress.answered == 1  # what came in between counts
    assert ada.get("/state").json["left"] == 420


def test_more_time_for_the_class_must_be_explicit(served: ServedExam, staff: Browser) -> None:
    served.browser("ada").begin()
    assert "no student is named" in do(staff, "extend", minutes="10")
    assert "there is no form for ''" in do(staff, "extend", minutes="10", student="", whole="class")
    assert not stored(served, EXTENDED)
    assert "10 more minutes for everyone" in do(staff, "extend", minutes="10", whole="class")
    assert stored(served, EXTENDED)[0].student == "" and line(served).seconds_left == 70 * 60
    assert "10 more minutes for everyone" in read_page(staff.get("/watch/")).words


@pytest.mark.parametrize("minutes", ["", "0", "10081", "-5", "1.5", "1e3", "٣", "five", "9" * 400, "0x10", "1_0"])
def test_invalid_minutes_are_refused(served: ServedExam, staff: Browser, minutes: str) -> None:
    served.browser("ada").begin().post("/submit", {"sitting": "1"})
    for action, whom in (
        ("extend", {"student": "ada"}),
        ("extend", {"whole": "class"}),
        ("reopen", {"student": "ada"}),
    ):
        said = do(staff, action, minutes=minutes, **whom)
        assert "Nothing was changed: expected a whole number of minutes from 1 to 10080." in said
    assert not stored(served, EXTENDED, REOPENED)


def test_a_handed_in_exam_can_be_reopened(served: ServedExam, staff: Browser) -> None:
    assert "has not begun" in do(staff, "reopen", student="ada", minutes="5")
    ada = served.browser("ada").begin()
    assert "still working" in do(staff, "reopen", student="ada", minutes="5")
    ada.post("/submit", {"sitting": "1"})
    served.clock.to(70)
    assert line(served).state == "done"
    assert "so the extra time applies only after reopening" in do(staff, "extend", student="ada", minutes="1")
    assert "ada working again, 5:00 left, until 10:15 UTC" in do(staff, "reopen", student="ada", minutes="5")
    assert [(e.by, e.data["minutes"]) for e in stored(served, REOPENED)] == [("staff", 5)]
    assert line(served).state == "working" and ada.get("/state").json["phase"] == "working"


def test_hand_in_for_a_student(served: ServedExam, staff: Browser) -> None:
    assert "is not working" in do(staff, "submit", student="ada")
    ada = served.browser("ada").begin()
    asked = read_page(staff.get("/watch/submit?id=ada"))
    assert "The answers saved so far are handed in" in asked.words and asked.value("student") == "ada"
    assert not stored(served, SUBMITTED)  # looking does nothing
    assert "Handed in for ada" in do(staff, "submit", student="ada", reason="left the room")
    assert [(e.student, e.by, e.data["reason"]) for e in stored(served, SUBMITTED)] == [
        ("ada", "staff", "left the room")
    ]
    assert line(served).state == "done" and ada.get("/state").json["phase"] == "done"
    assert "is not working" in do(staff, "submit", student="ada")
    served.browser("bob").begin()
    served.clock.to(62)
    assert "is not working" in do(staff, "submit", student="bob")  # time is over: its end stays what it was
    assert len(stored(served, SUBMITTED)) == 1


def test_a_new_code(served: ServedExam, staff: Browser) -> None:
    ada = served.browser("ada").begin()
    old = make_codes(served.context, ["bob"])["bob"]
    said = do(staff, "code", student="ada", reason="other laptop")
    code = said.split("New code for ada: ")[1][:14]
    assert ada.get("/review").status_code == 401  # the earlier session ended
    assert Browser(served).sign_in(old).status_code == 303  # and nobody else's
    assert code not in read_page(staff.get("/watch/student?id=ada")).words  # shown once
    fresh = Browser(served)
    assert fresh.sign_in(code).status_code == 303 and fresh.get("/state").json["phase"] == "working"
    assert [(e.student, e.by, e.data["reason"]) for e in stored(served, NOTED)] == [("ada", "staff", "other laptop")]
    assert line(served).notes == 0  # nothing odd that the student did
    page = read_page(staff.get("/watch/student?id=ada")).words
    assert "A new sign-in code was made" in page and "No unexpected requests" in page


def test_announcements_reach_those_they_are_for(served: ServedExam, staff: Browser) -> None:
    ada, bob = served.browser("ada").begin(), served.browser("bob").begin()
    assert "the announcement is empty" in do(staff, "announce", whole="class", text="  \r\n ")
    assert "at most 2000" in do(staff, "announce", whole="class", text="x" * 2001)
    assert not stored(served, ANNOUNCED)
    assert "Announced to everyone" in do(staff, "announce", whole="class", text="Read\r\nq2 again")
    assert "Announced to ada" in do(staff, "announce", student="ada", text="Only you")
    assert [one["text"] for one in ada.get("/state").json["announcements"]] == ["Only you", "Read\nq2 again"]
    assert [one["text"] for one in bob.get("/state").json["announcements"]] == ["Read\nq2 again"]
    assert [one["text"] for one in staff.get("/watch/rows").json["log"]] == ["Read\nq2 again"]
    assert {e.by for e in stored(served, ANNOUNCED)} == {"staff"}


def test_release_and_withdraw(served: ServedExam, staff: Browser) -> None:
    ada = served.browser("ada").begin()
    ada.post("/submit", {"sitting": "1"})
    assert "not released" in do(staff, "withdraw") and not stored(served, WITHDRAWN)
    asked = read_page(staff.get("/watch/release")).words
    assert "1 handed in" in asked and "2 have not begun yet" in asked and "explanations" in asked
    assert not stored(served, RELEASED) and ada.get("/feedback").status_code == 303
    assert "Feedback is released" in do(staff, "release") and ada.get("/feedback").status_code == 200
    assert "already released" in do(staff, "release") and len(stored(served, RELEASED)) == 1
    assert "no longer see marks" in read_page(staff.get("/watch/release")).words
    assert "Feedback is withdrawn" in do(staff, "withdraw") and ada.get("/feedback").status_code == 303
    assert {e.by for e in stored(served, RELEASED, WITHDRAWN)} == {"staff"}


def test_feedback_is_not_released_while_students_work_unless_confirmed(served: ServedExam, staff: Browser) -> None:
    ada = served.browser("ada").begin()
    served.clock.to(60.5)  # within the grace, where answers still count
    assert "1 student is still working" in read_page(staff.get("/watch/release")).words
    for force in ({}, {"force": ""}, {"force": "no"}):
        assert "1 student is still working and could learn the answers" in do(staff, "release", **force)
    assert not stored(served, RELEASED)
    assert "may have seen the correct answers" not in read_page(staff.get("/watch/student?id=ada")).words
    assert "Feedback is released" in do(staff, "release", force="yes")
    assert "may have seen the correct answers" in read_page(staff.get("/watch/student?id=ada")).words
    assert line(served, "bob").state == "missed" and ada.get("/feedback").status_code == 200


def test_a_form_acts_only_once(served: ServedExam, staff: Browser) -> None:
    served.browser("ada").begin()
    twice = {"student": "ada", "minutes": "5", "once": "pressed-twice"}
    assert "5 more minutes" in do(staff, "extend", **twice)
    assert "already done" in do(staff, "extend", **twice)
    code = {"student": "ada", "once": "pressed-twice-too"}
    do(staff, "code", **code)
    used = do(staff, "code", **code)
    assert "already done" in used and "New code" not in used
    for once in ("", "short", "x" * 41, "é" * 9):
        assert "incomplete" in do(staff, "extend", student="ada", minutes="5", once=once)
    assert len(stored(served, EXTENDED)) == 1
    tokens = [value for name, value in read_page(staff.get("/watch/")).fields if name == "once"]
    assert len(set(tokens)) == len(tokens) == 2


@pytest.mark.parametrize("student", ["nobody", "", "\0", "staff", "ada ", "x" * 5000])
def test_an_unknown_student_is_refused(served: ServedExam, staff: Browser, student: str) -> None:
    for action in ("extend", "reopen", "submit", "code", "announce"):
        assert "Nothing was changed: there is no form for" in do(staff, action, student=student, minutes="5", text="t")
    assert not served.store.events() and not served.context.sign_ins.students_with_code()
    for page in ("student", "submit"):
        assert staff.get(f"/watch/{page}", query_string={"id": student}).status_code == 404


def test_a_reason_that_is_too_long(served: ServedExam, staff: Browser) -> None:
    served.browser("ada").begin()
    for action in ("extend", "submit", "code", "release"):
        assert "at most 500" in do(staff, action, student="ada", minutes="5", force="yes", reason="x" * 501)
    assert len(served.store.events()) == 1


# Exports and strangers' words


def test_exports_hold_what_was_answered(served: ServedExam, staff: Browser) -> None:
    ada = served.browser("ada").begin()
    ada.save(change("q1", RIGHT_OF_Q1, seconds=12.5), change("q4", ("q4", "=1+2")))
    served.clock.to(60.5)
    ada.save(change("q8", ("q8", "3")))
    served.clock.to(70)
    ada.save(change("q1", ("q1", "1")))
    got = {name: staff.get(f"/watch/{name}") for name in ("responses.json", "times.json", "answers.csv")}
    for name, response in got.items():
        assert response.headers["Content-Disposition"] == f'attachment; filename="mid-20261120T101000-{name}"'
        assert response.headers["Cache-Control"] == "no-store"
    assert got["responses.json"].json == {"ada": {"q1": 0, "q4": "=1+2", "q8": "3"}}
    assert got["times.json"].json == {"ada": {"q1": 12.5}}
    rows = list(csv.DictReader(io.StringIO(got["answers.csv"].get_data(as_text=True))))
    told = [(r["student"], r["item"], uncell(r["response"]), r["counts"], r["late"], r["after"]) for r in rows]
    assert told == [
        ("ada", "q1", "0", "yes", "no", "no"),
        ("ada", "q4", '"=1+2"', "yes", "no", "no"),
        ("ada", "q8", '"3"', "yes", "yes", "no"),
        ("ada", "q1", "1", "no", "no", "yes"),
    ]
    assert rows[0]["saved"] == "2026-11-20T09:00:00.000+00:00" and rows[0]["seconds"] == "12.5"


def test_no_cell_of_the_export_is_a_formula(served: ServedExam, staff: Browser) -> None:
    dict.__setitem__(served.context.names, "ada", "=cmd|x")  # type: ignore[arg-type]
    served.browser("ada").begin()
    half = "\ud800\n=1+2"  # a lone surrogate has no UTF-8
    served.store.save("ada", 1, [Change("q8", half, False, "token")], served.clock())
    text = staff.get("/watch/answers.csv").get_data(as_text=True)
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["name"] == "'=cmd|x" and json.loads(row["response"]) == half


def test_hostile_texts_are_inert(served: ServedExam, staff: Browser) -> None:
    evil = "<img src=x onerror=alert(1)>\u202e{{7*7}}"
    dict.__setitem__(served.context.names, "ada", evil)  # type: ignore[arg-type]
    ada = served.browser("ada").begin()
    ada.save(change("q8", ("q8", evil)), change("q4", ("q4", evil)))
    ada.save(change(evil, (evil, evil)))
    ada.post("/answers", {"sitting": evil, evil: evil})
    served.browser(HOSTILE).begin()
    do(staff, "announce", whole="class", text=evil)
    do(staff, "extend", student="ada", minutes="5", reason=evil)
    do(staff, "extend", student=HOSTILE, minutes="5", reason=evil)
    for path in ("/", "/student?id=ada", f"/student?id={HOSTILE}", "/submit?id=ada", f"/?q={evil}", f"/?state={evil}"):
        page = staff.get(f"/watch{path}").get_data(as_text=True)
        assert "<img" not in page and "<script>alert" not in page and ">49<" not in page and "}49" not in page
        assert "\u202e" not in page or "q=" in path  # in a field it is what was typed
    assert "\\u202e" in staff.get("/watch/student?id=ada").get_data(as_text=True)
    assert staff.get("/watch/student", query_string={"id": HOSTILE}).status_code == 200


def test_answers_are_shown_as_texts(served: ServedExam, staff: Browser) -> None:
    ada = served.browser("ada").begin()
    shown = served.shown("ada")
    step = shown["q6"].steps[0]
    ada.save(change("q1", RIGHT_OF_Q1), change("q2", ("q2", "0"), ("q2", "1")), change("q3", ("q3", "5")))
    ada.save(change("q5", ("q5.0", "1")), change("q6", ("q6.0", "3")), change("q7", ("q7.1", "blue")))
    ada.save(change("q1", ("q1", "1"), flagged=True))
    words = " ".join(read_page(staff.get("/watch/student?id=ada")).words.split())
    options = shown["q2"].options
    for text in (f"{options[0]}; {options[1]}", "5 px", f"cat → {shown['q5'].rights[1]}", "dog → ?", f"3. {step}"):
        assert text in words
    assert "{1} {2} blue" in words and "flagged" in words and "(incomplete)" in words
    assert f" {shown['q1'].options[1]} 09:00 UTC 2 " in words  # saved twice


def test_unexpected_requests_are_listed(served: ServedExam, staff: Browser) -> None:
    ada = served.browser("ada").begin()
    served.clock.to(5)
    ada.save(change("q99", ("q99", "1")))
    ada.post("/answers", {"sitting": "1", "q98": "x"})
    words = " ".join(read_page(staff.get("/watch/student?id=ada")).words.split())
    said = words[words.index("Remarks") :]
    assert said.index("09:05 UTC sitting '1', unknown fields ['q98'] (page)") < said.index("expected the name")
    assert line(served).notes == 2 and line(served, "bob").notes == 0


def test_spans_of_time_are_written_for_people() -> None:
    assert [span(s) for s in (-3, 9, 605, 3725, 90_000)] == ["0:00", "0:09", "10 min", "1 h 02 min", "1 d 1 h"]
    assert [ago(s) for s in (0, 45, 130, 8000)] == ["just now", "40 s ago", "2 min ago", "2 h ago"]


def test_sittings_of_one_student_stay_apart(database_url: str) -> None:
    served = ServedExam(database_url, an_exam(attempts=2))
    ada, staff = served.browser("ada").begin(), served.instructor()
    ada.save(change("q1", RIGHT_OF_Q1))
    ada.post("/submit", {"sitting": "1"})
    served.clock.to(10)
    ada.begin()
    assert line(served).progress == Progress(8) and line(served).state == "working"  # nothing of the first
    words = read_page(staff.get("/watch/student?id=ada")).words
    assert words.index("Answers of sitting 2") < words.index("Answers of sitting 1")
    assert "Further attempts are not possible" in read_page(staff.get("/watch/release")).words
    assert sitting.WORKING in ada.get("/state").json["phase"]
    served.close()
