"""A hospital: HAPI behind a gate that wants tokens, an EHR's page, a sign-in and a registered service."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import requests
from flask import Flask
from playwright.sync_api import Page

from cds_service.demo import samples
from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App, Grant, User
from cds_service.demo.authorization.protecting import protect_fhir
from cds_service.demo.authorization.routes import authorization_routes
from cds_service.demo.ehr.chart import full_name
from cds_service.demo.ehr.hooks import Exchange, HookClient
from cds_service.demo.ehr_page import Ehr, page
from cds_service.demo.fhir.client import FhirClient
from cds_service.demo.fhir.store import FhirStore, Resource
from cds_service.demo.servers import in_thread
from tests.browser.ehr_key import EhrKey
from tests.browser.gate import gate_to
from tests.browser.registered_service import registered_service
from tests.browser.worlds import World
from tests.cli.test_serve import free_port
from tests.hapi.run_data import load_bundle, new_run_tag, search

CLIENTS = """\
schema: 1
defaults:
  algorithms: [ES384]
  fhir_servers:
    - {{base: "{fhir}", networks: [127.0.0.0/8], insecure_http: yes}}
  backend: {{client_id: referrals}}
  trials:
    - {{id: NCT06920433, contact: "Study office of the tests, extension 4711"}}
clients:
  - id: hospital
    issuer: {hospital.issuer}
    keys: {{jwks: {hospital_keys}}}
    abilities: {{smart_links: yes}}
    smart: {{client_id: worksheet}}
    referral: {{request: active, task: yes, research_subject: yes, poll_seconds: 1}}
  - id: clinic                    # its EHR launches no SMART apps
    issuer: {clinic.issuer}
    keys: {{jwks: {clinic_keys}}}
    abilities: {{smart_links: no}}
    referral: {{poll_seconds: 0}}
"""
STAFF = """\
schema: 1
sign_in:
  issuer: {issuer}
  client_id: study-staff
  client_secret_file: study-staff.secret
  insecure_http: yes
  networks: [127.0.0.0/8]
people:
  - {{subject: dr-lam, roles: [clinician]}}
  - {{subject: jo, roles: [{{role: coordinator, trials: [NCT06920433], clients: [hospital]}}]}}
  - {{email: sam@hospital.example, roles: [coordinator]}}
  - {{subject: ida, roles: [administrator]}}
groups:
  readers: [read-only]
"""
SECRET = "a secret of the tests alone"
SCOPE = "patient/*.rs"
CLINICIAN = User("dr-lam", "Dr Kim Lam", fhir_user="Practitioner/dr-lam")
PERSON: Resource = {"resourceType": "Practitioner", "id": "dr-lam", "name": [{"text": CLINICIAN.name}]}
"""As the EHR knows her: HAPI takes no reference to what it does not have."""
USERS = (
    CLINICIAN,
    User("jo", "Jo Weber"),
    User("sam", "Sam Okoye", email="sam@hospital.example"),
    User("ida", "Ida Berg"),
    User("rea", "Rea Costa", groups=("readers",)),
    User("eve", "Eve Stranger"),
)
ROLES = {
    "clinician": "Dr Kim Lam",
    "coordinator": "Jo Weber",
    "second coordinator": "Sam Okoye",
    "administrator": "Ida Berg",
    "reader": "Rea Costa",
    "nobody": "Eve Stranger",
}
"""Who of the users signs in for a role."""


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
    """Calls the service as a registered EHR: signed, and with a token that opens the one patient's record."""

    def __init__(self, key: EhrKey, base: str, fhir: FhirClient, authority: Authority) -> None:
        """Signed with `key`; the tokens are the authority's."""
        super().__init__(base, fhir.base, fhir.get)
        self._session.auth, self._authority = key, authority

    def _post(self, url: str, request: Resource, language: str) -> Exchange:
        until, patient = time.time() + 300, request["context"]["patientId"]
        token = self._authority.tokens.put(Grant("hooks", (SCOPE,), until, patient=patient), until)
        opens = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": SCOPE}
        more = {"fhirAuthorization": {**opens, "subject": "trialhook", "patient": patient}}
        return super()._post(url, {**request, **more}, language)


