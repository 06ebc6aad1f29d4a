"""The hospital, made once for each process that runs tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.hospital.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("hospital"))
    yield made
    made.close()
