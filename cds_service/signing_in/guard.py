"""Who may open which page, and what they may do with which row.

``needs`` stands before a view and asks for a role. ``require`` stands where the row is known and asks whether
it is theirs: what is not, does not exist for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from cds_service.pages.refusals import PageRefusalError
from cds_service.signing_in import words
from cds_service.signing_in.sessions import current_sessions
from cds_service.signing_in.staff import RIGHTS, Account, Right

P = ParamSpec("P")
R = TypeVar("R")

_PATIENTS = frozenset({Right.SEE, Right.ANSWER})
"""A right of this kind lets somebody know that a patient's row exists."""


def needs(*rights: Right) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """For a view: somebody is signed in and has one of these rights for some trial. Below ``route``.

    Whoever is not signed in is led to sign in, and back; a POST is refused with a page (401), since what it
    carried cannot be sent again. Without the right: a page with 403.
    """

    def guard(view: Callable[P, R]) -> Callable[P, R | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            account = current_sessions().current().account
            if account is None:
                return to_sign_in()
            if not any(map(account.may, rights)):
                refuse_role()
            return view(*args, **kwargs)

        return guarded

    return guard


def current_account() -> Account:
    """Who is signed in, in a view behind ``needs``."""
    account = current_sessions().current().account
    if account is None:
        raise PageRefusalError(401, words.NEEDS_SIGN_IN, words.NEEDS_SIGN_IN_TEXT)
    return account


def require(account: Account, right: Right, trial: str, client: str) -> None:
    """Refuses with a page: 404 for a row out of the account's trials and clients, 403 by its role.

    404 and not 403 for the first: that a patient is referred to a trial is private already.
    """
    if account.may(right, trial, client):
        return
    if any(account.may(one, trial, client) for one in _PATIENTS):
        refuse_role()
    refuse_existence()


def to_sign_in() -> Response:
    """To the sign-in and back here; refused with a page where there is no sign-in, or no way back."""
    if current_sessions().staff is None:
        raise PageRefusalError(404, words.NO_SIGN_IN, words.NO_SIGN_IN_TEXT)
    if request.method not in ("GET", "HEAD"):
        raise PageRefusalError(401, words.NEEDS_SIGN_IN, words.NEEDS_SIGN_IN_TEXT)
    here = request.full_path if request.query_string else request.path
    return redirect(url_for("signing_in.begin", next=here), 303)


def refuse_role() -> NoReturn:
    """403: signed in, and not allowed."""
    raise PageRefusalError(403, words.NOT_ALLOWED, words.NOT_ALLOWED_TEXT)


def refuse_existence() -> NoReturn:
    """404, the same whether there is no such row or it is somebody else's."""
    raise PageRefusalError(404, words.NOT_HERE, words.NOT_HERE_TEXT)


def roles_with(*rights: Right) -> frozenset[str]:
    """The roles that have one of these rights, by name: for tables of who may open what."""
    return frozenset(role.value for role, own in RIGHTS.items() if not own.isdisjoint(rights))
