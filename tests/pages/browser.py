"""A browser for tests of pages: it keeps cookies, signs in, and puts the token into its forms."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.pages.form_tokens import FIELD
from cds_service.settings import Settings
from cds_service.signing_in.sessions import EXTENSION, Sessions
from cds_service.signing_in.staff import Grant, Person, Staff
from tests.service.definitions import TODAY, catalog


def demo_app(folder: Path, **settings: Any) -> Flask:
    """A service in demo mode that keeps what it is told in a folder."""
    usual = {
        "database": f"sqlite:///{folder / 'trialhook.db'}",
        "state_dir": str(folder),
        "storage_wait": 5.0,
    }
    return create_app(Settings(**{**usual, **settings}), catalog=catalog(), today=lambda: TODAY)


def close(app: Flask) -> None:
    """Ends what the service has open."""
    app.extensions["trialhook-close"]()


def sessions_of(app: Flask) -> Sessions:
    """The sessions of a service."""
    found: Sessions = app.extensions[EXTENSION]
    return found


def grant(app: Flask, account: str, *grants: Grant) -> None:
    """Lets a local account of demo mode have these grants and no others; the other accounts stay."""
    sessions = sessions_of(app)
    assert sessions.staff is not None
    others = [person for person in sessions.staff.people if person.subject != account]
    sessions.staff = Staff(people=(*others, Person(grants, subject=account)))


class Browser:
    """One browser with cookies of its own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.http: FlaskClient = app.test_client()

    @property
    def cookie(self) -> str:
        """The id of its session, or "" without one."""
        kept = self.http.get_cookie(sessions_of(self.app).cookie_name)
        return kept.value if kept else ""

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.http.set_cookie(sessions_of(self.app).cookie_name, value)

    def token(self) -> str:
        """The token that a form of its session has."""
        if not self.cookie:
            self.cookie = secrets.token_urlsafe(32)
        name = sessions_of(self.app).cookie_name
        with self.app.test_request_context(headers={"Cookie": f"{name}={self.cookie}"}):
            return str(generate_csrf())

    def sign_in(self, account: str) -> Browser:
        """As one of demo mode's accounts: coordinator, investigator, read-only, administrator, clinician."""
        answer = self.post("/sign-in/local", account=account)
        assert answer.status_code == 303, answer.text
        return self

    @property
    def is_signed_in(self) -> bool:
        """Whether it is somebody's."""
        answer = self.get("/start")
        assert answer.status_code in (200, 303), answer.text
        return not answer.headers.get("Location", "").startswith("/sign-in")

    def first_page(self) -> str:
        """What somebody sees who has just signed in."""
        answer = self.http.get("/start", follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def get(self, path: str, **headers: str) -> TestResponse:
        """GETs a path; redirects are not followed."""
        return self.http.get(path, headers=headers)

    def post(self, path: str, *, with_token: bool = True, **fields: Any) -> TestResponse:
        """POSTs a form as a page of ours would."""
        token = {FIELD: self.token()} if with_token else {}
        return self.http.post(path, data={**fields, **token})


def words_of(html: str) -> str:
    """The text of a page, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
