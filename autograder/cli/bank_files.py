"""The bank's commands that read and write files of other programs: export, import, propose."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from autograder.cli.bank_common import Bank, chosen_bank, load_items
from autograder.cli.common import OK, SOME_FAILED, Quiet, UsageError, err, out, plain
from question_bank import lint
from question_bank.document import find_documents
from question_bank.interchange import EXPORTS, IMPORTS, SUFFIXES, guess
from question_bank.interchange.outcome import MAX_BYTES
from question_bank.item import APPROVED, NUMERIC, RETIRED, SINGLE, Item
from question_bank.propose import Endpoint, propose_items
from question_bank.store import OWN, file_name, write_items
from question_bank.template import draw, load_templates


def export(
    to: Annotated[str, typer.Argument(help=f"Format: {', '.join(EXPORTS)}.")],
    bank: Bank = None,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; default: bank with the ending of the format.")
    ] = None,
    topic: Annotated[str, typer.Option("--topic", help="Only topics that hold these words.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only items of this kind.")] = "",
    approved: Annotated[bool, typer.Option("--approved", help="Only items that a person approved.")] = False,
    forms: Annotated[int, typer.Option("--forms", min=0, max=1000, help="Draws of each template to add.")] = 0,
    seed: Annotated[str, typer.Option("--seed", help="What the numbers of templates are drawn from.")] = "1",
    title: Annotated[str, typer.Option("--title", help="What the quiz is called.")] = "Question bank",
) -> None:
    """Write items for another program; those that its format cannot hold are named with the reason.

    Example: autograder bank export moodle --topic convolution -o convolution.xml
    """
    if to not in EXPORTS:
        raise UsageError(f"unknown format {to!r}: expected one of {', '.join(EXPORTS)}")
    items = [
        item
        for item in load_items(chosen_bank(bank))
        if item.state != RETIRED
        and (not approved or item.state == APPROVED)
        and topic.casefold() in item.topic.casefold()
        and kind in ("", item.kind)
    ]
    items += drawn(forms, seed, topic, kind)
    if not items:
        raise UsageError("no items to export: none has this topic, kind and state")
    made = EXPORTS[to](items, title)
    path = file or Path(f"bank{SUFFIXES[to]}")
    path.write_bytes(made.data)
    for refusal in made.refused[:20]:
        err.print(f"left out: {plain(refusal.item_id)}: {plain(refusal.reason)}", highlight=False, soft_wrap=True)
    if len(made.refused) > 20:
        err.print(f"… and {len(made.refused) - 20} more", highlight=False)
    out.print(f"{plain(str(path))}: {len(items) - len(made.refused)} items", highlight=False, soft_wrap=True)


def drawn(forms: int, seed: str, topic: str = "", kind: str = "") -> list[Item]:
    """Draws of every template on a topic, with options or as typed numbers."""
    form = NUMERIC if kind == NUMERIC else SINGLE
    found = [
        draw(one, f"{seed}/{number}", form)
        for one in (load_templates() if forms else ())
        if topic.casefold() in one.topic.casefold()
        for number in range(forms)
    ]
    return [item for item in found if kind in ("", item.kind)]


def import_command(
    file: Annotated[Path, typer.Argument(help="GIFT, Moodle XML, Aiken or plain text.")],
    bank: Annotated[Path, typer.Option("--bank", "-b", help="The bank to add to.")] = Path("bank"),
    form: Annotated[str, typer.Option("--format", help=f"Default: found out; else one of {', '.join(IMPORTS)}.")] = "",
    topic: Annotated[str, typer.Option("--topic", help="Topic of questions that name none.")] = "imported",
) -> None:
    """Add questions of another program to a bank, as drafts; a question that cannot be read does not void the others.

    Example: autograder bank import quiz.gift --bank bank --topic convolution
    """
    if form and form not in IMPORTS:
        raise UsageError(f"unknown format {form!r}: expected one of {', '.join(IMPORTS)}")
    if file.stat().st_size > MAX_BYTES:
        raise UsageError(f"{file}: larger than {MAX_BYTES // 1_000_000} MB; split it")
    data = file.read_bytes()
    found = IMPORTS[form or guess(data)](data, topic)
    for problem in found.problems:
        err.print(f"{plain(str(file))}:{problem.line}: {plain(problem.message)}", highlight=False, soft_wrap=True)
    if found.items:
        path = bank / OWN / f"{file_name(file.name.split('.')[0])}.yaml"
        write_items(path, found.items)
        out.print(f"{plain(str(path))}: {len(found.items)} items, as drafts", highlight=False, soft_wrap=True)
    warned = [f for f in lint.lint_bank(found.items) if f.severity != lint.REMARK]
    for finding in warned[:20]:
        err.print(plain(lint.explain(finding)), highlight=False, soft_wrap=True)
    raise typer.Exit(SOME_FAILED if found.problems or not found.items else OK)


def propose(
    documents: Annotated[list[Path], typer.Argument(help="Markdown files, or folders of them.")],
    url: Annotated[str, typer.Option("--url", help="An OpenAI-compatible endpoint, such as http://localhost:11434/v1")],
    model: Annotated[str, typer.Option("--model", help="Name of the model there.")],
    bank: Annotated[Path, typer.Option("--bank", "-b", help="The bank to add to.")] = Path("bank"),
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Passages to ask about.")] = 20,
    quiet: Quiet = False,
) -> None:
    """Let a language model propose items, with lines of the documents as its only ground; they stay drafts.

    A key for the endpoint is read from AUTOGRADER_MODEL_KEY.  Nothing is sent anywhere unless you give a URL.

    Example: autograder bank propose notes/ --url http://localhost:11434/v1 --model llama3
    """
    if not re.match(r"https?://", url):
        raise UsageError(f"--url: expected http:// or https://, not {url!r}")
    endpoint = Endpoint(url.rstrip("/"), model, os.environ.get("AUTOGRADER_MODEL_KEY", ""))
    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, disable=quiet, transient=True) as progress:
        task = progress.add_task("asking", total=count)
        made = propose_items(find_documents(documents), endpoint, count, lambda: progress.advance(task))
    for reason in made.refused:
        err.print(f"refused: {plain(reason)}", highlight=False, soft_wrap=True)
    if made.items:
        path = bank / OWN / "proposals.yaml"
        write_items(path, made.items)
        out.print(f"{plain(str(path))}: {len(made.items)} proposals, as drafts", highlight=False, soft_wrap=True)
    raise typer.Exit(OK if made.items else SOME_FAILED)
