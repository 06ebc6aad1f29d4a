"""The two worlds in which the pages are tried: the demo, and a hospital with HAPI and an own sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from playwright.sync_api import Page

from cds_service.clock import today_in
from cds_service.demo import run, samples
from cds_service.demo.fhir.store import Resource
from tests.deployment.running import until

SignIn = Callable[[Page, str], None]


@dataclass(frozen=True)
class World:
    """A service with an EHR. ``fhir`` is read by the tests without a token.

    ``patients``: the id there of each sample patient. ``sign_in``: comes from the page that asks for it, as
    somebody with a role.
    """

    ehr: str
    service: str
    fhir: str
    patients: Mapping[str, str]
    sign_in: SignIn

    def chart(self, sample: str) -> str:
        """The address of a patient's chart in the EHR."""
        return f"{self.ehr}/patients/{self.patients[sample]}"

    def on_record(self, kind: str, sample: str) -> list[Resource]:
        """What the FHIR server has of a kind for a patient."""
        query = {"patient": self.patients[sample], "_count": "200"}
        return [entry["resource"] for entry in self._send("GET", kind, query).get("entry", [])]

    def await_record(self, kind: str, sample: str, holds: Callable[[Resource], bool]) -> Resource:
        """The first of a kind of which something holds, as soon as there is one."""
        for _ in until(f"a {kind} of {sample} as expected"):
            for resource in self.on_record(kind, sample):
                if holds(resource):
                    return resource
        raise AssertionError  # `until` has raised

    def change(self, resource: Resource) -> Resource:
        """Put a changed resource on the FHIR server, as others at the hospital do."""
        return self._send("PUT", f"{resource['resourceType']}/{resource['id']}", {}, resource)

    def _send(
        self, method: str, path: str, query: Mapping[str, str], body: Resource | None = None
    ) -> Resource:
        # HAPI answers a repeated search from a cache for a minute unless it is told not to.
        headers = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"}
        if body:
            headers["Content-Type"] = "application/fhir+json"
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, f"{self.fhir}/{path}", params=query, json=body, headers=headers, timeout=60
            )
        answer.raise_for_status()
        found: Resource = answer.json()
        return found


@contextmanager
def demo_in(folder: Path) -> Iterator[World]:
    """What `make demo` starts, with its accounts, until the block ends."""
    with run.running(folder, today_in("")) as running:
        patients = {sample.id: sample.id for sample in samples.ALL}
        yield World(running.ehr, running.service, f"{running.ehr}/fhir", patients, _demo_account)


def _demo_account(page: Page, role: str) -> None:
    page.get_by_role("button", name=f"Demo {role}").click()
