"""Exams: blueprint → forms → server → responses → marks.

Forms contain keys; only ``form.ShownItem``, which holds no key, reaches a student before feedback is released.
Responses are untrusted input: they are read as data and never run.  Marks are computed from forms, stored responses and
decisions about keys each time, so they are reproducible.  The interface of this package is its modules, listed in
``__all__``; importing the package loads none of them, and only ``server`` needs Flask.  See README.md.
"""

__all__ = [
    "analysis_page",
    "assemble",
    "blueprint",
    "client",
    "dry_run",
    "exposure",
    "form",
    "forms",
    "item_responses",
    "marks",
    "notebook",
    "open",
    "paper",
    "pool",
    "rekey",
    "results",
    "server",
    "sign_in",
    "simulate",
    "sitting",
    "sittings",
    "toml_fields",
]
