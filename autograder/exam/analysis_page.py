"""The page of an exam's analysis: self-contained, without script, every value escaped."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import jinja2

from autograder import report
from autograder.exam import item_plots
from autograder.report.text import count, visible
from question_bank.analysis import limits
from question_bank.analysis.analyse import Analysis
from question_bank.analysis.flags import CHECK, chance, percent
from question_bank.analysis.measures import Estimate

NONE, PERCENT = "–", "\N{NO-BREAK SPACE}%"


def analysis_page(analysis: Analysis) -> str:
    """Render the analysis for the examiner; it names items, never students."""
    return (
        _environment()
        .get_template("analysis.html.j2")
        .render(
            analysis=analysis,
            check=[u for u in analysis.flagged if any(f.level == CHECK for f in u.flags)],
            improve=[u for u in analysis.flagged if all(f.level != CHECK for f in u.flags)],
            bins=item_plots.histogram(analysis.marks),
            scatter=item_plots.scatter(analysis),
            limits=limits,
            CHECK=CHECK,
        )
    )


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([Path(__file__).parent / "pages", Path(report.__file__).parent / "templates"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        share=lambda v: NONE if math.isnan(v) else percent(v),
        decimal=_decimal,
        interval=_interval,
        clock=_clock,
        chance=chance,
        option_plot=item_plots.option_plot,
        draw_plot=item_plots.draw_plot,
        counted=count,
        name=lambda text: visible(text, limit=160),
        short=lambda text, limit=90: text[:limit] + ("…" if len(text) > limit else ""),
    )
    return environment


def _decimal(value: float, places: int = 2) -> str:
    return NONE if math.isnan(value) else f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


def _interval(one: Estimate, percents: bool = False) -> str:
    """“0.31 to 0.52”, or nothing to say."""
    if math.isnan(one.low):
        return ""
    low, high = (f"{100 * v:.0f}" if percents else f"{v:.2f}".replace("-", "−") for v in (one.low, one.high))
    return f"{low} to {high}{PERCENT if percents else ''}"


def _clock(seconds: float) -> str:
    if math.isnan(seconds):
        return NONE
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60}:{whole % 60:02} min"
