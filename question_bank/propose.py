"""Proposals by a language model: grounded on lines of a document, linted, and drafts until a person approves them.

Any endpoint that speaks the OpenAI chat format will do, such as a model on the same machine.  Its answer is untrusted
data: bounded in size, parsed as JSON, compared with the passage, and marked as a model's.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from question_bank import lint
from question_bank.documents import (
    Document,
    Fact,
    apply_errata,
    extract,
    load_errata,
    place_errata,
    read_document,
)
from question_bank.documents.facts import DEFINITION, STATEMENT
from question_bank.errors import NotMadeError
from question_bank.item import SINGLE, Item, Option, Source, digest, problems
from question_bank.lexicon import find_topic, stems

TIMEOUT = 120.0
MAX_ANSWER = 200_000
PASSAGE = 12  # lines
_ASK = """Write one multiple-choice exam question about the passage below. Use only what the passage states.
Answer with JSON only: {"stem": "...?", "key": "...", "distractors": ["...", "...", "..."], "explanation": "...",
"quote": "the words of the passage, copied exactly, that make the key right"}.
The stem is a full question. The distractors are plausible, wrong by the passage, and as long as the key.
No "all of the above".

Passage:
"""


class ProposalError(NotMadeError):
    """The endpoint cannot be reached, or does not answer in the chat format."""


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible endpoint: base URL (…/v1), name of the model, and a key where the endpoint asks for one."""

    url: str
    model: str
    key: str = ""


@dataclass(frozen=True)
class Proposals:
    """Proposed items that passed every check, and the reasons why the others were refused, for people."""

    items: tuple[Item, ...]
    refused: tuple[str, ...]


def propose_items(
    paths: Sequence[Path], endpoint: Endpoint, count: int, on_progress: Callable[[], object] = lambda: None
) -> Proposals:
    """Ask for one item on each of ``count`` passages; keep the items that the passage supports and the lint accepts.

    Args:
      paths: The documents.
      count: Number of passages.
      on_progress: Called after each passage.

    Raises:
      ProposalError: The endpoint cannot be reached or does not answer in the chat format.
      DocumentError: A document cannot be read.
    """
    known = load_errata(paths)
    asked: list[tuple[Document, Fact]] = []
    for path in paths:
        document = read_document(path)
        kept, _ = apply_errata(extract(document), place_errata(known, document)[0])
        asked += [(document, fact) for fact in kept if fact.kind in (DEFINITION, STATEMENT)]
    asked.sort(key=lambda pair: digest("propose", pair[1].id))
    items: dict[str, Item] = {}
    refused: list[str] = []
    for document, fact in asked[:count]:
        first = max(1, fact.source.first - 2)
        last = min(len(document.lines), first + PASSAGE)
        made = _item(ask(endpoint, _ASK + "\n".join(document.lines[first - 1 : last])), document, fact, first, last)
        on_progress()
        if isinstance(made, str):
            refused.append(f"{document.name}:{fact.source.first}: {made}")
            continue
        findings = [f for f in lint.lint_bank([*items.values(), made]) if f.item_id == made.id]
        if made.id in lint.refused(findings):
            refused.append(f"{document.name}:{fact.source.first}: {'; '.join(f.message for f in findings)}")
        else:
            items[made.id] = made
    return Proposals(tuple(items[name] for name in sorted(items)), tuple(refused))


def ask(endpoint: Endpoint, prompt: str) -> str:
    """One question to the model, one answer."""
    body = {"model": endpoint.model, "temperature": 0, "messages": [{"role": "user", "content": prompt}]}
    headers = {"Content-Type": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    request = urllib.request.Request(f"{endpoint.url}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            data = response.read(MAX_ANSWER + 1)
    except urllib.error.HTTPError as error:
        raise ProposalError(f"{endpoint.url} answered {error.code}: is {endpoint.model!r} a model there?") from None
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise ProposalError(f"{endpoint.url} cannot be reached: {getattr(error, 'reason', error)}") from None
    try:
        answer = json.loads(data[:MAX_ANSWER])["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise ProposalError(f"{endpoint.url} does not answer in the OpenAI chat format") from None
    return answer if isinstance(answer, str) else ""


def _item(answer: str, document: Document, fact: Fact, first: int, last: int) -> Item | str:
    """Read the item in a model's answer; a text says why the answer is refused."""
    start, end = answer.find("{"), answer.rfind("}")
    try:
        proposal = json.loads(answer[start : end + 1])
    except (ValueError, RecursionError):
        return "the answer holds no JSON"
    proposal = proposal if isinstance(proposal, dict) else {}
    fields = [f for name in ("stem", "key", "explanation", "quote") if isinstance(f := proposal.get(name), str)]
    wrong = proposal.get("distractors")
    if len(fields) < 4 or not all(f.strip() and len(f) < 1000 for f in fields):
        return "the answer lacks a stem, a key, an explanation or a quote"
    texts = isinstance(wrong, list) and all(isinstance(w, str) and len(w) < 500 for w in wrong)
    if not isinstance(wrong, list) or not texts or not 2 <= len(wrong) <= 4:
        return "the answer lacks two to four wrong options"
    stem, key, explanation, quote = (" ".join(f.split()) for f in fields)
    lines = [n for n in range(first, last + 1) if quote.casefold() in document.quote(n, n).casefold()]
    if not lines:
        return "its quote is not in the passage"
    if not stems(key) <= stems(f"{quote} {stem} {fact.subject}"):
        return "its key says more than its quote"
    identity = digest(stem, key, length=10)
    options = [Option(key, True), *(Option(" ".join(w.split())) for w in wrong)]
    options.sort(key=lambda option: digest(identity, option.text))
    source = Source(document.name, lines[0], lines[0], document.quote(lines[0], lines[0])[:400])
    item = Item(
        id=f"proposal-{identity}",
        kind=SINGLE,
        topic=fact.topic or find_topic(fact.subject),
        level="understand",
        difficulty=0.4,
        stem=stem,
        explanation=explanation,
        options=tuple(options),
        sources=(source,),
        facts=(fact.id,),
        origin="model",
    )
    return "; ".join(map(str, problems(item))) or item
