"""A served exam under malformed requests: no internal error, no traceback, and nothing secret in a reply."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.exam_app import Browser, ServedExam, an_exam, change, sqlite
from helpers.exam_requests import HEADERS as SENT_HEADERS
from helpers.exam_requests import METHODS, ODD, Reply, Sent, Visitor, raw, requests, send
from helpers.exam_secrets import SECRET, hidden_in, other_key, secret_form
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.exam.inputs import field_names
from autograder.exam.page_fields import read_page
from autograder.exam.server import access
from autograder.exam.server.access import make_codes
from autograder.exam.server.app import HEADERS
from autograder.exam.sitting import ANNOUNCED, BEGUN, NOTED, RELEASED, REOPENED, SUBMITTED, WORKING

ABSENT = "hugo-wolff"  # a student whose id, name and answers no request names
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
def served(database_url: str) -> Iterator[ServedExam]:
    made = a_room(database_url)
    yield made
    made.close()


def a_room(url: str, form: Any = secret_form) -> ServedExam:
    students = ["ada", "fresh", "done", "replaced", ABSENT]
    served = ServedExam(url, exam=an_exam(attempts=900), forms=[form(student) for student in students])
    served.context = dataclasses.replace(served.context, names={ABSENT: "Hugo Wolffxyz", "ada": "Ada L."})
    absent = served.browser(ABSENT).begin()
    absent.save(change("q8", ("q8", "answer-of-hugo")))
    served.store.add_event(ANNOUNCED, ABSENT, served.clock(), {"text": "to-hugo-alone"}, "staff")
    return served


def visitors(served: ServedExam) -> dict[str, Visitor]:
    """A browser in every position."""
    browsers = {who: served.browser(who) for who in ("ada", "fresh", "done", "replaced")} | {
        "staff": served.instructor()
    }
    for who in ("ada", "done", "replaced"):
        browsers[who].begin()
    browsers["ada"].save(change("q4", ("q4", "typed by ada")))
    browsers["done"].post("/submit", {"sitting": "1"})
    make_codes(served.context, ["replaced"])  # their session is over
    browsers["nobody"] = Browser(served)
    found = {who: Visitor(_cookie(browser), browser.token()) for who, browser in browsers.items()}
    cookie = found["staff"].cookie
    # The last letter of a signature in base64 has bits that mean nothing: "A" and "B" there are the same signature.
    forged = cookie[:-2] + ("A" if cookie[-2] != "A" else "B") + cookie[-1]
    return found | {"forged": Visitor(forged, found["ada"].token)}


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


def ready(served: ServedExam, people: dict[str, Visitor]) -> None:
    """A request may have handed in or signed out: open it again, so that the next one reaches something."""
    if served.context.status("ada").phase != WORKING:
        served.store.add_event(REOPENED, "ada", served.clock(), {"minutes": 60}, "staff")


@pytest.mark.slow
def test_nothing_breaks_and_nothing_leaks(served: ServedExam) -> None:
    people = visitors(served)

    @MANY
    @given(requests(served, PEOPLE))
    def fuzz(sent: Sent) -> None:
        ready(served, people)
        check(send(served, sent, people), sent.who)
        check(send(served, Sent("ada", "GET", b"/"), people), "ada")  # whatever was kept can be shown

    fuzz()
    assert {e.kind for e in served.store.events() if not e.by} <= {BEGUN, SUBMITTED, NOTED}
    assert {a.student for a in served.store.answers()} <= {"ada", "fresh", "done", ABSENT}
    check(send(served, Sent("staff", "GET", b"/watch/"), people), "staff")


@pytest.mark.slow
def test_nothing_breaks_for_an_instructor(served: ServedExam) -> None:
    people = visitors(served)

    @MANY
    @given(requests(served, ["staff"]))
    def fuzz(sent: Sent) -> None:
        check(send(served, sent, people), "staff")

    fuzz()
    for student in ("ada", "fresh", "done", ABSENT):
        reply = send(served, Sent("staff", "GET", b"/watch/student", b"id=" + student.encode()), people)
        check(reply, "staff")
        assert reply.status == 200
    check(send(served, Sent("ada", "GET", b"/"), people), "staff")


@pytest.mark.slow
def test_every_route_with_every_method(served: ServedExam) -> None:
    """Plain requests to all there is, so that a new page is visited whatever chance says."""
    people = visitors(served)
    seen = set()
    for rule in served.app.url_map.iter_rules():
        path = rule.rule.replace("<code>", "ABC").replace("<path:filename>", "exam.css")
        assert "<" not in path, f"say what to put into {rule.rule}"
        for method in METHODS[:8]:
            for who in (*PEOPLE, "staff"):
                for token in ("", "field"):
                    ready(served, people)
                    content_type = "application/x-www-form-urlencoded"
                    reply = send(
                        served, Sent(who, method, path.encode(), content_type=content_type, token=token), people
                    )
                    check(reply, who)
                    seen.add((rule.rule, who, reply.status))
                    if path.startswith("/watch") and who != "staff" and method in ("GET", "POST"):
                        assert reply.status in (400, 401, 405), (who, path, reply.status)
        if path.startswith("/watch"):
            assert any(status in (200, 303) for r, who, status in seen if r == rule.rule and who == "staff"), path


@pytest.mark.slow
def test_unusual_headers_are_no_error_of_ours(tmp_path: Path) -> None:
    served = a_room(sqlite(tmp_path))
    people = visitors(served)
    for name in SENT_HEADERS:
        for word in (*ODD, "bytes=9-1", "a b", "evil.example:x"):
            for path in (b"/", b"/static/exam.css"):
                check(send(served, Sent("ada", "GET", path, more=((name, raw(word)),)), people), "ada")
    served.close()


@pytest.mark.slow
def test_unusual_answers_are_stored_or_refused_with_a_message(served: ServedExam) -> None:
    """Through both ways, for every item; what was kept can be shown to the student and to the instructor."""
    people = visitors(served)
    for word in ODD:
        odd_token = {"name": "q1", "fields": [["q1", "1"]], "token": f"{word}--------"[:60]}
        data = json.dumps({"sitting": 1, "changes": [odd_token]}).encode()
        check(send(served, Sent("ada", "POST", b"/save", b"", data, "application/json", "header"), people), "ada")
        for shown in served.shown("ada").values():
            body = {"sitting": 1, "changes": [change(shown.name, (field_names(shown)[0], word))]}
            for data in (
                json.dumps(body).encode(),
                json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"),
            ):
                reply = send(served, Sent("ada", "POST", b"/save", b"", data, "application/json", "header"), people)
                check(reply, "ada")
                said = json.loads(reply.text)
                assert (reply.status == 200 and said["saved"][shown.name]) or said["problem"]
        page = send(served, Sent("ada", "GET", b"/"), people)
        check(page, "ada")
        items = read_page(page.text).items
        assert items == {s.name: field_names(s) for s in served.shown("ada").values()}, word
    for who, path in [("ada", b"/review"), ("staff", b"/watch/"), ("staff", b"/watch/answers.csv")]:
        reply = send(served, Sent(who, "GET", path), people)
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
    people = [visitors(served) for served in rooms]
    plain = [Sent("ada", "GET", p) for p in (b"/", b"/review", b"/state", b"/feedback")]
    plain += [Sent(who, "GET", b"/") for who in ("fresh", "done", "nobody")]

    @settings(MANY, max_examples=50)
    @given(st.lists(requests(rooms[0], PEOPLE), min_size=1, max_size=3))
    def compare(sent: list[Sent]) -> None:
        for one in [*sent, *plain]:
            if one.path.startswith(b"/static"):
                continue  # a file: its headers say when it was read
            first, second = (
                _bare(send(served, one, who), served, who) for served, who in zip(rooms, people, strict=True)
            )
            assert first == second, one
        for served, who in zip(rooms, people, strict=True):
            ready(served, who)

    compare()
    for served in rooms:
        served.close()


def _bare(reply: Reply, served: ServedExam, people: dict[str, Visitor]) -> tuple[Any, ...]:
    """A reply without what is drawn anew each time: tokens and signatures, and the length that they have."""
    text = reply.body
    token = read_page(reply.text).values.get("csrf_token", "")
    if token:
        text = text.replace(token.encode(), b"TOKEN")
    for who in people.values():
        text = text.replace(who.token.encode(), b"TOKEN")
    headers = [h for h in reply.headers if h[0] not in ("Set-Cookie", "Content-Length")]
    return reply.status, headers, text


def test_the_search_for_secrets_finds_them(served: ServedExam) -> None:
    """What these tests look for does come once feedback is released, and is then found."""
    people = visitors(served)
    served.store.add_event(RELEASED, "", served.clock(), by="staff")
    reply = send(served, Sent("done", "GET", b"/feedback"), people)
    assert reply.status == 200 and {SECRET, "73519"} <= set(hidden_in(reply))
    working = send(served, Sent("ada", "GET", b"/feedback"), people)
    assert working.status == 303 and not hidden_in(working)
