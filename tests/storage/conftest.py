"""Each test of the storage runs on SQLite, and on PostgreSQL where `-m postgres` asks for it.

TRIALHOOK_TEST_POSTGRES may name a server on which databases may be made; else one is started for the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from cds_service.audit.key_ring import KeyRing
from cds_service.storage.database import Database
from cds_service.storage.store import Store
from tests.storage.postgres import Cluster

PATIENCE = 20.0  # seconds: a test of what is written must not fail because the machine is busy


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server that runs throughout."""
    if given := os.environ.get("TRIALHOOK_TEST_POSTGRES"):
        yield given
        return
    with Cluster() as cluster:
        yield cluster.url


_POSTGRES = pytest.param("postgresql", marks=pytest.mark.postgres)
KINDS = ["sqlite", _POSTGRES]
ON_POSTGRES = pytest.mark.parametrize("kind", [_POSTGRES], indirect=True)
ON_SQLITE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of either kind."""
    if kind == "sqlite":
        yield sqlite_url(tmp_path / "state" / "trialhook.db")
    else:
        with new_database(request.getfixturevalue("postgres_server")) as made:
            yield made


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "trialhook.db"
    upgraded(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a database with our tables, to be copied."""
    with new_database(postgres_server) as made:
        upgraded(made)
        yield str(make_url(made).database)


@pytest.fixture
def ready_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of either kind, with its tables."""
    if kind == "sqlite":
        path = tmp_path / "trialhook.db"
        copy(request.getfixturevalue("sqlite_template"), path)
        yield sqlite_url(path)
    else:
        server = request.getfixturevalue("postgres_server")
        with new_database(server, request.getfixturevalue("postgres_template")) as made:
            yield made


@pytest.fixture
def database(ready_url: str) -> Iterator[Database]:
    """A database with its tables."""
    ours = Database(ready_url, wait=PATIENCE)
    yield ours
    ours.close()


def sqlite_url(path: Path) -> str:
    """As in the setting."""
    return f"sqlite:///{path}"


def upgraded(url: str) -> None:
    """Makes the tables."""
    ours = Database(url, wait=PATIENCE)
    ours.upgrade()
    ours.close()


@contextmanager
def new_database(server: str, template: str = "template1") -> Iterator[str]:
    """The URL of a new database on a PostgreSQL server."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing.random()


@pytest.fixture
def store(database: Database, ring: KeyRing) -> Store:
    return Store(database, ring)
