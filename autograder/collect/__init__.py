"""Which files belong to which student: archives and the folders that people download."""

from autograder.collect.archives import ArchiveError, is_archive
from autograder.collect.gather import Collected, CollectError, Collection, collect
from autograder.collect.spool import Remark

__all__ = ["ArchiveError", "CollectError", "Collected", "Collection", "Remark", "collect", "is_archive"]
