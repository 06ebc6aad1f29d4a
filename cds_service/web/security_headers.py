"""Headers of every answer. What we send is data for programs: no browser is to show, frame or keep it."""

from __future__ import annotations

from flask import Response

_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_A_YEAR = "max-age=31536000"


def protect(response: Response, *, https: bool) -> None:
    """Adds the headers. ``https``: callers reach us by that only, and are told to stay with it.

    What does not say how long it may be kept, may not be kept: it may be about a patient.
    """
    response.headers.update(_ALWAYS)
    if https:
        response.headers["Strict-Transport-Security"] = _A_YEAR
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
