"""Lint: the nineteen item-writing flaws of the literature, and what can be wrong with a bank as a whole.

Rules look at form, not at truth: they are deterministic and rather stay silent than accuse a good item.
"""

from __future__ import annotations

from collections.abc import Iterable

from question_bank.item import Item
from question_bank.lint import bank, cues, negative, options, stem, terms
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
    "explain",
    "lint_bank",
    "lint_item",
    "refused",
]

_ITEM_RULES = (*stem.RULES, *negative.RULES, *options.RULES, *cues.RULES, *terms.RULES, bank.provenance)


def lint_item(item: Item) -> list[Finding]:
    """What is wrong with ``item`` by itself, worst first."""
    return _worst_first(finding for rule in _ITEM_RULES for finding in rule(item))


def lint_bank(items: Iterable[Item]) -> list[Finding]:
    """What is wrong with every item by itself, and with all of them together.

    Findings about the whole bank (an empty ``item_id``) come first, then those of each item in the order given.
    """
    everything = list(items)
    place = {item.id: at for at, item in reversed(list(enumerate(everything)))}
    findings = [finding for item in everything for finding in lint_item(item)]
    findings += [finding for rule in bank.RULES for finding in rule(everything)]
    return sorted(_worst_first(findings), key=lambda f: place.get(f.item_id, -1))


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: SEVERITIES.index(f.severity))
