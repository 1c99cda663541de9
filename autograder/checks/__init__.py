"""What an assignment declares in its ``checks.py``, and its reference in ``mistakes.py``.

A decorator turns a generator of cases into a check; the first line of its docstring is the title that a student reads.
Every check runs on a public draw, which is the same for everybody and may be shown, and on hidden draws, whose numbers
and sizes depend on the course secret.  An example is in ``declare``.  Nothing here imports JAX: the command line must
answer before JAX has loaded.
"""

from autograder.checks.declare import (
    COST_BANDS,
    SPEED_BANDS,
    bound,
    case,
    cost,
    covers,
    gradients,
    key,
    ladder,
    mistake,
    option,
    part,
    property_,
    task,
    throughput,
    training,
    trajectory,
    values,
)
from autograder.checks.records import (
    MEASURED,
    PERFORMANCE,
    Bound,
    Case,
    Cases,
    Check,
    Coverage,
    Generator,
    Ladder,
    Mistake,
    Option,
    Part,
    Task,
)
from autograder.checks.sizes import Sizes

__all__ = [
    "COST_BANDS",
    "MEASURED",
    "PERFORMANCE",
    "SPEED_BANDS",
    "Bound",
    "Case",
    "Cases",
    "Check",
    "Coverage",
    "Generator",
    "Ladder",
    "Mistake",
    "Option",
    "Part",
    "Sizes",
    "Task",
    "bound",
    "case",
    "cost",
    "covers",
    "gradients",
    "key",
    "ladder",
    "mistake",
    "option",
    "part",
    "property_",
    "task",
    "throughput",
    "training",
    "trajectory",
    "values",
]
