"""Versions of the ledger's tables, as Alembic's scripts: each only adds tables and columns.

A new ledger runs through all of them, so that a new one and an old one that was upgraded are the same.
"""
