"""Take a served exam without a browser: the requests that its pages and their script would send.

Knows nothing of any key: what to answer is told by the caller.  ``Script`` works out requests and reads replies without
sending anything itself, so that one student (``Taker``) and a thousand at once (``drive``) do the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from question_bank.exam.inputs import Fields
from question_bank.exam.page_fields import Page, read_page
from question_bank.exam.sitting import WORKING

MOST_REDIRECTS = 5


class Refused(Exception):
    """The server did not do what was asked; the message holds what it said.

    Attributes:
      retry: Whether the same request may succeed later.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status
        self.retry = status == 429 or status >= 500


@dataclass(frozen=True)
class Ask:
    """One request."""

    method: str
    path: str
    form: Mapping[str, str] | None = None
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Typed:
    """An answer on its way; ``token`` stays the same however often it is sent."""

    name: str
    fields: Fields
    token: str
    flagged: bool = False
    seconds: float | None = None


@dataclass(frozen=True)
class Kept:
    """An answer that the server acknowledged, with its number in the store."""

    typed: Typed
    number: int


Steps = Generator[Ask, httpx.Response, Any]


class Script:
    """One student's exam: each method yields requests and is sent the replies.

    Args:
      link: The personal link, or its path.
    """

    def __init__(self, link: str) -> None:
        self._path = urlsplit(link).path
        self._csrf = ""
        self._html = ""
        self._page: Page | None = None
        self.sitting = 0
        self.waiting: list[Typed] = []
        self.kept: list[Kept] = []

    @property
    def page(self) -> Page:
        """The page that was loaded last; read only when somebody asks, reading takes as long as making it."""
        if self._page is None:
            self._page = read_page(self._html)
        return self._page

    def sign_in(self) -> Steps:
        """Open the link and press its button; who is signed in already stays so.  Raises Refused."""
        yield from self._open(Ask("GET", self._path))
        self._csrf = self.page.values.get("csrf_token", "")
        if code := self.page.values.get("code"):
            yield from self._open(Ask("POST", "/in", {"csrf_token": self._csrf, "code": code}))
            self._csrf = self.page.values.get("csrf_token", "")  # one for the whole session

    def begin(self) -> Steps:
        """Begin a sitting, or go on with the one that runs; reads the page.  Raises Refused."""
        if (yield from self.state())["phase"] == WORKING:
            yield from self.look()
            return
        yield from self._open(Ask("POST", "/begin", {"csrf_token": self._csrf}))
        now = yield from self.state()
        if now["phase"] != WORKING:
            raise Refused(403, f"the exam cannot be begun: {now['phase']}")

    def look(self) -> Steps:
        """Load the page.  Raises Refused."""
        yield from self._open(Ask("GET", "/"))

    def state(self) -> Steps:
        """Ask for the time that is left; returns what the server said.  Raises Refused."""
        state = _said((yield Ask("GET", "/state")))
        self.sitting = int(state["sitting"])
        return state

    def type(self, name: str, fields: Fields, *, flagged: bool = False, seconds: float | None = None) -> None:
        """Note an answer to be sent; an earlier one to the same item that still waits is sent too."""
        self.waiting.append(Typed(name, tuple(fields), secrets.token_urlsafe(16), flagged, seconds))

    def save(self) -> Steps:
        """Send what waits; it waits on until it is acknowledged.  Returns the reply.  Raises Refused."""
        going: list[Typed] = []
        for one in self.waiting:  # a reply has one number for each item
            if one.name in {other.name for other in going}:
                break
            going.append(one)
        changes = [
            {
                "name": one.name,
                "token": one.token,
                "fields": [list(pair) for pair in one.fields],
                "flagged": one.flagged,
                "seconds": one.seconds,
            }
            for one in going
        ]
        body = {"sitting": self.sitting, "changes": changes}
        reply = _said((yield Ask("POST", "/save", json=body, headers={"X-CSRFToken": self._csrf})))
        self.kept += [Kept(one, int(reply["saved"][one.name])) for one in going]
        self.waiting = [one for one in self.waiting if one not in going]
        return reply

    def hand_in(self) -> Steps:
        """Send what waits, look over, and press the button.  Raises Refused."""
        while self.waiting:
            yield from self.save()
        yield from self._open(Ask("GET", "/review"))
        yield from self._open(Ask("POST", "/submit", {"csrf_token": self._csrf, "sitting": str(self.sitting)}))

    def _open(self, ask: Ask) -> Steps:
        """Send a request as a browser does, redirects included, and read the page that comes."""
        response = yield ask
        for _ in range(MOST_REDIRECTS):
            if not response.is_redirect:
                break
            response = yield Ask("GET", urlsplit(response.headers["Location"]).path)
        if response.status_code != 200:
            raise _refused(response)
        self._html, self._page = response.text, None


class Taker:
    """A student who takes the exam now, one request after the other; to be used in a ``with``.

    Args:
      link: The personal link.
    """

    def __init__(self, link: str, *, seconds: float = 30.0) -> None:
        parts = urlsplit(link)
        self.script = Script(link)
        self._client = httpx.Client(base_url=f"{parts.scheme}://{parts.netloc}", timeout=seconds, trust_env=False)

    def __enter__(self) -> Taker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def do(self, steps: Steps) -> Any:
        """Carry out one of the script's methods.  Raises Refused, httpx.TransportError."""
        try:
            ask = next(steps)
            while True:
                ask = steps.send(self._client.request(**arguments(ask)))
        except StopIteration as stop:
            return stop.value

    def take(self, answers: Mapping[str, Fields] | Iterable[tuple[str, Fields]]) -> list[Kept]:
        """Sign in, begin, answer item by item, hand in; returns what was acknowledged.  Raises as ``do``."""
        self.do(self.script.sign_in())
        self.do(self.script.begin())
        for name, fields in answers.items() if isinstance(answers, Mapping) else answers:
            self.script.type(name, fields)
            self.do(self.script.save())
        self.do(self.script.hand_in())
        return self.script.kept


async def drive(send: Callable[[Ask], Awaitable[httpx.Response]], steps: Steps) -> Any:
    """Carry out one of a script's methods beside others; raises what it and ``send`` raise."""
    try:
        ask = next(steps)
        while True:
            ask = steps.send(await send(ask))
    except StopIteration as stop:
        return stop.value


def arguments(ask: Ask) -> dict[str, Any]:
    """A request as httpx takes it."""
    return {"method": ask.method, "url": ask.path, "data": ask.form, "json": ask.json, "headers": dict(ask.headers)}


def _said(response: httpx.Response) -> Any:
    if response.status_code != 200:
        raise _refused(response)
    return response.json()


def _refused(response: httpx.Response) -> Refused:
    said = "a page"
    if response.headers.get("Content-Type", "").startswith("application/json"):
        said = str(response.json().get("problem", ""))
    return Refused(response.status_code, said[:300])
