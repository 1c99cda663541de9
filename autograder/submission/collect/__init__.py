"""Which files belong to which student: archives, and the folders that people download from learning platforms.

Names and archives are untrusted: archives are read member by member within limits, and nothing is written outside
the staging area.  Files that could not be used come back as remarks, never as an exception about one student.
"""

from autograder.submission.collect.archives import ArchiveError, is_archive
from autograder.submission.collect.collected import Collected, CollectError, Collection, result_name
from autograder.submission.collect.gather import collect
from autograder.submission.collect.layouts import Owner
from autograder.submission.collect.staging import Remark

__all__ = [
    "ArchiveError",
    "CollectError",
    "Collected",
    "Collection",
    "Owner",
    "Remark",
    "collect",
    "is_archive",
    "result_name",
]
