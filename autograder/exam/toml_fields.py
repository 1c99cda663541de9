"""Read hand-written TOML: every entry is checked, and all faults are reported together."""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import UserError

MAX_BYTES = 1_000_000
LONGEST = 2_000


class ExamError(UserError):
    """An exam that cannot be read or assembled; the message names the file, the field and what was expected."""


@dataclass(frozen=True)
class Fault:
    """A wrong entry: its field and what was expected."""

    field: str
    message: str


class Table:
    """A table of a TOML file.  Each reader adds wrong entries to ``faults`` and returns a harmless value for them.

    Args:
      data: The parsed value; anything but a table is a fault.
      field: Name of the table in the file; "" for the file itself.
      faults: The list that faults are added to.
    """

    def __init__(self, data: object, field: str, faults: list[Fault]) -> None:
        self.field = field
        self.faults = faults
        self._known: list[str] = []
        self._data: dict[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            faults.append(Fault(field, f"expected a table, not {_shown(data)}"))

    def has(self, name: str) -> bool:
        return name in self._data

    def text(self, name: str, default: str | None = None, longest: int = LONGEST) -> str:
        value = self._take(name, default)
        if isinstance(value, str) and len(value) <= longest and (value.strip() or default == ""):
            return value.strip()
        if value is not _MISSING:
            what = f"at most {longest} characters" if isinstance(value, str) and value.strip() else "a text"
            self.fault(name, f"expected {what}, not {_shown(value)}")
        return ""

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self._take(name, default)
        if isinstance(value, str) and value in allowed:
            return value
        self.fault(name, f"expected one of {', '.join(allowed)}, not {_shown(value)}")
        return default

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        value = self._take(name, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        if value is not _MISSING:
            self.fault(name, f"expected a number from {low:g} to {high:g}, not {_shown(value)}")
        return low

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        value = self._take(name, default)
        if type(value) is int and low <= value <= high:
            return value
        if value is not _MISSING:
            self.fault(name, f"expected a whole number from {low} to {high}, not {_shown(value)}")
        return low

    def flag(self, name: str, default: bool) -> bool:
        value = self._take(name, default)
        if not isinstance(value, bool):
            self.fault(name, f"expected true or false, not {_shown(value)}")
            return default
        return value

    def texts(self, name: str, allowed: Sequence[str] = (), default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        """A text or a list of texts, as a tuple without duplicates."""
        value = self._take(name, default)
        values = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
        if value is _MISSING:
            return ()
        texts = [text.strip() for text in values if isinstance(text, str) and text.strip() and len(text) <= LONGEST]
        if not isinstance(value, str | list | tuple) or len(texts) < len(values):
            self.fault(name, f"expected a list of texts, not {_shown(value)}")
        for text in texts:
            if allowed and text not in allowed:
                self.fault(name, f"expected some of {', '.join(allowed)}, not {_shown(text)}")
        return tuple(dict.fromkeys(texts))

    def span(self, name: str, low: float, high: float) -> tuple[float, float]:
        """Two numbers [from, to] within the bounds; the bounds themselves if the entry is missing."""
        value = self._take(name, [low, high])
        if isinstance(value, list) and len(value) == 2 and all(type(v) in (int, float) for v in value):
            first, last = (float(v) for v in value)
            if low <= first <= last <= high:
                return first, last
        self.fault(name, f"expected two numbers [from, to] from {low:g} to {high:g}, not {_shown(value)}")
        return low, high

    def moment(self, name: str) -> datetime.datetime | None:
        """A date and time with an offset, converted to UTC; ``None`` if the entry is missing."""
        value = self._take(name, "")
        if isinstance(value, datetime.datetime) and value.tzinfo is not None:
            try:
                return value.astimezone(datetime.UTC)
            except OverflowError:
                pass
        if value != "":
            example = "2026-11-20T09:00:00+01:00"
            self.fault(name, f"expected a date and time with an offset, such as {example}, not {_shown(value)}")
        return None

    def table(self, name: str) -> Table:
        return Table(self._take(name, {}), self._path(name), self.faults)

    def tables(self, name: str) -> list[Table]:
        value = self._take(name, [])
        if not isinstance(value, list):
            self.fault(name, f"expected [[{self._path(name)}]], not {_shown(value)}")
            return []
        return [Table(entry, f"{self._path(name)}[{n}]", self.faults) for n, entry in enumerate(value, 1)]

    def named(self, name: str) -> list[tuple[str, Table]]:
        """The tables inside a table, with their names."""
        inner = self.table(name)
        return [(key, Table(entry, inner._path(key), self.faults)) for key, entry in inner._data.items()]

    def close(self) -> None:
        """Report entries that no reader has asked for."""
        for name in self._data:
            if name not in self._known:
                self.fault(name, f"unknown entry; expected one of {', '.join(self._known)}")

    def fault(self, name: str, message: str) -> None:
        self.faults.append(Fault(self._path(name) if name else self.field, message))

    def _take(self, name: str, default: object) -> Any:
        self._known.append(name)
        value = self._data.get(name, _MISSING if default is None else default)
        if value is _MISSING:
            self.fault(name, "is missing")
        return value

    def _path(self, name: str) -> str:
        return f"{self.field}.{name}" if self.field else name


_MISSING = object()


def read_toml(path: Path) -> dict[str, Any]:
    """The data of a TOML file.  Raises ExamError with file and line."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExamError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ExamError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExamError(f"{path}: not valid TOML: {error}") from None
    except (RecursionError, ValueError) as error:  # nested too deeply, or numbers with thousands of digits
        raise ExamError(f"{path}: not valid TOML: {str(error)[:200] or 'nested too deeply'}") from None


def complain(path: Path | str, faults: Sequence[Fault]) -> ExamError:
    lines = [f"{path}: {f.field + ': ' if f.field else ''}{f.message}" for f in faults[:20]]
    more = [f"… and {len(faults) - 20} more"] if len(faults) > 20 else []
    return ExamError("\n".join([*lines, *more]))


def _shown(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = str(value) if isinstance(value, datetime.datetime | datetime.date | datetime.time) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
