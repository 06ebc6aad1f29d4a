"""Headers that every answer has."""

from __future__ import annotations

import pytest
from flask import Response

from cds_service.web.security_headers import protect


@pytest.mark.parametrize("https", [True, False])
def test_no_browser_is_to_show_frame_guess_at_or_keep_an_answer(https: bool) -> None:
    response = Response(b"{}", mimetype="application/json")
    protect(response, https=https)
    assert dict(response.headers) | {"Strict-Transport-Security": ""} == {
        "Content-Type": "application/json",
        "Content-Length": "2",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Strict-Transport-Security": "",
    }


def test_callers_are_told_to_stay_with_https_where_they_use_it() -> None:
    for https in (True, False):
        response = Response()
        protect(response, https=https)
        assert response.headers.get("Strict-Transport-Security") == ("max-age=31536000" if https else None)


def test_what_may_be_kept_says_so_itself() -> None:
    response = Response(headers={"Cache-Control": "max-age=300"})
    protect(response, https=True)
    assert response.headers.getlist("Cache-Control") == ["max-age=300"]


def test_a_header_is_there_once_however_often_it_is_set() -> None:
    response = Response(headers={"X-Content-Type-Options": "other"})
    protect(response, https=True)
    protect(response, https=True)
    assert response.headers.getlist("X-Content-Type-Options") == ["nosniff"]
