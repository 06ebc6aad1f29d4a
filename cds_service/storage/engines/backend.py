"""What every database does for ``Database``, and the choice between them by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class UnusableDatabaseError(Exception):
    """A database that waiting does not mend: not ours, newer than this code, or a URL that names none."""


class Backend(Protocol):
    """One database, by its URL. ``name`` is for messages: no user, no password."""

    name: str
    begin: str
    """The SQL that starts a transaction which will write."""
    settle: str
    """The SQL to run after an upgrade, or ""."""
    tidy: str
    """The SQL after which the database's log no longer holds what was deleted, or ""."""

    def engine(self, *, wait: float, durable: bool) -> Engine:
        """A pool of connections in autocommit mode, none of which blocks for more than ``wait`` seconds."""

    def upgrading(self, *, wait: float) -> Engine:
        """For ``upgrade``: no pool, makes the database if it can, and waits for others that upgrade."""

    def lock(self, raw: Any) -> None:
        """Within the transaction that upgrades: no other process gets past this until it ends."""

    def claim(self, raw: Any) -> None:
        """Within that transaction: marks the database as ours."""

    def bound(self, raw: Any, deadline: float) -> None:
        """Lets no statement of a driver's connection run past ``deadline``, by ``time.monotonic``."""

    def driver_failure(self, error: BaseException) -> str:
        """A closed word for how the database failed, or "" where the fault is not the database's."""


def failure_of(backend: Backend, error: BaseException) -> str:
    """A closed word such as ``locked`` or ``refused``, or "" for an error that is no failure of the database.

    Never the message of the library: it may quote what was to be written.
    """
    if isinstance(error, PoolTimeoutError):
        return "busy"
    if isinstance(error, DBAPIError) and error.orig is not None:
        return backend.driver_failure(error.orig)
    return backend.driver_failure(error)


def parse_url(text: str) -> URL:
    """The URL of a database. Raises ``UnusableDatabaseError``, which quotes nothing: there is a password."""
    expected = "TRIALHOOK_DATABASE must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        url = make_url(text)
        port_is_fine = url.port is None or 0 < url.port < 65536
    except (ArgumentError, ValueError):
        raise UnusableDatabaseError(expected) from None
    kind = url.drivername
    if kind == "postgres":
        kind = "postgresql"
    if kind not in {"sqlite", "postgresql", "postgresql+psycopg"} or not url.database or not port_is_fine:
        raise UnusableDatabaseError(expected)
    if kind == "sqlite" and (url.database == ":memory:" or url.host):
        raise UnusableDatabaseError(f"{expected}; the processes of the service share it, so it is a file")
    if kind == "sqlite" and not Path(url.database).is_absolute():
        raise UnusableDatabaseError(f"{expected}; FILE from the root, as in sqlite:////FOLDER/FILE")
    if kind != "sqlite" and _splits_the_password(text, url):
        raise UnusableDatabaseError(f"{expected}; in the password write @ as %40")
    return url.set(drivername="sqlite" if kind == "sqlite" else "postgresql+psycopg")


def _splits_the_password(text: str, url: URL) -> bool:
    """Whether an @ in the password ended it, so that its end is read as part of what follows, and shown."""
    follows = f"{url.host or ''}{url.database or ''}"
    return "@" in follows or text.count("@") > (url.username or "").count("@") + 1
