"""What is asked: read an assignment, expand its allow-list, plan its checks and draw their inputs from a seed.

It holds the public half of an assignment, the path of the secret half, and the course secret; it knows no submission
and no truth.  Assignments are written by instructors and trusted: loading one imports its checks.py.  The inputs of a
plan are secret unless the seed is public.
"""

from autograder.assignment.allowlist import AllowList, Verdict
from autograder.assignment.errors import AssignmentError
from autograder.assignment.load import (
    Assignment,
    Function,
    find_root,
    list_assignments,
    load,
    load_folder,
    load_package,
    mistakes,
)
from autograder.assignment.plan import PUBLIC_DRAW, Plan, make_plan
from autograder.assignment.probes import Call, Probe, Run, draw_probes, draw_run
from autograder.assignment.profiles import Profile, list_profiles, read_profile
from autograder.assignment.published import published_settings
from autograder.assignment.scaffold import scaffold
from autograder.assignment.seed import PUBLIC, SETS, Keys, Seed, SeedError, read_seed, secret_seed, tracing_keys

__all__ = [
    "PUBLIC",
    "PUBLIC_DRAW",
    "SETS",
    "AllowList",
    "Assignment",
    "AssignmentError",
    "Call",
    "Function",
    "Keys",
    "Plan",
    "Probe",
    "Profile",
    "Run",
    "Seed",
    "SeedError",
    "Verdict",
    "allowlist",
    "draw_probes",
    "draw_run",
    "find_root",
    "list_assignments",
    "list_profiles",
    "load",
    "load_folder",
    "load_package",
    "make_plan",
    "mistakes",
    "published_settings",
    "read_profile",
    "read_seed",
    "scaffold",
    "secret_seed",
    "tracing_keys",
]
