"""A hospital's FHIR and authorization server on a port, and the settings of a service registered there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from flask import Flask

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
from tests.authentication.minting import jwk, key_set

PATIENT = next(sample for sample in samples.ALL if sample.expects_card).id
TRIAL = definitions().trials[0].id


@dataclass(frozen=True)
class Hospital:
    """``environment`` is that of a service which is registered here."""

    app: Flask
    base: str
    environment: Mapping[str, str]

    def deployed(self) -> Deployment:
        """A service in this process."""
        return deploy(Settings.from_environment(self.environment))

    def refer(self, deployment: Deployment, patient: str = PATIENT) -> Referral:
        """Somebody refers a patient."""
        assert deployment.records is not None
        subject = Subject("ehr", "", self.base, patient)
        opening = Opening(subject, TRIAL, SERVICE, "worksheet", datetime.now(UTC))
        return deployment.records.book.open(opening)

    def all(self, kind: str) -> list[dict[str, Any]]:
        """What is there of a kind."""
        return list(store_of(self.app).all(kind))


@contextmanager
def hospital(folder: Path) -> Iterator[Hospital]:
    """Open until the block ends."""
    samples.write_folder(folder / "charts", datetime.now(UTC).date())
    app, keys = create_fhir_server(folder / "charts"), SigningKeys.new()
    authority = Authority({"trialhook": App(jwks=keys.public(), backend=True)}, ())
    app.register_blueprint(authorization_routes(authority))
    protect_fhir(app, authority)
    (folder / "signing.json").write_bytes(keys.private())
    with in_thread(app, 0) as url:
        entry = {
            "id": "ehr",
            "issuer": "https://ehr.example/oauth2",
            "keys": {"jwks": key_set(jwk("P-384", "ec"))},
            "time_zone": "UTC",
            "fhir_servers": [{"base": f"{url}/fhir", "networks": ["127.0.0.0/8"], "insecure_http": "yes"}],
            "backend": {"client_id": "trialhook"},
            "referral": {"request": "active", "task": "yes", "research_subject": "yes", "poll_seconds": "1"},
        }
        register = folder / "clients.yaml"
        register.write_bytes(orjson.dumps({"schema": "1", "clients": [entry]}))
        environment = {
            "TRIALHOOK_CLIENTS": str(register),
            "TRIALHOOK_PUBLIC_URL": "http://localhost:8090",
            "TRIALHOOK_KEYS": KeyRing.new_key_text(),
            "TRIALHOOK_SIGNING_KEYS": str(folder / "signing.json"),
            "TRIALHOOK_STATE_DIR": str(folder / "state"),
            "TRIALHOOK_SERVE_DRAFTS": "1",
        }
        yield Hospital(app, f"{url}/fhir", environment)
