"""Parametric items, one small file for each topic; every template found in a file here is part of every bank.

A template draws its numbers anew for each student.  It computes its key with JAX and by a second, independent way, and
the engine refuses to make an item where the two disagree; its wrong options are named mistakes.  The code here is our
own and trusted; it sees a seed and no other data of a student.  This is the only package of the bank that imports JAX,
and it does so when the first template is loaded or drawn.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from question_bank.templates.audit import Audit, audit_template
from question_bank.templates.engine import Template, TemplateError, draw

__all__ = ["Audit", "Template", "TemplateError", "audit_template", "draw", "load_templates"]


@functools.cache
def load_templates() -> tuple[Template, ...]:
    """Load every template of every file in this folder, in the order of their ids.

    Raises:
      TemplateError: Two templates have one id.
    """
    templates: dict[str, Template] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        for template in [value for value in vars(module).values() if isinstance(value, Template)]:
            if templates.setdefault(template.id, template) is not template:
                raise TemplateError(f"{name}.py: another file has a template of this id too: {template.id}")
    return tuple(templates[template_id] for template_id in sorted(templates))
