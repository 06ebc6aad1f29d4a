"""Databases of both kinds, as for the storage: PostgreSQL where `-m postgres` asks for it."""

from tests.storage.conftest import (
    database,
    kind,
    postgres_server,
    postgres_template,
    ready_url,
    ring,
    sqlite_template,
)

__all__ = [
    "database",
    "kind",
    "postgres_server",
    "postgres_template",
    "ready_url",
    "ring",
    "sqlite_template",
]
