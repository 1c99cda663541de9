"""Every threshold of the analysis, with its source.

The report prints them.  None is a law: each is the point at which an item is worth a look by a person.
"""

from __future__ import annotations

FEWEST = 30  # answers to an item; below, its discrimination is not judged
ROUGH = 100  # answers to an item; below, its numbers are called rough
UNUSED = 60  # answers to an item; below, an option that nobody chose means nothing
TOO_FEW, ROUGHLY = "too few", "rough"  # what ``quality`` says of fewer than FEWEST, and of fewer than ROUGH answers
LAST_GROUP = 0.27  # share of a class in its upper and in its lower group
IRT_STUDENTS, IRT_ANSWERS, IRT_ITEMS = 200, 100, 5

POOR, FAIR = 0.20, 0.30  # discrimination
EASY, HARD = 0.90, 0.30  # share of the points
RARE = 0.05  # an option chosen by less works for nobody

OPTION_LEVEL = 0.01  # that better students prefer a wrong option, among those who are wrong; all options together
OPTION_CLASS = 0.10  # the same in the whole class, one option
DRAW_LEVEL, DRAW_SPREAD, DRAW_ANSWERS = 0.01, 0.05, 5
POSITION_LEVEL, POSITION_EFFECT = 0.001, 0.05
REACHED_LAST, REACHED_MOST, MOST = 0.80, 0.99, 0.75
RAPID, RAPID_SECONDS = 0.10, 10.0

SOURCES = (
    (
        f"Fewer than {FEWEST} answers: no advice on discrimination; fewer than {ROUGH}: “rough”",
        f"a correlation of 0.30 from {FEWEST} answers lies between −0.07 and 0.60, from {ROUGH} between 0.11 and 0.47 "
        "(Fisher’s z); 30 is also the least that Johanson & Brooks (2010) advise for a pilot of items",
    ),
    (
        "Upper and lower 27 %",
        "Kelley (1939): the share at which the difference between two groups of a normal class is surest",
    ),
    (
        f"Discrimination below {POOR:.2f} poor, {POOR:.2f} to {FAIR:.2f} marginal",
        "Ebel & Frisbie (1991), Essentials of Educational Measurement. Flagged only when the whole 95 % interval of "
        "the corrected point-biserial lies below",
    ),
    (
        f"Option chosen by fewer than {RARE:.0%}",
        f"Haladyna & Downing (1993): such an option works for nobody. “Nobody chose it” is said from {UNUSED} answers "
        "on, where 0 of n means at most 5 % (rule of three: Hanley & Lippman-Hand, 1983)",
    ),
    (
        f"A wrong option that better students choose: p below {OPTION_LEVEL} among those who are wrong, and below "
        f"{OPTION_CLASS:.2f} in the class",
        "a choice of ours: in simulated classes of 200 it finds nine of ten second keys and flags fewer than 1 % of "
        "the sound items",
    ),
    (
        f"Too easy from {EASY:.0%}, too hard up to {HARD:.0%} of the points",
        "a choice of ours: the whole 95 % interval (Wilson, 1927) must lie beyond",
    ),
    (
        "Interval of alpha",
        "Feldt (1965) where everybody had the same items; else a jackknife over students, in up to 100 groups, on "
        "ln(1 − alpha)",
    ),
    (
        f"2PL from {IRT_STUDENTS} students and {IRT_ITEMS} items",
        f"the smallest class and test for which Drasgow (1989) studied marginal maximum likelihood; we also ask for "
        f"{IRT_ANSWERS} answers to each item, a choice of ours, and use the usual weak priors (log a: N(0, 0.5²); "
        "b: N(0, 2²))",
    ),
    (
        f"Speeded when fewer than {REACHED_LAST:.0%} reach the last item, or not everybody reaches {MOST:.0%} of them",
        "Swineford’s rule of 1949, as reviewed by Cintron (2021), doi:10.1002/ets2.12337",
    ),
    (
        f"Items fare worse at a later place: p below {POSITION_LEVEL} and {100 * POSITION_EFFECT:.0f} points or more",
        "a choice of ours; students and items held constant, so it needs forms of different order",
    ),
    (
        f"Rapid answer: under {RAPID:.0%} of the item’s mean time, at most {RAPID_SECONDS:.0f} s",
        "Wise & Ma (2012), normative threshold NT10",
    ),
    (
        f"Draws of a template differ: permutation test at {DRAW_LEVEL:.0%}, spread of {100 * DRAW_SPREAD:.0f} points",
        f"a choice of ours; only draws with {DRAW_ANSWERS} answers or more",
    ),
)


def quality(answers: int) -> str:
    """Say how far a statistic of an item carries that rests on ``answers`` answers.

    Returns:
      ``TOO_FEW``, ``ROUGHLY``, or an empty text from ``ROUGH`` answers on.
    """
    return TOO_FEW if answers < FEWEST else ROUGHLY if answers < ROUGH else ""
