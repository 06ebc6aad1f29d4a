"""One HTTP exchange over the guarded sessions: no redirects, a total deadline, a cap on what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, NamedTuple

import orjson
import requests
import urllib3

from cds_service.oauth.faults import OAuthError, Word
from cds_service.outbound.connections import RefusedAddressError
from cds_service.outbound.deadlines import deadline, seconds_left
from cds_service.outbound.sessions import Rule, Sessions

SECONDS = 5.0
"""All that one exchange with an authorization server may take. Ours: a person waits for it."""

MOST_BYTES = 256 * 1024
LONGEST_WAIT = 3600.0
"""A hint to come back later than this is taken for this. Ours."""

_PIECE = 16 * 1024
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "trialhook"}


class Limits(NamedTuple):
    """What one exchange may take, and bring."""

    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES


class Asked(NamedTuple):
    """One request. ``again``: it may be sent a second time if the kept connection turns out to be closed."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    again: bool = False

    def __repr__(self) -> str:
        return f"Asked({self.method})"


class Answer(NamedTuple):
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"

    def json(self) -> Any:
        """The body as JSON. Raises OAuthError ("not_json")."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise OAuthError("not_json") from None

    def document(self) -> dict[str, Any]:
        """The body as a JSON object. Raises OAuthError ("not_json")."""
        found = self.json()
        if not isinstance(found, dict):
            raise OAuthError("not_json")
        return found

    @property
    def retry_after(self) -> float | None:
        """The server's hint in seconds, within reason; None without a usable one."""
        return seconds_of_hint(self.headers.get("Retry-After", ""))


class Exchange:
    """One per process and kind of use: its connections are kept."""

    def __init__(self, sessions: Sessions | None = None, limits: Limits | None = None) -> None:
        self._sessions, self._limits = sessions or Sessions(connections=4), limits or Limits()

    def send(self, asked: Asked, rule: Rule) -> Answer:
        """The answer, whatever its status but a redirect. Raises OAuthError."""
        until = monotonic() + self._limits.seconds
        try:
            with deadline(until):
                try:
                    return self._send(asked, rule, until)
                except requests.ConnectionError as error:
                    if not (asked.again and _connection_had_ended(error)):
                        raise
                return self._send(asked, rule, until)
        except RefusedAddressError:
            raise OAuthError("address_refused") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise OAuthError(word_of(error)) from None

    def _send(self, asked: Asked, rule: Rule, until: float) -> Answer:
        left = seconds_left(until)
        with closing(
            self._sessions.of(rule).request(
                asked.method,
                asked.url,
                headers={**_HEADERS, **asked.headers},
                data=asked.body,
                stream=True,
                allow_redirects=False,
                timeout=(left, left),
            )
        ) as response:
            if 300 <= response.status_code < 400 and response.status_code != 304:
                raise OAuthError("redirected")
            return Answer(response.status_code, response.headers, self._body(response, until))

    def _body(self, response: requests.Response, until: float) -> bytes:
        body = b""
        while piece := response.raw.read(_PIECE, decode_content=False):
            body += piece
            if len(body) > self._limits.most_bytes:
                raise OAuthError("too_large")
            seconds_left(until)
        return body


def word_of(error: Exception) -> Word:
    """An exception of requests, urllib3 or the system as a word."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "too_slow"
    if isinstance(
        error,
        requests.exceptions.SSLError | urllib3.exceptions.SSLError | requests.exceptions.InvalidSchema,
    ):
        return "no_secure_connection"  # no adapter: plain http that was not declared
    if isinstance(error, urllib3.exceptions.ProtocolError) or _connection_had_ended(error):
        return "broken_off"
    return "unreachable"


def seconds_of_hint(text: str) -> float | None:
    """``Retry-After`` in seconds, at most LONGEST_WAIT, or as a date; None if it is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), LONGEST_WAIT)
    try:
        then = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return min(max(0.0, (then - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)


def _connection_had_ended(error: Exception) -> bool:
    return bool(error.args) and isinstance(error.args[0], urllib3.exceptions.ProtocolError)
