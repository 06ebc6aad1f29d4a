"""The endpoints of the demo's authorization server, and what guards its FHIR server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from cds_service.demo.authorization.app_proof import ALGORITHMS, app_of
from cds_service.demo.authorization.asking import Asking, asking_of, redirect_of
from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import User
from cds_service.demo.authorization.refusals import RefusedError
from cds_service.demo.authorization.token_endpoint import token_response

_PATH = "/oauth"
_CAPABILITIES = (
    *("launch-ehr", "launch-standalone", "client-public", "client-confidential-symmetric"),
    *("client-confidential-asymmetric", "sso-openid-connect", "context-ehr-patient"),
    *("context-ehr-encounter", "context-standalone-patient", "permission-patient", "permission-v1"),
    *("permission-v2", "permission-offline", "permission-online"),
)
_WAITING_SECONDS = 600.0


def authorization_routes(authority: Authority) -> Blueprint:
    """All endpoints, to be registered in the application of the FHIR server. Loopback only is its matter."""
    routes = Blueprint("authorization", __name__, template_folder="templates")
    server = _Server(authority)
    routes.get(f"{authority.fhir_path}/.well-known/smart-configuration", endpoint="smart")(server.smart)
    routes.get(f"{_PATH}/.well-known/openid-configuration", endpoint="openid")(server.openid)
    routes.get(f"{_PATH}/jwks", endpoint="jwks")(server.jwks)
    routes.get(f"{_PATH}/authorize", endpoint="authorize")(server.authorize)
    routes.get(f"{_PATH}/approve", endpoint="approve")(server.approve)
    routes.post(f"{_PATH}/token", endpoint="token")(server.token)
    return routes


class _Server:
    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    # --- what there is

    @property
    def _base(self) -> str:
        return self._authority.base_url or request.host_url.rstrip("/")

    @property
    def _issuer(self) -> str:
        return f"{self._base}{_PATH}"

    @property
    def _fhir_base(self) -> str:
        return f"{self._base}{self._authority.fhir_path}"

    def smart(self) -> Response:
        """SMART App Launch 2, "Conformance"."""
        return _json(self._document() | {"capabilities": list(_CAPABILITIES)})

    def openid(self) -> Response:
        """OpenID Connect Discovery 1.0."""
        more = {
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": list(self._authority.keys.algorithms),
            "authorization_response_iss_parameter_supported": True,
        }
        return _json(self._document() | more)

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": self._issuer,
            "authorization_endpoint": f"{self._issuer}/authorize",
            "token_endpoint": f"{self._issuer}/token",
            "jwks_uri": f"{self._issuer}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "token_endpoint_auth_methods_supported": [
                *("none", "client_secret_basic", "client_secret_post", "private_key_jwt"),
            ],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "code_challenge_methods_supported": ["S256"],
        }

    def jwks(self) -> Response:
        """Our public keys."""
        return _json(self._authority.keys.public())

    # --- signing in

    def authorize(self) -> AnyResponse:
        """An app asks. From a chart it is opened by who has that open; else somebody signs in here."""
        arguments = request.args.to_dict()
        try:
            uri = redirect_of(arguments, self._authority)
        except RefusedError as refusal:
            return _page("authorization_refused.html", 400, why=refusal.why)
        try:
            asking = asking_of(arguments, self._authority, self._fhir_base)
        except RefusedError as refusal:
            return self._back(uri, arguments.get("state", ""), {"error": refusal.error})
        if asking.launch is not None:
            return self._granted(asking, self._authority.user(asking.launch.user), "")
        until = self._authority.clock() + _WAITING_SECONDS
        ident = self._authority.launches.put(asking, until)
        patients = self._authority.patients() if asking.needs_patient else ()
        return _page(
            "authorization_sign_in.html",
            200,
            ident=ident,
            users=self._who(asking),
            patients=patients,
            app=asking.client_id,
        )

    def approve(self) -> AnyResponse:
        """Who somebody is, as chosen on the page, or that they refused."""
        asking = self._authority.launches.take(request.args.get("asking", ""))
        if not isinstance(asking, Asking):
            return _page("authorization_refused.html", 400, why="This sign-in is over. Begin again.")
        if "refuse" in request.args:
            return self._back(asking.redirect_uri, asking.state, {"error": "access_denied"})
        user = self._authority.user(request.args.get("user", ""))
        patient = request.args.get("patient", "")
        if asking.needs_patient and patient not in [ident for ident, _ in self._authority.patients()]:
            return self._back(asking.redirect_uri, asking.state, {"error": "access_denied"})
        return self._granted(asking, user, patient)

    def _who(self, asking: Asking) -> list[User]:
        """Practitioners for an app that asks for patient data, everybody for one that does not."""
        everybody = list(self._authority.users)
        return [user for user in everybody if user.fhir_user] if asking.needs_patient else everybody

    def _granted(self, asking: Asking, user: User | None, patient: str) -> AnyResponse:
        if user is None:
            return self._back(asking.redirect_uri, asking.state, {"error": "access_denied"})
        code = self._authority.give_code(asking.grant(user, patient))
        return self._back(asking.redirect_uri, asking.state, {"code": code})

    def _back(self, uri: str, state: str, said: Mapping[str, str]) -> AnyResponse:
        more = {**said, **({"state": state} if state else {}), "iss": self._issuer}
        joint = "&" if "?" in uri else "?"
        return redirect(f"{uri}{joint}{urlencode(more)}")

    # --- tokens

    def token(self) -> Response:
        """RFC 6749, 3.2."""
        try:
            ident, app = app_of(request, self._authority, f"{self._issuer}/token")
            urls = (self._issuer, self._fhir_base)
            answer = token_response(request.form, self._authority, ident, app, urls)
        except RefusedError as refusal:
            return _json({"error": refusal.error, "error_description": refusal.why}, refusal.status)
        return _json(answer)


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(orjson.dumps(body), status, headers, mimetype="application/json")


def _page(template: str, status: int, **values: Any) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; "
        "frame-ancestors 'none'",  # no form-action: the form ends at the app's address
        "Referrer-Policy": "no-referrer",
    }
    return Response(render_template(template, **values), status, headers)
