"""The language of an answer: that of the client's registration, else the one that the request asks for."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response
from werkzeug.datastructures import LanguageAccept

from cds_service.clients.registered import FROM_REQUEST, Client
from mappings.language import ENGLISH, LANGUAGES, Language, language

_OTHER_SCRIPTS = {"zh-Hans": frozenset({"hant", "tw", "hk", "mo"})}
"""Scripts, and the regions that write in them, whose readers a language of ours does not serve."""


def language_for(client: Client | None, accepted: LanguageAccept) -> Language:
    """The language for a client, or for somebody who is none; English if nothing says otherwise.

    A registration is what people decided, and a header may be the default of a library, so a language that
    stands in the registration holds whatever the request says.
    """
    if client is not None and client.language != FROM_REQUEST:
        return language(client.language)
    return language(asked_for(tag for tag, quality in accepted if quality > 0))


def asked_for(ranges: Iterable[str]) -> str:
    """The first of some language ranges (RFC 4647), the most wanted first, that has texts; else English.

    ``zh``, ``zh-CN`` and ``zh-Hans-CN`` are Simplified Chinese. ``zh-TW`` is not, and ``*`` is anything.
    """
    for one in ranges:
        for tag in LANGUAGES:
            if _is_served_by(one, tag):
                return tag
    return ENGLISH.tag


def _is_served_by(wanted: str, tag: str) -> bool:
    primary, *rest = wanted.lower().replace("_", "-").split("-")
    own, *script = tag.lower().split("-")
    others = _OTHER_SCRIPTS.get(tag, frozenset())
    return primary == own and (set(script).issubset(rest) or others.isdisjoint(rest))


def spoken_in(response: Response, spoken: Language) -> Response:
    """The response with the language that it speaks."""
    response.headers["Content-Language"] = spoken.tag
    return response
