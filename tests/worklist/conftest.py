"""Services with a worklist, and an EHR's FHIR server to read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from cds_service.clients.registered import Client
from cds_service.fhir.allow_list import AllowList
from cds_service.fhir.fetching import Access
from cds_service.smart.backend_services import Backend
from tests.worklist.world import DATABASE, World, world_in

NewWorld = Callable[..., World]


@pytest.fixture(autouse=True)
def access(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backend access without an authorization server: that is tested in tests/smart."""

    def given(_self: Backend, client: Client, fhir_base: str) -> Access | None:
        server = AllowList(client.fhir_servers).find(fhir_base)
        return Access.to(server, "a-token") if client.backend and server else None

    monkeypatch.setattr(Backend, "access", given)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables, to be copied: making them takes longer than most of these tests."""
    folder = tmp_path_factory.mktemp("empty")
    with world_in(folder):
        pass
    return folder / DATABASE


@pytest.fixture
def new_world(tmp_path: Path, empty_database: Path) -> Iterator[NewWorld]:
    """Makes services; each is closed when the test is over."""
    copy(empty_database, tmp_path / DATABASE)
    with ExitStack() as made:

        def make(**settings: Any) -> World:
            return made.enter_context(world_in(tmp_path, **settings))

        yield make


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world()
