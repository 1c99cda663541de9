"""Alembic runs this: migrate on the connection of the caller, within its transaction."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="ledger_revision")
context.run_migrations()
