"""A book on each kind of database that the storage is tested on."""

from __future__ import annotations

import pytest

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.book import Book
from cds_service.storage.database import Database
from tests.referrals.samples import TERMS, Told
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
    "database",
    "kind",
    "postgres_server",
    "postgres_template",
    "ready_url",
    "ring",
    "sqlite_template",
    "store",
]


@pytest.fixture
def told() -> Told:
    """What the audit trail is told."""
    return []


@pytest.fixture
def book(database: Database, ring: KeyRing, told: Told) -> Book:
    return Book(database, ring, terms=TERMS, places=lambda _: 2, tell=told.append)
