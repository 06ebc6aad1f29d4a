"""Fixtures of the tests of SMART."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.smart.resources import FhirWriter
from tests.oauth.scripted import Scripted, scripted
from tests.smart.world import Browser, World, a_world
from tests.smart.writing import writer_to


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An EHR with one trial, and a service where it is registered."""
    with a_world(tmp_path) as found:
        yield found


@pytest.fixture
def browser(world: World) -> Browser:
    """A browser that nobody used before."""
    return world.browser()


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A server that answers as the test says."""
    with scripted() as found:
        yield found


@pytest.fixture
def writer(server: Scripted) -> FhirWriter:
    """A writer to that server, with a token."""
    return writer_to(server)
