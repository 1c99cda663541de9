"""What is checked, in plain sight: the inputs are secret, the kinds of input are not."""

from autograder.checks import case, values


@values("unit")
def unit_values(rng):
    """unit scales a vector to length one"""
    yield case("five entries", rng.normal(size=5))
    yield case("one entry", rng.normal(size=1))


@values("unit")
def unit_large(rng):
    """unit is right where squares overflow"""
    yield case("entries near 1e25", rng.normal(size=5) * 1e25)
