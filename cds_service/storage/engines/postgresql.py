"""PostgreSQL by psycopg 3. Its own timeouts first, so that a connection stays usable; then ours."""

from __future__ import annotations

from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection, QueuePool

from cds_service.storage.engines.bounded import BoundedConnection, Connector, TooSlowError, is_alive

_POOL = 5
_RECYCLE_SECONDS = 1800
_LEAST_CONNECT_SECONDS = 2  # libpq knows no less
_SERVER_SHARE = 0.9  # of the wait: the server gives up first
_UPGRADE_LOCK = 0x747269616C68
_UPGRADE_SECONDS = 60

_STATES = {
    "57014": "timeout",
    "55P03": "locked",
    "40P01": "locked",
    "25006": "read_only",
    "53300": "too_many_connections",
    "3D000": "no_such_database",
}
_STATE_CLASSES = {"57": "shut_down", "53": "full", "28": "authentication", "08": "away", "58": "disk"}
_SCHEMA_STATES = frozenset({"42P01", "42703", "3F000", "42501"})  # no such table, column, schema; not allowed
_SAID = (
    ("authentication failed", "authentication"),
    ("pg_hba", "authentication"),
    ("does not exist", "no_such_database"),
    ("starting up", "starting"),
    ("shutting down", "shut_down"),
    ("too many", "too_many_connections"),
    ("refused", "refused"),
    ("No such file", "refused"),
    ("resolve", "no_such_host"),
    ("translate", "no_such_host"),
    ("SSL", "tls"),
    ("timeout", "timeout"),
)


class PostgresServer:
    """A database on a PostgreSQL server of version 13 or later."""

    begin = "BEGIN"
    settle = ""
    tidy = ""

    def __init__(self, url: URL) -> None:
        self._url = url
        self.name = f"PostgreSQL database {url.database} at {url.host or 'localhost'}:{url.port or 5432}"

    def engine(self, *, wait: float, durable: bool) -> Engine:
        """See ``Backend``. Threads are never kept waiting for a connection: the pool grows with them."""
        milliseconds = max(1, round(wait * 1000 * _SERVER_SHARE))
        engine = self._engine(
            wait,
            {
                "statement_timeout": f"{milliseconds}ms",
                "lock_timeout": f"{milliseconds}ms",
                "idle_in_transaction_session_timeout": "60s",
                "synchronous_commit": "on" if durable else "off",
            },
            poolclass=QueuePool,
            pool_size=_POOL,
            max_overflow=-1,
            pool_use_lifo=True,
            pool_recycle=_RECYCLE_SECONDS,
        )
        event.listen(engine, "checkout", _still_alive)
        return engine

    def upgrading(self, *, wait: float) -> Engine:
        """See ``Backend``."""
        return self._engine(
            max(wait, _LEAST_CONNECT_SECONDS), {"lock_timeout": f"{_UPGRADE_SECONDS}s"}, poolclass=NullPool
        )

    def lock(self, raw: Any) -> None:
        """See ``Backend``. The lock ends with the transaction."""
        raw.execute(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")

    def claim(self, raw: Any) -> None:
        """The table of revisions says enough."""

    def bound(self, raw: Any, deadline: float) -> None:
        """See ``Backend``."""
        raw.deadline = deadline

    def driver_failure(self, error: BaseException) -> str:
        """See ``Backend``."""
        if isinstance(error, TooSlowError | psycopg.errors.ConnectionTimeout):
            return "timeout"
        if not isinstance(error, psycopg.Error):
            return ""
        state = error.sqlstate or ""
        if state in _SCHEMA_STATES:
            return "schema"
        if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | psycopg.InternalError):
            return ""
        return _STATES.get(state) or _STATE_CLASSES.get(state[:2]) or _from_words(str(error))

    def _engine(self, wait: float, options: dict[str, str], **pool: Any) -> Engine:
        engine = create_engine(
            self._url,
            connect_args=self._connect_args(wait, options),
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            hide_parameters=True,
            use_native_hstore=False,
            **pool,
        )

        connector = Connector()

        @event.listens_for(engine, "do_connect")
        def connect(_dialect: Any, _record: Any, args: Any, more: Any) -> Any:
            deadline = monotonic() + wait
            made = connector.connect(lambda: BoundedConnection.connect(*args, **more), wait)
            self.bound(made, deadline)
            return made

        event.listen(engine, "engine_disposed", lambda _engine: connector.close())
        return engine

    def _connect_args(self, wait: float, options: dict[str, str]) -> dict[str, Any]:
        ours = " ".join(f"-c {name}={value}" for name, value in {**options, "timezone": "UTC"}.items())
        given = self._url.query.get("options", "")
        return {
            "application_name": "trialhook",
            "connect_timeout": max(_LEAST_CONNECT_SECONDS, round(wait)),
            "keepalives": 1,
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": round(max(wait * 4, 2) * 1000),
            "options": f"{given if isinstance(given, str) else ' '.join(given)} {ours}".strip(),
        }


def _still_alive(raw: Any, _record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Costs no round trip, unlike a ping, and spares the first call after a restart of the server."""
    if not is_alive(raw):
        raise DisconnectionError


def _from_words(message: str) -> str:
    """A refused connection has no SQLSTATE; of what the library says only a closed word is taken over."""
    return next((word for said, word in _SAID if said in message), "away")
