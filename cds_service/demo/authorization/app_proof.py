"""Whether a token request comes from the app that it names: by secret, by signature, or not at all."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from hmac import compare_digest
from ipaddress import ip_network
from urllib.parse import unquote_plus

import jwt
from flask import Request
from jwt.exceptions import PyJWTError

from cds_service.authentication.public_keys import NotAKeySetError, PublicKey, read_key_set
from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App
from cds_service.demo.authorization.refusals import RefusedError
from cds_service.oauth.exchange import Asked, Exchange
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.token_requests import ASSERTION_TYPE
from cds_service.outbound.sessions import Rule

ALGORITHMS = ("ES384", "RS384")
LONGEST_LIFE = 300
_LEEWAY = 10
_THIS_MACHINE = Rule((ip_network("127.0.0.0/8"), ip_network("::1/128")), insecure_http=True)
_EXCHANGE = Exchange()


def app_of(request: Request, authority: Authority, token_url: str) -> tuple[str, App]:
    """The app that asks, proven in the one way in which it is registered. Raises RefusedError."""
    form = request.form
    if "client_assertion" in form or "client_assertion_type" in form:
        ident, app = _signed(form, authority, token_url)
    elif request.headers.get("Authorization"):
        ident, secret = _basic(request.headers["Authorization"])
        app = _known(authority, ident)
        if not app.secret or not compare_digest(app.secret.encode(), secret.encode()):
            raise _stranger()
    else:
        ident = form.get("client_id", "")
        app = _known(authority, ident)
        given = form.get("client_secret", "")
        if app.has_keys or not compare_digest(app.secret.encode(), given.encode()):
            raise _stranger()
    if form.get("client_id", ident) != ident:
        raise _stranger()
    return ident, app


def _stranger() -> RefusedError:
    return RefusedError("invalid_client", "The app is not known, or did not prove that it is the one.", 401)


def _known(authority: Authority, ident: str) -> App:
    app = authority.apps.get(ident)
    if app is None:
        raise _stranger()
    return app


def _basic(header: str) -> tuple[str, str]:
    scheme, _, text = header.partition(" ")
    try:
        pair = b64decode(text, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    ident, colon, secret = pair.partition(":")
    if not colon:
        raise _stranger()
    return unquote_plus(ident), unquote_plus(secret)


def _signed(form: Mapping[str, str], authority: Authority, token_url: str) -> tuple[str, App]:
    """By an assertion: of an app with keys, for this endpoint, of a short life, and never seen before."""
    token = form.get("client_assertion", "")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise _stranger()
    try:
        header = jwt.get_unverified_header(token)
        ident = jwt.decode(token, options={"verify_signature": False}).get("iss", "")
        app = _known(authority, ident if isinstance(ident, str) else "")
        key = _key(app, str(header.get("kid", "")))
        algorithm = str(header.get("alg"))
        if algorithm not in ALGORITHMS or algorithm not in key.verifiers:
            raise _stranger()
        claims = jwt.decode(
            token,
            key.verifiers[algorithm],
            algorithms=[algorithm],
            audience=token_url,
            issuer=ident,
            leeway=_LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "jti"]},
        )
    except PyJWTError:
        raise _stranger() from None
    _check_once(claims, ident, authority)
    return ident, app


def _check_once(claims: Mapping[str, object], ident: str, authority: Authority) -> None:
    expires_at = claims["exp"]
    assert isinstance(expires_at, int | float)  # noqa: S101 -- PyJWT has checked it
    if claims["sub"] != ident or expires_at > authority.clock() + LONGEST_LIFE + _LEEWAY:
        raise _stranger()
    if not authority.assertions.first(f"{ident} {claims['jti']}", expires_at + _LEEWAY):
        raise _stranger()


def _key(app: App, kid: str) -> PublicKey:
    try:
        document: object = app.jwks
        if app.jwks_url:
            document = _EXCHANGE.send(Asked("GET", app.jwks_url, again=True), _THIS_MACHINE).json()
        key = read_key_set(document).keys.get(kid)
    except (OAuthError, NotAKeySetError):
        key = None
    if key is None:
        raise _stranger()
    return key
