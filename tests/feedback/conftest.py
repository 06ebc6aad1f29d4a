"""The book and the storage behind it, on the databases that they are tested on."""

from __future__ import annotations

from tests.referrals.conftest import book, told
from tests.storage.conftest import (
    database,
    kind,
    postgres_server,
    postgres_template,
    ready_url,
    ring,
    sqlite_template,
    store,
)

__all__ = [
    "book",
    "database",
    "kind",
    "postgres_server",
    "postgres_template",
    "ready_url",
    "ring",
    "sqlite_template",
    "store",
    "told",
]
