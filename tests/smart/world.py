"""An EHR on a real socket, a service with it registered, and a browser between the two."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.signing_in.session_content import WorksheetAccess
from cds_service.signing_in.sessions import current_sessions
from mappings.trial_definition import Catalog
from tests.authentication.minting import jwk, key_set, private_key
from tests.oauth.scripted import Scripted, scripted
from tests.registered.hospital import ISSUER, PUBLIC_URL, Hospital, registered
from tests.service.definitions import catalog

TRIAL = "NCT00000001"
APP = "worksheet-app"
SMART = "/fhir/.well-known/smart-configuration"
CALLBACK = "/smart/callback"


@dataclass
class Ehr:
    """What the EHR's servers say. ``token`` and ``claims`` are added to what a good answer holds."""

    server: Scripted
    claims: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"{self.server.base}/fhir"

    @property
    def issuer(self) -> str:
        return f"{self.server.base}/oauth"

    def set_up(self, **changed: Any) -> None:
        """A good smart-configuration, with some members changed, or left out where they are ``...``."""
        good = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "permission-v2"],
        }
        said = {name: value for name, value in {**good, **changed}.items() if value is not ...}
        self.server.says(SMART, said)
        self.server.says("/oauth/jwks", key_set(jwk("P-384", "ec")))

    def id_token(self, flow: str, **changed: Any) -> str:
        now = int(time.time())
        good = {
            "iss": self.issuer,
            "sub": "secretuser",
            "aud": APP,
            "iat": now,
            "exp": now + 300,
            "nonce": flow,
            "name": "Dr Secretname",
            "fhirUser": f"{self.base}/Practitioner/secretuser",
        }
        said = {name: value for name, value in {**good, **changed}.items() if value is not ...}
        return jwt.encode(said, private_key("P-384"), "ES384", headers={"kid": "ec"})

    def will_give(self, flow: str, **changed: Any) -> None:
        """What the token endpoint answers to the flow with this nonce."""
        good = {
            "access_token": "secrettoken",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "launch openid patient/*.rs",
            "patient": "secretpatient",
            "id_token": self.id_token(flow, **self.claims),
            **self.token,
            **changed,
        }
        said = {name: value for name, value in good.items() if value is not ...}
        self.server.says("/oauth/token", said)

    def codes_sent(self) -> list[str]:
        return [asked.form["code"] for asked in self.server.asked if asked.path == "/oauth/token"]


def client(ehr: str, base: str, **members: Any) -> dict[str, Any]:
    """The registration of an EHR on this machine with our app."""
    server: dict[str, Any] = {"base": base, "networks": ["127.0.0.0/8"]}
    if base.startswith("http:"):
        server["insecure_http"] = "yes"
    issuer = members.pop("issuer", ISSUER)
    said = {"fhir_servers": [server], "smart": {"client_id": APP}, **members}
    return registered(ehr, issuer, **{name: value for name, value in said.items() if value is not None})


class Browser:
    """One browser: its cookies, over https, at the address of the service."""

    def __init__(self, hospital: Hospital) -> None:
        self.app: Flask = hospital.http.application
        self.http: FlaskClient = self.app.test_client()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> TestResponse:
        return self.http.get(path, query_string=query, base_url=PUBLIC_URL)

    def post(self, path: str, form: Mapping[str, str]) -> TestResponse:
        return self.http.post(path, data=form, base_url=PUBLIC_URL)

    def asked(self, query: Mapping[str, str]) -> dict[str, str]:
        """Begins a launch; the query with which the browser was sent to the EHR."""
        answer = self.get("/smart/launch", query)
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def cookies(self) -> str:
        names = ("__Host-trialhook", "trialhook-language")
        found = [self.http.get_cookie(name, domain="cds.example.org") for name in names]
        return "; ".join(f"{one.key}={one.value}" for one in found if one)

    def forget(self) -> None:
        """Loses its session's cookie."""
        self.http.delete_cookie("__Host-trialhook", domain="cds.example.org")

    def worksheets(self) -> list[WorksheetAccess]:
        """What this browser may open now."""
        with self.app.test_request_context(base_url=PUBLIC_URL, headers={"Cookie": self.cookies()}):
            return list(current_sessions().current().worksheets.values())


@dataclass
class World:
    """An EHR that is registered, and the service."""

    ehr: Ehr
    hospital: Hospital

    def browser(self) -> Browser:
        return Browser(self.hospital)

    def launch_of(self, browser: Browser, **changed: Any) -> TestResponse:
        """A whole launch from the chart, up to what the service answers at its end."""
        asked = browser.asked({"iss": self.ehr.base, "launch": "secretlaunch"})
        self.ehr.will_give(asked["nonce"], **changed)
        return browser.get(CALLBACK, {"code": "secretcode", "state": asked["state"]})


@contextmanager
def a_world(folder: Path, definitions: Catalog | None = None, **members: Any) -> Iterator[World]:
    """Both up during the block. ``members`` are of the client's registration."""
    with scripted() as server:
        ehr = Ehr(server)
        ehr.set_up()
        settings = members.pop("settings", {})
        hospital = Hospital(folder, [client("hospital", ehr.base, **members)], definitions or catalog())
        if settings:
            hospital.close()
            hospital = Hospital(folder, hospital.clients, hospital.definitions, settings)
        try:
            yield World(ehr, hospital)
        finally:
            hospital.close()
