"""Self-contained pages: one per submission and one per class.  No script, no request, no raw text.

Every value passes :func:`visible` on its way out (the ``finalize`` of the environment) and is escaped, so a
template cannot forget either; the filters ``lines`` and ``prose`` escape for themselves and return markup.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from autograder.report import advice, measured, plots, status, text, view_model
from autograder.report.classes import overview
from autograder.report.error_map_svg import heat
from autograder.report.history import Handed, history
from autograder.report.practice import PracticeTopic
from autograder.report.similar import ALIKE, similarity
from autograder.report.student_view import student_view
from autograder.results import Result


def submission_page(
    result: Result,
    *,
    assignment_title: str,
    sources: Mapping[str, str] | None = None,
    previous: Result | None = None,
    practice: Sequence[PracticeTopic] = (),
    home: str = "",
) -> str:
    """Render the page a student reads, with nothing on it that was computed from hidden inputs.

    Args:
      sources: the student's files by the name that ``where`` uses ("submission.py", "cell 3"); lines around
        an error are shown from them.
      previous: the attempt before, for what changed.
      practice: questions on what was missed.
      home: href of the class page, for instructors.
    """
    result = student_view(result)
    return render(
        "submission.html.j2",
        result=result,
        assignment_title=assignment_title,
        home=home,
        views=view_model.functions(result),
        fault=status.fault(result),
        unsettled=status.unsettled(result),
        share=status.share(result),
        status=status.standing(result),
        left=any(map(measured.left_out, result.checks)),
        summary=status.summary(result),
        steps=advice.steps(result),
        change=status.change(previous, result),
        practice=practice,
        complete=status.complete(result),
        findings={s: [f for f in result.findings if f.severity == s] for s in ("violation", "skipped", "note")},
        excerpt=functools.partial(view_model.excerpt, sources),
        states=view_model.STATES,
        unsettled_words=measured.UNSETTLED,
    )


def class_page(
    results: Sequence[Result],
    *,
    assignment_title: str,
    hrefs: Sequence[str] = (),
    previous: Sequence[Result | None] = (),
    sources: Sequence[Mapping[str, str]] = (),
    attempts: Sequence[Handed] = (),
    course: str = "",
) -> str:
    """Render the page of a class.

    Args:
      hrefs: of the page of each result; names may occur twice.
      previous: the attempt before each result, where there is one.
      sources: the files of each submission, to say whose are alike.
      attempts: all attempts at the assignment with their times.
      course: href of the page of the course.
    """
    return render(
        "class.html.j2",
        assignment_title=assignment_title,
        states=view_model.STATES,
        provenance=results[0].provenance if results else None,
        similar=similarity(sources),
        alike=ALIKE,
        history=history(attempts),
        course=course,
        **overview(results, hrefs or [""] * len(results), previous),
    )


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder."""
    return _environment().get_template(template).render(**values)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        points=text.points,
        counted=text.count,
        distance=text.distance,
        place=text.place_words,
        pair=lambda place: text.value_pair(place.expected, place.actual),
        value=lambda number: text.value_pair(number, number)[0],
        seconds=lambda number: f"{number:.3g} s",
        name=_name,
        function=_function,
        plain_function=text.function_name,
        number=text.short_number,
        ratios=measured.ratios,
        training=measured.training,
        unmeasured=lambda check: [r for r in check.rows if measured.unmeasured(check.evidence, r.worst)],
        loss_plot=plots.loss_plot,
        ratio_plot=plots.ratio_plot,
        heat=heat,
        si=text.si,
        lines=_lines,
        prose=_prose,
        capital=text.capital,
    )
    return environment


def _finalize(value: Any) -> Any:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return text.visible(value)


def _name(value: str) -> str:
    """Name a submission, a person or a title; a heading must not be empty."""
    return text.visible(value, limit=160) if value.strip() else "(no name)"


def _function(name: str) -> Markup:
    """Name a graded function; compositions that come with the assignment are told apart."""
    short = _name(name.removeprefix("given."))
    together = (
        Markup(' <span class="together">(<span>your functions </span>together)</span>')
        if name.startswith("given.")
        else ""
    )
    return Markup("<code>{}</code>{}").format(short, together)


def _lines(value: str) -> Markup:
    """Keep newlines and tabs; for code and output."""
    return escape(text.visible(value, lines=True, limit=8000))


def _prose(value: str) -> Markup:
    """Show `code` in backticks as code, everything else as it is."""
    parts = re.split(r"`([^`\n]{1,200})`", text.visible(value))
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts))
