"""A hospital: HAPI behind a gate that wants tokens, an EHR's page, a sign-in and a registered service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import requests

from cds_service.demo.ehr.hooks import HookClient
from cds_service.demo.fhir.client import FhirClient
from cds_service.demo.fhir.store import FhirStore, Resource
from tests.deployment.running import try_it
from tests.hapi.run_data import search

CLIENT = """\
schema: 1
clients:
  - id: hospital
    issuer: https://try-it.example
    keys: {keys}
    algorithms: [ES384]
    fhir_servers:
      - {{base: "{fhir}", networks: [127.0.0.0/8], insecure_http: yes}}
    abilities: {{smart_links: yes}}
    trials:
      - {{id: NCT06920433, contact: "Study office of the tests, extension 4711"}}
    smart: {{client_id: worksheet}}
    backend: {{client_id: referrals}}
    referral: {{request: active, task: yes, research_subject: yes, poll_seconds: 1}}
"""


class HapiStore(FhirStore):
    """HAPI's resources, read when they are asked for: what the EHR's page draws its charts from."""

    def __init__(self, base: str) -> None:
        """Of the server at `base`, which asks for no token."""
        super().__init__()
        self._base = base

    def read(self, kind: str, ident: str) -> Resource | None:
        """The resource, if there is one."""
        headers = {"Cache-Control": "no-cache"}
        answer = requests.get(f"{self._base}/{kind}/{ident}", headers=headers, timeout=60)
        found: Resource | None = answer.json() if answer.ok else None
        return found

    def all(self, kind: str) -> Iterator[Resource]:
        """Every resource of the type."""
        return iter(search(self._base, kind, {}))


class TokenFhirClient(FhirClient):
    """The EHR's own front end, which has a token."""

    def __init__(self, base: str, token: str) -> None:
        """Speak to the gate at `base`."""
        super().__init__(base)
        self._session.headers["Authorization"] = f"Bearer {token}"


class SigningHookClient(HookClient):
    """Calls the service as a registered EHR: each request with a signed token of its own."""

    def __init__(self, folder: Path, base: str, fhir: FhirClient) -> None:
        """The key lies in `folder`."""
        super().__init__(base, fhir.base, fhir.get)
        self._folder = folder
        self._session.auth = self._signed

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token = try_it(self._folder, "token", str(request.url))
        request.headers["Authorization"] = f"Bearer {token}"
        return request


def clients_file(folder: Path, fhir: str) -> Path:
    """The registration of the hospital's EHR."""
    line = try_it(folder, "key").strip()
    keys: dict[str, Any] = {"jwks": json.loads(line.partition(": ")[2])}
    file = folder / "clients.yaml"
    file.write_text(CLIENT.format(keys=json.dumps(keys), fhir=fhir), encoding="utf-8")
    return file


def today() -> date:
    """The day in the machine's time zone, as the service sees it."""
    return date.today()  # noqa: DTZ011
