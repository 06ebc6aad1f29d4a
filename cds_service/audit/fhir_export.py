"""Audit events as FHIR R4 AuditEvent resources: pseudonyms only, each a line of NDJSON.

Codes: what happened is ``rest`` (FHIR) or a DICOM audit event (DCM), its kind a code of our own; sources are
named in each coding's ``system``. What a service that is asked about a patient does is an operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

import orjson

from cds_service.audit.events import AuditEvent

OURS = "https://trialhook.example/fhir"
PATIENT = f"{OURS}/NamingSystem/patient-pseudonym"
USER = f"{OURS}/NamingSystem/user-pseudonym"
STAFF = f"{OURS}/NamingSystem/staff-pseudonym"
CLIENT = f"{OURS}/NamingSystem/client"
DEFINITION = f"{OURS}/NamingSystem/definition-digest"
EVENT_KIND = f"{OURS}/CodeSystem/audit-event"
STAFF_ROLE = f"{OURS}/CodeSystem/staff-role"
UUID_SYSTEM = "urn:ietf:rfc:3986"

_HL7 = "http://terminology.hl7.org/CodeSystem"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"

Json = dict[str, Any]


def _coding(system: str, code: str, display: str = "") -> Json:
    return {"system": system, "code": code, **({"display": display} if display else {})}


_REST = _coding(f"{_HL7}/audit-event-type", "rest", "RESTful Operation")
_OPERATION = _coding("http://hl7.org/fhir/restful-interaction", "operation", "operation")
_ALERT = _coding(_DCM, "110113", "Security Alert")
_NODE = _coding(_DCM, "110126", "Node Authentication")
_PATIENT_RECORD = _coding(_DCM, "110110", "Patient Record")
_USER_AUTHENTICATION = _coding(_DCM, "110114", "User Authentication")
_LOGIN = _coding(_DCM, "110122", "Login")
_LOGOUT = _coding(_DCM, "110123", "Logout")
_LOG_USED = _coding(_DCM, "110101", "Audit Log Used")
_APPLICATION = {"coding": [_coding(_DCM, "110150", "Application")]}
_HUMAN = {"coding": [_coding(f"{_HL7}/extra-security-role-type", "humanuser", "human user")]}
_PERSON = _coding(f"{_HL7}/audit-entity-type", "1", "Person")
_SYSTEM_OBJECT = _coding(f"{_HL7}/audit-entity-type", "2", "System Object")
_ROLE_PATIENT = _coding(f"{_HL7}/object-role", "1", "Patient")
_ROLE_USER = _coding(f"{_HL7}/object-role", "6", "User")
_ROLE_JOB = _coding(f"{_HL7}/object-role", "20", "Job")
_ROLE_MASTER = _coding(f"{_HL7}/object-role", "5", "Master file")
_SOURCE = {
    "observer": {"identifier": {"system": f"{OURS}/NamingSystem/service", "value": "trialhook"}},
    "type": [_coding(f"{_HL7}/security-source-type", "4", "Application Server")],
}

_SHAPES: Mapping[str, tuple[Json, list[Json], str]] = {
    "call": (_REST, [_OPERATION], "E"),
    "feedback": (_REST, [_OPERATION], "C"),
    "refused": (_ALERT, [_NODE], "E"),
    "view": (_PATIENT_RECORD, [], "R"),
    "sign-in": (_USER_AUTHENTICATION, [_LOGIN], "E"),
    "sign-out": (_USER_AUTHENTICATION, [_LOGOUT], "E"),
    "referral": (_PATIENT_RECORD, [], "U"),
    "list": (_PATIENT_RECORD, [], "R"),
    "export": (_LOG_USED, [], "R"),
    "find": (_LOG_USED, [], "R"),
    "purge": (_LOG_USED, [], "D"),
    "candidates": (_PATIENT_RECORD, [], "R"),
    "forget": (_PATIENT_RECORD, [], "D"),
}
"""Of each kind of event its type, its subtypes beside our own, and its action (C, R, U, D, E)."""


def audit_event_line(event: AuditEvent) -> bytes:
    """One event as a line of NDJSON, with its line break."""
    return orjson.dumps(audit_event_resource(event), option=orjson.OPT_APPEND_NEWLINE)


def audit_event_resource(event: AuditEvent) -> Json:
    """One event as a FHIR R4 AuditEvent; the same event always as the same resource."""
    facts: Json = orjson.loads(event.body)
    kind, further, action = _SHAPES.get(event.kind, (_REST, [], "E"))
    subtypes = [*further, _coding(EVENT_KIND, event.kind)]
    if further == [_NODE] and facts.get("status") != 401:
        subtypes.remove(_NODE)
    subtypes += [
        _coding(EVENT_KIND, str(facts[name])) for name in ("hook", "cause", "page", "what") if facts.get(name)
    ]
    entities = list(_entities(facts))
    return {
        "resourceType": "AuditEvent",
        "id": event.id,
        "type": kind,
        "subtype": subtypes,
        "action": action,
        "recorded": event.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        **_outcome(facts.get("status", 200)),
        "agent": list(_agents(facts)),
        "source": _SOURCE,
        **({"entity": entities} if entities else {}),
    }


def _outcome(status: int) -> Json:
    """0 success, 4 the caller's failure, 8 ours."""
    code = "0" if status < 400 else "4" if status < 500 else "8"
    return {"outcome": code, "outcomeDesc": f"HTTP {status}"}


