"""Our settings in nbgrader's configuration: which assignments are judged here, and with what."""

from __future__ import annotations

import os
from pathlib import Path

from traitlets import List, Unicode
from traitlets.config import Configurable

from autograder.assignment.load import Assignment, load
from autograder.assignment.seed import Seed, SeedError, read_seed, secret_seed

SECRET_VARIABLE = "AUTOGRADER_KEY"


class AutograderCourse(Configurable):
    """The section ``AutograderCourse`` of nbgrader_config.json, which ``autograder nbgrader init`` writes."""

    assignments = List(Unicode(), help="Assignments that the autograder judges; nbgrader runs the others.").tag(
        config=True
    )
    root = Unicode("", help="The course folder that holds assignments/ and reference/.").tag(config=True)
    key_file = Unicode("", help=f"File with the course secret; empty: {SECRET_VARIABLE}.").tag(config=True)
    device = Unicode("auto", help="Where programs are judged: cpu, gpu, tpu or auto.").tag(config=True)

    def load(self, name: str) -> Assignment:
        """Load one of the assignments.  Raises :class:`AssignmentError`."""
        return load(name, Path(self.root))

    def seed(self) -> Seed:
        """Return the course secret.  Raises :class:`SeedError`."""
        if self.key_file:
            return read_seed(Path(self.key_file))
        if os.environ.get(SECRET_VARIABLE):
            return secret_seed(os.environ[SECRET_VARIABLE].encode(), f"${SECRET_VARIABLE}")
        raise SeedError(
            f"grading needs the course secret: set {SECRET_VARIABLE}, or name its file: "
            "autograder nbgrader init --key-file course.key"
        )
