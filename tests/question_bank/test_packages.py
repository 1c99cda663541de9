"""The packages of the question bank: what they offer, and what importing them brings in."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest
from helpers.commands import ROOT

PACKAGES = [
    "question_bank",
    *(f"question_bank.{path.parent.name}" for path in sorted((ROOT / "question_bank").glob("*/__init__.py"))),
]
HEAVY = ("autograder", "flask", "flax", "jax", "pandas", "sqlalchemy")
IMPORT_ALL = f"""
import importlib, json, pkgutil, sys
import question_bank
for module in pkgutil.walk_packages(question_bank.__path__, "question_bank."):
    if not module.name.startswith("question_bank.templates."):
        importlib.import_module(module.name)
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_offers_exactly_the_names_in_its_all(name: str) -> None:
    package = importlib.import_module(name)
    defined = {
        key
        for key, value in vars(package).items()
        if not key.startswith("_") and f"{getattr(value, '__module__', '')}.".startswith(f"{name}.")
    }
    listed = set(package.__all__)
    assert len(package.__all__) == len(listed)
    assert sorted(defined - listed) == []
    assert [key for key in sorted(listed) if not hasattr(package, key)] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_says_in_two_to_eight_lines_what_it_is_for(name: str) -> None:
    text = importlib.import_module(name).__doc__ or ""
    assert 2 <= len([line for line in text.strip().splitlines() if line.strip()]) <= 8


def test_only_templates_bring_in_jax_and_nothing_brings_in_the_engine() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(ran.stdout) == []
