"""What somebody wrote is not lost when their session is over: the page that refuses it shows it again."""

from __future__ import annotations

from flask import Response, request, url_for

from cds_service.pages.blueprint import PageBlueprint
from cds_service.pages.refusals import PageRefusalError
from cds_service.pages.rendering import page_language, render
from cds_service.web.around import refusal_response
from cds_service.worklist.opening import words

_FIELDS = ("why", "note")
_OVER = (401, 403)
_PAGES = {"worklist.refer": "worklist.candidate", "worklist.set_aside": "worklist.candidate"}


def keep_what_was_written(pages: PageBlueprint) -> None:
    """For the pages of rows: a form that is refused gives back its text."""

    @pages.errorhandler(PageRefusalError)
    def refused(refusal: PageRefusalError) -> Response:
        written = _written() if refusal.status in _OVER else ""
        if not written:
            return refusal_response(refusal)
        ident = (request.view_args or {}).get("ident", "")
        return render(
            "worklist/refused.html",
            page_language(),
            title=refusal.title,
            status=refusal.status,
            words=words,
            text=refusal.text,
            written=written,
            back=url_for(_PAGES.get(request.endpoint or "", "worklist.opened"), ident=ident),
        )


def _written() -> str:
    """The text of a form of ours. What another site sends is not shown on a page of this one."""
    if request.method != "POST" or request.headers.get("Sec-Fetch-Site") != "same-origin":
        return ""
    return next((text for name in _FIELDS if (text := request.form.get(name, "").strip())), "")
