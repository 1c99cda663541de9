"""Words for numbers, and untrusted text made inert: every report writes through these functions."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal

from autograder.escaping import visible as visible
from autograder.results import CaseEvidence, Place

_MANY = 10  # from this share on, "50 times" says more than "5000 %"


def points(value: float) -> str:
    """Write points with at most two decimals, rounded down: 39.999 of 40 is not full marks."""
    if not math.isfinite(value):
        return "?"
    floored = math.floor(value * 100 + 1e-6) / 100
    return f"{floored:.2f}".rstrip("0").rstrip(".")


def percent(part: float, whole: float) -> int:
    """Return the whole percentage, rounded down; 0 where there is nothing to earn."""
    if not whole > 0 or not math.isfinite(part):
        return 0
    return max(0, min(100, math.floor(100 * part / whole + 1e-6)))


def count(n: int, one: str, many: str = "") -> str:
    """``count(1, "check")`` is "1 check", ``count(2, "check")`` is "2 checks"."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def value_pair(expected: float, actual: float) -> tuple[str, str]:
    """Write two numbers with enough digits to tell them apart."""
    for digits in (5, 7, 9, 17):
        pair = (_number(expected, digits), _number(actual, digits))
        if pair[0] != pair[1] or expected == actual:
            break
    return pair


def _number(value: float, digits: int) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    return f"{value:.{digits}g}"


def place_words(place: Place) -> str:
    """Name a place of the output: ``grads['W1'][2, 0]``."""
    index = f"[{', '.join(map(str, place.index))}]" if place.index else ""
    return f"{place.path}{index}" or "the result"


def distance(case: CaseEvidence) -> str:
    """Say in plain words how far a result is from the reference and how far it may be."""
    whole = _ratio(case.error, case.tolerance)
    single = _ratio(case.worst, case.worst_tolerance)
    if whole is None and single is None:
        return ""
    if (whole is None or whole <= 1) and (single is None or single <= 1):
        return "within the tolerance"
    if single is None or (whole is not None and whole > 1):
        subject, error, allowed = "the result as a whole", case.error, case.tolerance
    else:
        subject, error, allowed = "its worst number", case.worst, case.worst_tolerance
    if error is None or allowed is None or not math.isfinite(error):
        return f"{subject} has no finite distance from the expected one"
    of = "" if error >= _MANY else "of "
    return f"{subject} is off by {_share(error)} {of}its usual size; {_share(allowed)} is allowed"


def _ratio(error: float | None, tolerance: float | None) -> float | None:
    if error is None or tolerance is None:
        return None
    if not math.isfinite(error):
        return math.inf
    return error / tolerance if tolerance > 0 else (math.inf if error > 0 else 0.0)


def _share(value: float) -> str:
    if value >= _MANY:
        return f"{value:.3g} times" if value < 1e6 else f"{value:.1e} times"
    if 0 < value < 1e-9:
        return "less than 0.0000001 %"
    return f"{Decimal(f'{100 * value:.2g}'):f} %"


def capital(value: str) -> str:
    """Begin a sentence with a capital; a first word that is code, such as ``jnp.dot``, stays as it is."""
    word = value.partition(" ")[0].rstrip(",:;")
    return value[:1].upper() + value[1:] if word.isalpha() else value


def function_name(name: str) -> str:
    """Name a graded function; a composition comes with the assignment and is not a function of the student's."""
    return f"{name.removeprefix('given.')} (your functions together)" if name.startswith("given.") else name


def si(value: float, unit: str = "") -> str:
    """Write a quantity with three digits and an SI prefix: ``si(12345, "B")`` is "12.3 kB"."""
    if not math.isfinite(value):
        return _number(value, 3)
    if value == 0:
        return f"0 {unit}".strip()
    power = max(-3, min(5, math.floor(math.log10(abs(value)) / 3 + 1e-12)))
    if round(abs(value) / 1000.0**power, 2) >= 999.5 and power < 5:
        power += 1
    scaled = value / 1000.0**power
    digits = f"{scaled:.3g}" if abs(scaled) < 1000 else f"{scaled:.0f}" if abs(scaled) < 1e6 else f"{scaled:.2e}"
    return f"{digits} {'nµm kMGTP'[power + 3].strip()}{unit}".strip()


def grouped(value: float) -> str:
    """Write a count per something: three digits, or all before the point in groups of three."""
    return f"{value:,.0f}" if 100 <= value < 1e9 else _number(value, 3)


def times(value: float, digits: int = 2) -> str:
    """Write a factor: "1.9", "0.48", "12"."""
    if not math.isfinite(value):
        return "any number of"
    if value >= 1e6:
        return f"{value:.0e}"
    places = max(0, digits - 1 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{value:,.{min(places, 6)}f}"


def times_between(middle: float, low: float, high: float) -> str:
    """Compare a duration with the reference's in plain words."""
    low = low if math.isfinite(low) else middle
    digits = 2 if len({times(v) for v in (middle, low, high)}) == 3 else 3
    said = f"{times(middle, digits)} times as long as the reference"
    if not math.isfinite(high):
        return f"{said}, at least {times(low, digits)}"
    if low <= 1 <= high:
        said = f"as long as the reference, as far as can be told: {times(middle, digits)} times"
    return f"{said}, between {times(low, digits)} and {times(high, digits)}"


def short_number(value: float) -> str:
    """Write a number with three digits."""
    return _number(value, 3)


def utc(time: datetime.datetime) -> str:
    """Write a moment as people read it: "2026-11-27 22:59 UTC"."""
    return f"{time.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
