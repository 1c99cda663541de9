"""Triggers that make a database refuse to change or delete the rows of a table, in SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Connection, Table, text


def guard(connection: Connection, table: Table, *keys: tuple[str, ...]) -> None:
    """Make a new table append-only, in the transaction of the caller.

    Args:
      keys: Columns, beside ``id``, that are unique together: INSERT OR REPLACE deletes a conflicting row without
        firing the trigger on deletions.
    """
    name = table.name
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION autograder_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
                "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
            )
        )
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} FOR EACH STATEMENT"
        trigger = f"CREATE TRIGGER {name}_append_only {when} EXECUTE FUNCTION autograder_append_only()"
        connection.execute(text(trigger))
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
    for change in ("UPDATE", "DELETE"):
        connection.execute(text(f"CREATE TRIGGER {name}_no_{change.lower()} BEFORE {change} ON {name} {refuse}"))
    taken = " OR ".join(" AND ".join(f"{column} = NEW.{column}" for column in key) for key in (("id",), *keys))
    when = f"WHEN EXISTS (SELECT 1 FROM {name} WHERE {taken})"
    connection.execute(text(f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} {when} {refuse}"))
