"""The trail as FHIR R4 AuditEvent resources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.auditevent import AuditEvent as FhirAuditEvent

from cds_service.audit.events import (
    AuditEvent,
    Refusals,
    call_event,
    feedback_event,
    new_event,
    refused_event,
    view_event,
)
from cds_service.audit.fhir_export import DEFINITION, PATIENT, USER, audit_event_line, audit_event_resource
from cds_service.audit.key_ring import KeyRing
from tests.audit.records import (
    AT,
    SECRETS,
    SHOWN,
    SUBJECT,
    call_record,
    feedback_record,
    view_record,
)
from tests.audit.records import (
    USER as ASKED,
)

RING = KeyRing.random()
SILENCED = SHOWN.__class__("NCT1", "2", "e" * 16, "possible-candidate", silenced="not-now")

EVENTS: dict[str, AuditEvent] = {
    "call": call_event(call_record(), RING),
    "call for several trials": call_event(call_record(trials=(SHOWN, SILENCED)), RING),
    "call of nobody in particular": call_event(call_record(user="", tenant="", trials=()), RING),
    "call that failed": call_event(call_record(status=500, hook_instance="none"), RING),
    "feedback": feedback_event(feedback_record(), RING),
    "feedback without items": feedback_event(feedback_record(items=(), user=""), RING),
    "refused": refused_event(AT, Refusals("signature", 401, "", 1, AT)),
    "refused under a client's name": refused_event(AT, Refusals("signature", 401, "ehr-one", 1, AT)),
    "refused for its rate": refused_event(AT, Refusals("rate", 429, "ehr-one", 995, AT)),
    "view": view_event(view_record(), RING),
    "purge": new_event(AT, "purge", {"before": "2024-01-01", "times": 3}),
    "export": new_event(AT, "export", {"by": "command line"}),
    "find": new_event(AT, "find", {"by": "command line", "patients": ["k1.00", "k2.00"]}),
    "find by user": new_event(AT, "find", {"by": "command line", "users": ["k1.00"]}),
    "find by account": new_event(AT, "find", {"by": "command line", "accounts": ["k1.00"]}),
    "a kind of a later version": new_event(AT, "other", {}),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_event_is_a_valid_resource_without_a_secret(event: AuditEvent) -> None:
    line = audit_event_line(event)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    resource = FhirAuditEvent.model_validate_json(line)
    assert resource.id == event.id
    assert resource.recorded == AT
    assert [agent.requestor for agent in resource.agent].count(True) == 1
    for coding in [resource.type, *(resource.subtype or ())]:
        assert coding.system
    for entity in resource.entity or ():
        assert not (entity.name and entity.query)
    assert b'""' not in line
    assert [secret for secret in SECRETS if secret.encode() in line] == []


@pytest.mark.parametrize(
    ("name", "kind", "action", "outcome"),
    [
        ("call", "rest", "E", "0"),
        ("call that failed", "rest", "E", "8"),
        ("feedback", "rest", "C", "0"),
        ("refused", "110113", "E", "4"),
        ("refused for its rate", "110113", "E", "4"),
        ("view", "110110", "R", "0"),
        ("purge", "110101", "D", "0"),
        ("find", "110101", "R", "0"),
    ],
)
def test_what_happened_is_coded(name: str, kind: str, action: str, outcome: str) -> None:
    resource = audit_event_resource(EVENTS[name])
    assert (resource["type"]["code"], resource["action"], resource["outcome"]) == (kind, action, outcome)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("call", ["operation", "call", "patient-view"]),
        ("refused", ["110126", "refused", "signature"]),
        ("refused for its rate", ["refused", "rate"]),
        ("view", ["view", "worksheet"]),
    ],
)
def test_its_kind_is_coded_more_closely(name: str, codes: list[str]) -> None:
    assert [coding["code"] for coding in audit_event_resource(EVENTS[name])["subtype"]] == codes


def identifiers(resource: dict[str, Any], system: str) -> list[str]:
    found = [entity.get("what", {}).get("identifier", {}) for entity in resource["entity"]]
    found += [agent["who"].get("identifier", {}) for agent in resource["agent"]]
    return [identifier["value"] for identifier in found if identifier.get("system") == system]


def test_a_call_names_patient_and_user_by_pseudonym_and_each_definition_by_digest() -> None:
    resource = audit_event_resource(EVENTS["call for several trials"])
    patient = RING.pseudonym("patient", *SUBJECT)
    user = RING.pseudonym("user", "ehr-one", "clinic", ASKED)
    assert identifiers(resource, PATIENT) == [f"k1.{patient.digest}"]
    assert identifiers(resource, USER) == [f"k1.{user.digest}"]
    assert identifiers(resource, DEFINITION) == [SHOWN.digest, SILENCED.digest]
    trials = [entity for entity in resource["entity"] if "name" in entity]
    told = [{detail["type"]: detail["valueString"] for detail in entity["detail"]} for entity in trials]
    assert told == [
        {"version": "1", "outcome": "possible-candidate", "card": SHOWN.card},
        {"version": "2", "outcome": "possible-candidate", "silenced": "not-now"},
    ]


def test_a_call_says_with_which_site_s_codes_was_assessed() -> None:
    of_site = SHOWN.__class__("NCT1", "2", "e" * 16, "ruled-out", site="hangzhou", site_digest="sha256:5")
    resource = audit_event_resource(call_event(call_record(trials=(of_site, SHOWN)), RING))
    trials = [entity for entity in resource["entity"] if "name" in entity]
    told = [{detail["type"]: detail["valueString"] for detail in entity["detail"]} for entity in trials]
    assert told[0] == {"version": "2", "site": "hangzhou", "site_digest": "sha256:5", "outcome": "ruled-out"}
    assert "site" not in told[1]
    assert FhirAuditEvent.model_validate(resource).id


def test_the_client_is_a_system_and_the_user_the_one_who_asked() -> None:
    user, client = audit_event_resource(EVENTS["call"])["agent"]
    assert (user["requestor"], user["type"]["coding"][0]["code"]) == (True, "humanuser")
    assert (client["requestor"], client["type"]["coding"][0]["code"]) == (False, "110150")
    assert (client["who"]["identifier"]["value"], client["altId"]) == ("ehr-one", "clinic")
    [alone] = audit_event_resource(EVENTS["call of nobody in particular"])["agent"]
    assert alone["requestor"] is True


def test_who_was_not_authenticated_is_not_named_as_the_one_who_asked() -> None:
    resource = audit_event_resource(EVENTS["refused under a client's name"])
    assert [agent["who"] for agent in resource["agent"]] == [{"display": "not authenticated"}]
    assert {"type": "claimed", "valueString": "ehr-one"} in resource["entity"][0]["detail"]
    [agent] = audit_event_resource(EVENTS["refused for its rate"])["agent"]
    assert agent["who"]["identifier"]["value"] == "ehr-one"


def test_the_time_is_an_instant_in_utc_whatever_the_zone_of_the_event() -> None:
    kathmandu = datetime(2026, 6, 15, 15, 15, tzinfo=UTC).astimezone()
    event = new_event(kathmandu, "call", {})
    assert audit_event_resource(event)["recorded"] == "2026-06-15T15:15:00.000+00:00"
    assert kathmandu.utcoffset() == timedelta(hours=5, minutes=45)


def test_answers_are_told_card_by_card() -> None:
    entities = orjson.loads(audit_event_line(EVENTS["feedback"]))["entity"]
    [known] = [entity for entity in entities if SHOWN.card in str(entity.get("what"))]
    assert known["detail"] == [
        {"type": "outcome", "valueString": "overridden"},
        {"type": "reason", "valueString": "patient-declined"},
    ]
