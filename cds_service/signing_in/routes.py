"""The paths by which people come in and go out."""

from __future__ import annotations

from flask import Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from cds_service.audit.events import SignInRecord
from cds_service.audit.trail import Trail
from cds_service.deployment import Deployment
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import signing_keys_of
from cds_service.pages.blueprint import PageBlueprint, page_blueprint
from cds_service.pages.refusals import PageRefusalError
from cds_service.pages.rendering import message_page, page_language, render
from cds_service.signing_in import words
from cds_service.signing_in.guard import to_sign_in
from cds_service.signing_in.local_accounts import ROLES, local_identity
from cds_service.signing_in.one_time import OneTime
from cds_service.signing_in.openid import NotBegunHereError, OpenIdSignIn
from cds_service.signing_in.own_paths import own_path
from cds_service.signing_in.sessions import Sessions, current_sessions
from cds_service.signing_in.staff import Account, Identity


def sign_in_routes(deployment: Deployment) -> PageBlueprint:
    """The routes; those of demo mode answer 404 elsewhere."""
    pages = page_blueprint("signing_in", __name__, service="sign-in")
    records = deployment.records
    assert records is not None  # noqa: S101 -- pages are registered where there is a database
    door = _Door(deployment, records.trail, OneTime(records.database, deployment.ring))
    pages.get("/sign-in", endpoint="begin")(door.begin)
    pages.get("/sign-in/callback", endpoint="callback")(door.callback)
    pages.post("/sign-in/local", endpoint="local")(door.local)
    pages.post("/sign-out", endpoint="sign_out")(door.sign_out)
    pages.get("/signed-out", endpoint="signed_out")(door.signed_out)
    pages.get("/start", endpoint="start")(door.start)
    return pages


class _Door:
    def __init__(self, deployment: Deployment, trail: Trail, one_time: OneTime) -> None:
        self._settings, self._trail, self._one_time = deployment.settings, trail, one_time
        self._openid: OpenIdSignIn | None = None

    def begin(self) -> AnyResponse:
        """To the organization's sign-in, or the accounts of demo mode."""
        sessions, then = current_sessions(), own_path(request.args.get("next", ""))
        if sessions.staff is None:
            raise PageRefusalError(404, words.NO_SIGN_IN, words.NO_SIGN_IN_TEXT)
        if sessions.current().account is not None:
            return redirect(then or url_for("signing_in.start"), 303)
        if sessions.staff.provider is None:
            return _local_accounts(then)
        try:
            where = self._provider(sessions).begin(sessions.binding(), then, sessions.clock())
        except OAuthError as error:
            raise self._failed(error) from None
        return redirect(where, 303)

    def callback(self) -> AnyResponse:
        """Back from the organization's sign-in."""
        g.no_language_switch = True
        sessions = current_sessions()
        if sessions.staff is None or sessions.staff.provider is None:
            raise PageRefusalError(404, words.NO_SIGN_IN, words.NO_SIGN_IN_TEXT)
        provider = self._provider(sessions)
        try:
            payload = provider.take(request.args.get("state", ""), sessions.clock())
            if not sessions.is_bound_to(payload["browser"]):
                raise NotBegunHereError
            identity = provider.finish(payload, request.args.to_dict())
        except NotBegunHereError:
            self._trail.refused("sign-in-state", 400)
            raise _not_completed(400, words.NOT_COMPLETED_TEXT) from None
        except OAuthError as error:
            raise self._failed(error) from None
        return self._let_in(sessions, identity, payload["next"])

    def local(self) -> AnyResponse:
        """One of demo mode's accounts."""
        sessions = current_sessions()
        identity = local_identity(request.form.get("account", ""))
        if sessions.staff is None or sessions.staff.provider is not None or identity is None:
            raise PageRefusalError(404, words.NO_SIGN_IN, words.NO_SIGN_IN_TEXT)
        return self._let_in(sessions, identity, own_path(request.form.get("next", "")))

    def sign_out(self) -> AnyResponse:
        """Ends the session, whoever it was."""
        sessions = current_sessions()
        account = sessions.current().account
        sessions.sign_out()
        if account is not None:
            roles = tuple(role.value for role in account.roles)
            self._trail.sign_in(SignInRecord(sessions.clock(), "out", account.id, roles))
        return redirect(url_for("signing_in.signed_out"), 303)

    def signed_out(self) -> Response:
        """What is left to do."""
        text = words.SIGNED_OUT_TEXT
        return message_page(200, words.SIGNED_OUT, text, link=(url_for("signing_in.begin"), words.SIGN_IN))

    def start(self) -> AnyResponse:
        """The first page that is somebody's own."""
        account = current_sessions().current().account
        if account is None:
            return to_sign_in()
        where = _first_page(account)
        if where:
            return redirect(where, 303)
        return message_page(200, words.SIGNED_IN, words.SIGNED_IN_TEXT)

    def _let_in(self, sessions: Sessions, identity: Identity, then: str) -> AnyResponse:
        account = sessions.sign_in(identity)
        if account is None:
            self._trail.sign_in(SignInRecord(sessions.clock(), "refused", identity.account_id))
            raise PageRefusalError(403, words.NO_GRANT, words.NO_GRANT_TEXT)
        roles = tuple(role.value for role in account.roles)
        self._trail.sign_in(SignInRecord(sessions.clock(), "in", account.id, roles))
        return redirect(then or url_for("signing_in.start"), 303)

    def _failed(self, error: OAuthError) -> PageRefusalError:
        """In words for whoever wanted in. For the operator the cause is in the log and the trail."""
        g.facts["cause"] = error.word
        if error.retry:
            later = {"Retry-After": "30"}
            return PageRefusalError(503, words.PROVIDER_AWAY, words.PROVIDER_AWAY_TEXT, later, again=True)
        self._trail.refused(f"sign-in-{error.word}".replace("_", "-"), 403)
        return _not_completed(403, words.CANCELLED_TEXT)

    def _provider(self, sessions: Sessions) -> OpenIdSignIn:
        """Made at the first use, in the process that uses it."""
        staff = sessions.staff
        assert staff is not None  # noqa: S101 -- asked for where there is one
        assert staff.provider is not None  # noqa: S101
        if self._openid is None:
            keys = signing_keys_of(self._settings) if staff.provider.private_key_jwt else None
            self._openid = OpenIdSignIn(staff.provider, self._settings.public_url, self._one_time, keys)
        return self._openid


def _local_accounts(then: str) -> Response:
    accounts = [(role.value, words.DEMO_NAMES[role], words.DEMO_MEANINGS[role]) for role in ROLES]
    return render(
        "local_accounts.html",
        page_language(),
        title=words.DEMO_TITLE,
        words=words,
        accounts=accounts,
        then=then,
    )


def _not_completed(status: int, text: str) -> PageRefusalError:
    return PageRefusalError(status, words.NOT_COMPLETED, text, again=True)


def _first_page(account: Account) -> str:
    for blueprint in current_app.blueprints.values():
        for entry in getattr(blueprint, "navigation", ()):
            if any(map(account.may, entry.rights)):
                return url_for(entry.endpoint)
    return ""
