"""Calls of any of our services, as a client would make them."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.hooks.specs import BY_HOOK
from tests.service import charts

Json = dict[str, Any]
ORDER_HOOKS = ("order-select", "order-sign")
DRAFT = "MedicationRequest/draft-1"


def path_of(hook: str) -> str:
    return f"/cds-services/{BY_HOOK[hook].service_id}"


def draft(**members: Any) -> Json:
    """A draft order of the drug that the tests' trial asks about. A member given as ... is left out."""
    usual = {
        "resourceType": "MedicationRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{charts.PATIENT_ID}"},
        "medicationCodeableConcept": {"text": "prednisone 5 mg oral tablet"},
    }
    return {name: value for name, value in {**usual, **members}.items() if value is not ...}


def other_order(**members: Any) -> Json:
    """A draft order of something that is not a drug."""
    usual = {"resourceType": "ServiceRequest", "medicationCodeableConcept": ..., **members}
    return draft(**usual)


def collection(*resources: Any) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


def context_of(hook: str, **members: Any) -> Json:
    """A valid context. A member given as ... is left out."""
    usual: Json = {
        "userId": "Practitioner/dr1",
        "patientId": charts.PATIENT_ID,
        "encounterId": "e1",
        "selections": [DRAFT],
        "draftOrders": collection(draft()),
        "appointments": collection({"resourceType": "Appointment", "id": "a1", "status": "proposed"}),
    }
    names = [field.name for field in BY_HOOK[hook].fields]
    wanted = {**{name: usual[name] for name in names}, **members}
    return {name: value for name, value in wanted.items() if value is not ...}


def body_of(hook: str, *, context: Any = None, **members: Any) -> Json:
    """A valid request for a hook; a prefetch for a clear candidate comes with it."""
    sent = context_of(hook) if context is None else context
    return charts.request_body(hook=hook, **{"context": sent, **members})


def fire(client: FlaskClient, hook: str, *, context: Any = None, **members: Any) -> TestResponse:
    """Calls the service of a hook."""
    return client.post(path_of(hook), json=body_of(hook, context=context, **members))
