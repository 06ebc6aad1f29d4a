"""One line of JSON per request, without anything that came from a chart or a caller's credentials."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson

_LOG = logging.getLogger("trialhook.requests")


def write(facts: dict[str, Any]) -> None:
    """Logs one request. The caller puts in counts and closed lists only."""
    if _LOG.isEnabledFor(logging.INFO):
        _LOG.info("%s", orjson.dumps(facts).decode())


def to_stderr() -> None:
    """Sends our lines to the standard error stream, as the server process does."""
    logger = logging.getLogger("trialhook")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
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


def keep_urls_out() -> None:
    """Silences libraries that log the URLs they call: these hold patient ids."""
    for name in ("urllib3", "requests", "fhirclient"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
