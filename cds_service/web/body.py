"""The body of a request, read once: size, media type, JSON, depth."""

from __future__ import annotations

import gc
from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.fhir.json_text import read_json
from cds_service.web.problems import (
    BROKEN_OFF,
    NOT_AN_OBJECT,
    NOT_JSON,
    TOO_DEEP,
    TOO_LARGE,
    WRONG_MEDIA_TYPE,
    Problem,
    RefusalError,
)

DEEPEST = 254
"""Most levels of objects and arrays in one another: as many as orjson can write."""

_PIECE = 64 * 1024

CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
"""UTF-8, and what is part of it. RFC 8259 gives the parameter no meaning."""
MEDIA_TYPES = frozenset({"application/json", "application/fhir+json"})


def read_object(request: Request, limit: int) -> dict[str, Any]:
    """The JSON object that a request carries, or a RefusalError."""
    return parse_object(read_bytes(request, limit))


def read_bytes(request: Request, limit: int) -> bytes:
    """The raw body, at most ``limit`` bytes of it."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if request.mimetype not in MEDIA_TYPES or charset not in CHARSETS or encoding != "identity":
        raise RefusalError(WRONG_MEDIA_TYPE)
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise RefusalError(too_large(limit)) from None
    except Exception:  # noqa: BLE001 -- a body broken off or badly chunked, in words of the server's own
        raise RefusalError(BROKEN_OFF) from None


def too_large(limit: int) -> Problem:
    """A body over the limit."""
    return Problem(TOO_LARGE.status, TOO_LARGE.code, TOO_LARGE.text.format(limit=limit))


def parse_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in the bytes, or a RefusalError."""
    try:
        document = read_json(raw)
    except orjson.JSONDecodeError as error:
        raise RefusalError(TOO_DEEP if "depth" in str(error) else NOT_JSON) from None
    if not isinstance(document, dict):
        raise RefusalError(NOT_AN_OBJECT)
    if is_too_deep(document):
        raise RefusalError(TOO_DEEP)
    return document


def is_too_deep(document: Any) -> bool:
    """Whether objects and arrays lie more than DEEPEST deep in one another.

    orjson reads up to 1,024 levels. The collector's view of what refers to what goes down one level at a
    time, all of it at once: a sixth of the time of a walk in Python, half of that of writing it back.
    """
    level = [document]
    for _ in range(DEEPEST):
        level = gc.get_referents(*level)
        if not level:
            return False
    return any(type(one) in (dict, list) for one in level)


def leave_nothing_unread(request: Request, limit: int) -> None:
    """Reads what a refused request still holds, and throws it away.

    The server closes a connection on which much is left unread, although it has promised to keep it: the next
    call on it, perhaps another client's through the same proxy, would fail. Beyond ``limit`` bytes it may.
    """
    if not request.content_length and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
        return
    stream, left = request.environ["wsgi.input"], min(request.content_length or limit, limit)
    try:
        while left > 0 and (piece := stream.read(min(left, _PIECE))):
            left -= len(piece)
    except Exception:  # noqa: BLE001 -- broken off, or read already: there is nothing to leave
        return
