"""What every page has, whoever wrote it: headers, language, a checked form, an error page of its own kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import Blueprint, Response, g, request

from cds_service.pages.choosing_language import remember_choice
from cds_service.pages.form_tokens import check_form
from cds_service.pages.rendering import error_page
from cds_service.signing_in.sessions import current_sessions
from cds_service.signing_in.staff import Right

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Beside what every answer has (``web/security_headers``). Nothing inline, nothing from elsewhere."""

MOST_BYTES = 256 * 1024
"""Of one form (ours)."""


class NavigationEntry(NamedTuple):
    """A page that stands in the head of all pages, for those with one of the rights."""

    endpoint: str
    words: str
    rights: tuple[Right, ...]


class PageBlueprint(Blueprint):
    """Routes of pages, and which of them stand in the head of all."""

    navigation: Sequence[NavigationEntry] = ()
    service: str = ""


def answer_as_page() -> None:
    """Lets this request be answered as a page is, whatever comes of it."""
    g.page = error_page
    g.page_headers = PAGE_HEADERS


def page_blueprint(
    name: str, import_name: str, *, service: str = "", navigation: Sequence[NavigationEntry] = ()
) -> PageBlueprint:
    """A blueprint for pages, with the templates of its package's folder ``templates``.

    Every POST to it is checked for a form token of the browser's session; nothing else is needed for that
    but ``{{ csrf_field() }}`` in the form. ``service``: what logs and metrics call these pages.
    """
    pages = PageBlueprint(name, import_name, template_folder="templates")
    pages.navigation = tuple(navigation)
    pages.service = service or name.replace("_", "-")

    @pages.before_request
    def begin() -> None:
        answer_as_page()
        g.facts["service"] = pages.service
        request.max_content_length = MOST_BYTES
        check_form()

    @pages.after_request
    def end(response: Response) -> Response:
        return remember_choice(response, https=current_sessions().https)

    return pages
