"""Text for a terminal.

Everything goes to rich as :class:`~rich.text.Text`, never as markup, so "[red]" in a student's output stays
as it is; control characters are made visible before that, and what the terminal's encoding lacks is escaped.
"""

from __future__ import annotations

from rich import box
from rich.console import Console, OverflowMethod, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from autograder.report import text, view_model

STYLES = {
    "passed": "green",
    "partly": "yellow",
    "failed": "red",
    "fault": "bold magenta",
    "unsure": "magenta",
    "skipped": "bright_black",
    "absent": "bright_black",
    "left": "bright_black",
}
QUIET = "bright_black"
# What plain encodings lack and readers know in another way.
_PLAIN = str.maketrans({"…": "...", "–": "-", "µ": "u", "×": "x", "→": "->", "“": '"', "”": '"'})


class ConsoleText:
    """Turns strangers' text into Text that this console can show."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.encoding = console.encoding or "utf-8"
        self.plain = console.options.ascii_only
        # rich cuts with "…" whatever the encoding is.
        self.cut: OverflowMethod = "crop" if self.plain else "ellipsis"

    def __call__(self, value: str, style: str = "", limit: int = 600) -> Text:
        return Text(self.string(value, limit), style=style)

    def string(self, value: str, limit: int = 600) -> str:
        shown = text.visible(value, limit=limit)
        if self.plain:
            shown = shown.translate(_PLAIN)
        return shown.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def code(self, line: str) -> Text:
        """Show a line of code that keeps its spaces and breaks only at the edge of the console."""
        return Text(self.string(line), style="cyan", no_wrap=False, overflow="fold")

    def short(self, value: str, indent: int, lines: int = 2) -> Text:
        """Wrap to at most ``lines`` lines of this console; the last one says that there was more."""
        wrapped = self(value).wrap(self.console, max(20, self.console.width - indent))
        shown = Text("\n").join(line for line in wrapped[:lines])
        return shown.append("..." if self.plain else "…") if len(wrapped) > lines else shown

    def sign(self, state: view_model.State) -> Text:
        return Text(state.ascii if self.plain else state.sign, style=STYLES[state.key])

    def panel(self, body: RenderableType, title: str, style: str) -> Panel:
        return Panel(body, title=Text(title), title_align="left", box=box.ROUNDED, border_style=style, padding=(0, 1))


def hang(ink: ConsoleText, sign: Text, body: RenderableType, crop: bool = False) -> RenderableType:
    """Set a sign before a body whose further lines begin below its first."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, min_width=1)
    grid.add_column(ratio=1, no_wrap=crop, overflow=ink.cut if crop else "fold")
    grid.add_row(sign, body)
    return grid
