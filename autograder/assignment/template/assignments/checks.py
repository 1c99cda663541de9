"""What is checked, in plain sight: hidden numbers and sizes are secret, the kinds of input are not."""

import numpy as np

from autograder.checks import case, covers, ladder, option, values


@values("unit")
def unit_values(rng, size):
    """unit scales a vector to length one"""
    yield case("several entries", rng.normal(size=size(5, 2, 20)))
    yield case("one entry", rng.normal(size=1))


@values("unit")
def unit_large(rng, size):
    """unit is right where squares overflow"""
    yield case("entries near 1e25", rng.normal(size=size(5, 2, 20)) * 1e25)


# What the handout documents, so that `autograder validate` can say what no case covers.
LENGTH = option("length", ("one", "more"), lambda case: "one" if case.args[0].size == 1 else "more")
SCALE = option("scale", ("ordinary", "huge"), lambda case: "huge" if np.abs(case.args[0]).max() > 1e20 else "ordinary")
unit_options = covers("unit", LENGTH, SCALE)


# Small public cases, the smallest first: the first that fails is shown to the student.
@ladder("unit")
def unit_ladder():
    yield case("one positive entry", [2.0])
    yield case("one negative entry", [-0.5])
    yield case("two entries", [3.0, 4.0])
    yield case("a zero among the entries", [0.0, -6.0, 8.0])
