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


def keep_urls_out() -> None:
    """Silences libraries that log the URLs they call: these hold patient ids."""
    for name in ("urllib3", "requests", "fhirclient"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
