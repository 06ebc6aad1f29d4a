"""A service with registered clients as a hospital runs it, called over HTTP with signed tokens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import jwt
import orjson
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.app import application
from cds_service.audit.key_ring import KeyRing
from cds_service.deployment import Records, deploy
from cds_service.settings import Settings
from mappings.trial_definition import Catalog
from tests.authentication.minting import jwk, key_set, private_key
from tests.service import charts
from tests.service.definitions import TODAY, catalog

PUBLIC_URL = "https://cds.example.org"
ISSUER = "https://ehr.example/oauth2"
OTHER_ISSUER = "https://other.example/oauth2"


def registered(client: str, issuer: str, **members: Any) -> dict[str, Any]:
    """An entry of clients.yaml, with the key of these tests."""
    return {
        "id": client,
        "issuer": issuer,
        "keys": {"jwks": key_set(jwk("P-384", "ec"))},
        "time_zone": "Europe/Berlin",
        "fhir_servers": [{"base": "https://ehr.example/fhir"}],
        "origins": ["https://ehr.example"],
        **members,
    }


@dataclass
class Hospital:
    """Makes the service in a folder, and calls it as its clients do."""

    folder: Path
    clients: list[dict[str, Any]] = field(
        default_factory=lambda: [registered("hospital", ISSUER), registered("other", OTHER_ISSUER)]
    )
    definitions: Catalog = field(default_factory=catalog)
    settings: dict[str, Any] = field(default_factory=dict)
    keys: str = field(default_factory=KeyRing.new_key_text)

    def __post_init__(self) -> None:
        register = self.folder / "clients.yaml"
        register.write_bytes(orjson.dumps({"schema": "1", "clients": self.clients}))
        usual = {
            "clients": str(register),
            "public_url": PUBLIC_URL,
            "keys": self.keys,
            "state_dir": str(self.folder / "state"),
            "serve_drafts": True,
            "policy": True,
            "storage_wait": 1.0,
        }
        settings = Settings(**{**usual, **self.settings})
        self.deployment = deploy(settings, self.definitions, at_noon)
        self.http: FlaskClient = application(self.deployment).test_client()

    @property
    def records(self) -> Records:
        assert self.deployment.records is not None
        return self.deployment.records

    def close(self) -> None:
        self.deployment.close()

    def token(self, path: str = charts.SERVICE, **changed: Any) -> str:
        """A token for a path, good unless something is changed."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": f"{PUBLIC_URL}{path}",
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid4()),
            **changed,
        }
        return jwt.encode(claims, private_key("P-384"), "ES384", headers={"kid": "ec"})

    def post(self, path: str, body: Any, token: str | None = None, **headers: str) -> TestResponse:
        """POSTs with a token for the path; an empty one sends none."""
        token = self.token(path) if token is None else token
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.http.post(
            path, data=raw, content_type="application/json", headers={**authorization, **headers}
        )

    def open_chart(
        self,
        patient: str = charts.PATIENT_ID,
        user: str = "Practitioner/dr1",
        prefetch: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> TestResponse:
        """Opens a chart: by default that of a clear candidate, with everything prefetched."""
        body = charts.request_body(
            hookInstance=str(uuid4()),
            context={"userId": user, "patientId": patient},
            prefetch=candidate(patient) if prefetch is None else prefetch,
        )
        return self.post(charts.SERVICE, body, self.token(**claims))

    def cards(self, *arguments: Any, **named: Any) -> list[dict[str, Any]]:
        """The cards of a chart, which must be answered."""
        answer = self.open_chart(*arguments, **named)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.get_json()["cards"]
        return found

    def answer(self, card: Mapping[str, Any], reason: str = "", **claims: Any) -> TestResponse:
        """Overrides a card with one of its reasons, or accepts its referral if there is none."""
        path = f"{charts.SERVICE}/feedback"
        return self.post(path, {"feedback": [feedback_item(card, reason)]}, self.token(path, **claims))


def at_noon(time_zone: str) -> datetime:
    """The day of these tests, in any zone."""
    return datetime.combine(TODAY, clock_time(12), ZoneInfo(time_zone or "UTC"))


def feedback_item(card: Mapping[str, Any], reason: str = "") -> dict[str, Any]:
    """What an EHR says of a card."""
    item: dict[str, Any] = {"card": card["uuid"], "outcomeTimestamp": "2026-06-15T10:00:00Z"}
    if not reason:
        accepted = [{"id": card["suggestions"][0]["uuid"]}]
        return {**item, "outcome": "accepted", "acceptedSuggestions": accepted}
    chosen = next(one for one in card["overrideReasons"] if one["code"] == reason)
    coding = {"code": chosen["code"], "system": chosen["system"]}
    return {**item, "outcome": "overridden", "overrideReason": {"reason": coding}}


def candidate(patient: str = charts.PATIENT_ID, upcr: float = 1.8, day: str = "2026-06-01") -> dict[str, Any]:
    """Everything prefetched for a clear candidate of the tests' trial."""
    return charts.full_prefetch(
        patient=charts.patient(patient),
        conditions=charts.bundle(charts.condition(whose=patient)),
        observations_1=charts.bundle(charts.upcr(upcr, day, whose=patient)),
        medication_requests=charts.bundle(charts.order(whose=patient)),
    )
