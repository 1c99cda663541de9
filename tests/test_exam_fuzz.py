"""A served exam under requests that no page of ours sends: no error of ours, no traceback, nothing that is secret."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exam_hall import Browser, Room, an_exam, change, sqlite
from exam_requests import HEADERS as SENT_HEADERS
from exam_requests import METHODS, ODD, Reply, Sent, Visitor, raw, requests, send
from exam_secrets import SECRET, hidden_in, other_key, secret_form
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from question_bank.exam.inputs import field_names
from question_bank.exam.page_fields import read_page
from question_bank.exam.server import access
from question_bank.exam.server.access import make_codes
from question_bank.exam.server.app import HEADERS
from question_bank.exam.sitting import ANNOUNCED, BEGUN, NOTED, RELEASED, REOPENED, SUBMITTED, WORKING

ABSENT = "hugo-wolff"  # somebody whose id, name and answers no request ever names
PEOPLE = ["ada", "fresh", "done", "replaced", "forged", "nobody"]
MANY = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many a minute has a test of its own; here it would only hide what comes after."""
    monkeypatch.setattr(access, "ANSWERS_A_MINUTE", 10**9)
    monkeypatch.setattr(access, "FAILURES_A_MINUTE", 10**9)


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    made = a_room(database_url)
    yield made
    made.close()


def a_room(url: str, form: Any = secret_form) -> Room:
    students = ["ada", "fresh", "done", "replaced", ABSENT]
    room = Room(url, exam=an_exam(attempts=900), forms=[form(student) for student in students])
    room.hall = dataclasses.replace(room.hall, names={ABSENT: "Hugo Wolffxyz", "ada": "Ada L."})
    absent = room.browser(ABSENT).begin()
    absent.save(change("q8", ("q8", "answer-of-hugo")))
    room.store.add_event(ANNOUNCED, ABSENT, room.clock(), {"text": "to-hugo-alone"}, "staff")
    return room


def visitors(room: Room) -> dict[str, Visitor]:
    """A browser in every position."""
    browsers = {who: room.browser(who) for who in ("ada", "fresh", "done", "replaced")} | {"staff": room.instructor()}
    for who in ("ada", "done", "replaced"):
        browsers[who].begin()
    browsers["ada"].save(change("q4", ("q4", "typed by ada")))
    browsers["done"].post("/submit", {"sitting": "1"})
    make_codes(room.hall, ["replaced"])  # their session is over
    browsers["nobody"] = Browser(room)
    found = {who: Visitor(_cookie(browser), browser.token()) for who, browser in browsers.items()}
    cookie = found["staff"].cookie
    return found | {"forged": Visitor(cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), found["ada"].token)}


def _cookie(browser: Browser) -> str:
    browser.token()  # it is in the session now
    found = browser.client.get_cookie("exam")
    assert found is not None
    return f"exam={found.value}"


def check(reply: Reply, who: str) -> None:
    """What holds for every reply."""
    assert 200 <= reply.status < 500, reply
    for name, value in HEADERS.items():
        assert reply.header(name) == value, (name, reply)
    for name, value in reply.headers:
        assert "\r" not in value and "\n" not in value
        if name == "Set-Cookie":
            assert "HttpOnly" in value and "SameSite=Lax" in value
        if name == "Location" and reply.status != 308:  # that one only tidies up slashes, in full
            assert value.startswith("/") and not value.startswith("//")
    if reply.header("Content-Type").startswith("text/html"):
        assert "<script>alert" not in reply.text
    also = () if who == "staff" else (ABSENT, "Wolffxyz", "answer-of-hugo", "to-hugo-alone")
    if who != "staff":
        assert not hidden_in(reply, also), reply


def ready(room: Room, people: dict[str, Visitor]) -> None:
    """A request may have handed in or signed out: open it again, so that the next one reaches something."""
    if room.hall.standing("ada").phase != WORKING:
        room.store.add_event(REOPENED, "ada", room.clock(), {"minutes": 60}, "staff")


@pytest.mark.slow
def test_nothing_breaks_and_nothing_leaks(room: Room) -> None:
    people = visitors(room)

    @MANY
    @given(requests(room, PEOPLE))
    def fuzz(sent: Sent) -> None:
        ready(room, people)
        check(send(room, sent, people), sent.who)
        check(send(room, Sent("ada", "GET", b"/"), people), "ada")  # whatever was kept can be shown

    fuzz()
    assert {e.kind for e in room.store.events() if not e.by} <= {BEGUN, SUBMITTED, NOTED}
    assert {a.student for a in room.store.answers()} <= {"ada", "fresh", "done", ABSENT}
    check(send(room, Sent("staff", "GET", b"/watch/"), people), "staff")


@pytest.mark.slow
def test_nothing_breaks_for_an_instructor(room: Room) -> None:
    people = visitors(room)

    @MANY
    @given(requests(room, ["staff"]))
    def fuzz(sent: Sent) -> None:
        check(send(room, sent, people), "staff")

    fuzz()
    for student in ("ada", "fresh", "done", ABSENT):
        reply = send(room, Sent("staff", "GET", b"/watch/student", b"id=" + student.encode()), people)
        check(reply, "staff")
        assert reply.status == 200
    check(send(room, Sent("ada", "GET", b"/"), people), "staff")


