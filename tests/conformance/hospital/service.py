"""One deployment of the service, and exchanges with it: what was sent, answered, logged and fetched."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.conformance.hospital.ehr import Answering, Ehr, listening
from tests.conformance.requirement import Exchange, Json

DISCOVERY = "/cds-services"
DAY = date.today()  # noqa: DTZ011 -- the machine's own day, as the service has it
JSON_TYPE = "application/json"


class Service:
    """The application with these settings. ``state`` is the folder in which it keeps things."""

    def __init__(self, settings: Settings, ehr: Ehr, **options: Any) -> None:
        self._ehr = ehr
        self._app = create_app(settings, **options)
        self._client = self._app.test_client()
        self.settings, self.state = settings, Path(settings.state_dir)

    def close(self) -> None:
        """Writes what waits."""
        self._app.extensions["trialhook-close"]()

    def get(self, path: str = DISCOVERY, **options: Any) -> Exchange:
        """GET of a path, discovery if none is named."""
        return self.send("GET", path, **options)

    def post(self, path: str, body: Json | bytes, **options: Any) -> Exchange:
        """POST of a JSON object, or of any bytes."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Content-Type": JSON_TYPE, **(options.pop("headers", None) or {})}
        return self.send("POST", path, raw=raw, headers=headers, **options)

    def send(
        self,
        method: str,
        path: str,
        *,
        raw: bytes = b"",
        headers: Mapping[str, str] | None = None,
        answering: Answering | None = None,
        peer: str = "127.0.0.1",
    ) -> Exchange:
        """One exchange. ``answering``: what the service reaches meanwhile, if not the usual EHR."""
        named = dict(headers or {})
        with listening(answering or self._ehr.usual) as sent, _everything_logged() as lines:
            started = perf_counter()
            answer = self._client.open(
                path, method=method, data=raw, headers=named, environ_overrides={"REMOTE_ADDR": peer}
            )
            seconds = perf_counter() - started
            outbound = tuple(sent)
        return Exchange(
            method=method,
            path=path,
            sent=raw,
            sent_headers={name.lower(): value for name, value in named.items()},
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.data,
            outbound=outbound,
            log="\n".join(lines),
            seconds=seconds,
        )


class _Lines(logging.Handler):
    """Keeps what is logged, with all that came along."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.args} {record.exc_info} {record.exc_text}")


@contextmanager
def _everything_logged() -> Iterator[list[str]]:
    """Logging as an operator who turns on everything there is would see it."""
    root, handler = logging.getLogger(), _Lines()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
