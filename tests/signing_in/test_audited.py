"""Sign-ins in the audit trail, and as FHIR."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import orjson
import pytest
from fhir.resources.R4B.auditevent import AuditEvent as FhirAuditEvent

from cds_service.audit.events import (
    ListRecord,
    SignInRecord,
    ViewRecord,
    list_event,
    referral_event,
    sign_in_event,
    user_pseudonyms,
    view_event,
)
from cds_service.audit.fhir_export import STAFF, USER, audit_event_resource
from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.records import ReferralRecord, Who
from cds_service.storage.records import Subject

AT = datetime(2026, 6, 15, 14, 30, tzinfo=UTC)
RING = KeyRing.random()
IN = SignInRecord(AT, "in", "https://login.example|MARKED", ("coordinator", "read-only"))
OUT = SignInRecord(AT, "out", "https://login.example|MARKED", ("coordinator",))
REFUSED = SignInRecord(AT, "refused", "https://login.example|MARKED")


@pytest.mark.parametrize("record", [IN, OUT, REFUSED], ids=["in", "out", "refused"])
def test_it_is_a_valid_resource_that_names_nobody(record: SignInRecord) -> None:
    event = sign_in_event(record, RING)
    resource = audit_event_resource(event)
    FhirAuditEvent.model_validate(resource)
    assert "MARKED" not in event.body + orjson.dumps(resource).decode() + repr(record)
    [agent] = resource["agent"]
    pseudonym = RING.pseudonym("staff", record.staff)
    assert agent["who"]["identifier"] == {
        "system": STAFF,
        "value": f"{pseudonym.key_id}.{pseudonym.digest}",
    }
    assert agent["requestor"] is True


@pytest.mark.parametrize(
    ("record", "codes", "outcome", "roles"),
    [
        (IN, ["110114", "110122", "sign-in"], "0", ["coordinator", "read-only"]),
        (OUT, ["110114", "110123", "sign-out"], "0", ["coordinator"]),
        (REFUSED, ["110114", "110122", "sign-in", "no-grant"], "4", []),
    ],
    ids=["in", "out", "refused"],
)
def test_it_says_what_happened_in_codes(
    record: SignInRecord, codes: list[str], outcome: str, roles: list[str]
) -> None:
    resource = audit_event_resource(sign_in_event(record, RING))
    assert [resource["type"]["code"], *[one["code"] for one in resource["subtype"]]] == codes
    assert resource["outcome"] == outcome
    said = [role["coding"][0]["code"] for role in resource["agent"][0].get("role", ())]
    assert said == roles


@pytest.mark.parametrize("what", ["export", "search"])
def test_what_concerns_many_patients_at_once_is_counted(what: Literal["export", "search"]) -> None:
    record = ListRecord(AT, what, "https://login.example|MARKED", 17, "NCT1", "hospital")
    resource = audit_event_resource(list_event(record, RING))
    FhirAuditEvent.model_validate(resource)
    assert "MARKED" not in orjson.dumps(resource).decode() + repr(record)
    assert resource["type"]["code"] == "110110"
    assert [one["code"] for one in resource["subtype"]] == ["list", what]
    details = [one for entity in resource["entity"] for one in entity.get("detail", ())]
    assert {"type": "rows", "valueString": "17"} in details


@pytest.mark.parametrize(
    ("account", "system"),
    [("https://login.example|MARKED", STAFF), ("Practitioner/MARKED", USER), ("", "")],
)
def test_a_view_names_staff_and_users_of_an_ehr_each_in_its_own_way(account: str, system: str) -> None:
    subject = Subject("hospital", "north", "https://ehr.example/fhir", "p-MARKED")
    event = view_event(ViewRecord(AT, "hospital", "north", "NCT1", account, subject, "worksheet"), RING)
    resource = audit_event_resource(event)
    FhirAuditEvent.model_validate(resource)
    assert "MARKED" not in orjson.dumps(resource).decode()
    people = [
        one["who"]["identifier"]
        for one in resource["agent"]
        if one["type"]["coding"][0]["code"] == "humanuser"
    ]
    assert [one["system"] for one in people] == [system] * bool(system)
    if system == USER:
        known = user_pseudonyms(RING, "hospital", "north", account)
        assert people[0]["value"] in known, "not whom the hook calls know"


@pytest.mark.parametrize(
    ("who", "system"),
    [(Who("local|MARKED", "MARKED", "coordinator"), STAFF), (Who("Practitioner/MARKED"), USER)],
)
def test_a_change_of_a_referral_says_by_whom_and_from_what_to_what(who: Who, system: str) -> None:
    subject = Subject("hospital", "north", "https://ehr.example/fhir", "p-MARKED")
    record = ReferralRecord(
        at=AT,
        client="hospital",
        tenant="north",
        trial="NCT1",
        referral="AbC",
        kind="moved",
        who=who,
        subject=subject,
        from_state="referred",
        to_state="received",
    )
    resource = audit_event_resource(referral_event(record, RING))
    FhirAuditEvent.model_validate(resource)
    assert "MARKED" not in orjson.dumps(resource).decode()
    assert (resource["type"]["code"], resource["action"]) == ("110110", "U")
    assert resource["agent"][0]["who"]["identifier"]["system"] == system
    assert resource["agent"][0]["role"][0]["coding"][0]["code"] == who.role
    details = {
        one["type"]: one["valueString"] for entity in resource["entity"] for one in entity.get("detail", ())
    }
    assert details == {"referral": "AbC", "change": "moved", "from": "referred", "to": "received"}


def test_a_role_that_is_not_ours_is_not_written() -> None:
    assert '"roles":["other"]' in sign_in_event(SignInRecord(AT, "in", "x", ("Jo Weber",)), RING).body
