"""HTTP below fhirclient: one hook call's reads over shared connections, with limits on what comes."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import requests
import urllib3

from cds_service.fhir.faults import BROKEN_OFF, NOT_JSON, REDIRECTED, TOO_LARGE, FhirReadError
from cds_service.fhir.json_text import read_json
from cds_service.outbound.deadlines import deadline, seconds_left
from cds_service.outbound.sessions import Rule, Sessions

_PIECE = 64 * 1024
_UNPACK = 256 * 1024


class ByteBudget:
    """How many bytes may still be read: by a hook call, or by one of its searches as a share of that."""

    def __init__(self, limit: int, whole: ByteBudget | None = None) -> None:
        self._limit = self._left = limit
        self._whole = whole
        self._lock = threading.Lock()

    def quarter(self) -> ByteBudget:
        """What one search may use, so that a flood in one leaves something to the others."""
        return ByteBudget(self._limit // 4, self)

    def spend(self, count: int) -> None:
        """Counts bytes; FhirReadError when there are none left."""
        if self._whole is not None:
            self._whole.spend(count)
        with self._lock:
            self._left -= count
            exceeded = self._left < 0
        if exceeded:
            raise FhirReadError(TOO_LARGE.format(megabytes=self._limit / 1024**2))


class Transport:
    """Stands where fhirclient keeps its session: one hook call's reads, over the shared connections."""

    def __init__(
        self, sessions: Sessions, rule: Rule, token: str | None, until: float, budget: ByteBudget
    ) -> None:
        self._sessions, self._rule, self._until, self._budget = sessions, rule, until, budget
        self._headers = {
            "Accept-Encoding": "gzip",
            # A server that answers from a cache of searches would show the chart as it was.
            "Cache-Control": "no-cache",
            "User-Agent": "trialhook",
        }
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """What fhirclient calls. Raises FhirReadError, or what requests and urllib3 raise."""
        wanted = {**headers, **self._headers}
        with deadline(self._until):
            try:
                response = self._send(url, wanted)
            except requests.ConnectionError as error:
                if isinstance(error, requests.Timeout) or not _connection_had_ended(error):
                    raise
                response = self._send(url, wanted)
            return self._take(response)

    def _send(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        left = seconds_left(self._until)
        return self._sessions.of(self._rule).get(
            url, headers=headers, stream=True, allow_redirects=False, timeout=(left, left)
        )

    def _take(self, response: requests.Response) -> Reply:
        try:
            if 300 <= response.status_code < 400:
                raise FhirReadError(REDIRECTED)
            if response.status_code >= 400:
                return Reply(response.status_code, b"", response)
            pieces = unpacked(response.raw, response.headers.get("Content-Encoding", ""))
            return Reply(response.status_code, b"".join(self._counted(pieces)), response)
        finally:
            response.close()

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._budget.spend(len(piece))
            seconds_left(self._until)
            yield piece


def _connection_had_ended(error: requests.ConnectionError) -> bool:
    """Whether a kept connection turned out to be closed by the server: worth one more try."""
    return bool(error.args) and isinstance(error.args[0], urllib3.exceptions.ProtocolError)


class Reply:
    """The part of requests' response that fhirclient uses, read to its end already."""

    def __init__(self, status_code: int, body: bytes, response: requests.Response) -> None:
        self.status_code = status_code
        self._body = body
        self.raise_for_status: Callable[[], None] = response.raise_for_status

    def json(self) -> Any:
        """The body as JSON; FhirReadError if it is not."""
        try:
            return read_json(self._body)
        except orjson.JSONDecodeError:
            raise FhirReadError(NOT_JSON) from None


def unpacked(raw: Any, encoding: str) -> Iterator[bytes]:
    """The body piece by piece; a small body that unpacks to a huge one is never unpacked at once."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise FhirReadError(NOT_JSON)
    packed = encoding.endswith("gzip")
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed else None
    while piece := raw.read(_PIECE, decode_content=False):
        if unpack is None:
            yield piece
        else:
            yield from _unpack(unpack, piece)
    if unpack is not None and not unpack.eof:
        raise FhirReadError(BROKEN_OFF)


def _unpack(unpack: Any, piece: bytes) -> Iterator[bytes]:
    try:
        while piece and not unpack.eof:
            yield unpack.decompress(piece, _UNPACK)
            piece = unpack.unconsumed_tail
    except zlib.error:
        raise FhirReadError(BROKEN_OFF) from None
