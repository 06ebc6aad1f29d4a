"""A trail on a database that does what the test says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from cds_service.audit import spool, writer
from cds_service.audit.key_ring import KeyRing
from cds_service.audit.trail import Trail
from tests.audit.databases import TrialDatabase

WAIT = 0.2
"""Where a test is about it; else a trail waits long, for a machine that is busy with other things."""


class NewTrail(Protocol):
    """Makes trails that are closed when the test ends."""

    def __call__(self, **options: Any) -> Trail: ...


@pytest.fixture
def database(tmp_path: Path) -> TrialDatabase:
    return TrialDatabase(tmp_path)


@pytest.fixture
def spool_dir(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool"


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing.random()


@pytest.fixture
def new_trail(
    database: TrialDatabase, ring: KeyRing, spool_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[NewTrail]:
    """Trails that try again at once, for a test that waits for it."""
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(writer, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(writer, "LAST_SECONDS", 0.02)
    monkeypatch.setattr(spool, "LOOK_SECONDS", 0.0)
    made: list[Trail] = []

    def new(**options: Any) -> Trail:
        made.append(Trail(database, ring, spool_dir, options.pop("wait", 10.0), **options))
        return made[-1]

    yield new
    database.hang_for = 0.0
    for trail in made:
        trail.close()


def soon(happens: Callable[[], object]) -> bool:
    """Whether something comes true within some seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if happens():
            return True
        time.sleep(0.01)
    return bool(happens())
