"""Our service as an EHR meets it, with the sample patients' FHIR server behind the prefetch; no sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.demo.ehr.hooks import USER, fill
from cds_service.demo.fhir_server import create_fhir_server
from cds_service.demo.samples import write_folder
from cds_service.settings import Settings

Json = dict[str, Any]

DISCOVERY = "/cds-services"
MOST_BYTES = 2048


@dataclass(frozen=True)
class Exchange:
    """One hook call, as sent and as answered."""

    request: Json
    answer: TestResponse

    @property
    def cards(self) -> list[Json]:
        """The cards of the answer."""
        cards: list[Json] = self.answer.get_json()["cards"]
        return cards

    @property
    def resources(self) -> list[Json]:
        """Every resource in a suggestion."""
        suggestions = [suggestion for card in self.cards for suggestion in card.get("suggestions", [])]
        actions = [action for suggestion in suggestions for action in suggestion["actions"]]
        return [action["resource"] for action in actions if "resource" in action]


class OurService:
    """The real service on one day, called with prefetch for the sample patients."""

    def __init__(self, folder: Path, today: date) -> None:
        write_folder(folder, today)
        self._fhir = create_fhir_server(folder).test_client()
        self._client = create_app(Settings(), today=lambda: today).test_client()

    def discovery(self) -> TestResponse:
        """What we offer."""
        return self._client.get(DISCOVERY)

    def call(self, service: Json, patient_id: str) -> Exchange:
        """A call of one of our services for a patient."""
        hook = service["hook"]
        context = {"userId": USER, "patientId": patient_id, **CONTEXTS[hook](patient_id)}
        tokens = {name: value for name, value in context.items() if isinstance(value, str)}
        request = {
            "hook": hook,
            "hookInstance": str(uuid4()),
            "context": context,
            "prefetch": fill(service.get("prefetch", {}), tokens, self._read),
        }
        return Exchange(request, self._client.post(f"{DISCOVERY}/{service['id']}", json=request))

    def _read(self, query: str) -> Json:
        answer: Json = self._fhir.get(f"/fhir/{query}").get_json()
        return answer


# --- what each hook has in its context beside user and patient

PROTEINURIA_TEST = {"system": "http://loinc.org", "code": "2890-2"}
"""The trial asks about its result."""


def _nothing(_patient_id: str) -> Json:
    return {}


def _encounter(_patient_id: str) -> Json:
    return {"encounterId": "e1"}


def _orders(patient_id: str) -> Json:
    return {"draftOrders": _collection(_order(patient_id))}


def _selected_orders(patient_id: str) -> Json:
    return {"selections": ["ServiceRequest/draft-1"], **_orders(patient_id)}


def _appointments(patient_id: str) -> Json:
    participant = {"actor": {"reference": f"Patient/{patient_id}"}, "status": "needs-action"}
    times = {"start": "2026-07-01T09:00:00Z", "end": "2026-07-01T09:30:00Z"}
    appointment = {"resourceType": "Appointment", "id": "a1", "status": "proposed", **times}
    return {"appointments": _collection({**appointment, "participant": [participant]})}


def _order(patient_id: str) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [PROTEINURIA_TEST], "text": "Protein/creatinine"},
        "subject": {"reference": f"Patient/{patient_id}"},
    }


def _collection(resource: Json) -> Json:
    url = f"https://ehr.example/fhir/{resource['resourceType']}/{resource['id']}"
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": url, "resource": resource}]}


CONTEXTS: dict[str, Callable[[str], Json]] = {
    "patient-view": _nothing,
    "encounter-start": _encounter,
    "encounter-discharge": _encounter,
    "order-select": _selected_orders,
    "order-sign": _orders,
    "appointment-book": _appointments,
}
"""By hook. One that we come to offer needs its line here, or its responses cannot be checked."""


# --- what we refuse


def _today_is_broken() -> date:
    raise RuntimeError("a bug")


def _post(raw: bytes, path: str = "", content_type: str = "application/json", **options: Any) -> TestResponse:
    client = create_app(Settings(max_body=MOST_BYTES), **options).test_client()
    service = client.get(DISCOVERY).get_json()["services"][0]["id"]
    return client.post(path or f"{DISCOVERY}/{service}", data=raw, content_type=content_type)


def _patient_view(**members: object) -> bytes:
    context = {"userId": USER, "patientId": "p1"}
    return orjson.dumps({"hook": "patient-view", "hookInstance": str(uuid4()), "context": context} | members)


def _from_elsewhere() -> TestResponse:
    client = create_app(Settings()).test_client()
    return client.get(DISCOVERY, environ_overrides={"REMOTE_ADDR": "192.0.2.1"})


PATIENT = {"patient": {"resourceType": "Patient", "id": "p1", "birthDate": "1980-01-01", "gender": "female"}}

REFUSALS: dict[str, tuple[int, Callable[[], TestResponse]]] = {
    "a body that is not JSON": (400, lambda: _post(b"{")),
    "a body with several faults": (400, lambda: _post(b'{"hook": 7, "context": {"patientId": "_"}}')),
    "another machine": (403, _from_elsewhere),
    "a path that is not there": (404, lambda: _post(b"{}", "/nothing")),
    "a service that is not there": (404, lambda: _post(b"{}", f"{DISCOVERY}/nothing")),
    "another method": (405, lambda: _post(b"{}", DISCOVERY)),
    "no Patient to be had": (412, lambda: _post(_patient_view())),
    "a body that is too large": (413, lambda: _post(b" " * MOST_BYTES * 2)),
    "another media type": (415, lambda: _post(b"{}", content_type="text/plain")),
    "a bug of ours": (500, lambda: _post(_patient_view(prefetch=PATIENT), today=_today_is_broken)),
}
"""Every way in which we refuse, with its status."""
