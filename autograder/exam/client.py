"""Take a served exam without a browser, with the requests that its pages and their script would send.

The client knows nothing of any key; the caller decides what to answer.  ``ExamProtocol`` computes requests and reads
replies without sending anything itself (sans-I/O), so that ``ExamClient`` and ``run_async`` share it.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from autograder.errors import NotJudgedError
from autograder.exam.inputs import Fields
from autograder.exam.page_fields import Page, read_page
from autograder.exam.sitting import WORKING

MOST_REDIRECTS = 5


class RequestRefusedError(NotJudgedError):
    """The server refused a request; the message contains its answer.

    Attributes:
      status: HTTP status of the reply.
      retry: Whether the same request may succeed later.
    """

    def __init__(self, status: int, answer: str) -> None:
        super().__init__(f"{status}: {answer}")
        self.status = status
        self.retry = status == 429 or status >= 500


@dataclass(frozen=True)
class ClientRequest:
    """One HTTP request."""

    method: str
    path: str
    form: Mapping[str, str] | None = None
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PendingResponse:
    """An answer that the server has not acknowledged yet; ``token`` stays the same however often it is sent."""

    name: str
    fields: Fields
    token: str
    flagged: bool = False
    seconds: float | None = None


@dataclass(frozen=True)
class AcknowledgedResponse:
    """An answer that the server acknowledged, with its number in the store."""

    response: PendingResponse
    number: int


Steps = Generator[ClientRequest, httpx.Response, Any]


class ExamProtocol:
    """One student's exam.  Each method is a generator that yields requests and receives the replies.

    Args:
      link: The personal link, or its path.
    """

    def __init__(self, link: str) -> None:
        self._path = urlsplit(link).path
        self._csrf = ""
        self._html = ""
        self._page: Page | None = None
        self.sitting = 0
        self.pending: list[PendingResponse] = []
        self.acknowledged: list[AcknowledgedResponse] = []

    @property
    def page(self) -> Page:
        """The page that was loaded last; parsed on first use, because parsing is slow."""
        if self._page is None:
            self._page = read_page(self._html)
        return self._page

    def sign_in(self) -> Steps:
        """Open the link and press its button, unless signed in already.  Raises RequestRefusedError."""
        yield from self._open(ClientRequest("GET", self._path))
        self._csrf = self.page.values.get("csrf_token", "")
        if code := self.page.values.get("code"):
            yield from self._open(ClientRequest("POST", "/in", {"csrf_token": self._csrf, "code": code}))
            self._csrf = self.page.values.get("csrf_token", "")  # valid for the whole session

    def begin(self) -> Steps:
        """Begin a sitting, or continue the running one, and load the page.  Raises RequestRefusedError."""
        if (yield from self.state())["phase"] == WORKING:
            yield from self.load_page()
            return
        yield from self._open(ClientRequest("POST", "/begin", {"csrf_token": self._csrf}))
        state = yield from self.state()
        if state["phase"] != WORKING:
            raise RequestRefusedError(403, f"the exam cannot be started; the phase is {state['phase']}")

    def load_page(self) -> Steps:
        """Load the page of the exam.  Raises RequestRefusedError."""
        yield from self._open(ClientRequest("GET", "/"))

    def state(self) -> Steps:
        """Ask for the phase and the remaining time; returns the reply.  Raises RequestRefusedError."""
        state = _json_of((yield ClientRequest("GET", "/state")))
        self.sitting = int(state["sitting"])
        return state

    def answer(self, name: str, fields: Fields, *, flagged: bool = False, seconds: float | None = None) -> None:
        """Queue an answer; an earlier pending answer to the same item is sent as well."""
        self.pending.append(PendingResponse(name, tuple(fields), secrets.token_urlsafe(16), flagged, seconds))

    def save(self) -> Steps:
        """Send pending answers; they stay pending until acknowledged.  Raises RequestRefusedError."""
        batch: list[PendingResponse] = []
        for pending in self.pending:  # a reply has only one number for each item
            if pending.name in {other.name for other in batch}:
                break
            batch.append(pending)
        changes = [
            {
                "name": pending.name,
                "token": pending.token,
                "fields": [list(pair) for pair in pending.fields],
                "flagged": pending.flagged,
                "seconds": pending.seconds,
            }
            for pending in batch
        ]
        body = {"sitting": self.sitting, "changes": changes}
        reply = _json_of((yield ClientRequest("POST", "/save", json=body, headers={"X-CSRFToken": self._csrf})))
        self.acknowledged += [AcknowledgedResponse(pending, int(reply["saved"][pending.name])) for pending in batch]
        self.pending = [pending for pending in self.pending if pending not in batch]

    def hand_in(self) -> Steps:
        """Send pending answers, open the review page, and hand in.  Raises RequestRefusedError."""
        while self.pending:
            yield from self.save()
        yield from self._open(ClientRequest("GET", "/review"))
        form = {"csrf_token": self._csrf, "sitting": str(self.sitting)}
        yield from self._open(ClientRequest("POST", "/submit", form))

    def _open(self, request: ClientRequest) -> Steps:
        """Send a request as a browser does, follow redirects, and keep the page."""
        reply = yield request
        for _ in range(MOST_REDIRECTS):
            if not reply.is_redirect:
                break
            reply = yield ClientRequest("GET", urlsplit(reply.headers["Location"]).path)
        if reply.status_code != 200:
            raise _refusal(reply)
        self._html, self._page = reply.text, None


class ExamClient:
    """A student who takes the exam, one request after the other; use it in a ``with`` statement.

    Args:
      link: The personal link.
      seconds: Time limit for one request.
    """

    def __init__(self, link: str, *, seconds: float = 30.0) -> None:
        parts = urlsplit(link)
        self.protocol = ExamProtocol(link)
        self._http = httpx.Client(base_url=f"{parts.scheme}://{parts.netloc}", timeout=seconds, trust_env=False)

    def __enter__(self) -> ExamClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def run(self, steps: Steps) -> Any:
        """Carry out one method of the protocol.  Raises RequestRefusedError, httpx.TransportError."""
        try:
            request = next(steps)
            while True:
                request = steps.send(self._http.request(**httpx_arguments(request)))
        except StopIteration as stop:
            return stop.value

    def take(self, answers: Mapping[str, Fields] | Iterable[tuple[str, Fields]]) -> list[AcknowledgedResponse]:
        """Sign in, begin, send the answers one by one, hand in; return the acknowledged ones.  Raises as ``run``."""
        self.run(self.protocol.sign_in())
        self.run(self.protocol.begin())
        for name, fields in answers.items() if isinstance(answers, Mapping) else answers:
            self.protocol.answer(name, fields)
            self.run(self.protocol.save())
        self.run(self.protocol.hand_in())
        return self.protocol.acknowledged


async def run_async(send: Callable[[ClientRequest], Awaitable[httpx.Response]], steps: Steps) -> Any:
    """Carry out one method of a protocol concurrently with others; raises what it and ``send`` raise."""
    try:
        request = next(steps)
        while True:
            request = steps.send(await send(request))
    except StopIteration as stop:
        return stop.value


def httpx_arguments(request: ClientRequest) -> dict[str, Any]:
    """The arguments of ``httpx.Client.request``."""
    headers = dict(request.headers)
    return {
        "method": request.method,
        "url": request.path,
        "data": request.form,
        "json": request.json,
        "headers": headers,
    }


def _json_of(reply: httpx.Response) -> Any:
    if reply.status_code != 200:
        raise _refusal(reply)
    return reply.json()


def _refusal(reply: httpx.Response) -> RequestRefusedError:
    answer = "a page"
    if reply.headers.get("Content-Type", "").startswith("application/json"):
        answer = str(reply.json().get("problem", ""))
    return RequestRefusedError(reply.status_code, answer[:300])
