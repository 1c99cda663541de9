"""Attempts with their judgements, overrides and extensions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from autograder.gradebook.append_only import guard

revision, down_revision = "1", None
branch_labels = depends_on = None

_ONE_ATTEMPT = ("student", "assignment", "submission", "submitted_at", "seed", "engine")
_TIME = sa.String(32)


def upgrade() -> None:
    op.create_table("about", sa.Column("version", sa.Integer, nullable=False))
    attempts = op.create_table(
        "attempts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("student", sa.String(200), nullable=False, index=True),
        sa.Column("assignment", sa.String(200), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("submission", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("submitted_at", _TIME, nullable=False),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.Column("seed", sa.String(200), nullable=False),
        sa.Column("engine", sa.String(200), nullable=False),
        sa.Column("sandbox", sa.String(200), nullable=False),
        sa.Column("object", sa.String(64), nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.UniqueConstraint(*_ONE_ATTEMPT, name="one_attempt"),
    )
    judgements = op.create_table(
        "judgements",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, sa.ForeignKey("attempts.id"), nullable=False, index=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.Column("points", sa.Text, nullable=True),
        sa.Column("possible", sa.Text, nullable=True),
        sa.Column("judged", sa.Integer, nullable=False),
        sa.Column("rubric", sa.String(64), nullable=False),
        sa.Column("score", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=True),
    )
    overrides = op.create_table(
        "overrides",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, sa.ForeignKey("attempts.id"), nullable=False, index=True),
        sa.Column("points", sa.Text, nullable=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    extensions = op.create_table(
        "extensions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("student", sa.String(200), nullable=False, index=True),
        sa.Column("assignment", sa.String(200), nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    for table in (attempts, judgements, overrides, extensions):
        guard(op.get_bind(), table, *([_ONE_ATTEMPT] if table is attempts else []))
    op.execute("INSERT INTO about (version) VALUES (1)")
