"""`autograder bank`: build a bank from documents, check it, review it, exchange it with other programs.

The commands read documents, banks and files of other programs, and print items with their keys: they are for
instructors.  What they print is escaped, so that nothing in an item is taken for terminal markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.bank import files
from autograder.cli.bank import review as bank_review
from autograder.cli.bank import stats as bank_stats
from autograder.cli.bank.common import Bank, chosen_bank, find_item, load_items, print_finding, show_item
from autograder.cli.common import OK, SOME_FAILED, UsageError, err, make_table, out, plain, print_json, spinner
from autograder.cli.options import Json, Quiet
from question_bank import Item, lint
from question_bank.analysis import read_statistics
from question_bank.build import Build, build_bank, write_build
from question_bank.documents import find_documents, fingerprint, read_document
from question_bank.guessers import SURE, GuesserScore, score_guessers
from question_bank.item import KINDS, NUMERIC, RETIRED, SINGLE
from question_bank.review import apply_decisions, read_decisions
from question_bank.stats import Change, compare, measured_of
from question_bank.store import plain as as_plain
from question_bank.store import read_bank
from question_bank.templates import audit_template, draw, load_templates

__all__ = ["app", "common"]

app = typer.Typer(help="Build a question bank from documents, check it, review it, export it.", no_args_is_help=True)


@app.command()
def build(
    documents: Annotated[list[Path], typer.Argument(help="Markdown files, or folders of them.")],
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder of the bank.")] = Path("bank"),
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="List every statement that was left out, with the reason.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Make a bank of exam items from course documents; the same documents give the same bytes.

    Example: autograder bank build notes/ --out bank
    """
    paths = find_documents(documents)
    with spinner("building", quiet) as on_progress:
        made = build_bank(paths, on_progress)
        write_build(made, folder)
    items, lapsed = apply_decisions(read_bank(folder), read_decisions(folder))
    flaws = [finding for finding in lint.lint_bank(items) if finding.severity != lint.REMARK]
    refused = lint.refused(flaws)
    severe = [finding for finding in flaws if finding.severity == lint.SEVERE and not finding.item_id]
    if not quiet:
        kinds = Counter(item.kind for item in made.items)
        documents_read = f"{len(paths)} document{'' if len(paths) == 1 else 's'}"
        out.print(f"{plain(str(folder))}: {len(made.items)} items from {documents_read}", highlight=False)
        out.print("  " + ", ".join(f"{kinds[k]} {k}" for k in KINDS if kinds[k]), highlight=False)
        _print_left_out(made, verbose)
        for decision in lapsed:
            line = f"  [yellow]{plain(decision.item_id)}[/]: {plain(decision.why)}"
            out.print(line, highlight=False, soft_wrap=True)
    if not made.items:
        err.print("No items: the documents hold no definitions, lists, tables, steps or formulas to ask about.")
    for finding in [*severe, *(f for f in flaws if f.item_id in refused)]:
        print_finding(err, finding)
    if refused:
        err.print(f"{len(refused)} hand-written or edited items fail the lint; fix or retire them.", soft_wrap=True)
    raise typer.Exit(SOME_FAILED if refused or severe or not made.items else OK)


def _print_left_out(made: Build, verbose: bool) -> None:
    """Print what the build left out: a line for each kind, or every statement."""
    for remark in made.remarks:
        out.print(f"  {plain(remark.document)}:{remark.line}: {plain(remark.what)}", highlight=False, soft_wrap=True)
    if made.left_out:
        by_status = Counter(kept_out.erratum.status for kept_out in made.left_out)
        counts = ", ".join(f"{n} {status}" for status, n in by_status.most_common())
        more = "" if verbose else "; -v lists them with the reasons"
        line = f"  left out by errata: {len(made.left_out)} statements ({counts}){more}"
        out.print(line, highlight=False, soft_wrap=True)
    if verbose:
        for kept_out in made.left_out:
            source, erratum = kept_out.fact.source, kept_out.erratum
            line = f"    {source.document}:{source.first}: {erratum.status}: {erratum.reason}"
            out.print(plain(line), highlight=False, soft_wrap=True)
    if made.doubts:
        out.print(f"  put aside for review: {len(made.doubts)} statements (review.yaml)", highlight=False)
        reasons = Counter(doubt.reason for doubt in made.doubts)
        for reason, count in reasons.most_common(None if verbose else 5):
            out.print(f"    {count:4} {plain(reason)}", highlight=False, soft_wrap=True)
    if made.refused:
        out.print(f"  refused by the lint: {len(made.refused)} items (review.yaml)", highlight=False)
    if verbose:
        for item, findings in made.refused:
            messages = "; ".join(finding.message for finding in findings)
            out.print(f"    {item.id}: {plain(messages)}", highlight=False, soft_wrap=True)


@app.command("lint")
def lint_command(
    bank: Bank = None,
    remarks: Annotated[bool, typer.Option("--remarks", help="Show remarks too, not only flaws.")] = False,
    guessers: Annotated[
        bool, typer.Option("--guessers", help="Print the scores of blind guessers instead: does the bank have cues?")
    ] = False,
    json: Json = False,
) -> None:
    """Check items against the nineteen item-writing flaws, and the bank as a whole; works for hand-written banks too.

    With --guessers, strategies that know nothing of the subject (take the longest option, the middle number …) answer
    the single choice items; the exit code is 1 when one of them beats chance.

    Example: autograder bank lint --bank bank
    """
    items = load_items(chosen_bank(bank))
    if guessers:
        raise typer.Exit(_print_guessers(items, json))
    findings = lint.lint_bank(items)
    shown = [finding for finding in findings if remarks or finding.severity != lint.REMARK]
    refused = lint.refused(findings)
    if json:
        print_json([as_plain(finding) for finding in shown])
    else:
        for finding in shown:
            print_finding(out, finding)
        counts = Counter(finding.severity for finding in findings)
        totals = ", ".join(f"{counts[severity]} {severity}" for severity in lint.SEVERITIES)
        out.print(f"{totals}; {len(refused)} items refused", highlight=False)
    raise typer.Exit(SOME_FAILED if refused else OK)


