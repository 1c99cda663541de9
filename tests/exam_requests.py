"""Requests that no page of ours sends, drawn by hypothesis.

They are sent below the test client, as a WSGI server hands them on: broken encodings and all.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, urlencode

from exam_hall import Room
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "", "GET /", "Größe")
ODD = (
    *("", " ", "\x00", "q1", "q7.0", "q1.base", "q1.flag", "0", "1", "2", "-1", "00001", "1e999", "NaN", "١", "true"),
    *("\ud800", "a\udfffb", "\u202e", "\ue000gap-1\ue000", "\r\nSet-Cookie: a=b", "\x85", "{{7*7}}", "%s%n", "null"),
    *(
        "<script>alert(1)</script>",
        "\"'><script>alert(1)</script>",
        "../../etc/passwd",
        "..%2f..%2f",
        "%00",
        "/",
        "//x",
    ),
    *("ada", "bob", "staff", "eve\x00", "9" * 400, "x" * 600, "é" * 501, "y" * 11_000, "' OR 1=1 --", "\\", "𝔘\u0301"),
)


@dataclass(frozen=True)
class Sent:
    """One request; ``token`` says whether the CSRF token of the sender goes with it as a field, a header, or not."""

    who: str
    method: str
    path: bytes
    query: bytes = b""
    body: bytes = b""
    content_type: str = ""
    token: str = ""
    more: tuple[tuple[str, str], ...] = ()  # WSGI environment


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")


@dataclass(frozen=True)
class Visitor:
    """A cookie and the token that fits it."""

    cookie: str = ""
    token: str = ""


def send(room: Room, sent: Sent, people: Mapping[str, Visitor]) -> Reply:
    who = people[sent.who]
    body, more = sent.body, {"HTTP_X_CSRFTOKEN": who.token} if sent.token == "header" else {}
    if sent.token == "field":
        body = urlencode({"csrf_token": who.token}).encode() + (b"&" + body if body else b"")
    environ = create_environ("/", method="POST", input_stream=io.BytesIO(body))
    environ |= {"REQUEST_METHOD": sent.method, "PATH_INFO": sent.path.decode("latin-1")}
    environ |= {"QUERY_STRING": quote_from_bytes(sent.query, "/?=&%+;"), "CONTENT_LENGTH": str(len(body))}
    environ |= {"CONTENT_TYPE": sent.content_type, "HTTP_COOKIE": who.cookie, **more, **dict(sent.more)}
    stream, status, headers = run_wsgi_app(room.app, environ, buffered=True)
    return Reply(int(status.split()[0]), tuple(headers.to_wsgi_list()), b"".join(stream))


# Strategies

words = st.one_of(st.sampled_from(ODD), st.text(max_size=12))
known = st.sampled_from([f"q{n}" for n in range(1, 9)])
names = st.one_of(known, words)
tokens = st.one_of(st.uuids().map(str), st.text("ab-\x00\n", min_size=8, max_size=9))
fields = st.one_of(st.sampled_from(["sitting", "then", "code", "student", "minutes", "text", "once", "whole"]), names)
parts = st.builds(
    lambda name, part: f"{name}{part}", names, st.sampled_from(["", ".0", ".1", ".3", ".base", ".base", ".flag"])
)
odd_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words, st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words, inner, max_size=4)),
    max_leaves=12,
)
change = st.fixed_dictionaries(
    {"name": st.one_of(known, names), "token": st.one_of(tokens, tokens, odd_json)},
    optional={
        "fields": st.one_of(st.lists(st.tuples(parts, words), max_size=5), odd_json),
        "flagged": odd_json,
        "seconds": odd_json,
    },
)
saved = st.fixed_dictionaries(
    {"sitting": st.one_of(st.just(1), st.just(1), odd_json), "changes": st.lists(change, max_size=4)}
)
typed = st.builds(  # a change as the script sends it, with any text in the fields
    lambda name, token, values, flagged: {
        "name": name,
        "token": token,
        "fields": [[name if name in "q1 q2 q3 q4 q8" else f"{name}.{n}", value] for n, value in enumerate(values)],
        "flagged": flagged,
        "seconds": 3,
    },
    known,
    st.uuids().map(str),
    st.lists(words, max_size=2),
    st.booleans(),
)
good = st.lists(typed, max_size=3).map(lambda changes: {"sitting": 1, "changes": changes})
json_bodies = st.one_of(good, good, saved, odd_json).map(lambda data: json.dumps(data).encode())
form_bodies = st.tuples(
    st.lists(st.tuples(st.one_of(parts, parts, fields), st.one_of(words, st.sampled_from("0123"))), max_size=12),
    st.lists(known.map(lambda name: (f"{name}.base", "0")), max_size=6, unique=True),
    st.sampled_from([[("sitting", "1")], [("sitting", "1")], [("sitting", "1")], []]),
).map(lambda three: urlencode([*three[2], *three[1], *three[0]], encoding="utf-8", errors="surrogatepass").encode())
deep = st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"9" * 5_000, b"[1e999,NaN]", b'\xff\xfe{"a"', b'"\\ud800"'])
bodies = st.one_of(json_bodies, form_bodies, form_bodies, deep, st.binary(max_size=60))
types = st.sampled_from(
    [
        *("application/json", "application/json", "application/x-www-form-urlencoded", "", "text/plain", "a/b/c;;"),
        *(
            "application/json; charset=utf-16",
            "multipart/form-data",
            "multipart/form-data; boundary=a",
            "\x00",
            "a" * 900,
        ),
        *(
            "application/x-www-form-urlencoded; charset=nothing",
            "application/problem+json",
            'multipart/form-data; boundary=""',
        ),
    ]
)
HEADERS = (
    *("HTTP_HOST", "HTTP_COOKIE", "HTTP_REFERER", "HTTP_ORIGIN", "HTTP_X_FORWARDED_FOR", "HTTP_RANGE", "REMOTE_ADDR"),
    *("CONTENT_LENGTH", "HTTP_IF_NONE_MATCH", "HTTP_ACCEPT", "HTTP_X_CSRFTOKEN", "HTTP_TRANSFER_ENCODING"),
    *("HTTP_IF_MODIFIED_SINCE", "HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_CONTENT_ENCODING", "CONTENT_TYPE"),
)


def raw(word: str) -> str:
    """A text as a WSGI server hands on whatever stands in a header."""
    return word.encode("utf-8", "surrogatepass").decode("latin-1")


headers = st.lists(
    st.tuples(st.sampled_from(HEADERS), st.one_of(words.map(raw), st.just("bytes=9-1"))), max_size=1
).map(tuple)


def paths(room: Room) -> st.SearchStrategy[bytes]:
    """Every path of the application, with odd arguments, odd ends, and some that are none of it."""
    rules = [rule.rule for rule in room.app.url_map.iter_rules()]

    def fill(rule: str, word: str, end: str) -> bytes:
        head, _, rest = rule.partition("<")
        whole = head + word + rest.partition(">")[2] if rest else head
        return (whole + end).encode("utf-8", "surrogatepass")

    ends = st.sampled_from(["", "", "", "", "", "/", "//", "/.", "%2f", "\x00", ";a", "/../watch/"])
    return st.one_of(
        st.builds(fill, st.sampled_from(rules), words, ends), st.binary(max_size=12).map(lambda b: b"/" + b)
    )


FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def aimed(room: Room, who: list[str]) -> st.SearchStrategy[Sent]:
    """Requests as a page sends them, with what no page puts into them."""
    rules = [rule for rule in room.app.url_map.iter_rules() if "<" not in rule.rule]
    ways = [(r.rule.encode(), m) for r in rules for m in sorted((r.methods or set()) - {"HEAD", "OPTIONS"})]
    posts = [way for way in ways if way[1] == "POST"] + [(b"/answers", "POST"), (b"/submit", "POST")] * 3
    query = st.one_of(
        st.just(b""), st.tuples(fields, words).map(lambda q: "=".join(q).encode("utf-8", "surrogatepass"))
    )
    form = st.builds(
        lambda who, way, query, body: Sent(who, way[1], way[0], query, body, FORM, "field"),
        st.sampled_from(who),
        st.one_of(st.sampled_from(posts), st.sampled_from(ways)),
        query,
        form_bodies,
    )
    save = st.builds(
        lambda who, body: Sent(who, "POST", b"/save", b"", body, JSON, "header"), st.sampled_from(who), json_bodies
    )
    return st.one_of(form, save) if "ada" in who else form


def wild(room: Room, who: list[str]) -> st.SearchStrategy[Sent]:
    """Whatever can be sent."""
    return st.builds(
        Sent,
        st.sampled_from(who),
        st.one_of(st.sampled_from(["GET", "POST", "POST"]), st.sampled_from(METHODS)),
        paths(room),
        st.one_of(st.just(b""), st.tuples(fields, words).map(lambda q: "=".join(q).encode("utf-8", "surrogatepass"))),
        bodies,
        types,
        st.sampled_from(["field", "header", ""]),
        headers,
    )


def requests(room: Room, who: list[str]) -> st.SearchStrategy[Sent]:
    return st.one_of(aimed(room, who), aimed(room, [who[0]]), wild(room, who))
