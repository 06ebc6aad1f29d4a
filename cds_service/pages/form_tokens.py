"""Forms are checked by Flask-WTF. What it keeps in Flask's session comes from ours."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SessionInterface, SessionMixin
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf  # type: ignore[import-untyped]
from markupsafe import Markup

from cds_service.pages import words
from cds_service.pages.refusals import PageRefusalError
from cds_service.signing_in.sessions import EXTENSION, Sessions, current_sessions

FIELD = "csrf_token"
_OWN_PAGES = ("same-origin", "none")

_protection = CSRFProtect()


class _FormSession(dict[str, Any], SessionMixin):
    """Flask's session as far as Flask-WTF knows it: one secret, read when it is asked for."""

    def __contains__(self, key: object) -> bool:
        return key == FIELD

    def __getitem__(self, key: str) -> Any:
        if key != FIELD:
            raise KeyError(key)
        return current_sessions().form_secret()


class _OurSessions(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> _FormSession:  # noqa: ARG002 -- Flask's signature
        return _FormSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002
        sessions: Sessions = app.extensions[EXTENSION]
        change = sessions.cookie_change()
        if change is None:
            return
        rules: dict[str, Any] = {"secure": sessions.https, "httponly": True, "samesite": "Lax"}
        if change:
            response.set_cookie(sessions.cookie_name, change, **rules)
        else:
            response.delete_cookie(sessions.cookie_name, **rules)


def protect_forms(app: Flask, secret: str) -> None:
    """Makes form tokens work in an application. Each page blueprint checks its own requests."""
    app.secret_key = secret
    app.session_interface = _OurSessions()
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # hook routes are not called by browsers' forms
        WTF_CSRF_TIME_LIMIT=None,  # a token is good as long as its session
        WTF_CSRF_SSL_STRICT=False,  # pages send no referrer; below is what is looked at instead
    )
    _protection.init_app(app)


def check_form() -> None:
    """Refuses whatever would change something and does not come from a form of this browser's session."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_PAGES:
        refuse_form()
    try:
        _protection.protect()
    except CSRFError:
        refuse_form()


def refuse_form() -> None:
    """403: the form is another's, or of a session that is over."""
    raise PageRefusalError(403, words.FORM_TOO_OLD, words.FORM_TOO_OLD_TEXT)


def csrf_field() -> Markup:
    """The hidden field that every form with POST needs."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, generate_csrf())


def is_set_up() -> bool:
    """Whether the application that is answering has pages."""
    return EXTENSION in current_app.extensions
