"""The allow-list of an assignment, applied to the syntax tree of a submission before anything runs.

It holds the student's source, and neither runs nor imports it.  Its findings name the line and what to write instead.
It is advice with teeth and no wall: student code may get past it, so nothing downstream may rely on it.  The walls are
the sandbox and the check of the traced program.
"""

from autograder.submission.screening.denylist import INTERNAL
from autograder.submission.screening.scopes import Scope, Site, bound_in_module, sites
from autograder.submission.screening.screen import LEFT_OUT, screen
from autograder.submission.screening.suspicions import suspicions

__all__ = ["INTERNAL", "LEFT_OUT", "Scope", "Site", "bound_in_module", "screen", "sites", "suspicions"]
