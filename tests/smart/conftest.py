"""Fixtures of the tests of SMART."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oauth.scripted import Scripted, scripted
from tests.smart.world import Browser, World, a_world


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
