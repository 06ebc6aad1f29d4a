"""JSON as FHIR servers and their gateways write it: what is no text costs a character, not the answer."""

from __future__ import annotations

import re
from typing import Any

import orjson

_MARK = b"\xef\xbb\xbf"
_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF_A_PAIR = re.compile(rb"%b(?!%b)|(?<!%b)%b" % (_HIGH, _LOW, _HIGH, _LOW))


def read_json(raw: bytes) -> Any:
    """The document, or orjson.JSONDecodeError.

    A byte order mark at its begin is passed over, as RFC 8259 (8.1) allows. Half a surrogate pair, as
    ``\\ud83d``, where a text was cut amid an emoji, is JSON by its grammar (8.2), and no text: it becomes
    the character for what cannot be shown.
    """
    raw = raw.removeprefix(_MARK)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        # Backslashes that mean themselves step aside, so that all that are left begin an escape.
        plain = raw.replace(rb"\\", b"\0")
        if b"\0" in raw or not _HALF_A_PAIR.search(plain):
            raise
    return orjson.loads(_HALF_A_PAIR.sub(rb"\\ufffd", plain).replace(b"\0", rb"\\"))
