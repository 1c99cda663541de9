"""Times with who says so, teams, slip days, and people with their roles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from autograder.gradebook.append_only import guard

revision, down_revision = "2", "1"
branch_labels = depends_on = None

_TIME = sa.String(32)


def upgrade() -> None:
    times = op.create_table(
        "times",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, sa.ForeignKey("attempts.id"), nullable=False, index=True),
        sa.Column("submitted_at", _TIME, nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("late", sa.Integer, nullable=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    teams = op.create_table(
        "teams",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, sa.ForeignKey("attempts.id"), nullable=False, index=True),
        sa.Column("team", sa.String(200), nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    slip_days = op.create_table(
        "slip_days",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("student", sa.String(200), nullable=False, index=True),
        sa.Column("assignment", sa.String(200), nullable=False),
        sa.Column("days", sa.Integer, nullable=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    for table in (times, teams, slip_days):
        guard(op.get_bind(), table)
    op.create_table(
        "people",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("section", sa.Text, nullable=False),
    )
    op.create_table(
        "roles",
        sa.Column("person", sa.String(200), sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("role", sa.String(40), primary_key=True),
    )
    op.execute("INSERT INTO about (version) VALUES (2)")
