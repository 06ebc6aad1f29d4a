"""Headers of every answer. What we send is data for programs: no browser is to show, frame or keep it.

A page for people brings headers of its own, none looser than it must be (``pages/``).
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_A_YEAR = "max-age=31536000"


def protect(response: Response, *, https: bool, of_page: Mapping[str, str] | None = None) -> None:
    """Adds the headers. ``https``: callers reach us by that only, and are told to stay with it. ``of_page``:
    what a page for people says instead.

    What does not say how long it may be kept, may not be kept: it may be about a patient.
    """
    response.headers.update(_ALWAYS if of_page is None else {**_ALWAYS, **of_page})
    if https:
        response.headers["Strict-Transport-Security"] = _A_YEAR
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
