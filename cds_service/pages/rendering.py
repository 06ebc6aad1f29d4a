"""Pages as HTML: a template in the layout that all share."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, render_template, request, url_for

from cds_service.pages import choosing_language, words
from cds_service.pages.form_tokens import csrf_field
from cds_service.pages.refusals import PageRefusalError
from cds_service.pages.static_files import asset
from cds_service.signing_in import words as sign_in_words
from cds_service.signing_in.sessions import current_sessions
from cds_service.signing_in.staff import Account
from cds_service.web.problems import RefusalError
from mappings.language import Language
from mappings.language.letters import tag_of

__all__ = ["error_page", "message_page", "page_language", "render"]

page_language = choosing_language.page_language


def render(template: str, language: Language, *, title: str, status: int = 200, **values: Any) -> Response:
    """A page. ``title`` is a message; it stands in the browser's history, so it never names a patient.

    The template extends ``layout.html`` and has, beside ``values``: ``say`` (a message in the language),
    ``spoken`` (the language), ``quoted`` (the tag of a text in whatever language), ``account``,
    ``csrf_field``, ``asset``, ``url_for``.
    """
    account = current_sessions().current().account
    return _rendered(template, language, account, status, {"title": title, **values})


def message_page(
    status: int, title: str, text: str, *, link: tuple[str, str] | None = None, spoken: Language | None = None
) -> Response:
    """A page that says one thing. ``link``: where to go on, and a message that says so. Reads no session."""
    spoken = spoken or page_language()
    account = current_sessions().loaded_account()
    values = {"title": title, "text": text, "link": link}
    return _rendered("message.html", spoken, account, status, values)


def error_page(refusal: RefusalError) -> Response:
    """The page of whatever a page refuses, or fails at. It reads no session: the database may be away."""
    again, link = refusal.status == 401, None
    if isinstance(refusal, PageRefusalError):
        title, text, again, link = refusal.title, refusal.text, again or refusal.again, refusal.back
    else:
        other = (words.OTHER_FAULT, words.OTHER_FAULT_TEXT)
        title, text = words.BY_STATUS.get(refusal.status, other)
    if again:
        link = (url_for("signing_in.begin"), sign_in_words.SIGN_IN)
    elif link is None and current_sessions().loaded_account() is not None:
        link = (url_for("signing_in.start"), words.TO_THE_START)
    return message_page(refusal.status, title, text, link=link)


def _rendered(
    template: str, language: Language, account: Account | None, status: int, values: dict[str, Any]
) -> Response:
    html = render_template(
        template,
        say=language.text,
        quoted=tag_of,
        spoken=language,
        frame=words,
        sign_in_words=sign_in_words,
        account=account,
        navigation=_navigation(account),
        switches=choosing_language.switches(language),
        csrf_field=csrf_field,
        asset=asset,
        demo=current_sessions().is_demo,
        **values,
    )
    return Response(html, status, mimetype="text/html", headers={"Content-Language": language.tag})


def _navigation(account: Account | None) -> list[tuple[str, str, bool]]:
    """Where each entry leads, its message, and whether we are there."""
    if account is None:
        return []
    return [
        (url_for(entry.endpoint), entry.words, request.endpoint == entry.endpoint)
        for blueprint in current_app.blueprints.values()
        for entry in getattr(blueprint, "navigation", ())
        if any(map(account.may, entry.rights))
    ]
