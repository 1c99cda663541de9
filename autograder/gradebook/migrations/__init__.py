"""Versions of the ledger's tables, as Alembic's scripts: each only adds, and one that was released is never changed.

A new ledger runs through all of them, so that a new one and an old one that was upgraded are the same.
"""

__all__: list[str] = []