def _print_guessers(items: Sequence[Item], json: bool) -> int:
    """Print the score of every blind guesser; the exit code says whether one beats chance."""
    scores = score_guessers(item for item in items if item.state != RETIRED)
    winners = [name for name, result in scores.items() if result.beats_chance]
    if json:
        print_json(
            [
                {
                    "guesser": name,
                    "items": result.items,
                    "score": round(result.score, 4),
                    "chance": round(result.chance, 4),
                    "standard_error": round(result.standard_error, 4),
                    "beats_chance": result.beats_chance,
                }
                for name, result in scores.items()
            ]
        )
    else:
        table = make_table("guesser", ">items", ">score", ">chance", ">standard error", "")
        for name, result in scores.items():
            table.add_row(name, *_score_cells(result), "beats chance" if result.beats_chance else "")
        out.print(table)
        verdict = f"beat chance by more than {SURE:g} standard errors"
        out.print(f"{len(winners)} of {len(scores)} guessers {verdict}", highlight=False)
    return SOME_FAILED if winners else OK


def _score_cells(result: GuesserScore) -> tuple[str, ...]:
    """Items, score, chance and standard error; no numbers for a guesser that has no item to guess."""
    if not result.items:
        return "0", "–", "–", "–"
    return str(result.items), f"{result.score:.1%}", f"{result.chance:.1%}", f"{result.standard_error:.1%}"


@app.command()
def show(
    item_id: Annotated[str, typer.Argument(help="Id of an item or a template, or the beginning of one.")],
    bank: Bank = None,
    seed: Annotated[str, typer.Option("--seed", help="For a template: what its numbers are drawn from.")] = "1",
    numeric: Annotated[
        bool, typer.Option("--numeric", help="For a template: ask for a number, without options.")
    ] = False,
    json: Json = False,
) -> None:
    """Show an item with its key, its sources and its lint findings, or a draw of a template.

    Example: autograder bank show relu-formula
    """
    templates = {template.id: template for template in load_templates()}
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
        print_json([{"id": change.item_id, "what": _what_changed(change)} for change in changes])
        return
    for change in changes:
        colour = "green" if change.old is None else "red" if change.new is None else "yellow"
        item = change.new or change.old
        stem = item.stem if item else ""
        line = f"[{colour}]{plain(_what_changed(change))}[/] {plain(change.item_id)}: {plain(stem[:100])}"
        out.print(line, highlight=False, soft_wrap=True)
    out.print(f"{len(changes)} items differ", highlight=False)


def _what_changed(change: Change) -> str:
    return "new" if change.old is None else "gone" if change.new is None else ", ".join(change.fields)


@app.command()
def draws(
    templates: Annotated[list[str] | None, typer.Argument(help="Ids of templates; default: all.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Draws of each template.")] = 1000,
    json: Json = False,
) -> None:
    """Draw every template many times and check each item: key, colliding options, unreadable numbers, rank of the key.

    Example: autograder bank draws conv-output-size --count 10000
    """
    known = {template.id: template for template in load_templates()}
    if unknown := [name for name in templates or () if name not in known]:
        raise UsageError(
            f"there is no template {unknown[0]!r}; `autograder bank draws --count 1` lists the ids of all templates"
        )
    audits = []
    with spinner("drawing", json) as on_progress:
        for name in templates or sorted(known):
            on_progress(name)
            audits.append(audit_template(known[name], count, _drawn(on_progress, name, count)))
    faulty = [audit for audit in audits if audit.findings]
    if json:
        print_json([as_plain(audit) for audit in audits])
    else:
        for audit in audits:
            mark = "[red]✗[/]" if audit.findings else "[green]✓[/]"
            line = f"{mark} {audit.template}: {audit.draws} draws, {audit.stems} different, {audit.seconds:.1f} s"
            out.print(line, highlight=False)
            for finding in audit.findings[:5]:
                out.print(f"    {plain(finding)}", highlight=False, soft_wrap=True)
        out.print(f"{len(audits)} templates, {len(faulty)} with findings", highlight=False)
    raise typer.Exit(SOME_FAILED if faulty else OK)


def _drawn(on_progress: Callable[[str], object], name: str, count: int) -> Callable[[int], None]:
    """Show how many draws of a template are done."""

    def show(draws: int) -> None:
        on_progress(f"{name}, {draws} of {count}")

    return show


@app.command("fingerprint")
def fingerprint_command(
    document: Annotated[Path, typer.Argument(help="A course document.")],
    line: Annotated[int, typer.Argument(min=1, help="Number of the line, from 1.")],
) -> None:
    """Print an errata entry for a line of a document, with the line's fingerprint; fill in the reason.

    Example: autograder bank fingerprint notes/cnn.md 42 >> notes/errata.toml
    """
    read = read_document(document)
    if line > len(read.lines):
        raise UsageError(f"{document} has {len(read.lines)} lines; there is no line {line}")
    print(
        f'[[erratum]]\ndocument = "{read.name}"\nline = {line}\nfingerprint = "{fingerprint(read.lines[line - 1])}"\n'
        'status = "wrong"  # or contested, outdated, ambiguous; or "qualify" with a qualification\nreason = ""'
    )


app.command()(bank_stats.stats)
app.command()(bank_review.review)
app.command()(files.export)
app.command("import")(files.import_command)
app.command()(files.propose)
