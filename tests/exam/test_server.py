"""The student's pages over HTTP: sign-in, answers, time, several windows, and hostile browsers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.exam_app import STUDENTS, Browser, ServedExam, an_exam, change, read_page, sqlite

from autograder.exam.rekey import Rekey
from autograder.exam.server.access import make_codes
from autograder.exam.sitting import ANNOUNCED, EXTENDED, NOTED, RELEASED, REOPENED, SUBMITTED
from autograder.exam.sittings import collect_sittings, last_sittings


@pytest.fixture
def served(database_url: str) -> Iterator[ServedExam]:
    made = ServedExam(database_url)
    yield made
    made.close()


@pytest.fixture
def ada(served: ServedExam) -> Browser:
    return served.browser("ada").begin()


def answers(served: ServedExam, student: str = "ada") -> dict[str, Any]:
    """What counts, as marking gets it."""
    sat = collect_sittings(served.exam, list(served.forms.values()), served.store, served.clock())
    return dict(last_sittings(sat)[student].responses)


def noted(served: ServedExam) -> list[str]:
    return [str(e.data["what"]) for e in served.store.events() if e.kind == NOTED]


# Signing in


def test_a_link_is_used_up_by_its_button_and_not_by_opening_it(served: ServedExam) -> None:
    code = make_codes(served.context, ["ada"])["ada"]
    scanner = Browser(served)
    for _ in range(3):
        page = read_page(scanner.get(f"/in/{code}"))
        assert page.value("code") == code.replace("-", "")
    ada = Browser(served)
    assert ada.sign_in(f" {code.lower()} ").status_code == 303  # however it is typed
    assert ada.sign_in(code).status_code == 303  # the same browser: a button pressed twice
    refused = scanner.sign_in(code)
    assert refused.status_code == 403 and "already used" in refused.get_data(as_text=True)
    assert scanner.get("/review").status_code == 401 and ada.get("/review").status_code == 303


def test_guessing_codes_is_rate_limited(served: ServedExam, monkeypatch: pytest.MonkeyPatch) -> None:
    code = make_codes(served.context, ["ada"])["ada"]
    browser = Browser(served)
    token = browser.token()
    tried = [browser.client.post("/in", data={"csrf_token": token, "code": "A" * 12}) for _ in range(31)]
    assert [r.status_code for r in tried] == [403] * 30 + [429]
    assert int(tried[-1].headers["Retry-After"]) <= 60
    assert browser.sign_in(code).status_code == 429
    elsewhere = {"REMOTE_ADDR": "127.0.0.2"}
    assert (
        browser.client.post("/in", data={"csrf_token": token, "code": code}, environ_base=elsewhere).status_code == 303
    )


def test_codes_and_sessions_are_hashed_at_rest(served: ServedExam) -> None:
    code = make_codes(served.context, ["ada"])["ada"].replace("-", "")
    browser = Browser(served)
    browser.sign_in(code)
    with browser.client.session_transaction() as session:
        token = session["session"]
    with served.engine.connect() as connection:
        rows = [
            str(tuple(r))
            for t in ("exam_codes", "exam_sessions")
            for r in connection.exec_driver_sql(f"SELECT * FROM {t}")
        ]
    assert len(rows) == 2
    assert not any(secret in row for row in rows for secret in (code, token))


def test_a_new_code_ends_the_session(served: ServedExam, ada: Browser) -> None:
    assert ada.get("/review").status_code == 200
    make_codes(served.context, ["ada"])
    assert ada.get("/review").status_code == 401
    refused = ada.save(change("q1", ("q1", "1")))
    assert refused.status_code == 401 and "Sign in again" in refused.json["problem"]


def test_signing_out_ends_the_session(ada: Browser) -> None:
    assert ada.post("/out").status_code == 303
    assert ada.get("/review").status_code == 401


def test_a_student_whose_form_was_removed_has_no_access(served: ServedExam) -> None:
    browser = served.browser("eve")
    assert browser.get("/review").status_code == 401
    assert "Your code" in read_page(browser.get("/")).words


# Answering


def test_autosave_stores_and_acknowledges_answers(served: ServedExam, ada: Browser) -> None:
    served.clock.to(5)
    sent = [
        change("q1", ("q1", "2"), seconds=12.5),
        change("q2", ("q2", "0"), ("q2", "3"), flagged=True),
        change("q3", ("q3", "5,0")),
        change("q6", *((f"q6.{n}", str(4 - n)) for n in range(4))),
        change("q7", ("q7.0", "red"), ("q7.1", "blue")),
    ]
    reply = ada.save(*sent)
    assert reply.status_code == 200 and set(reply.json["saved"]) == {"q1", "q2", "q3", "q6", "q7"}
    assert reply.json["counts"] is True and reply.json["state"]["left"] == 55 * 60
    found = answers(served)
    steps = served.shown("ada")["q6"].steps
    assert found == {"q1": 2, "q2": [0, 3], "q3": "5,0", "q6": list(reversed(steps)), "q7": ["red", "blue"]}
    latest = {a.name: a for a in served.store.latest("ada")}
    assert latest["q2"].flagged and latest["q1"].seconds == 12.5 and latest["q3"].seconds is None
    assert ada.save(*sent).json["saved"] == reply.json["saved"]  # sent again: kept once
    assert len(served.store.answers("ada")) == 5


def test_an_answer_can_be_cleared(served: ServedExam, ada: Browser) -> None:
    ada.save(change("q1", ("q1", "2")))
    ada.save(change("q1", ("q1", "")))
    assert answers(served) == {} and [a.response for a in served.store.answers("ada")] == [2, None]


def test_a_page_without_scripts_saves_by_its_button(served: ServedExam, ada: Browser) -> None:
    fields = ada.page_fields()
    assert {f"q{n}.base" for n in range(1, 9)} <= set(fields)
    sent = {**fields, "q1": "1", "q2": ["2", "0"], "q5.0": "1", "q8": "2\r\n", "q8.flag": "1", "then": "q2"}
    reply = ada.client.post("/answers", data=sent)
    assert reply.status_code == 303 and reply.headers["Location"].endswith("#q2")
    rights = served.shown("ada")["q5"].rights
    assert answers(served) == {"q1": 1, "q2": [0, 2], "q5": [rights[1], ""], "q8": "2\n"}
    again = ada.page_fields()
    expected = {"q1": ["1"], "q2": ["0", "2"], "q5.0": ["1"], "q5.1": [""], "q8": ["2\n"]}
    assert {name: again[name] for name in expected} == expected and "q8.flag" in again and "q1.flag" not in again
    before = len(served.store.answers("ada"))
    ada.client.post("/answers", data={**again, "then": "review"})
    assert len(served.store.answers("ada")) == before  # nothing was changed, nothing is new


def test_an_outdated_page_overwrites_only_the_answers_changed_on_it(served: ServedExam, ada: Browser) -> None:
    old = ada.page_fields()  # a second window, opened before the first one saved anything
    ada.save(change("q1", ("q1", "2")), change("q3", ("q3", "7")))
    ada.client.post("/answers", data={**old, "q3": "8", "q4": "LSTM"})
    assert answers(served) == {"q1": 2, "q3": "8", "q4": "LSTM"}
    assert [a.response for a in served.store.answers("ada") if a.name == "q3"] == ["7", "8"]  # both are on record


def test_a_plain_form_keeps_the_time_that_a_script_reported(served: ServedExam, ada: Browser) -> None:
    ada.save(change("q3", ("q3", "7"), seconds=42.0))
    ada.client.post("/answers", data={**ada.page_fields(), "q3": "8"})
    assert [(a.response, a.seconds) for a in served.store.latest("ada")] == [("8", 42.0)]


def test_a_page_can_be_sent_twice(served: ServedExam, ada: Browser) -> None:
    sent = {**ada.page_fields(), "q1": "1"}
    for _ in range(2):
        ada.client.post("/answers", data=sent)
    assert answers(served) == {"q1": 1}


def test_handing_in_saves_the_page_and_is_final(served: ServedExam, ada: Browser) -> None:
    served.clock.to(10)
    sent = {**ada.page_fields(), "q3": "5"}
    assert ada.client.post("/submit", data=sent).status_code == 303
    assert answers(served) == {"q3": "5"}
    served.clock.to(11)
    assert ada.client.post("/submit", data=sent).status_code == 303  # pressed twice
    late = ada.save(change("q3", ("q3", "6")))
    assert late.json["counts"] is False and late.json["state"]["phase"] == "done"
    assert answers(served) == {"q3": "5"}
    assert len([e for e in served.store.events("ada") if e.kind == SUBMITTED]) == 1
    assert ada.get("/review").status_code == 303


# Time


def test_the_servers_clock_decides(served: ServedExam, ada: Browser) -> None:
    served.clock.to(60.5)
    within = ada.save(change("q1", ("q1", "1")))
    assert within.json["counts"] is True and within.json["state"] == {
        **within.json["state"],
        "phase": "ended",
        "left": -30,
    }
    served.clock.to(61.5)
    after = ada.save(change("q3", ("q3", "5")), change("q1", ("q1", "2")))
    assert after.json["counts"] is False
    assert answers(served) == {"q1": 1}
    (sat,) = collect_sittings(served.exam, [served.forms["ada"]], served.store, served.clock())
    assert sat.late == ("q1",) and sat.after_time == ("q1", "q3") and not sat.open
    served.store.add_event(EXTENDED, "", served.clock(), {"minutes": 5}, "staff")
    assert answers(served) == {"q1": 2, "q3": "5"}  # more time counts what came too late


def test_nothing_begins_outside_the_window(served: ServedExam) -> None:
    ada = served.browser("ada")
    for minutes, phase in ((-1, "early"), (181, "missed")):
        served.clock.to(minutes)
        ada.post("/begin")
        assert ada.get("/state").json["phase"] == phase
        assert ada.save(change("q1", ("q1", "1"))).status_code == 400
    assert served.store.answers() == []


def test_a_reopened_exam_takes_answers_again(served: ServedExam, ada: Browser) -> None:
    ada.post("/submit", {"sitting": "1"})
    served.clock.to(100)
    served.store.add_event(REOPENED, "ada", served.clock(), {"minutes": 10}, "staff")
    assert ada.get("/state").json == {**ada.get("/state").json, "phase": "working", "left": 600}
    assert ada.save(change("q1", ("q1", "1"))).json["counts"] is True


def test_another_sitting_begins_empty_and_an_old_page_does_not_touch_it(database_url: str) -> None:
    served = ServedExam(database_url, an_exam(attempts=2))
    ada = served.browser("ada").begin()
    old = {**ada.page_fields(), "q3": "1"}
    ada.client.post("/submit", data=old)
    served.clock.to(10)
    ada.begin()
    assert ada.get("/state").json["sitting"] == 2
    assert answers(served) == {"q3": "1"}  # the last that was handed in, while the other runs
    assert ada.page_fields()["q3"] == [""]
    reply = ada.client.post("/submit", data={**old, "q3": "2"})
    assert reply.status_code == 303 and ada.get("/state").json["phase"] == "working"  # hands nothing in
    assert ada.save(change("q3", ("q3", "3")), sitting=2).json["counts"] is True
    served.clock.to(100)
    assert answers(served) == {"q3": "3"}
    served.close()


def test_announcements_reach_only_their_recipients(served: ServedExam, ada: Browser) -> None:
    served.store.add_event(ANNOUNCED, "", served.clock(), {"text": "<b>Question 3</b>: use $x=2$"}, "staff")
    served.store.add_event(ANNOUNCED, "bob", served.clock(), {"text": "only for bob"}, "staff")
    (one,) = ada.get("/state").json["announcements"]
    assert one["text"] == "<b>Question 3</b>: use $x=2$"
    page = ada.get("/").get_data(as_text=True)
    assert "&lt;b&gt;Question 3&lt;/b&gt;" in page and "only for bob" not in page


# Hostile browsers


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("[]", "expected an object"),
        ('{"sitting": true, "changes": []}', "expected an object"),
        ('{"sitting": 1}', "changes: expected a list"),
        ('{"sitting": 9, "changes": []}', "no such sitting"),
        ('{"sitting": 1, "changes": [3]}', "the name of an item in your form"),
        ('{"sitting": 1, "changes": [{"name": ["q1"]}]}', "the name of an item in your form"),
        (
            '{"sitting": 1, "changes": [{"name": "q99", "token": "12345678", "fields": []}]}',
            "the name of an item in your form",
        ),
        ('{"sitting": 1, "changes": [{"name": "q1", "token": "x", "fields": []}]}', "token: expected 8 to 60"),
        ('{"sitting": 1, "changes": [{"name": "q1", "token": "12345678", "fields": {}}]}', "expected pairs of texts"),
        ('{"sitting": 1, "changes": [{"name": "q1", "token": "12345678", "fields": [["q1", "7"]]}]}', "from 0 to 2"),
        ("[" * 100_000, "expected an object"),
        ("\xff", "expected an object"),
        ('{"sitting": 1e999, "changes": []}', "expected an object"),
    ],
)
def test_malformed_autosaves_are_refused_and_logged(tmp_path: Any, body: str, says: str) -> None:
    served = ServedExam(sqlite(tmp_path))
    ada = served.browser("ada").begin()
    headers = {"X-CSRFToken": ada.token(), "Content-Type": "application/json"}
    reply = ada.client.post("/save", data=body.encode("latin-1"), headers=headers)
    assert reply.status_code == 400 and says in reply.json["problem"] and reply.json["state"]["phase"] == "working"
    assert served.store.answers() == [] and says in noted(served)[0]
    served.close()


def test_edited_pages_are_logged_and_their_valid_answers_are_stored(served: ServedExam, ada: Browser) -> None:
    sent = {**ada.page_fields(), "q1": "1", "q3": "x" * 600, "q2": "9", "student": "bob", "q99": "1", "points": "100"}
    reply = ada.client.post("/answers", data=sent, follow_redirects=True)
    assert answers(served) == {"q1": 1} and served.store.answers("bob") == []
    assert "longer than 500 characters" in reply.get_data(as_text=True)
    assert any("points" in what and "student" in what for what in noted(served))
    assert any("q2: expected a number" in what for what in noted(served))


def test_a_page_of_another_sitting_saves_nothing(served: ServedExam, ada: Browser) -> None:
    sent = {**ada.page_fields(), "q1": "1"}
    for sitting in ("2", "-1", "x", "", "1" * 50, "١"):
        assert ada.client.post("/answers", data={**sent, "sitting": sitting}).status_code == 303
    del sent["sitting"]
    assert ada.client.post("/answers", data=sent).status_code == 303
    assert served.store.answers() == []


def test_a_request_that_is_too_large_gets_a_message(served: ServedExam, ada: Browser) -> None:
    sent = {**ada.page_fields(), "q8": "x" * 1_100_000}
    reply = ada.client.post("/answers", data=sent)
    assert reply.status_code == 413 and "Answers that you saved before are safe" in reply.get_data(as_text=True)


def test_forged_and_stale_tokens(served: ServedExam, ada: Browser) -> None:
    assert ada.client.post("/submit", data={"sitting": "1"}).status_code == 400
    other = served.browser("bob")
    assert ada.client.post("/submit", data={"sitting": "1", "csrf_token": other.token()}).status_code == 400
    assert ada.get("/state").json["phase"] == "working"
    reply = ada.client.post("/save", data="{}", headers={"Content-Type": "application/json"})
    assert reply.status_code == 400 and "out of date" in reply.json["problem"]


def test_students_do_not_see_the_instructors_pages_and_the_other_way_round(served: ServedExam, ada: Browser) -> None:
    assert ada.get("/watch/").status_code == 401
    staff = served.instructor()
    assert staff.get("/review").status_code == 401 and staff.get("/").status_code == 303
    assert staff.post("/begin", {"csrf_token": ""}).status_code in (400, 401)


def test_a_flood_is_rate_limited_and_loses_nothing(served: ServedExam, ada: Browser) -> None:
    token = ada.token()
    headers = {"X-CSRFToken": token, "Content-Type": "application/json"}
    body = json.dumps({"sitting": 1, "changes": []})
    codes = [ada.client.post("/save", data=body, headers=headers).status_code for _ in range(305)]
    assert codes[0] == 200 and codes[-1] == 429
    assert served.browser("bob").begin().save(change("q1", ("q1", "1"))).status_code == 200  # others do not notice


@pytest.mark.parametrize("secure", [False, True])
def test_headers_and_cookies(tmp_path: Any, secure: bool) -> None:
    served = ServedExam(sqlite(tmp_path), secure=secure)
    for path in ("/", "/nothing", "/static/exam.css", "/health"):
        reply = served.app.test_client().get(path, base_url="https://localhost" if secure else None)
        reply.close()
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert ("Strict-Transport-Security" in reply.headers) == secure
        if path != "/static/exam.css":
            assert reply.headers["Cache-Control"] == "no-store"
    cookie = served.app.test_client().get("/", base_url="https://localhost" if secure else None).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert (cookie.startswith("__Host-exam=") and "Secure" in cookie) == secure
    served.close()


def test_the_key_changes_nothing_that_a_student_sees(tmp_path: Any) -> None:
    """With another key, another explanation and other points of options, the pages are the same bytes."""
    import dataclasses

    from helpers.exam_app import a_form

    def other(form: Any) -> Any:
        placed = []
        for one in form.placed:
            item = one.item
            flip = tuple(dataclasses.replace(o, correct=not o.correct, feedback="SECRET") for o in item.options)
            if item.kind == "single":
                flip = tuple(dataclasses.replace(o, correct=n == 1) for n, o in enumerate(item.options))
            changed: dict[str, Any] = {"options": flip, "explanation": "SECRET", "id": f"other-{item.id}"}
            if item.number:
                changed["number"] = dataclasses.replace(item.number, value=77.0, slips=())
            changed["accepted"] = tuple("SECRET" for _ in item.accepted)
            changed["gaps"] = tuple(("SECRET",) for _ in item.gaps)
            changed["steps"] = tuple(reversed(item.steps))
            rights = [p.right for p in item.pairs][::-1]
            changed["pairs"] = tuple(dataclasses.replace(p, right=r) for p, r in zip(item.pairs, rights, strict=True))
            placed.append(dataclasses.replace(one, item=dataclasses.replace(item, **changed)))
        return dataclasses.replace(form, placed=tuple(placed))

    seen = []
    for change_key in (lambda form: form, other):
        folder = tmp_path / str(len(seen))
        folder.mkdir()
        served = ServedExam(sqlite(folder), forms=[change_key(a_form("ada"))])
        ada = served.browser("ada").begin()
        ada.save(change("q1", ("q1", "1")), change("q7", ("q7.0", "red")))
        pages = [ada.get(path).get_data(as_text=True) for path in ("/", "/review", "/state")]
        seen.append([_without_tokens(page) for page in pages])
        served.close()
    assert seen[0] == seen[1]
    assert "SECRET" not in "".join(seen[1])


def _without_tokens(page: str) -> str:
    """A token holds the second in which it was made."""
    import re

    return re.sub(r'((name="csrf[^"]*"\s+(value|content)|data-csrf)=")[^"]*', r"\1", page)


# Feedback


def test_feedback_is_shown_only_after_its_release(served: ServedExam, ada: Browser) -> None:
    ada.save(change("q1", ("q1", "1")), change("q3", ("q3", "5")), change("q2", ("q2", "0")))
    hidden = ("y is wrong", "Because.")
    for act in (lambda: None, lambda: ada.post("/submit", {"sitting": "1"})):
        act()
        pages = "".join(ada.get(p, follow_redirects=True).get_data(as_text=True) for p in ("/", "/feedback", "/review"))
        assert not any(word in pages for word in hidden)
    served.store.add_event(RELEASED, "", served.clock(), by="staff")
    words = " ".join(read_page(ada.get("/feedback")).words.split())
    assert all(word in words for word in hidden)
    assert "4 of 46" in words  # q3 in full (3), half of q2 (1): a task that waits counts nothing yet
    served.rekeys.append(Rekey("a", "credit", "staff", "two were right", "2026-11-20T12:00:00+00:00"))
    assert "5 of 46" in " ".join(read_page(ada.get("/feedback")).words.split())


def test_no_student_sees_feedback_while_working(served: ServedExam, ada: Browser) -> None:
    served.store.add_event(RELEASED, "", served.clock(), by="staff")
    assert ada.get("/feedback").status_code == 303


def test_hostile_answers_come_back_inert(served: ServedExam, ada: Browser) -> None:
    evil = '"><script>alert(1)</script>{{ 7*7 }}\u202e'
    ada.save(change("q3", ("q3", evil)), change("q7", ("q7.0", evil)), change("q8", ("q8", f"</textarea>{evil}")))
    ada.post("/submit", {"sitting": "1"})
    served.store.add_event(RELEASED, "", served.clock(), by="staff")
    page = ada.get("/feedback").get_data(as_text=True)
    assert "<script>alert" not in page and "49" not in page and "&lt;script&gt;" in page


def test_names_from_the_roster_are_inert(served: ServedExam) -> None:
    page = served.browser(STUDENTS[2]).get("/").get_data(as_text=True)
    assert "<script>alert" not in page


def test_an_internal_error_shows_no_traceback(
    served: ServedExam, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("autograder.exam.server.sheet.rows", broken)
    reply = ada.get("/")
    assert reply.status_code == 500 and "secret detail" not in reply.get_data(as_text=True)


def test_an_unreachable_database_gets_a_message_and_recovers(
    served: ServedExam, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def away(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("disk I/O error"))

    token = ada.token()
    with monkeypatch.context() as patch:
        patch.setattr(served.store, "save", away)
        body = json.dumps({"sitting": 1, "changes": [change("q1", ("q1", "1"))]})
        headers = {"X-CSRFToken": token, "Content-Type": "application/json"}
        reply = ada.client.post("/save", data=body, headers=headers)
        assert reply.status_code == 503 and "disk" not in reply.json["problem"]
    assert ada.save(change("q1", ("q1", "1"))).status_code == 200
