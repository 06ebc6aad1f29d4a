"""Examples for the OpenAPI document: requests that get a card on EXAMPLE_DAY, and such a card.

Patients and ids are invented. A test sends the requests and holds the answer against the example.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from cards import wording
from cards.cds_hooks import Action, Card, Coding, Link, OverrideReason, Source, Suggestion
from cds_service.hooks.specs import HookSpec

Json = dict[str, Any]

EXAMPLE_DAY = date(2026, 6, 15)
_STUDY = "https://clinicaltrials.gov/study/NCT06920433"
_SUBJECT = {"reference": "Patient/p1"}
_CARD_UUID = "3b0a4c7e-6f0e-4b1c-9a55-1f3f7d0c2b11"
_REFER_UUID = "c4c1f3c2-57a5-4d8d-8f0a-7f6d7b6b9e22"

_CONTEXT: Json = {
    "patientId": "p1",
    "userId": "Practitioner/dr1",
    "encounterId": "e1",
    "selections": ["MedicationRequest/draft-1"],
    "draftOrders": {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "resource": {
                    "resourceType": "MedicationRequest",
                    "id": "draft-1",
                    "status": "draft",
                    "intent": "order",
                    "subject": _SUBJECT,
                    "medicationCodeableConcept": {"text": "mycophenolate mofetil 500 mg oral tablet"},
                }
            }
        ],
    },
    "appointments": {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "resource": {
                    "resourceType": "Appointment",
                    "id": "a1",
                    "status": "proposed",
                    "participant": [{"actor": _SUBJECT, "status": "needs-action"}],
                }
            }
        ],
    },
}
_PREFETCH: Json = {
    "patient": {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1990-05-01"},
    "conditions": {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "entry": [
            {
                "resource": {
                    "resourceType": "Condition",
                    "id": "c1",
                    "subject": _SUBJECT,
                    "clinicalStatus": {"coding": [{"code": "relapse"}]},
                    "recordedDate": "2026-06-01",
                    "verificationStatus": {"coding": [{"code": "confirmed"}]},
                    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M32.14"}]},
                }
            }
        ],
    },
    "medication-requests": None,
}


def request_example(spec: HookSpec) -> Json:
    """A request for the service of a hook: part of it prefetched, the rest unknown."""
    return {
        "hook": spec.hook,
        "hookInstance": "0b5ffb0a-6a5a-4f0f-9a4f-6f8f2b3f7c11",
        "context": {field.name: _CONTEXT[field.name] for field in spec.fields},
        "prefetch": _PREFETCH,
    }


def cards_example() -> Json:
    """An answer with one card, built as every card is."""
    referral: Json = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "subject": _SUBJECT,
        "code": {"text": wording.REFERRAL},
        "instantiatesUri": [_STUDY],
    }
    action = Action("create", wording.REFER_ACTION.format(trial="NCT06920433"), referral)
    card = Card(
        uuid=_CARD_UUID,
        summary="Possible candidate: CD19/BCMA CAR-T for refractory lupus. 2 of 13 applicable criteria met, "
        "11 to check",
        detail="**Met (2)**\n- Age 18 or older: 36 years\n- Refractory or relapsed: lupus nephritis, relapse",
        source=Source(
            "ClinicalTrials.gov NCT06920433", _STUDY, topic=Coding(wording.TOPIC_SYSTEM, *wording.TOPIC)
        ),
        suggestions=(Suggestion(_REFER_UUID, wording.REFER.format(trial="NCT06920433"), (action,)),),
        selection_behavior="any",
        override_reasons=tuple(
            OverrideReason(wording.OVERRIDE_SYSTEM, code, display)
            for code, display in wording.OVERRIDE_REASONS
        ),
        links=(Link(wording.STUDY_PAGE.format(trial="NCT06920433"), _STUDY),),
    )
    return {"cards": [card.to_json()]}


def feedback_example() -> Json:
    """Feedback on that card."""
    return {
        "feedback": [
            {
                "card": _CARD_UUID,
                "outcome": "accepted",
                "acceptedSuggestions": [{"id": _REFER_UUID}],
                "outcomeTimestamp": "2026-06-15T09:30:00Z",
            }
        ]
    }
