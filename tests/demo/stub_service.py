"""A CDS service that answers by rote, to try the EHR page without the real one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Flask, Response, jsonify, request

DETAIL = """\
**Met:** UPCR 2.1 g/g (11 Nov) · class IV + V (9 Sep), AI 8/24 · SLEDAI-2K 12 · ECOG 1

| Still open | How to settle it |
|---|---|
| Chronicity index | recorded 3/12; the protocol gives no limit |
| Organ function | limits are not in the published copy |
| Contraception, consent | ask the patient |

~~Old biopsy~~ <b onclick="alert(1)">bold</b> ![x](https://elsewhere.example/p.png) [bad](javascript:alert(1))

*Exclusion criteria are not in the published copy. Single site, Hangzhou; recruiting according to a registry
copy of 14 November 2025. Criteria not yet reviewed by a physician.*
"""

REGISTRY = "https://clinicaltrials.gov/study/NCT06920433"
REASONS = [
    {"system": "https://trials.example/reasons", "code": "criteria-not-met", "display": "Criteria not met"},
    {"system": "https://trials.example/reasons", "code": "declined", "display": "Patient declines research"},
    {"system": "https://trials.example/reasons", "code": "not-now", "display": "Not now"},
]


def draft(patient: str, text: str, code: str | None = None) -> dict[str, Any]:
    """A draft order that an accepted suggestion creates."""
    coding = {"coding": [{"system": "http://loinc.org", "code": code}]} if code else {}
    return {
        "resourceType": "ServiceRequest",
        "id": "draft",
        "status": "draft",
        "intent": "proposal",
        "code": {**coding, "text": text},
        "subject": {"reference": f"Patient/{patient}"},
    }


def suggestion(label: str, orders: list[dict[str, Any]]) -> dict[str, Any]:
    """A suggestion that creates these drafts."""
    actions = [
        {"type": "create", "description": f"Draft: {order['code']['text']}", "resource": order}
        for order in orders
    ]
    return {"label": label, "uuid": str(uuid4()), "actions": actions}


def card(patient: str) -> dict[str, Any]:
    """A card like those of the service, with HTML and a bad link in its detail."""
    referral = draft(patient, "Referral for clinical trial screening")
    tests = [draft(patient, "CD19+ B cells", "8116-6"), draft(patient, "24-hour urine protein", "2889-4")]
    return {
        "uuid": str(uuid4()),
        "summary": "Possible candidate: CD19/BCMA CAR-T for refractory lupus. 11 of 15 criteria met",
        "detail": DETAIL,
        "indicator": "info",
        "source": {"label": "ClinicalTrials.gov NCT06920433", "url": REGISTRY},
        "selectionBehavior": "any",
        "suggestions": [
            suggestion("Refer for screening", [referral]),
            suggestion("Order the 2 missing tests", tests),
        ],
        "overrideReasons": REASONS,
        "links": [
            {"label": "Registry record", "url": REGISTRY, "type": "absolute"},
            {
                "label": "Worksheet",
                "url": f"{request.host_url}smart/launch",
                "type": "smart",
                "appContext": '{"trial": "NCT06920433"}',
            },
            {"label": "Trap", "url": "javascript:alert(1)", "type": "absolute"},
        ],
    }


def answer(patient: str) -> tuple[Response, int]:
    """`lin-mei` gets a card, `ma-jun` an error, `xu-le` something that is not JSON, everyone else nothing."""
    if patient == "xu-le":
        return Response("<h1>Bad gateway</h1>", content_type="text/html"), 502
    if patient == "ma-jun":
        issue = {
            "severity": "error",
            "code": "required",
            "details": {"text": "The Patient could not be read."},
        }
        return jsonify(resourceType="OperationOutcome", issue=[issue]), 412
    return jsonify(cards=[card(patient)] if patient == "lin-mei" else []), 200


PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "labs": "Observation?patient={{context.patientId}}&code=http://loinc.org|2890-2&_sort=-date",
    "encounter": "Encounter/{{context.encounterId}}",
    "unknown": "Device?patient={{context.patientId}}",
}


def create_stub() -> Flask:
    """The service; what it was asked and told is kept in its config."""
    app = Flask("stub")
    app.config["requests"] = []
    app.config["feedback"] = []
    app.config["languages"] = []

    @app.get("/cds-services")
    def discovery() -> Response:
        other = {"hook": "order-sign", "id": "other", "description": "not this"}
        ours = {"hook": "patient-view", "id": "stub", "description": "by rote", "prefetch": PREFETCH}
        return jsonify(services=[other, ours])

    @app.post("/cds-services/stub")
    def hook() -> tuple[Response, int]:
        body = request.get_json()
        app.config["requests"].append(body)
        app.config["languages"].append(request.headers.get("Accept-Language"))
        cards, status = answer(body["context"]["patientId"])
        cards.headers["Content-Language"] = request.headers.get("Accept-Language", "en")
        return cards, status

    @app.post("/cds-services/stub/feedback")
    def feedback() -> tuple[str, int]:
        app.config["feedback"].append(request.get_json())
        return "", 404

    return app
