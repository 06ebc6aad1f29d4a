"""The token endpoint: a code, a refresh token or an assertion for an access token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from hmac import compare_digest
from typing import Any

from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App, Grant, User
from cds_service.demo.authorization.refusals import RefusedError

_ID_TOKEN_SECONDS = 300


def token_response(
    form: Mapping[str, str], authority: Authority, ident: str, app: App, urls: tuple[str, str]
) -> dict[str, Any]:
    """What the endpoint answers to an app that has proven itself. Raises RefusedError.

    ``urls``: our issuer, and the FHIR base.
    """
    kinds: dict[str, Callable[[], dict[str, Any]]] = {
        "authorization_code": lambda: _by_code(form, authority, ident, urls),
        "refresh_token": lambda: _by_refresh(form, authority, ident),
        "client_credentials": lambda: _by_itself(form, authority, ident, app),
    }
    kind = kinds.get(form.get("grant_type", ""))
    if kind is None:
        raise RefusedError("unsupported_grant_type", "There is no such grant here.")
    return kind()


def _by_code(
    form: Mapping[str, str], authority: Authority, ident: str, urls: tuple[str, str]
) -> dict[str, Any]:
    code = form.get("code", "")
    grant = authority.spend_code(code)
    if grant is None or grant.client_id != ident or grant.redirect_uri != form.get("redirect_uri"):
        raise RefusedError("invalid_grant", "The code is used, too old, or another's.")
    verifier = form.get("code_verifier", "")
    if not 43 <= len(verifier) <= 128 or not verifier.isascii():
        raise RefusedError("invalid_grant", "There is no code verifier.")
    if not compare_digest(str(create_s256_code_challenge(verifier)), grant.challenge):
        raise RefusedError("invalid_grant", "The code verifier does not fit.")
    answer = authority.give_tokens(grant, code) | _context(grant)
    if grant.user is not None and "openid" in grant.scope:
        answer["id_token"] = _id_token(grant, grant.user, authority, urls)
    return answer


def _by_refresh(form: Mapping[str, str], authority: Authority, ident: str) -> dict[str, Any]:
    grant = authority.refreshes.take(form.get("refresh_token", ""))
    if not isinstance(grant, Grant) or grant.client_id != ident:
        raise RefusedError("invalid_grant", "The refresh token is used, too old, or another's.")
    asked = tuple(form.get("scope", "").split()) or grant.scope
    if not set(asked).issubset(grant.scope):
        raise RefusedError("invalid_scope", "A refresh brings no more than there was.")
    return authority.give_tokens(replace(grant, scope=asked)) | _context(grant)


def _by_itself(form: Mapping[str, str], authority: Authority, ident: str, app: App) -> dict[str, Any]:
    if not app.backend or not app.has_keys:
        raise RefusedError("unauthorized_client", "This app has no access without a user.")
    scope = tuple(form.get("scope", "").split())
    if not scope or not all(one.startswith("system/") for one in scope):
        raise RefusedError("invalid_scope", "Ask for system scopes.")
    return authority.give_tokens(Grant(ident, scope, 0.0))


def _context(grant: Grant) -> dict[str, Any]:
    said = {"patient": grant.patient, "encounter": grant.encounter, "appContext": grant.app_context}
    return {name: value for name, value in said.items() if value}


def _id_token(grant: Grant, user: User, authority: Authority, urls: tuple[str, str]) -> str:
    issuer, fhir_base = urls
    now = int(authority.clock())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": user.id,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + _ID_TOKEN_SECONDS,
        "name": user.name,
        **({"nonce": grant.nonce} if grant.nonce else {}),
        **({"groups": list(user.groups)} if user.groups else {}),
        **({"email": user.email, "email_verified": True} if user.email else {}),
    }
    if user.fhir_user and "fhirUser" in grant.scope:
        claims["fhirUser"] = f"{fhir_base}/{user.fhir_user}"
    return authority.keys.sign(claims)