@pytest.mark.slow
def test_every_route_with_every_method(room: Room) -> None:
    """Plain requests to all there is, so that a new page is visited whatever chance says."""
    people = visitors(room)
    seen = set()
    for rule in room.app.url_map.iter_rules():
        path = rule.rule.replace("<code>", "ABC").replace("<path:filename>", "exam.css")
        assert "<" not in path, f"say what to put into {rule.rule}"
        for method in METHODS[:8]:
            for who in (*PEOPLE, "staff"):
                for token in ("", "field"):
                    ready(room, people)
                    content_type = "application/x-www-form-urlencoded"
                    reply = send(room, Sent(who, method, path.encode(), content_type=content_type, token=token), people)
                    check(reply, who)
                    seen.add((rule.rule, who, reply.status))
                    if path.startswith("/watch") and who != "staff" and method in ("GET", "POST"):
                        assert reply.status in (400, 401, 405), (who, path, reply.status)
        if path.startswith("/watch"):
            assert any(status in (200, 303) for r, who, status in seen if r == rule.rule and who == "staff"), path


@pytest.mark.slow
def test_odd_headers(tmp_path: Path) -> None:
    room = a_room(sqlite(tmp_path))
    people = visitors(room)
    for name in SENT_HEADERS:
        for word in (*ODD, "bytes=9-1", "a b", "evil.example:x"):
            for path in (b"/", b"/static/exam.css"):
                check(send(room, Sent("ada", "GET", path, more=((name, raw(word)),)), people), "ada")
    room.close()


@pytest.mark.slow
def test_odd_answers_are_kept_or_refused_in_words(room: Room) -> None:
    """Through both ways, for every item; what was kept can be shown to the student and to the instructor."""
    people = visitors(room)
    for word in ODD:
        odd_token = {"name": "q1", "fields": [["q1", "1"]], "token": f"{word}--------"[:60]}
        data = json.dumps({"sitting": 1, "changes": [odd_token]}).encode()
        check(send(room, Sent("ada", "POST", b"/save", b"", data, "application/json", "header"), people), "ada")
        for shown in room.shown("ada").values():
            body = {"sitting": 1, "changes": [change(shown.name, (field_names(shown)[0], word))]}
            for data in (
                json.dumps(body).encode(),
                json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"),
            ):
                reply = send(room, Sent("ada", "POST", b"/save", b"", data, "application/json", "header"), people)
                check(reply, "ada")
                said = json.loads(reply.text)
                assert (reply.status == 200 and said["saved"][shown.name]) or said["problem"]
        page = send(room, Sent("ada", "GET", b"/"), people)
        check(page, "ada")
        items = read_page(page.text).items
        assert items == {s.name: field_names(s) for s in room.shown("ada").values()}, word
    for who, path in [("ada", b"/review"), ("staff", b"/watch/"), ("staff", b"/watch/answers.csv")]:
        reply = send(room, Sent(who, "GET", path), people)
        check(reply, who)
        assert reply.status == 200, (who, path, reply.status)


@pytest.mark.slow
def test_with_another_key_every_reply_is_the_same(tmp_path: Path) -> None:
    """The same requests in two exams that differ in the key only, byte by byte but for the tokens of the pages."""
    rooms = []
    for name, form in (("one", secret_form), ("two", lambda student: other_key(secret_form(student)))):
        (tmp_path / name).mkdir()
        rooms.append(a_room(sqlite(tmp_path / name), form))
    assert rooms[0].forms["ada"] != rooms[1].forms["ada"]
    people = [visitors(room) for room in rooms]
    plain = [Sent("ada", "GET", p) for p in (b"/", b"/review", b"/state", b"/feedback")]
    plain += [Sent(who, "GET", b"/") for who in ("fresh", "done", "nobody")]

    @settings(MANY, max_examples=50)
    @given(st.lists(requests(rooms[0], PEOPLE), min_size=1, max_size=3))
    def compare(sent: list[Sent]) -> None:
        for one in [*sent, *plain]:
            if one.path.startswith(b"/static"):
                continue  # a file: its headers say when it was read
            first, second = (_bare(send(room, one, who), room, who) for room, who in zip(rooms, people, strict=True))
            assert first == second, one
        for room, who in zip(rooms, people, strict=True):
            ready(room, who)

    compare()
    for room in rooms:
        room.close()


def _bare(reply: Reply, room: Room, people: dict[str, Visitor]) -> tuple[Any, ...]:
    """A reply without what is drawn anew each time: tokens and signatures, and the length that they have."""
    text = reply.body
    token = read_page(reply.text).values.get("csrf_token", "")
    if token:
        text = text.replace(token.encode(), b"TOKEN")
    for who in people.values():
        text = text.replace(who.token.encode(), b"TOKEN")
    headers = [h for h in reply.headers if h[0] not in ("Set-Cookie", "Content-Length")]
    return reply.status, headers, text


def test_the_search_for_secrets_finds_them(room: Room) -> None:
    """What these tests look for does come once feedback is released, and is then found."""
    people = visitors(room)
    room.store.add_event(RELEASED, "", room.clock(), by="staff")
    reply = send(room, Sent("done", "GET", b"/feedback"), people)
    assert reply.status == 200 and {SECRET, "73519"} <= set(hidden_in(reply))
    working = send(room, Sent("ada", "GET", b"/feedback"), people)
    assert working.status == 303 and not hidden_in(working)
