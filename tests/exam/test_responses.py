"""The stores of responses and sign-ins, on SQLite and, where it is installed, on a real PostgreSQL server."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from autograder.exam import responses as store_module
from autograder.exam.responses import Change, Responses, TooManyAnswersError
from autograder.exam.sign_in import INSTRUCTOR, STUDENT, Person, SignIns
from autograder.exam.sitting import ANNOUNCED, BEGUN, NOTED
from autograder.exam.tables import ForeignDatabaseError
from autograder.gradebook.database import open_engine, read_url

NOW = datetime.datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=datetime.UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = open_engine(read_url(database_url), 8)
    yield made
    made.dispose()


@pytest.fixture
def store(engine: Engine) -> Responses:
    return Responses(engine, "mid")


@pytest.fixture
def sign_ins(store: Responses) -> SignIns:
    return SignIns(store.database)


def change(name: str, response: object, token: str, **more: object) -> Change:
    return Change(name, response, bool(more.get("flagged")), token, None)


def test_answers_are_stored_unchanged(store: Responses, engine: Engine) -> None:
    odd = ["\x00 NUL", "\ud800 half a pair", "‮ bidi", "=1+1", {"places": [0, 2]}, [1, 2], None, 3, ""]
    changes = [change(f"q{n}", one, f"token-{n:04}") for n, one in enumerate(odd)]
    numbers = store.save("ada", 1, changes, NOW)
    assert [a.response for a in store.answers("ada")] == odd
    assert [a.number for a in store.answers("ada")] == [numbers[f"q{n}"] for n in range(len(odd))]
    assert {a.at for a in store.answers("ada")} == {NOW}
    assert store.answers("bob") == [] and Responses(engine, "final").answers("ada") == []


def test_a_change_sent_twice_is_stored_once(store: Responses) -> None:
    first = store.save("ada", 1, [change("q1", "a", "token-one")], NOW)
    store.save("ada", 1, [change("q1", "b", "token-two")], NOW)
    assert store.save("ada", 1, [change("q1", "a", "token-one")], NOW) == first
    assert [a.response for a in store.answers()] == ["a", "b"]
    assert [a.response for a in store.latest()] == ["b"]
    other = store.save("bob", 1, [change("q1", "c", "token-one")], NOW)  # tokens are the student's own
    assert other != first


def test_saves_from_many_threads_are_all_stored(store: Responses) -> None:
    def work(n: int) -> None:
        for k in range(10):
            store.save(f"s{n}", 1, [change("q1", k, f"t-{n}-{k}"), change("q2", k, f"u-{n}-{k}")], NOW)
            store.save("shared", 1, [change("q1", k, f"same-{k}")], NOW)  # all of them send the same

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(store.answers()) == 6 * 20 + 10
    assert sorted(a.response for a in store.answers("shared")) == list(range(10))


def test_one_student_cannot_fill_the_disk(store: Responses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_ANSWERS", 3)
    monkeypatch.setattr(store_module, "MOST_NOTES", 2)
    store.save("ada", 1, [change("q1", n, f"token-{n}") for n in range(3)], NOW)
    with pytest.raises(TooManyAnswersError, match="More than 3 changes"):
        store.save("ada", 1, [change("q1", 4, "token-4")], NOW)
    store.save("bob", 1, [change("q1", 4, "token-4")], NOW)
    for _ in range(5):
        store.note("ada", NOW, {"what": "odd"})
    assert len([e for e in store.events() if e.kind == NOTED]) == 2
    assert [e for e in store.events("ada") if e.kind == NOTED] == []  # for the instructor only


def test_events_of_one_student_include_those_of_the_class(store: Responses) -> None:
    store.add_event(ANNOUNCED, "", NOW, {"text": "Use “q3” with $x=2$"}, by="staff")
    store.add_event(BEGUN, "ada", NOW)
    store.add_event(BEGUN, "bob", NOW)
    assert [(e.kind, e.student, e.by) for e in store.events("ada")] == [(ANNOUNCED, "", "staff"), (BEGUN, "ada", "")]
    assert store.events("ada")[0].data == {"text": "Use “q3” with $x=2$"}
    assert len(store.events()) == 3


def test_a_code_opens_one_session_and_a_newer_code_ends_it(sign_ins: SignIns, engine: Engine) -> None:
    ada = Person(STUDENT, "ada")
    sign_ins.add_codes({"h1": ada, "h2": Person(STUDENT, "bob"), "h3": Person(INSTRUCTOR, "ada")}, NOW)
    assert sign_ins.open_session("nothing", "s0", NOW) is None
    assert sign_ins.open_session("h1", "s1", NOW) == ada
    assert sign_ins.open_session("h1", "s2", NOW) is None  # another browser
    assert sign_ins.open_session("h1", "s1", NOW) == ada  # the same browser again
    assert sign_ins.person("s1") == ada and sign_ins.person("s2") is None and sign_ins.person("h1") is None
    sign_ins.add_codes({"h4": ada}, NOW)
    assert sign_ins.person("s1") is None
    assert sign_ins.open_session("h1", "s1", NOW) is None
    assert sign_ins.open_session("h3", "s3", NOW) == Person(INSTRUCTOR, "ada")  # each role has its own codes
    assert sign_ins.students_with_code() == {"ada", "bob"} and sign_ins.last_sign_in() == {"ada": NOW}
    other_exam = SignIns(Responses(engine, "final").database)
    assert other_exam.open_session("h2", "s9", NOW) is None


def test_the_database_refuses_to_change_or_delete(store: Responses, sign_ins: SignIns, engine: Engine) -> None:
    store.save("ada", 1, [change("q1", "a", "token-one")], NOW)
    store.add_event(BEGUN, "ada", NOW)
    sign_ins.add_codes({"h1": Person(STUDENT, "ada")}, NOW)
    sign_ins.open_session("h1", "s1", NOW)
    for table in ("exam_answers", "exam_events", "exam_codes", "exam_sessions"):
        for statement in (f"UPDATE {table} SET at = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
                connection.execute(text(statement))
    if engine.dialect.name == "sqlite":
        replaced = (
            "INSERT OR REPLACE INTO exam_answers (exam, student, sitting, name, response, flagged, at, token) "
            "VALUES ('mid', 'ada', 1, 'q1', '\"b\"', 0, 'x', 'token-one')"
        )
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(replaced))
    assert [a.response for a in store.answers()] == ["a"]


def test_a_foreign_database_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE exam_answers (x integer)"))
    with pytest.raises(ForeignDatabaseError, match="exam_answers"):
        Responses(engine, "mid")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE exam_answers"))


def test_a_newer_version_is_refused(engine: Engine) -> None:
    Responses(engine, "mid")
    with engine.begin() as connection:
        connection.execute(text("UPDATE exam_about SET version = 99"))
    with pytest.raises(ForeignDatabaseError, match="version 99"):
        Responses(engine, "mid")
