"""Each test runs on SQLite, and on PostgreSQL where `-m postgres` asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.storage.conftest import (
    database,
    kind,
    postgres_server,
    postgres_template,
    ready_url,
    sqlite_template,
)
from tests.synchronising.world import World

__all__ = ["database", "kind", "postgres_server", "postgres_template", "ready_url", "sqlite_template"]


@pytest.fixture
def world(ready_url: str) -> Iterator[World]:
    """A service and an EHR with nothing in them."""
    ours = World(ready_url)
    yield ours
    ours.database.close()
