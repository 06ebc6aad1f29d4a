"""Which revision a database is at, and bringing it up to the newest. Nothing is ever taken back."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from cds_service.storage import workflow_tables  # noqa: F401 -- makes its tables known
from cds_service.storage.engines.backend import Backend, UnusableDatabaseError
from cds_service.storage.tables import metadata

_ONE_AT_A_TIME = Lock()
"""Alembic keeps what it is upgrading in a place that all threads share."""

VERSION_TABLE = "trialhook_revision"
"""Not Alembic's usual name: a PostgreSQL schema may be shared with other programs."""


def is_current(connection: Connection, backend: Backend) -> bool:
    """Whether the tables are those of this code; False for an older or empty database.

    Raises ``UnusableDatabaseError`` for a newer one.
    """
    revision = _revision(connection)
    if revision is not None and revision not in _known():
        raise UnusableDatabaseError(
            f"{backend.name} is at revision {revision}, which this version of trialhook does not know: "
            "a newer one has upgraded it. Install that one, or restore the backup from before the upgrade."
        )
    return revision == head()


def upgrade(backend: Backend, wait: float) -> None:
    """Brings the database to the newest revision, in one transaction; safe in several processes at once.

    Raises ``UnusableDatabaseError``, or what the driver raises.
    """
    engine = backend.upgrading(wait=wait)
    try:
        with engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            raw.execute(backend.begin)
            try:
                backend.lock(raw)
                if not is_current(connection, backend):
                    _refuse_tables_of_others(connection, backend)
                    backend.claim(raw)
                    with _ONE_AT_A_TIME:
                        command.upgrade(_config(connection), "head")
                raw.execute("COMMIT")
                if backend.settle:
                    raw.execute(backend.settle)
            except BaseException:
                raw.rollback()
                raise
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision."""
    revision = _scripts().get_current_head()
    assert revision is not None  # noqa: S101 -- there is at least one migration
    return revision


@cache
def _known() -> frozenset[str]:
    return frozenset(script.revision for script in _scripts().walk_revisions())


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config(connection: Connection | None = None) -> Config:
    """Made here and not read from a file: an installed package has none."""
    config = Config()
    config.set_main_option("script_location", "cds_service.storage:migrations")
    config.attributes.update(connection=connection, version_table=VERSION_TABLE)
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608


def _refuse_tables_of_others(connection: Connection, backend: Backend) -> None:
    """Tables without a revision are not ours, whatever they are called."""
    inspector = inspect(connection)
    if inspector.has_table(VERSION_TABLE):
        return
    taken = sorted(set(inspector.get_table_names()) & set(metadata.tables))
    if taken:
        raise UnusableDatabaseError(
            f"{backend.name} has tables of another program that are named like ours ({', '.join(taken)}); "
            "let TRIALHOOK_DATABASE name another database or schema"
        )
