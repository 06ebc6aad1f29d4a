"""Every call that named a patient stands in the audit trail, whatever came of it; so do refusals."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from cds_service.audit.rows import read_events
from tests.registered.conftest import NewHospital
from tests.registered.hospital import Hospital
from tests.service import charts


def events(hospital: Hospital, kind: str) -> list[dict[str, Any]]:
    """The bodies of the events of a kind, once all that waited is written."""
    hospital.records.trail.close()
    found = [event for event in read_events(hospital.records.database) if event.kind == kind]
    return [orjson.loads(event.body) for event in found]


def test_a_call_says_who_asked_about_whom_and_which_definition_answered(hospital: Hospital) -> None:
    [card] = hospital.cards()
    [event] = events(hospital, "call")
    assert (event["client"], event["status"], event["hook"]) == ("hospital", 200, "patient-view")
    [trial] = event["trials"]
    assert (trial["trial"], trial["outcome"], trial["card"]) == (
        "NCT00000001",
        "possible-candidate",
        card["uuid"],
    )
    assert trial["digest"]
    assert charts.PATIENT_ID not in str(event)


def test_a_call_without_the_patient_is_recorded_with_its_status(hospital: Hospital) -> None:
    assert hospital.open_chart(prefetch={"conditions": None}).status_code == 412
    assert [(event["status"], event["trials"]) for event in events(hospital, "call")] == [(412, [])]


def test_a_call_that_runs_into_a_bug_is_recorded_too(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError

    monkeypatch.setattr("cds_service.answering.flow.read_record", broken)
    assert hospital.open_chart().status_code == 500
    assert [event["status"] for event in events(hospital, "call")] == [500]


def test_orders_that_bear_on_no_trial_are_recorded(hospital: Hospital) -> None:
    path = "/cds-services/trial-match-order-sign"
    drafts = {"resourceType": "Bundle", "entry": []}
    context = {"userId": "Practitioner/dr1", "patientId": charts.PATIENT_ID, "draftOrders": drafts}
    answer = hospital.post(path, charts.request_body(hook="order-sign", context=context))
    assert answer.get_json() == {"cards": []}
    assert [(event["hook"], event["trials"]) for event in events(hospital, "call")] == [("order-sign", [])]


@pytest.mark.parametrize("user", [f"Patient/{charts.PATIENT_ID}", "RelatedPerson/mother"])
def test_a_call_by_a_patient_or_a_relative_is_recorded_and_shows_nothing(
    hospital: Hospital, user: str
) -> None:
    assert hospital.cards(user=user) == []
    [event] = events(hospital, "call")
    assert (event["status"], event["trials"]) == (200, [])
    assert "mother" not in str(event)
    assert len(hospital.cards()) == 1


def test_refusals_are_recorded_with_their_cause(new_hospital: NewHospital) -> None:
    hospital = new_hospital(settings={"calls_per_minute": 1})
    statuses = Counter(
        answer.status_code
        for answer in (
            hospital.post(charts.SERVICE, charts.request_body(), ""),
            hospital.open_chart(iss="https://stranger.example"),
            hospital.open_chart(),
            hospital.open_chart(),
        )
    )
    assert statuses == {401: 2, 200: 1, 429: 1}
    causes = Counter((event["cause"], event["status"]) for event in events(hospital, "refused"))
    assert causes == {("no_token", 401): 1, ("issuer", 401): 1, ("rate", 429): 1}
