"""`autograder bank export`, `import` and `propose`: files of other programs, and drafts from a language model."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from autograder.cli.bank.common import Bank, chosen_bank, load_items, print_finding
from autograder.cli.common import OK, SOME_FAILED, UsageError, err, out, plain
from autograder.cli.options import Quiet
from question_bank import Item, lint
from question_bank.documents import find_documents
from question_bank.interchange import EXPORTS, IMPORTS, MAX_BYTES, SUFFIXES, guess_format
from question_bank.item import APPROVED, NUMERIC, RETIRED, SINGLE
from question_bank.propose import Endpoint, propose_items
from question_bank.store import OWN, file_name, write_items
from question_bank.templates import draw, load_templates


def export(
    to: Annotated[str, typer.Argument(help=f"Format: {', '.join(EXPORTS)}.")],
    bank: Bank = None,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; default: bank with the suffix of the format.")
    ] = None,
    topic: Annotated[str, typer.Option("--topic", help="Only topics whose name contains this text.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only items of this kind.")] = "",
    approved: Annotated[bool, typer.Option("--approved", help="Only items that a reviewer approved.")] = False,
    forms: Annotated[int, typer.Option("--forms", min=0, max=1000, help="Draws of each template to add.")] = 0,
    seed: Annotated[str, typer.Option("--seed", help="For templates: what their numbers are drawn from.")] = "1",
    title: Annotated[str, typer.Option("--title", help="Title of the quiz.")] = "Question bank",
) -> None:
    """Export items for another program; items that the format cannot hold are listed with the reason.

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
        raise UsageError("no items to export: no item has this topic, kind and state")
    exported = EXPORTS[to](items, title)
    path = file or Path(f"bank{SUFFIXES[to]}")
    path.write_bytes(exported.data)
    for refusal in exported.refused[:20]:
        err.print(f"left out: {plain(refusal.item_id)}: {plain(refusal.reason)}", highlight=False, soft_wrap=True)
    if len(exported.refused) > 20:
        err.print(f"… and {len(exported.refused) - 20} more", highlight=False)
    out.print(f"{plain(str(path))}: {len(items) - len(exported.refused)} items", highlight=False, soft_wrap=True)


def drawn(forms: int, seed: str, topic: str = "", kind: str = "") -> list[Item]:
    """Draw every template whose topic contains ``topic``, as single choice or as typed numbers.

    Args:
      forms: Number of draws of each template.
      kind: Keep items of this kind only; empty for all.
    """
    form = NUMERIC if kind == NUMERIC else SINGLE
    items = [
        draw(template, f"{seed}/{number}", form)
        for template in (load_templates() if forms else ())
        if topic.casefold() in template.topic.casefold()
        for number in range(forms)
    ]
    return [item for item in items if kind in ("", item.kind)]


def import_command(
    file: Annotated[Path, typer.Argument(help="GIFT, Moodle XML, Aiken or plain text.")],
    bank: Annotated[Path, typer.Option("--bank", "-b", help="The bank to add to.")] = Path("bank"),
    form: Annotated[str, typer.Option("--format", help=f"Default: guessed; or one of {', '.join(IMPORTS)}.")] = "",
    topic: Annotated[str, typer.Option("--topic", help="Topic of questions that name no topic.")] = "imported",
) -> None:
    """Add questions from another program to a bank as drafts; questions that cannot be read are listed and skipped.

    Example: autograder bank import quiz.gift --bank bank --topic convolution
    """
    if form and form not in IMPORTS:
        raise UsageError(f"unknown format {form!r}: expected one of {', '.join(IMPORTS)}")
    if file.stat().st_size > MAX_BYTES:
        raise UsageError(f"{file}: larger than {MAX_BYTES // 1_000_000} MB; split it")
    data = file.read_bytes()
    imported = IMPORTS[form or guess_format(data)](data, topic)
    for problem in imported.problems:
        err.print(f"{plain(str(file))}:{problem.line}: {plain(problem.message)}", highlight=False, soft_wrap=True)
    if imported.items:
        path = bank / OWN / f"{file_name(file.name.split('.')[0])}.yaml"
        write_items(path, imported.items)
        out.print(f"{plain(str(path))}: {len(imported.items)} items, as drafts", highlight=False, soft_wrap=True)
    flaws = [finding for finding in lint.lint_bank(imported.items) if finding.severity != lint.REMARK]
    for finding in flaws[:20]:
        print_finding(err, finding)
    raise typer.Exit(SOME_FAILED if imported.problems or not imported.items else OK)


def propose(
    documents: Annotated[list[Path], typer.Argument(help="Markdown files, or folders of them.")],
    url: Annotated[str, typer.Option("--url", help="An OpenAI-compatible endpoint, such as http://localhost:11434/v1")],
    model: Annotated[str, typer.Option("--model", help="Name of the model at that endpoint.")],
    bank: Annotated[Path, typer.Option("--bank", "-b", help="The bank to add to.")] = Path("bank"),
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Passages to ask about.")] = 20,
    quiet: Quiet = False,
) -> None:
    """Let a language model propose items from passages of the documents; proposals are drafts until you approve them.

    The endpoint's key is read from AUTOGRADER_MODEL_KEY.  Passages are sent to the URL that you give and nowhere else.

    Example: autograder bank propose notes/ --url http://localhost:11434/v1 --model llama3
    """
    if not re.match(r"https?://", url):
        raise UsageError(f"--url: expected http:// or https://, not {url!r}")
    endpoint = Endpoint(url.rstrip("/"), model, os.environ.get("AUTOGRADER_MODEL_KEY", ""))
    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, disable=quiet, transient=True) as progress:
        task = progress.add_task("asking", total=count)
        proposals = propose_items(find_documents(documents), endpoint, count, lambda: progress.advance(task))
    for reason in proposals.refused:
        err.print(f"refused: {plain(reason)}", highlight=False, soft_wrap=True)
    if proposals.items:
        path = bank / OWN / "proposals.yaml"
        write_items(path, proposals.items)
        out.print(f"{plain(str(path))}: {len(proposals.items)} proposals, as drafts", highlight=False, soft_wrap=True)
    raise typer.Exit(OK if proposals.items else SOME_FAILED)
