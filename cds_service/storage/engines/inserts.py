"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells once for each."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

InsertOr = sqlite.Insert | postgresql.Insert


def insert_or(dialect: str, table: Table) -> InsertOr:
    """An INSERT to be completed with what to do on a conflict."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def insert_new(dialect: str, table: Table) -> InsertOr:
    """An INSERT that leaves out what is there already."""
    return insert_or(dialect, table).on_conflict_do_nothing()
