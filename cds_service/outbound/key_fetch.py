"""The public keys of a client, from the URL in its registration."""

from __future__ import annotations

from contextlib import closing
from time import monotonic

import requests
import urllib3

from cds_service.clients.registered import KeySource
from cds_service.outbound.connections import RefusedAddressError
from cds_service.outbound.deadlines import deadline, seconds_left
from cds_service.outbound.sessions import Rule, Sessions

SECONDS = 2.0
"""All that a fetch may take, from the lookup of the name to the last byte."""

MOST_BYTES = 256 * 1024
_PIECE = 16 * 1024
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "trialhook"}


class KeyFetchError(Exception):
    """Keys that could not be had. The message is one of this module's: no URL, nothing of the answer."""


class KeyFetcher:
    """Fetches key sets over https. ``fetch`` is what KeySets takes."""

    def __init__(self, sessions: Sessions | None = None, seconds: float = SECONDS) -> None:
        self._sessions, self._seconds = sessions or Sessions(connections=2), seconds

    def fetch(self, source: KeySource) -> bytes:
        """The bytes at the source's URL, whatever their media type; KeyFetchError if they cannot be had.

        One GET: no redirects, no retries, public addresses or the source's networks.
        """
        if not source.url.lower().startswith("https://"):
            raise KeyFetchError("keys are fetched over https only")
        until = monotonic() + self._seconds
        try:
            with deadline(until):
                return self._get(source, until)
        except RefusedAddressError:
            raise KeyFetchError("the address may not be connected to") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise KeyFetchError(f"not fetched: {type(error).__name__}") from None

    def _get(self, source: KeySource, until: float) -> bytes:
        rule = Rule(source.networks, ca_file=source.ca_file)
        session, left = self._sessions.of(rule), seconds_left(until)
        with closing(
            session.get(
                source.url, headers=_HEADERS, stream=True, allow_redirects=False, timeout=(left, left)
            )
        ) as response:
            if response.status_code != 200:
                raise KeyFetchError(f"answered with status {response.status_code}")
            return _body(response, until)


def _body(response: requests.Response, until: float) -> bytes:
    body = b""
    while piece := response.raw.read(_PIECE, decode_content=False):
        body += piece
        if len(body) > MOST_BYTES:
            raise KeyFetchError(f"longer than {MOST_BYTES} bytes")
        seconds_left(until)
    return body


_FETCHER = KeyFetcher()


def fetch_keys(source: KeySource) -> bytes:
    """The bytes at a key source's URL, over this process's connections; KeyFetchError if not to be had."""
    return _FETCHER.fetch(source)
