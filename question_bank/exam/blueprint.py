"""``exam.toml``: what an exam asks, for how many points, how long, and how it is marked.

id = "midterm-2026"
title = "Deep learning: mid-term"
minutes = 90
opens = 2026-11-20T09:00:00+01:00
closes = 2026-11-20T12:00:00+01:00
aids = ["one handwritten sheet", "a pocket calculator"]

[[section]]
title = "Convolution"

[[section.cell]]
topic = ["convolution", "padding"]     # left out: any; so are level, kind and difficulty
level = "remember"
kind = "single"
difficulty = [0.2, 0.4]
count = 5
points = 1                             # each

[[section.item]]                       # one that everybody gets
id = "conv-output-size"
points = 2

[[section.task]]                       # an assignment of the course
assignment = "backprop"
points = 10
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

from question_bank.exam.cells import ANY, BANK, SOURCES, TEMPLATES, Accommodation, Cell, Fixed, Section
from question_bank.exam.fields import ExamError, Fault, Table, complain, read_toml
from question_bank.exam.form import Task
from question_bank.item import APPROVED, DRAFT, KINDS, LEVELS
from question_bank.marking import ORDERINGS, PLAIN, SELECT_ALL, Rules

MOST_ITEMS = 500
BOUND = 0.02  # of the share of points that a class is expected to lose

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Exam:
    """What ``exam.toml`` says.

    Attributes:
      minutes: Working time; ``grace`` seconds after its end answers are still kept, marked as late.
      opens, closes: The window, in UTC; ``None`` for no bound.
      attempts: How often a student may sit it; the form stays the same.
      rules: How responses are marked; ``negative`` says whether a total may fall below 0.
      bound: Largest distance of a form's mean difficulty from the blueprint's.
      links: Items that come together or not at all, side by side and in this order.
      practice: Banks that students have: nothing of them stands in the exam.
      most, years: An item is used in at most ``most`` exams within ``years`` years, this one included; 0: no limit.
    """

    id: str
    title: str
    minutes: float
    sections: tuple[Section, ...]
    opens: datetime.datetime | None = None
    closes: datetime.datetime | None = None
    grace: float = 60.0
    attempts: int = 1
    aids: tuple[str, ...] = ()
    shuffle_options: bool = True
    shuffle_items: bool = True
    rules: Rules = PLAIN
    negative: bool = False
    bound: float = BOUND
    states: tuple[str, ...] = (APPROVED,)
    links: tuple[tuple[str, ...], ...] = ()
    practice: tuple[Path, ...] = ()
    most: int = 0
    years: float = 3.0
    accommodations: tuple[tuple[str, Accommodation], ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for section in self.sections for cell in section.cells)

    def minutes_for(self, student: str) -> float:
        """The working time of ``student``, with more where accommodations say so."""
        more = dict(self.accommodations).get(student, Accommodation())
        return self.minutes * (1 + more.percent / 100) + more.minutes


def read_exam(path: Path) -> Exam:
    """Read an exam file.  Raises ExamError with everything that is wrong, each with file and field."""
    faults: list[Fault] = []
    top = Table(read_toml(path), "", faults)
    name = top.text("id", longest=80)
    if name and not _ID.fullmatch(name):
        top.fault("id", f"expected lower-case words and digits joined by hyphens, not {name!r}")
    shuffle, marking, exposure = top.table("shuffle"), top.table("marking"), top.table("exposure")
    exam = Exam(
        id=name,
        title=top.text("title", longest=200),
        minutes=top.number("minutes", 1, 10_080),
        opens=top.moment("opens"),
        closes=top.moment("closes"),
        grace=top.number("grace", 0, 3600, 60),
        attempts=top.whole("attempts", 1, 1000, 1),
        aids=top.texts("aids"),
        bound=top.number("bound", 0.0001, 1, BOUND),
        states=(APPROVED, DRAFT) if top.flag("drafts", False) else (APPROVED,),
        practice=tuple(path.parent / folder for folder in top.texts("practice")),
        sections=tuple(_section(t, n) for n, t in enumerate(top.tables("section"), 1)),
        links=tuple(_link(t) for t in top.tables("link")),
        accommodations=tuple((who, _accommodation(t)) for who, t in top.named("accommodations")),
        shuffle_options=shuffle.flag("options", True),
        shuffle_items=shuffle.flag("items", True),
        rules=Rules(
            marking.choice("multiple", SELECT_ALL, SELECT_ALL[0]),
            marking.choice("ordering", ORDERINGS, ORDERINGS[0]),
            marking.number("penalty", 0, 1, 0),
        ),
        negative=marking.flag("negative_total", False),
        most=exposure.whole("most", 0, 1000, 0),
        years=exposure.number("years", 0, 100, 3),
    )
    for table in (shuffle, marking, exposure, top):
        table.close()
    _whole(exam, top)
    if faults:
        raise complain(path, faults)
    return exam


def _section(table: Table, number: int) -> Section:
    title = table.text("title", f"Part {number}", longest=200)
    made = Section(
        title,
        table.text("text", ""),
        tuple(_cell(t, f"section “{title}”, cell {n}") for n, t in enumerate(table.tables("cell"), 1)),
        tuple(_fixed(t, f"section “{title}”, item {n}") for n, t in enumerate(table.tables("item"), 1)),
        tuple(_task(t, title) for t in table.tables("task")),
    )
    if not made.cells and not made.fixed and not made.tasks:
        table.fault("", "expected a [[section.cell]], [[section.item]] or [[section.task]]")
    table.close()
    return made


def _cell(table: Table, name: str) -> Cell:
    topics = table.texts("topic")
    levels, kinds = table.texts("level", LEVELS), table.texts("kind", KINDS)
    low, high = table.span("difficulty", 0, 1)
    cell = Cell(
        name=f"{name} ({', '.join((*topics, *levels, *kinds)) or 'anything'})",
        count=table.whole("count", 1, MOST_ITEMS),
        points=table.number("points", 0.01, 1000),
        topics=topics,
        levels=levels,
        kinds=kinds,
        difficulty=(low, high),
        target=table.number("target", low, high) if table.has("target") else None,
        source=table.choice("source", SOURCES, ANY),
    )
    if not table.has("target"):
        table.texts("target")  # known, though not there
    table.close()
    return cell


def _fixed(table: Table, name: str) -> Fixed:
    made = Fixed(table.text("id", longest=120), table.number("points", 0.01, 1000), name)
    table.close()
    return made


def _task(table: Table, section: str) -> Task:
    slug = table.text("assignment", longest=120)
    title = table.text("title", slug or "Programming task", longest=200)
    made = Task(slug, title, table.number("points", 0.01, 1000), section)
    table.close()
    return made


def _link(table: Table) -> tuple[str, ...]:
    items = table.texts("items", default=None)
    if len(items) == 1:
        table.fault("items", "expected two or more ids")
    table.close()
    return items


def _accommodation(table: Table) -> Accommodation:
    made = Accommodation(table.number("percent", 0, 1000, 0), table.number("minutes", 0, 10_080, 0))
    table.text("note", "")
    table.close()
    return made


def _whole(exam: Exam, top: Table) -> None:
    """What no single entry can tell."""
    if exam.opens and exam.closes and exam.opens >= exam.closes:
        top.fault("closes", "must be after opens")
    if not exam.sections:
        top.fault("section", "expected at least one [[section]]")
    if sum(c.count for c in exam.cells) + sum(len(s.fixed) for s in exam.sections) > MOST_ITEMS:
        top.fault("section", f"expected at most {MOST_ITEMS} items in a form")
    for what, names in (
        ("section.title", [s.title for s in exam.sections]),
        ("section.item", [f.id for s in exam.sections for f in s.fixed]),
        ("section.task", [t.assignment for s in exam.sections for t in s.tasks]),
        ("link", [name for link in exam.links for name in link]),
    ):
        for twice in sorted({n for n in names if n and names.count(n) > 1}):
            top.fault(what, f"{twice!r} stands there twice")


__all__ = ["BANK", "TEMPLATES", "Accommodation", "Cell", "Exam", "ExamError", "Fixed", "Section", "read_exam"]
