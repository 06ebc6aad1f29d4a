"""One line of JSON per call, and the same shape for everything else that is logged.

A line of a call may only have members that are named here: counts, closed words and our own ids. Anything
else is taken out, so that a slip in the code does not become a leak.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

MEMBERS = frozenset(
    {
        *("event", "level", "timestamp", "logger"),
        *("method", "service", "hookInstance", "client", "status", "ms", "faults", "cause"),
        *("prefetched", "fetched", "searches", "gaps", "outcomes", "cards", "silenced", "failed", "skipped"),
        *("orders", "orders_of_others", "prompted", "not_answered"),
        *("kept", "repeated", "unknown", "dropped", "database"),
    }
)
"""The members that the line of a call may have."""

_CALLS = "trialhook.requests"


def _only_known(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    strangers = event.keys() - MEMBERS
    for name in strangers:
        del event[name]
    if strangers:
        event["event"] = "call, with members taken out that may not be logged"
    return event


def _json(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=lambda value: type(value).__name__).decode()


_STAMPS: tuple[Any, ...] = (
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
_call_log = structlog.wrap_logger(
    logging.getLogger(_CALLS),
    processors=[
        structlog.stdlib.filter_by_level,
        *_STAMPS,
        _only_known,
        structlog.processors.JSONRenderer(serializer=_json),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def write_call(facts: dict[str, Any]) -> None:
    """Logs one request. The caller puts in counts and closed lists only."""
    _call_log.info("call", **facts)


class _JsonLines(logging.Formatter):
    """What was logged the ordinary way, in the shape of the calls' lines; theirs are ready already."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == _CALLS:
            return record.getMessage()
        event: dict[str, Any] = {"event": record.getMessage(), "logger": record.name}
        for stamp in _STAMPS:
            event = stamp(None, record.levelname.lower(), event)
        return _json(event)


def to_stderr() -> None:
    """Sends our lines to the standard error stream, as the server process does."""
    logger = logging.getLogger("trialhook")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonLines())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


class _WithoutRequests(logging.Filter):
    """Takes request lines and exception messages out of what gunicorn says of requests it could not read."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(("Invalid request", "Error handling request", "Socket error")):
            record.msg, record.args = "A request that is not valid HTTP, or was broken off, was refused", ()
            record.exc_info = record.exc_text = None
        return True


def keep_requests_out() -> None:
    """Lets gunicorn's own log say that a request was bad, but not what it said."""
    logging.getLogger("gunicorn.error").addFilter(_WithoutRequests())


_CHATTY = ("urllib3", "requests", "fhirclient", "sqlalchemy", "alembic", "psycopg", "opentelemetry")


def keep_urls_out() -> None:
    """Silences libraries that log the URLs they call or the rows they write: these hold patient ids."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
