"""The language of a page: the one that was chosen in it, else the client's, else the browser's."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, g, request

from cds_service.clients.registered import Client
from cds_service.web.languages import language_for
from mappings.language import LANGUAGES, Language, language

AUTONYMS = {"en": "English", "zh-Hans": "\u4e2d\u6587"}
"""Each language in its own words."""

PARAMETER = "language"
_COOKIE = "trialhook-language"


def page_language(client: Client | None = None) -> Language:
    """The language of this request. ``client``: the EHR that the page is about, whose registration may name
    one; what somebody chose on the page goes before that."""
    chosen = _chosen() or request.cookies.get(_COOKIE, "")
    if chosen in LANGUAGES:
        return language(chosen)
    return language_for(client, request.accept_languages)


def _chosen() -> str:
    asked = request.args.get(PARAMETER, "") if request.method == "GET" else ""
    return asked if asked in LANGUAGES else ""


def remember_choice(response: Response, *, https: bool) -> Response:
    """Lets the choice of this request hold for the pages that follow, until the browser is closed."""
    chosen = _chosen()
    if chosen and request.cookies.get(_COOKIE) != chosen:
        response.set_cookie(_COOKIE, chosen, secure=https, httponly=True, samesite="Lax")
    return response


def switches(spoken: Language) -> list[tuple[str, str, str, bool]]:
    """For each language its tag, its own name, where to switch to it, and whether it is spoken here.

    None where a second request for this address would do something else: after a POST, and where a sign-in
    or a launch comes back.
    """
    if request.method != "GET" or g.get("no_language_switch"):
        return []
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER]
    return [
        (tag, AUTONYMS[tag], f"{request.path}?{urlencode([*rest, (PARAMETER, tag)])}", tag == spoken.tag)
        for tag in LANGUAGES
    ]
