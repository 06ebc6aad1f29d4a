"""The demo's authorization server, called in process."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App, User
from cds_service.demo.authorization.protecting import protect_fhir
from cds_service.demo.authorization.routes import authorization_routes
from cds_service.oauth.signing_keys import SigningKeys
from tests.authentication.minting import encoded
from tests.outbound.places import Clock

BASE = "http://127.0.0.1:8091"
REDIRECT = "https://app.example/callback"
VERIFIER = "v" * 43
CHALLENGE = encoded(sha256(VERIFIER.encode()).digest())
KEYS = SigningKeys.new()
DOCTOR = User("dr", "Dr Demo", "Practitioner/dr")
NURSE = User("nurse", "Study Nurse", email="nurse@study.example", groups=("coordinators",))


@dataclass
class Running:
    """A server with its clock, and an app that knows the flow."""

    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.clock.now = 1_800_000_000.0
        self.authority = Authority(
            apps={
                "public": App((REDIRECT, f"{REDIRECT}?a=b")),
                "other": App((REDIRECT,)),
                "secret": App((REDIRECT,), secret="a secret:%"),
                "service": App(jwks=KEYS.public(), backend=True),
                "signing-app": App((REDIRECT,), jwks=KEYS.public()),
            },
            users=(DOCTOR, NURSE),
            patients=lambda: [("p1", "One"), ("p2", "Two")],
            base_url=BASE,
            clock=self.clock,
        )
        app = Flask("ehr")
        app.register_blueprint(authorization_routes(self.authority))
        protect_fhir(app, self.authority, patient_of=lambda kind, ident: ident.partition("-")[0])

        @app.route("/fhir", methods=["GET"])
        @app.route("/fhir/<path:path>", methods=["GET", "POST", "PUT", "DELETE"])
        def reached(path: str = "") -> Response:
            return Response("reached")

        self.http: FlaskClient = app.test_client()

    def asks(self, **changed: Any) -> TestResponse:
        """An authorization request, good unless something is changed, or left out where it is ``...``."""
        good = {
            "response_type": "code",
            "client_id": "public",
            "redirect_uri": REDIRECT,
            "scope": "launch openid fhirUser patient/*.rs",
            "state": "the-state",
            "aud": f"{BASE}/fhir",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "nonce": "the-nonce",
            "launch": self.authority.launch("p1", "dr", '{"trial":"N"}', "e1"),
        }
        said = {name: value for name, value in {**good, **changed}.items() if value is not ...}
        return self.http.get("/oauth/authorize", query_string=said)

    def code(self, **changed: Any) -> str:
        return answered(self.asks(**changed))["code"]

    def token(self, form: dict[str, Any], **headers: str) -> TestResponse:
        return self.http.post("/oauth/token", data=form, headers=headers)

    def spends(self, spent: str, **changed: Any) -> TestResponse:
        good = {
            "grant_type": "authorization_code",
            "code": spent,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            "client_id": "public",
        }
        return self.token({name: value for name, value in {**good, **changed}.items() if value is not ...})


def answered(response: TestResponse) -> dict[str, str]:
    """What the app is told at its redirect URI."""
    assert response.status_code == 302, response.text
    address = urlsplit(response.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == REDIRECT
    return dict(parse_qsl(address.query))
