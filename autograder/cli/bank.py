"""The bank's commands: build, lint, show, diff, draws."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli import bank_files, bank_review, bank_stats
from autograder.cli.bank_common import (
    Bank,
    chosen_bank,
    find_item,
    load_items,
    show_item,
)
from autograder.cli.common import OK, SOME_FAILED, Json, Quiet, UsageError, err, out, plain, print_json, spinner
from question_bank import lint
from question_bank.analysis.feedback import read_statistics
from question_bank.build import Build, build_bank, write_build
from question_bank.document import find_documents, fingerprint, read_document
from question_bank.item import KINDS, NUMERIC, SINGLE
from question_bank.review import apply_decisions, read_decisions
from question_bank.stats import compare, measured_of
from question_bank.store import plain as as_plain
from question_bank.store import read_bank
from question_bank.template import draw, load_templates

app = typer.Typer(help="The question bank: build it from documents, check it, look at it.", no_args_is_help=True)


@app.command()
def build(
    documents: Annotated[list[Path], typer.Argument(help="Markdown files, or folders of them.")],
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the bank goes.")] = Path("bank"),
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="List everything that was left out, and why.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Make a bank of exam items from course documents; the same documents give the same bytes.

    Example: autograder bank build notes/ --out bank
    """
    paths = find_documents(documents)
    with spinner("building", quiet) as say:
        made = build_bank(paths, say)
        write_build(made, folder)
    items, lapsed = apply_decisions(read_bank(folder), read_decisions(folder))
    found = [f for f in lint.lint_bank(items) if f.severity != lint.REMARK]
    refused = lint.refused(found)
    severe = [f for f in found if f.severity == lint.SEVERE and not f.item_id]
    if not quiet:
        kinds = Counter(item.kind for item in made.items)
        out.print(f"{plain(str(folder))}: {len(made.items)} items from {len(paths)} documents", highlight=False)
        out.print("  " + ", ".join(f"{kinds[k]} {k}" for k in KINDS if kinds[k]), highlight=False)
        _left_out(made, verbose)
        for one in lapsed:
            out.print(f"  [yellow]{plain(one.item_id)}[/]: {plain(one.why)}", highlight=False, soft_wrap=True)
    if not made.items:
        err.print("No items: the documents hold no definitions, lists, tables, steps or formulas that could carry one.")
    for finding in [*severe, *(f for f in found if f.item_id in refused)]:
        err.print(plain(lint.explain(finding)), highlight=False, soft_wrap=True)
    if refused:
        err.print(f"{len(refused)} items of people's own or edited do not pass the lint: mend or retire them.")
    raise typer.Exit(SOME_FAILED if refused or severe or not made.items else OK)


def _left_out(made: Build, verbose: bool) -> None:
    """What the build left out: a line for each kind, or everything."""
    doubts, left, refused, remarks = made.doubts, made.left_out, made.refused, made.remarks
    for remark in remarks:
        out.print(f"  {plain(remark.document)}:{remark.line}: {plain(remark.what)}", highlight=False, soft_wrap=True)
    by_status = Counter(one.erratum.status for one in left)
    if left:
        text = ", ".join(f"{n} {status}" for status, n in by_status.most_common())
        more = "" if verbose else "; -v says which and why"
        out.print(f"  left out by errata: {len(left)} statements ({text}){more}", highlight=False, soft_wrap=True)
    if verbose:
        for one in left:
            place = f"{one.fact.source.document}:{one.fact.source.first}"
            text = f"    {place}: {one.erratum.status}: {one.erratum.reason}"
            out.print(plain(text), highlight=False, soft_wrap=True)
    reasons = Counter(one.reason for one in doubts)
    if doubts:
        out.print(f"  put aside for review: {len(doubts)} statements (review.yaml)", highlight=False)
        for reason, count in reasons.most_common(None if verbose else 5):
            out.print(f"    {count:4} {plain(reason)}", highlight=False, soft_wrap=True)
    if refused:
        out.print(f"  items that the lint refused: {len(refused)} (review.yaml)", highlight=False)
    if verbose:
        for item, findings in refused:
            out.print(
                f"    {item.id}: {plain('; '.join(f.message for f in findings))}", highlight=False, soft_wrap=True
            )


@app.command("lint")
def lint_command(
    bank: Bank = None,
    remarks: Annotated[bool, typer.Option("--remarks", help="Show remarks too, not only flaws.")] = False,
    json: Json = False,
) -> None:
    """Check items against the nineteen item-writing flaws, and the bank as a whole; also banks that people wrote.

    Example: autograder bank lint --bank bank
    """
    folder = chosen_bank(bank)
    findings = lint.lint_bank(load_items(folder))
    shown = [f for f in findings if remarks or f.severity != lint.REMARK]
    if json:
        print_json([as_plain(f) for f in shown])
    else:
        for finding in shown:
            out.print(plain(lint.explain(finding)), highlight=False, soft_wrap=True)
        counts = Counter(f.severity for f in findings)
        text = ", ".join(f"{counts[s]} {s}" for s in lint.SEVERITIES)
        out.print(f"{text}; {len(lint.refused(findings))} items refused", highlight=False)
    raise typer.Exit(SOME_FAILED if lint.refused(findings) else OK)


