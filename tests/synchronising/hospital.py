"""A hospital's FHIR and authorization server on a port, and the settings of a service registered there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request

from cds_service.assessing import definitions
from cds_service.audit.key_ring import KeyRing
from cds_service.demo import samples
from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App
from cds_service.demo.authorization.protecting import protect_fhir
from cds_service.demo.authorization.routes import authorization_routes
from cds_service.demo.fhir_server import create_fhir_server, store_of
from cds_service.demo.servers import in_thread
from cds_service.deployment import Deployment, deploy
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.referrals.records import SERVICE, Opening, Referral
from cds_service.settings import Settings
from cds_service.storage.records import Subject
from cds_service.synchronising.exchange.learning import identifiers_of
from tests.authentication.minting import jwk, key_set

PATIENT = next(sample for sample in samples.ALL if sample.expects_card).id
TRIAL = definitions().trials[0].id
SERVICE_ID = "trialhook"
"""As whom the authorization server knows the service."""


@dataclass(frozen=True)
class Hospital:
    """``environment`` is that of a service which is registered here. ``refuses``: by kind, the status of the
    answer to whoever wants to write it."""

    app: Flask
    base: str
    environment: Mapping[str, str]
    refuses: dict[str, int] = field(default_factory=dict)

    def deployed(self) -> Deployment:
        """A service in this process."""
        return deploy(Settings.from_environment(self.environment))

    def refer(self, deployment: Deployment, patient: str = PATIENT) -> Referral:
        """Somebody refers a patient."""
        assert deployment.records is not None
        subject = Subject("ehr", "", self.base, patient)
        opening = Opening(subject, TRIAL, SERVICE, "worksheet", datetime.now(UTC))
        return deployment.records.book.open(opening)

    def ours(self, kind: str) -> list[dict[str, Any]]:
        """What is there of a kind with an identifier of ours: the sample charts hold some without."""
        return [one for one in store_of(self.app).all(kind) if identifiers_of(one)]


@contextmanager
def hospital(folder: Path) -> Iterator[Hospital]:
    """Open until the block ends."""
    samples.write_folder(folder / "charts", datetime.now(UTC).date())
    app, keys = create_fhir_server(folder / "charts"), SigningKeys.new()
    authority = Authority({SERVICE_ID: App(jwks=keys.public(), backend=True)}, ())
    app.register_blueprint(authorization_routes(authority))
    protect_fhir(app, authority)
    refuses: dict[str, int] = {}

    @app.before_request
    def refuse() -> Response | None:
        kind = request.path.removeprefix("/fhir/").partition("/")[0]
        refused = request.method in ("POST", "PUT") and kind in refuses
        return Response(status=refuses[kind]) if refused else None

    with in_thread(app, 0) as url:
        yield Hospital(app, f"{url}/fhir", environment_of(folder, f"{url}/fhir", keys), refuses)


def environment_of(folder: Path, base: str, signing: SigningKeys, **client: Any) -> dict[str, str]:
    """The settings of a service with one client, whose FHIR server this is; all that it keeps is there."""
    entry = {
        "id": "ehr",
        "issuer": "https://ehr.example/oauth2",
        "keys": {"jwks": key_set(jwk("P-384", "ec"))},
        "time_zone": "UTC",
        "fhir_servers": [{"base": base, "networks": ["127.0.0.0/8"], "insecure_http": "yes"}],
        "backend": {"client_id": SERVICE_ID},
        "referral": {"request": "active", "task": "yes", "research_subject": "yes", "poll_seconds": "1"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    register, key_file = folder / "clients.yaml", folder / "signing.json"
    register.write_bytes(orjson.dumps({"schema": "1", "clients": [entry | client]}))
    key_file.write_bytes(signing.private())
    return {
        "TRIALHOOK_CLIENTS": str(register),
        "TRIALHOOK_PUBLIC_URL": "http://localhost:8090",
        "TRIALHOOK_KEYS": KeyRing.new_key_text(),
        "TRIALHOOK_SIGNING_KEYS": str(key_file),
        "TRIALHOOK_STATE_DIR": str(folder / "state"),
        "TRIALHOOK_SERVE_DRAFTS": "1",
    }
