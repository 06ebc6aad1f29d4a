"""Rows of another patient, of another type or that are missing prove nothing, however they are mixed."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.assessing import assess_resources
from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.counted import NONE
from cds_service.fhir.faults import FEWER, NOT_A_BUNDLE
from cds_service.fhir.search import is_newest_first
from cds_service.fhir.wholeness import are_of_others, reports_incomplete
from cds_service.hooks.call import patients_in
from cds_service.hooks.fhir_version import is_dstu2
from cds_service.hooks.ids import user_reference
from mappings.needs import Query
from mappings.verdicts import Verdict
from tests.service import charts
from tests.service.conftest import BASE, call, cards_of, faults_of
from tests.service.definitions import TODAY, TRIAL, catalog
from tests.service.ehr import ehr, json_answer

ORDERS = Query("medication-requests", "MedicationRequest", (), by_patient=True)
OURS, OTHERS, DRUG = charts.order(), charts.order(whose="p2"), charts.medication()


@pytest.mark.parametrize(
    ("rows", "expected", "why"),
    [
        ([], False, "nothing on record"),
        ([OURS], False, "hers"),
        ([OTHERS], True, "of another"),
        ([OTHERS, OURS], False, "hers are among them"),
        ([DRUG, OTHERS], True, "what was included has no patient"),
        ([OTHERS, DRUG], True, "in whatever order"),
        ([DRUG, OURS], False, "hers, with what was included"),
        ([DRUG], False, "no row of the type at all"),
        (["junk", OTHERS, None], True, "junk is nobody's"),
        ([{**OTHERS, "subject": {"display": "Somebody"}}], False, "does not say whose"),
    ],
)
def test_rows_are_of_others_where_each_of_the_type_names_another(
    rows: list[Any], expected: bool, why: str
) -> None:
    assert are_of_others(rows, ORDERS, charts.PATIENT_ID) is expected, why


@pytest.mark.parametrize("code", [["incomplete"], {"code": "incomplete"}, 7, None, True])
def test_a_code_of_an_issue_that_is_no_text_says_nothing(code: Any) -> None:
    assert not reports_incomplete([{"issue": [{"severity": "warning", "code": code}]}], [OURS])


def row(resource: Any, mode: str = "") -> dict[str, Any]:
    return {"resource": resource, "search": {"mode": mode}} if mode else {"resource": resource}


@pytest.mark.parametrize(
    ("entries", "kind", "brought", "why"),
    [
        ([row(OURS), row(DRUG, "include")], "MedicationRequest", 1, "what was included is no match"),
        ([row(OURS), row(OURS)], "MedicationRequest", 1, "one row that came twice"),
        ([row({**OURS, "id": 7}), row({**OURS, "id": ""})], "MedicationRequest", 2, "without a usable id"),
        ([row({**OURS, "id": ["m1"]}), row(OURS)], "MedicationRequest", 2, "an id that is a list is none"),
        ([row(OURS, "match"), row(charts.outcome(), "match")], "MedicationRequest", 1, "an outcome is none"),
        ([row(OURS), row(charts.outcome(), "outcome")], "MedicationRequest", 1, "an outcome, said to be one"),
        ([row(OURS), row(DRUG, "include"), row(charts.condition())], "", 3, "a search for any type"),
        ([row(OURS), row(charts.outcome()), row(charts.outcome(), "outcome")], "", 1, "but outcomes"),
        ([row(OURS, "outcome")], "", 0, "whatever type is called an outcome"),
    ],
)
def test_a_server_s_total_is_held_against_its_matches(
    entries: list[Any], kind: str, brought: int, why: str
) -> None:
    counted = NONE.plus([{"resourceType": "Bundle", "entry": entries, "total": brought + 1}], kind)
    assert (counted.brought, counted.is_short) == (brought, True), why
    assert not NONE.plus([{"resourceType": "Bundle", "entry": entries, "total": brought}], kind).is_short


@pytest.mark.parametrize(("total", "is_short"), [(2, False), (3, True)])
def test_rows_of_a_first_page_that_was_prefetched_count_towards_the_total_of_the_next(
    client: FlaskClient, total: int, is_short: bool
) -> None:
    first = charts.bundle(charts.upcr(1.8, "2026-06-02"), following=f"{BASE}/Observation?page=2")
    last = charts.bundle(charts.upcr(1.7, "2026-06-01", "o2"), total=total)
    with ehr(Observation=json_answer(last)):
        answer = call(client, prefetch=charts.full_prefetch(observations_1=first), fhirServer=BASE)
    assert (FEWER in cards_of(answer)[0]["detail"]) is is_short


NEWER, OLDER = charts.upcr(day="2026-06-01"), charts.upcr(day="2026-05-01")
INSTANT = {"resourceType": "Observation", "effectiveInstant": "2026-05-20T08:00:00Z"}
PERIOD = {"resourceType": "Observation", "effectivePeriod": {"start": "2026-05-20"}}


@pytest.mark.parametrize("between", [INSTANT, PERIOD])
def test_rows_are_in_order_by_whatever_dates_them(between: dict[str, Any]) -> None:
    assert is_newest_first([NEWER, between, OLDER])
    assert not is_newest_first([OLDER, between, NEWER])
    assert not is_newest_first([between, NEWER])


@pytest.mark.parametrize("said", [{}, [], 7, charts.outcome(), {"resourceType": "Parameters", "entry": []}])
def test_an_answer_that_is_no_bundle_is_not_nothing_on_record(client: FlaskClient, said: Any) -> None:
    prefetch = charts.without(charts.full_prefetch(), "medication-requests")
    with ehr(MedicationRequest=json_answer(said)):
        [card] = cards_of(call(client, prefetch=prefetch, fhirServer=BASE))
    assert f"MedicationRequest: {NOT_A_BUNDLE}" in card["detail"]


# --- who it is about, and who asks


@pytest.mark.parametrize("identity", ["p1", "p2"])
def test_the_patient_of_whom_it_is_asked_is_assessed_and_no_other(identity: str) -> None:
    both = [charts.patient("p1"), charts.patient("p2"), charts.upcr(whose="p2")]
    [found] = assess_resources(both, TODAY, patient_id=identity, trials=[TRIAL], catalog=catalog())
    assert found.patient == f"Patient/{identity}"
    assert (found.criteria[1].verdict is Verdict.MET) is (identity == "p2")


@pytest.mark.parametrize(("port", "allowed"), [("0", False), ("1", True), ("65535", True), ("65536", False)])
def test_a_port_is_one_that_there_is(port: str, allowed: bool) -> None:
    assert (parse_base(f"https://ehr.example:{port}/fhir") is not None) is allowed


def test_a_row_that_bears_the_patient_s_id_is_not_the_patient(client: FlaskClient) -> None:
    rows = charts.bundle(charts.upcr(identity=charts.PATIENT_ID))
    answer = call(client, prefetch=charts.full_prefetch(patient=None, observations_1=rows))
    assert faults_of(answer, 412) == ["prefetch.patient"]


def test_what_is_said_of_a_missing_patient_is_about_the_patient_alone(client: FlaskClient) -> None:
    answer = call(client, prefetch=charts.without(charts.full_prefetch(patient=None), "observations-1"))
    assert faults_of(answer, 412) == ["prefetch.patient"]
    assert "Observation" not in answer.text


@pytest.mark.parametrize("kind", ["List", "Parameters", None])
def test_only_a_bundle_holds_patients_as_entries(kind: str | None) -> None:
    entry = [{"resource": charts.patient()}]
    assert patients_in({"resourceType": kind, "entry": entry}) == []
    assert patients_in({"resourceType": "Bundle", "entry": entry}) == [charts.patient()]


def test_of_a_bundle_only_its_patients_are_patients() -> None:
    assert patients_in(charts.bundle(charts.condition(), charts.patient())) == [charts.patient()]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Practitioner/dr1", "Practitioner/dr1"),
        ("dr1", "dr1"),
        ("Device/dr1", None),
        ("/dr1", None),
        ("Practitioner/..", None),
        ("..", None),
    ],
)
def test_a_user_is_of_a_type_that_the_hook_knows_or_a_bare_id(sent: str, read: str | None) -> None:
    assert user_reference(sent, ("Practitioner", "Patient")) == read


@pytest.mark.parametrize("names", [["Jane Doe"], [None], ["Jane", {"family": "Doe"}]])
def test_a_name_that_is_no_object_is_no_sign_of_dstu2(names: list[Any]) -> None:
    assert not is_dstu2([charts.patient(name=names)])
    assert is_dstu2([charts.patient(name=[*names, {"family": ["Doe"]}])])
