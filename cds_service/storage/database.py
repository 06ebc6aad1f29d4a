"""The database: pools, transactions, and quick refusal while it is away."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Lock, Thread
from time import monotonic
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import InvalidRequestError

from cds_service.failures import describe
from cds_service.storage import schema
from cds_service.storage.engines.backend import Backend, UnusableDatabaseError, failure_of, parse_url
from cds_service.storage.engines.breaker import PAUSE, Breaker
from cds_service.storage.engines.postgresql import PostgresServer
from cds_service.storage.engines.sqlite import SqliteFile
from cds_service.storage.records import StorageAwayError

_LOG = logging.getLogger("trialhook.storage")
_UPGRADE_SECONDS = 5.0


class _NotReadyError(Exception):
    """The database answers, but cannot be used yet; the argument is a closed word."""


class Database:
    """One database by its URL. Whatever fails raises ``StorageAwayError``, within ``wait`` seconds.

    After a failure everything raises at once for ``pause`` seconds; then one caller tries again. Safe for
    threads and over a fork: connections are made in the process that uses them.
    """

    def __init__(self, url: str, *, wait: float, pause: float = PAUSE) -> None:
        parsed = parse_url(url)
        self._backend: Backend = (
            SqliteFile(parsed) if parsed.drivername == "sqlite" else PostgresServer(parsed)
        )
        self._wait = wait
        self._pause = pause
        self._schema_known = False
        self._was_ready = False
        self._trouble = ""
        self._said = ""
        self._inherited: list[Engine] = []
        self._engines: dict[bool, Engine] = {}
        self._start_afresh()
        _ALL.add(self)

    def __repr__(self) -> str:
        return f"Database({self.name})"

    @property
    def name(self) -> str:
        """Which database, for whoever runs the service: without user and password."""
        return self._backend.name

    @property
    def available(self) -> bool:
        """Whether it could be used when it was last tried."""
        return not self._breaker.open

    @property
    def trouble(self) -> str:
        """A closed word for why it is not available, such as ``locked`` or ``refused``; "" if it is."""
        return self._trouble

    def check(self) -> bool:
        """Whether it can be used now."""
        with suppress(StorageAwayError), self.autocommit() as connection:
            connection.execute(text("SELECT 1"))
            return True
        return False

    def autocommit(self) -> AbstractContextManager[Connection]:
        """No transaction: each statement stands alone, and what it writes is as safe as with ``relaxed``."""
        return self._connection(durable=False)

    def relaxed(self) -> AbstractContextManager[Connection]:
        """A transaction. The last ones may be lost if the machine crashes, not if a process does."""
        return self._connection(durable=False, begin=self._backend.begin)

    def durable(self) -> AbstractContextManager[Connection]:
        """A transaction that is on the disk when it ends, and with it all that were committed before it."""
        return self._connection(durable=True, begin=self._backend.begin)

    def upgrade(self) -> None:
        """Makes or upgrades the tables. May be called in several processes at once, and again.

        ``StorageAwayError``: it cannot be opened now, and will be upgraded when it is back.
        ``UnusableDatabaseError``: waiting will not help; the message says what to do.
        """
        try:
            schema.upgrade(self._backend, max(self._wait, _UPGRADE_SECONDS))
        except Exception as error:
            word = failure_of(self._backend, error)
            if word == "not_a_database":
                error = UnusableDatabaseError(f"{self.name} is not a database: let the setting name another")
            self._refuse(word or "unusable", error)
            if word and not isinstance(error, UnusableDatabaseError):
                raise StorageAwayError(f"{self.name} cannot be used now ({word})") from None
            raise error from None
        self._recovered()

    def tidy(self) -> None:
        """After deletions: lets the database's own log forget them too, if nobody is reading it just now."""
        if self._backend.tidy:
            with suppress(StorageAwayError), self.autocommit() as connection:
                connection.exec_driver_sql(self._backend.tidy).close()

    def close(self) -> None:
        """Closes all connections. The database may be used again afterwards."""
        engines = list(self._engines.values())
        self._engines.clear()
        for engine in engines:
            engine.dispose()

    @contextmanager
    def _connection(self, *, durable: bool, begin: str = "") -> Iterator[Connection]:
        deadline = monotonic() + self._wait
        probing = self._breaker.enter()
        connection: Connection | None = None
        try:
            connection = self._checked_out(durable)
            raw: Any = connection.connection.driver_connection
            self._backend.bound(raw, deadline)
            if not self._schema_known:
                self._look_at_schema(connection)
            if begin:
                raw.execute(begin)
            yield connection
            if begin:
                raw.execute("COMMIT")
        except BaseException as error:
            self._undo(connection, error)
            if probing:
                self._recovered()
            raise
        finally:
            if connection is not None:
                connection.close()
        if probing:
            self._recovered()

    def _checked_out(self, durable: bool) -> Connection:
        try:
            return self._engine(durable).connect()
        except InvalidRequestError:  # the pool gave up: one connection after the other was stale
            raise _NotReadyError("away") from None

    def _undo(self, connection: Connection | None, error: BaseException) -> None:
        """Rolls back after ``error``; raises ``StorageAwayError`` in its place if the database failed."""
        word = str(error) if isinstance(error, _NotReadyError) else failure_of(self._backend, error)
        if not word and connection is not None:
            raw: Any = connection.connection.driver_connection
            try:
                raw.rollback()
            except Exception as second:  # noqa: BLE001 -- the connection is thrown away
                word = failure_of(self._backend, second) or "away"
        if word:
            if connection is not None:
                connection.invalidate()
            if word == "cannot_open" and not self._was_ready:
                self._upgrade_in_background()  # it could not be made at the start; now perhaps it can
            self._refuse(word, error)
            raise StorageAwayError(word) from None

    def _look_at_schema(self, connection: Connection) -> None:
        """Before the first use and after each failure: the tables may be missing, or of another version."""
        try:
            current = schema.is_current(connection, self._backend)
        except UnusableDatabaseError as error:
            self._say_unusable(error)
            raise _NotReadyError("unusable") from None
        if not current:
            self._upgrade_in_background()
            raise _NotReadyError("upgrading")
        self._schema_known = self._was_ready = True

    def _say_unusable(self, error: UnusableDatabaseError) -> None:
        """Once, and not at every probe."""
        if str(error) != self._said:
            self._said = str(error)
            _LOG.error("%s", error)

    def _upgrade_in_background(self) -> None:
        if self._upgrading.acquire(blocking=False):
            Thread(target=self._upgrade_quietly, name="trialhook-upgrade", daemon=True).start()

    def _upgrade_quietly(self) -> None:
        try:
            self.upgrade()
        except UnusableDatabaseError as error:
            self._say_unusable(error)
        except Exception as error:  # noqa: BLE001 -- the next probe starts another
            _LOG.warning("the database was not upgraded: %s", describe(error))
        finally:
            self._upgrading.release()

    def _refuse(self, word: str, error: BaseException) -> None:
        self._trouble = word
        self._schema_known = False
        if self._breaker.failed(busy=word == "locked"):
            _LOG.warning("the database is away: %s, %s", word, describe(error))

    def _recovered(self) -> None:
        self._schema_known = self._was_ready = True
        self._trouble = ""
        if self._breaker.succeeded():
            _LOG.warning("the database is back")

    def _engine(self, durable: bool) -> Engine:
        engine = self._engines.get(durable)
        if engine is None:
            with self._making:
                engine = self._engines.get(durable)
                if engine is None:
                    engine = self._backend.engine(wait=self._wait, durable=durable)
                    self._engines[durable] = engine
        return engine

    def _start_afresh(self) -> None:
        """In a new process: what a fork copied is kept unused, for the connections in it are the parent's."""
        self._inherited += self._engines.values()
        self._engines = {}
        self._breaker = Breaker(self._pause)
        self._making = Lock()
        self._upgrading = Lock()


_ALL: WeakSet[Database] = WeakSet()


def _after_fork() -> None:
    for database in _ALL:
        database._start_afresh()


os.register_at_fork(after_in_child=_after_fork)
