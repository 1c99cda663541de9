"""What a tool made of a class, and the tables that put several tools side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watch import Spent

KILLED_AT = 4  # the command is killed when a quarter is done: before the crashes, which a resumed run may repeat
COLUMNS = ("graded", "CPU s", "crashes", "a minute", "of {size}", "MB", "MB most", "itself", "others", "lost", "twice")
LEGEND = """\
CPU s: of one that does not crash; crashes: of those that do, together; a minute: as measured, crashes, kill and second
start included; of {size}: in a class of that size with as many crashes; MB: all processes together, median and largest
of the samples, and the largest of the command itself; others: cores that were busy with something else meanwhile"""


@dataclass(frozen=True)
class Graded:
    """``verdicts`` holds, for everybody who has a mark, which checks passed."""

    tool: str
    count: int
    every: Spent
    crashed: Spent  # the share of the submissions that crash
    verdicts: Mapping[str, Mapping[str, bool]]
    doubled: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)  # what became of those without a mark
    left: Mapping[str, int] = field(default_factory=dict)  # processes that outlived their command, by occasion
    one_by_one: bool = True

    def cpu(self, crashes: int) -> float:
        """Processor seconds of a submission that does not crash."""
        return (self.every.cpu - self.crashed.cpu) / max(1, self.count - crashes)

    def per_minute(self, crashes: int, size: int) -> float | None:
        """Submissions per minute in a class of another size; unknown where crashes hold up only one of several."""
        if size == self.count:
            return 60 * size / self.every.wall
        each = (self.every.wall - self.crashed.wall) / max(1, self.count - crashes)
        return 60 * size / (self.crashed.wall + each * (size - crashes)) if self.one_by_one else None

    @property
    def lost(self) -> int:
        return self.count - len(self.verdicts)

    def fate(self, name: str) -> str:
        if name not in self.verdicts:
            return self.notes.get(name, "no mark")
        passed = self.verdicts[name]
        return f"judged, {sum(passed.values())} of {len(passed)} checks passed"


def show(rows: Sequence[Graded], crashes: Sequence[str], size: int) -> None:
    """Print costs, how far the tools agree with the last row of ours, and what became of those that crash."""
    many = len(crashes)
    print(f"\n{'':<11}" + "".join(f"{c.format(size=size):>10}" for c in COLUMNS))
    for r in rows:
        rate = r.per_minute(many, size)
        numbers = [
            f"{r.count}",
            f"{r.cpu(many):.2f}",
            f"{r.crashed.cpu:.1f}",
            f"{60 * r.count / r.every.wall:.1f}",
            "" if rate is None else f"{rate:.1f}",
            f"{r.every.typical:.0f}",
            f"{r.every.peak:.0f}",
            f"{r.every.alone:.0f}",
            f"{r.every.others / r.every.wall:.2f}",
            f"{r.lost}",
            f"{r.doubled}",
        ]
        print(f"{r.tool:<11}" + "".join(f"{n:>10}" for n in numbers))
    print(LEGEND.format(size=size))
    ours = [r for r in rows if r.tool == "autograder"][-1]
    for r in [r for r in rows if r.tool != "autograder"]:
        ratio = r.cpu(many) / ours.cpu(many)
        marked = [n for n in r.verdicts if n not in crashes]
        same = sum(r.verdicts[n] == ours.verdicts.get(n) for n in marked)
        print(f"{r.tool}: {ratio:.1f} times the CPU of ours; the same verdicts on {same} of {len(marked)}")
    for r in rows:
        left = ", ".join(f"{n} processes left {when}" for when, n in r.left.items())
        print(f"\n{r.tool}, {r.count} submissions{': ' if left else ''}{left}")
        for name in [*crashes, *(n for n in r.notes if n not in crashes)]:
            print(f"    {name:<28}{r.fate(name)}")