@app.command()
def show(
    item_id: Annotated[str, typer.Argument(help="Id of an item or a template, or the beginning of one.")],
    bank: Bank = None,
    seed: Annotated[str, typer.Option("--seed", help="For a template: which numbers to draw.")] = "1",
    numeric: Annotated[
        bool, typer.Option("--numeric", help="For a template: ask for a number, without options.")
    ] = False,
    json: Json = False,
) -> None:
    """Show an item with its key, its sources and what the lint says; or a draw of a template.

    Example: autograder bank show relu-formula
    """
    templates = {one.id: one for one in load_templates()}
    if item_id in templates:
        item = draw(templates[item_id], seed, NUMERIC if numeric else SINGLE)
    else:
        item = find_item(load_items(chosen_bank(bank)), item_id, templates)
    measured = measured_of(item, read_statistics(chosen_bank(bank)))
    if json:
        print_json({**as_plain(item), **({"measured": as_plain(measured)} if measured else {})})  # type: ignore[dict-item]
    else:
        show_item(item, lint.lint_item(item), measured=measured)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A bank.")],
    new: Annotated[Path, typer.Argument(help="Another bank.")],
    json: Json = False,
) -> None:
    """List the items that differ between two banks.

    Example: autograder bank diff bank.before bank
    """
    changes = compare(load_items(old), load_items(new))
    if json:
        print_json([{"id": c.item_id, "what": c.what} for c in changes])
        return
    for change in changes:
        colour = {"new": "green", "gone": "red"}.get(change.what, "yellow")
        item = change.new or change.old
        stem = item.stem if item else ""
        text = f"[{colour}]{plain(change.what)}[/] {plain(change.item_id)}: {plain(stem[:100])}"
        out.print(text, highlight=False, soft_wrap=True)
    out.print(f"{len(changes)} items differ", highlight=False)


@app.command()
def draws(
    templates: Annotated[list[str] | None, typer.Argument(help="Ids of templates; default: all.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Draws of each template.")] = 1000,
    json: Json = False,
) -> None:
    """Draw numbers for templates many times and check every item: key, collisions, ugly numbers, rank of the key.

    Example: autograder bank draws conv-output-size --count 10000
    """
    from question_bank.audit import audit  # brings JAX in, which the other commands do without

    known = {one.id: one for one in load_templates()}
    if unknown := [name for name in templates or () if name not in known]:
        raise UsageError(f"there is no template {unknown[0]!r}; `autograder bank stats` counts them, by topic")
    audits = []
    with spinner("drawing", json) as say:
        for name in templates or sorted(known):
            say(name)
            audits.append((name, audit(known[name], count)))
    bad = [name for name, one in audits if one.findings]
    if json:
        print_json([{"template": name, **as_plain(one)} for name, one in audits])  # type: ignore[dict-item]
    else:
        for name, one in audits:
            mark = "[red]✗[/]" if one.findings else "[green]✓[/]"
            out.print(f"{mark} {name}: {one.draws} draws, {one.stems} different, {one.seconds:.1f} s", highlight=False)
            for finding in one.findings[:5]:
                out.print(f"    {plain(str(finding))}", highlight=False, soft_wrap=True)
        out.print(f"{len(audits)} templates, {len(bad)} with findings", highlight=False)
    raise typer.Exit(SOME_FAILED if bad else OK)


@app.command("fingerprint")
def fingerprint_command(
    document: Annotated[Path, typer.Argument(help="A course document.")],
    line: Annotated[int, typer.Argument(min=1, help="A line of it, from 1.")],
) -> None:
    """Print the entry with which errata name a line of a document.

    Example: autograder bank fingerprint notes/cnn.md 42 >> notes/errata.toml
    """
    read = read_document(document)
    if line > len(read.lines):
        raise UsageError(f"{document} has {len(read.lines)} lines")
    print(
        f'[[erratum]]\ndocument = "{read.name}"\nline = {line}\nfingerprint = "{fingerprint(read.lines[line - 1])}"\n'
        'status = "wrong"  # or contested, outdated, ambiguous; or "qualify" with a qualification\nreason = ""'
    )


app.command()(bank_stats.stats)
app.command()(bank_review.review)
app.command()(bank_files.export)
app.command("import")(bank_files.import_command)
app.command()(bank_files.propose)
