"""An EHR as the tests see it: a FHIR server that holds a run's patients, with the service beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from tests.hapi.evidence_on_server import Holdings
from tests.hapi.run_data import FHIR_JSON, TIMEOUT, FhirServerError, Json, LoadedBundle, load_bundle
from tests.hapi.service_under_test import Reader, Service, running_service


@dataclass(frozen=True)
class Ehr:
    """One FHIR server, and four ways to look at it: load, call the service, read as it does, compare."""

    base_url: str
    run_tag: str
    service: Service
    reader: Reader
    holdings: Holdings

    def load(self, bundle: Json) -> LoadedBundle:
        """Put resources on the server until the end of the run."""
        return load_bundle(self.base_url, bundle, self.run_tag)

    def load_patient(self, bundle: Json) -> str:
        """Put one patient's chart on the server; return the patient's id there."""
        (patient_id,) = self.load(bundle).patients.values()
        return patient_id

    @contextmanager
    def on_record(self, bundle: Json) -> Iterator[LoadedBundle]:
        """The resources are there for the length of the block; what else is there stays as it is."""
        loaded = self.load(bundle)
        try:
            yield loaded
        finally:
            self._delete(loaded)

    def _delete(self, loaded: LoadedBundle) -> None:
        deletions = [{"request": {"method": "DELETE", "url": url}} for url in loaded.references.values()]
        body = {"resourceType": "Bundle", "type": "transaction", "entry": deletions}
        headers = {"Content-Type": FHIR_JSON}
        answer = requests.post(self.base_url, data=json.dumps(body), headers=headers, timeout=TIMEOUT)
        if not answer.ok:
            raise FhirServerError(answer)


@contextmanager
def ehr_with_service(base_url: str, run_tag: str) -> Iterator[Ehr]:
    """The service runs for the length of the block."""
    with running_service(base_url) as service:
        yield Ehr(base_url, run_tag, service, Reader.of(base_url), Holdings(base_url))
