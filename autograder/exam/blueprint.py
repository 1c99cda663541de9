"""Read ``exam.toml``: the blueprint of an exam, its points and working time, and its rules for marking.

Every key is explained in BLUEPRINT.md beside this file.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.exam.cells import ANY, BANK, SOURCES, TEMPLATES, Accommodation, Cell, FixedItem, Section
from autograder.exam.form import Task
from autograder.exam.toml_fields import ExamError, Fault, Table, complain, read_toml
from question_bank.item import APPROVED, DRAFT, KINDS, LEVELS
from question_bank.marking import ORDERINGS, PLAIN, SELECT_ALL, Rules

MOST_ITEMS = 500
BOUND = 0.02  # default; difficulty is the share of points that a class is expected to lose

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Exam:
    """The contents of ``exam.toml``.

    Attributes:
      minutes: Working time.
      opens, closes: The window in which a student may begin, in UTC; ``None`` for no limit.
      grace: Seconds after the end of the working time in which answers still count; they are marked as late.
      attempts: Number of sittings allowed to each student; the form stays the same.
      rules: How responses are marked.
      negative: Whether a total may fall below 0.
      bound: Largest distance between the mean difficulty of a form and that of the blueprint.
      states: Review states that an item of the exam may have.
      links: Items that come together or not at all, side by side and in this order.
      practice: Banks that students have for practice; the exam uses none of their items.
      most, years: An item is used in at most ``most`` exams within ``years`` years, this exam included; 0: no limit.
      accommodations: Extra time, by student id.
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
        """The working time of ``student`` in minutes, including accommodations."""
        extra = dict(self.accommodations).get(student, Accommodation())
        return self.minutes * (1 + extra.percent / 100) + extra.minutes


def read_exam(path: Path) -> Exam:
    """Read an exam file.  Raises ExamError, which lists every fault with file and field."""
    faults: list[Fault] = []
    top = Table(read_toml(path), "", faults)
    exam_id = top.text("id", longest=80)
    if exam_id and not _ID.fullmatch(exam_id):
        top.fault("id", f"expected lower-case words and digits joined by hyphens, not {exam_id!r}")
    shuffle, marking, exposure = top.table("shuffle"), top.table("marking"), top.table("exposure")
    exam = Exam(
        id=exam_id,
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
        accommodations=tuple((student, _accommodation(t)) for student, t in top.named("accommodations")),
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
    _check_exam(exam, top)
    if faults:
        raise complain(path, faults)
    return exam


def _section(table: Table, number: int) -> Section:
    title = table.text("title", f"Part {number}", longest=200)
    section = Section(
        title,
        table.text("text", ""),
        tuple(_cell(t, f"section “{title}”, cell {n}") for n, t in enumerate(table.tables("cell"), 1)),
        tuple(_fixed(t, f"section “{title}”, item {n}") for n, t in enumerate(table.tables("item"), 1)),
        tuple(_task(t, title) for t in table.tables("task")),
    )
    if not section.cells and not section.fixed and not section.tasks:
        table.fault("", "expected a [[section.cell]], [[section.item]] or [[section.task]]")
    table.close()
    return section


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
        table.texts("target")  # an optional key: without this line, ``close`` would not know it
    table.close()
    return cell


def _fixed(table: Table, name: str) -> FixedItem:
    item = FixedItem(table.text("id", longest=120), table.number("points", 0.01, 1000), name)
    table.close()
    return item


def _task(table: Table, section: str) -> Task:
    slug = table.text("assignment", longest=120)
    title = table.text("title", slug or "Programming task", longest=200)
    task = Task(slug, title, table.number("points", 0.01, 1000), section)
    table.close()
    return task


def _link(table: Table) -> tuple[str, ...]:
    items = table.texts("items", default=None)
    if len(items) == 1:
        table.fault("items", "expected two or more ids")
    table.close()
    return items


def _accommodation(table: Table) -> Accommodation:
    accommodation = Accommodation(table.number("percent", 0, 1000, 0), table.number("minutes", 0, 10_080, 0))
    table.text("note", "")
    table.close()
    return accommodation


def _check_exam(exam: Exam, top: Table) -> None:
    """Check what concerns several entries at once."""
    if exam.opens and exam.closes and exam.opens >= exam.closes:
        top.fault("closes", "must be after opens")
    if not exam.sections:
        top.fault("section", "expected at least one [[section]]")
    if sum(c.count for c in exam.cells) + sum(len(s.fixed) for s in exam.sections) > MOST_ITEMS:
        top.fault("section", f"expected at most {MOST_ITEMS} items in a form")
    for field, names in (
        ("section.title", [s.title for s in exam.sections]),
        ("section.item", [f.id for s in exam.sections for f in s.fixed]),
        ("section.task", [t.assignment for s in exam.sections for t in s.tasks]),
        ("link", [name for link in exam.links for name in link]),
    ):
        for duplicate in sorted({n for n in names if n and names.count(n) > 1}):
            top.fault(field, f"{duplicate!r} appears twice")


__all__ = ["BANK", "TEMPLATES", "Accommodation", "Cell", "Exam", "ExamError", "FixedItem", "Section", "read_exam"]
