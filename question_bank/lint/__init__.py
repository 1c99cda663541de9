"""Lint: the nineteen item-writing flaws of the literature, and the flaws of a bank as a whole.

It sees items and nothing else.  Rules look at form, not at truth.  They are deterministic, and where a rule is unsure
it stays silent rather than accuse a good item.  An item without findings can still be wrong; people review it.
"""

from __future__ import annotations

from collections.abc import Iterable

from question_bank.item import Item
from question_bank.lint import bank, cues, negative, options, stem, terms
from question_bank.lint.bank import identity, near_pairs, telling_pairs
from question_bank.lint.finding import (
    BANK_FLAWS,
    FLAW,
    FLAWS,
    ITEM_FLAWS,
    REMARK,
    SEVERE,
    SEVERITIES,
    Finding,
    Flaw,
    explain,
    refused,
)
from question_bank.lint.text import amount

__all__ = [
    "BANK_FLAWS",
    "FLAW",
    "FLAWS",
    "ITEM_FLAWS",
    "REMARK",
    "SEVERE",
    "SEVERITIES",
    "Finding",
    "Flaw",
    "amount",
    "explain",
    "identity",
    "lint_bank",
    "lint_item",
    "near_pairs",
    "refused",
    "telling_pairs",
    "text",
]

_ITEM_RULES = (*stem.RULES, *negative.RULES, *options.RULES, *cues.RULES, *terms.RULES, bank.provenance)


def lint_item(item: Item) -> list[Finding]:
    """Check ``item`` by itself; the worst findings come first."""
    return _worst_first(finding for rule in _ITEM_RULES for finding in rule(item))


def lint_bank(items: Iterable[Item]) -> list[Finding]:
    """Check every item by itself, and all of them together.

    Returns:
      Findings about the whole bank (with an empty ``item_id``), then those of each item in the order given; for each,
      the worst first.
    """
    bank_items = list(items)
    place = {item.id: index for index, item in reversed(list(enumerate(bank_items)))}
    findings = [finding for item in bank_items for finding in lint_item(item)]
    findings += [finding for rule in bank.RULES for finding in rule(bank_items)]
    return sorted(_worst_first(findings), key=lambda f: place.get(f.item_id, -1))


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: SEVERITIES.index(f.severity))