@dataclass(frozen=True)
class Hospital(World):
    """The hospital, with a clinic that shares its FHIR server and whose EHR launches no SMART apps."""

    clinic: HookClient

    def link_on_card(self, sample: str) -> str:
        """The address that the worksheet's link has on a card at the clinic."""
        exchange = self.clinic.fire(self.patients[sample], prefetch=True, user="Practitioner/dr-lam")
        [card] = exchange.cards
        [link] = [link for link in card["links"] if link["url"].startswith(self.service)]
        assert link["type"] == "absolute"
        return str(link["url"])


@contextmanager
def hospital(hapi: str, folder: Path, patients: tuple[str, ...]) -> Iterator[Hospital]:
    """All of it, with these sample patients on HAPI."""
    app = Flask("cds_service.demo", static_folder=None, template_folder="templates")
    loaded = _load(hapi, patients)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    authority = Authority(_apps(url), USERS, lambda: _names(hapi))
    app.register_blueprint(authorization_routes(authority))
    protect_fhir(app, authority, required=True)
    app.register_blueprint(gate_to(hapi, authority))
    app.register_blueprint(page)
    with in_thread(app, 0) as ehr:
        fhir, issuer = f"{ehr}/fhir", f"{ehr}/oauth"
        keys = EhrKey("https://hospital.example"), EhrKey("https://clinic.example")
        settings = _settings(folder, issuer) | {"TRIALHOOK_CLIENTS": str(_clients_file(folder, fhir, keys))}
        with registered_service(folder, port, settings):
            front = TokenFhirClient(fhir, _own_token(authority))
            hooks, clinic = (SigningHookClient(key, url, front, authority) for key in keys)
            with closing(front), closing(hooks), closing(clinic):
                app.extensions["ehr"] = Ehr(
                    HapiStore(hapi),
                    front,
                    hooks,
                    samples.ALL,
                    today(),
                    launch=lambda patient, context: authority.launch(patient, CLINICIAN.id, context),
                    study_team=f"{url}/worklist",
                )
                yield Hospital(ehr, url, hapi, loaded, _sign_in, clinic)


def _load(hapi: str, patients: tuple[str, ...]) -> dict[str, str]:
    tag, loaded = new_run_tag(), dict[str, str]()
    answer = requests.put(f"{hapi}/{PERSON['resourceType']}/{PERSON['id']}", json=PERSON, timeout=60)
    answer.raise_for_status()
    for sample in samples.ALL:
        if sample.id in patients:
            loaded |= load_bundle(hapi, sample.build(today()), tag).patients
    return loaded


def _names(hapi: str) -> list[tuple[str, str]]:
    return [(str(one["id"]), full_name(one)) for one in search(hapi, "Patient", {})]


def _apps(url: str) -> Mapping[str, App]:
    return {
        "worksheet": App(redirect_uris=(f"{url}/smart/callback",)),
        "referrals": App(jwks_url=f"{url}/.well-known/jwks.json", backend=True),
        "study-staff": App(redirect_uris=(f"{url}/sign-in/callback",), secret=SECRET),
    }


def _own_token(authority: Authority) -> str:
    """What the EHR's own page reads and writes with."""
    until = time.time() + 24 * 3600
    return authority.tokens.put(Grant("ehr", ("system/*.cruds",), until), until)


def _settings(folder: Path, issuer: str) -> dict[str, str]:
    (folder / "study-staff.secret").write_text(SECRET, encoding="utf-8")
    staff = folder / "staff.yaml"
    staff.write_text(STAFF.format(issuer=issuer), encoding="utf-8")
    keys = folder / "signing-keys.json"
    command = [sys.executable, "-m", "cds_service.cli", "keys", "signing", str(keys)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return {
        "TRIALHOOK_STAFF": str(staff),
        "TRIALHOOK_SIGNING_KEYS": str(keys),
        "TRIALHOOK_POLICY": "0",
    }


def _sign_in(page: Page, role: str) -> None:
    """The organization's sign-in: somebody says who they are."""
    page.get_by_role("button", name=ROLES[role]).click()


def _clients_file(folder: Path, fhir: str, keys: tuple[EhrKey, EhrKey]) -> Path:
    hospital, clinic = keys
    text = CLIENTS.format(
        fhir=fhir,
        hospital=hospital,
        clinic=clinic,
        hospital_keys=json.dumps(hospital.jwks()),
        clinic_keys=json.dumps(clinic.jwks()),
    )
    file = folder / "clients.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def today() -> date:
    """The day in the machine's time zone, as the service sees it."""
    return date.today()  # noqa: DTZ011
