"""Who handed in what and when, and what it is worth: ledger of attempts, roster, policy, marks.

The ledger is append-only and holds marks and submissions of named students; marks are computed from it by a policy, so
a changed policy runs nothing again.  Rosters and settings are written by instructors and read with care.
The interface of this package is its modules, listed in ``__all__``; ``policy``, ``roster`` and ``records`` do without
a database.
"""

__all__ = ["append_only", "blobs", "database", "identity", "ledger", "marks", "policy", "records", "rescore", "roster"]