def _agents(facts: Json) -> Iterator[Json]:
    """The person that asked, where known, and the system through which they asked."""
    person, system = facts.get("user") or facts.get("staff"), facts.get("client")
    if person:
        naming = USER if "user" in facts else STAFF
        roles = [{"coding": [_coding(STAFF_ROLE, role)]} for role in facts.get("roles", ())]
        of_staff = {"role": roles} if roles else {}
        yield {"type": _HUMAN, **of_staff, "who": _identified(naming, person), "requestor": True}
    if system or not person:
        who = _identified(CLIENT, system) if system else {"display": facts.get("by", "not authenticated")}
        tenant = {"altId": facts["tenant"]} if facts.get("tenant") else {}
        yield {"type": _APPLICATION, "who": who, **tenant, "requestor": not person}


def _entities(facts: Json) -> Iterator[Json]:
    for patient in [facts["patient"]] if facts.get("patient") else facts.get("patients", ()):
        yield {"what": _identified(PATIENT, patient), "type": _PERSON, "role": _ROLE_PATIENT}
    for naming, sought in ((USER, "users"), (STAFF, "accounts")):
        for person in facts.get(sought, ()):
            yield {"what": _identified(naming, person), "type": _PERSON, "role": _ROLE_USER}
    request = _named(facts, *_REQUEST)
    if request or facts.get("hookInstance"):
        what = {"what": _uuid(facts["hookInstance"])} if facts.get("hookInstance") else {}
        yield {**what, "type": _SYSTEM_OBJECT, "role": _ROLE_JOB, **_details(request)}
    for trial in _trials(facts):
        yield {
            **({"what": _identified(DEFINITION, trial["digest"])} if trial.get("digest") else {}),
            "type": _SYSTEM_OBJECT,
            "role": _ROLE_MASTER,
            "name": trial["trial"],
            **_details(_named(trial, "version", "site", "site_digest", "outcome", "silenced", "card")),
        }
    for answer in facts.get("answers", ()):
        what = {"what": _uuid(answer["card"])} if answer.get("card") else {}
        detail = _named({**answer, "suggestions": " ".join(answer.get("suggestions", ()))}, *_ANSWER)
        yield {**what, "type": _SYSTEM_OBJECT, "role": _ROLE_JOB, **_details(detail)}


_REQUEST = (
    *("service", "claimed", "ms", "times", "since", "before", "kept", "repeated", "unknown", "rows"),
    *("referral", "change", "from", "to"),
)
_ANSWER = ("outcome", "reason", "suggestions")


def _trials(facts: Json) -> list[Json]:
    """Those of a call, or the one whose page was looked at."""
    return [{"trial": facts["trial"]}] if facts.get("trial") else facts.get("trials", [])


def _named(facts: Json, *names: str) -> Json:
    return {name: facts[name] for name in names if facts.get(name) not in (None, "")}


def _details(facts: Json) -> Json:
    details = [{"type": name, "valueString": str(fact)} for name, fact in facts.items()]
    return {"detail": details} if details else {}


def _identified(system: str, value: str) -> Json:
    return {"identifier": {"system": system, "value": value}}


def _uuid(value: str) -> Json:
    return _identified(UUID_SYSTEM, f"urn:uuid:{value}")
