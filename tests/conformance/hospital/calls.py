"""Requests as an EHR makes them: contexts, prefetch from the sample patients' records, drafts, feedback."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.conformance.hospital.ehr import Ehr
from tests.conformance.hospital.service import DAY, DISCOVERY
from tests.conformance.requirement import Json

FULL = "chen-jing"
"""The sample patient whose card has a referral and two lots of tests to order."""

NO_CANDIDATE = "ma-jun"
ENROLLED = "guo-li"
USER = "Practitioner/demo-clinician"
HOOKS = ("patient-view", "encounter-start", "order-select", "order-sign", "appointment-book")
ORDER_HOOKS = ("order-select", "order-sign")
_TOKEN = re.compile(r"\{\{(.*?)\}\}")


def path_of(hook: str = "patient-view") -> str:
    """The path of our service for a hook."""
    return f"{DISCOVERY}/trial-match-{hook}"


def proteinuria_order(patient: str = FULL, **members: Any) -> Json:
    """A draft on which the trial bears: it asks about the result of this test."""
    coding = {"system": "http://loinc.org", "code": "2890-2"}
    return {
        "resourceType": "ServiceRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [coding], "text": "Protein/creatinine"},
        "subject": {"reference": f"Patient/{patient}"},
        **members,
    }


def other_order(patient: str = FULL) -> Json:
    """A draft that no trial asks about."""
    return proteinuria_order(patient, code={"text": "Chest X-ray"})


def drug_order(kind: str, patient: str = FULL) -> Json:
    """A draft of an immunosuppressant, by the name that a version of FHIR has for it."""
    return {
        "resourceType": kind,
        "id": "draft-1",
        "status": "draft",
        "subject" if kind != "MedicationOrder" else "patient": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {"text": "mycophenolate mofetil 500 mg oral tablet"},
    }


def bundle(*resources: Any, **members: Any) -> Json:
    """A Bundle of these resources; a member given as ... is left out."""
    made = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    return {name: value for name, value in {**made, **members}.items() if value is not ...}


def searchset(*resources: Any, **members: Any) -> Json:
    """What a search found."""
    return bundle(*resources, **{"type": "searchset", **members})


def context_of(hook: str, patient: str = FULL, **members: Any) -> Json:
    """A valid context; a member given as ... is left out."""
    draft = proteinuria_order(patient)
    appointment = {"resourceType": "Appointment", "id": "a1", "status": "proposed"}
    usual: dict[str, Json] = {
        "patient-view": {},
        "encounter-start": {"encounterId": "e1"},
        "order-select": {"selections": ["ServiceRequest/draft-1"], "draftOrders": bundle(draft)},
        "order-sign": {"draftOrders": bundle(draft)},
        "appointment-book": {"appointments": bundle(appointment)},
    }
    made = {"userId": USER, "patientId": patient, **usual[hook], **members}
    return {name: value for name, value in made.items() if value is not ...}


def body_of(hook: str = "patient-view", patient: str = FULL, /, **members: Any) -> Json:
    """A valid request without prefetch; a member given as ... is left out."""
    usual = {"hook": hook, "hookInstance": str(uuid4()), "context": context_of(hook, patient)}
    made = {**usual, **members}
    return {name: value for name, value in made.items() if value is not ...}


def prefetched(templates: Mapping[str, str], ehr: Ehr, context: Mapping[str, Any]) -> Json:
    """What a client makes of templates: every query answered, with all tokens filled in."""

    def value(token: re.Match[str]) -> str:
        word = token[1].strip()
        days = re.fullmatch(r"today\(\) - (\d+) days", word)
        if days:
            return (DAY - timedelta(days=int(days[1]))).isoformat()
        return str(context[word.removeprefix("context.")])

    return {key: ehr.read(_TOKEN.sub(value, template)) for key, template in templates.items()}


def tokens_of(template: str) -> list[str]:
    """What stands between ``{{`` and ``}}``."""
    return _TOKEN.findall(template)


def resources_in(card: Json) -> list[Json]:
    """Every resource in the suggestions of a card."""
    return [action["resource"] for action in actions_of(card) if isinstance(action.get("resource"), dict)]


def actions_of(card: Json) -> list[Json]:
    """Every action in the suggestions of a card."""
    return [action for one in card.get("suggestions", []) for action in one.get("actions", [])]


def without_uuids(cards: list[Json]) -> list[Json]:
    """Cards as they can be compared: uuids and the ids of resources, new in every answer, are taken out."""
    return [_without(card) for card in cards]


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        new = ("uuid", "id") if "resourceType" in value else ("uuid",)
        return {name: _without(one) for name, one in value.items() if name not in new}
    return [_without(one) for one in value] if isinstance(value, list) else value


def feedback(card: Json, outcome: str = "overridden", /, **members: Any) -> Json:
    """One item of feedback on a card; accepted means its first suggestion. A member as ... is left out."""
    item: Json = {"card": card["uuid"], "outcome": outcome, "outcomeTimestamp": datetime.now(UTC).isoformat()}
    if outcome == "accepted":
        item["acceptedSuggestions"] = [{"id": card["suggestions"][0]["uuid"]}]
    return {name: value for name, value in {**item, **members}.items() if value is not ...}
