"""What arrives under a prefetch key, and what becomes of it: each row with and without FHIR access.

The prefetch holds a result of 1.8 g/g, the FHIR server one of 2.4 g/g: the card says which one counted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from tests.service import charts, counting
from tests.service.conftest import BASE, call, cards_of, faults_of
from tests.service.ehr import ehr, json_answer, parameters, urls

KEY = "observations-1"
ROW = charts.upcr(1.8)
ON_SERVER = charts.upcr(2.4, "2026-06-10", "o2")
NEXT = f"{BASE}/Observation?page=2"
NO_ACCESS = "no FHIR server was given"
ABSENT, BROKEN = "not in the prefetch", "prefetched as neither resource nor Bundle"
OTHER_KIND = "another resource prefetched"
ANOTHER, OTHERS = "another search prefetched", "only rows of another patient came"
FIRST, REPORTED = "only the first page prefetched", "the EHR said that rows are missing"
CAPITALS, NOWHERE = {"relation": "NEXT", "url": NEXT}, {"relation": "next"}
ONE_ISSUE = {"resourceType": "OperationOutcome", "issue": {"severity": "error", "code": "timeout"}}
OK, GONE = {"response": {"status": "200 OK"}}, {"response": {"status": "404"}}


class Decision(NamedTuple):
    """``used``: the prefetched row counts. ``fetched``: the server is asked. ``gap``: what the card says."""

    arrives: str
    value: Any
    used: bool
    fetched: bool
    gap: str
    gap_without_access: str


def decision(arrives: str, value: Any, does: str, gap: str = "", gap_without_access: str = "") -> Decision:
    used, fetched = "use" in does, "fetch" in does
    return Decision(arrives, value, used, fetched, gap, gap_without_access or gap)


DECISIONS = [
    # what arrives                     value                     action   gap   gap without access
    decision("key absent", ..., "fetch", "", ABSENT),
    decision("null", None, ""),
    decision("Bundle without entry", charts.bundle(), ""),
    decision("Bundle with no entries", {"resourceType": "Bundle", "entry": []}, ""),
    decision("Bundle that counts none", charts.bundle(total=0), ""),
    decision("resource", ROW, "use"),
    decision("searchset Bundle", charts.bundle(ROW), "use"),
    decision("Bundle of another kind", {**charts.bundle(ROW), "type": "collection"}, "use"),
    decision("Bundle without type", {**charts.bundle(ROW), "type": None}, "use"),
    decision("Bundle with next", charts.bundle(ROW, following=NEXT), "use, fetch", "", "only the first page"),
    decision("fewer than counted", charts.bundle(ROW, total=9), "use, fetch", "", "fewer prefetched than"),
    decision("OperationOutcome", charts.outcome(), "", "the EHR could not prefetch it"),
    decision(
        "error entry", charts.bundle(ROW, charts.outcome()), "use", "the EHR said that rows are missing"
    ),
    decision("warning entry", charts.bundle(ROW, charts.outcome("warning")), "use"),
    decision("string", "one result", "fetch", "", BROKEN),
    decision("HTML", "<html>Internal error</html>", "fetch", "", BROKEN),
    decision("array", [ROW], "fetch", "", BROKEN),
    decision("number", 7, "fetch", "", BROKEN),
    decision("wrapper", {"response": {"status": "200"}, "resource": charts.bundle(ROW)}, "fetch", "", BROKEN),
    decision("another resource", charts.medication(), "fetch", "", OTHER_KIND),
    decision("entries that are none", {"resourceType": "Bundle", "entry": "one"}, "fetch", "", BROKEN),
    decision("null entries", {"resourceType": "Bundle", "entry": None}, ""),
    decision("one entry, not in a list", {"resourceType": "Bundle", "entry": {"resource": ROW}}, "use"),
    decision("next in capitals", counting.page({"resource": ROW}, link=[CAPITALS]), "use, fetch", "", FIRST),
    decision("next, not in a list", counting.page({"resource": ROW}, link=CAPITALS), "use, fetch", "", FIRST),
    decision("next without address", counting.page({"resource": ROW}, link=NOWHERE), "use, fetch", "", FIRST),
    decision("another search", charts.bundle(charts.order()), "fetch", "", ANOTHER),
    decision("another's result", charts.bundle(charts.upcr(whose="p2")), "fetch", "", OTHERS),
    decision("another's result among ours", charts.bundle(charts.upcr(9, whose="p2"), ROW), "use"),
    decision("a row again and again", charts.bundle(ROW, ROW, ROW, total=3), "use, fetch", "", "fewer pref"),
    decision("suppressed, and a row", charts.bundle(ROW, charts.outcome("warning", "suppressed")), "use"),
    decision("suppressed, and none", charts.bundle(charts.outcome("warning", "suppressed")), "", REPORTED),
    decision("forbidden, and none", charts.bundle(charts.outcome("warning", "forbidden")), "", REPORTED),
    decision("nothing found", charts.bundle(charts.outcome("warning", "not-found"), total=0), ""),
    decision("error as one object", charts.bundle(ROW, ONE_ISSUE), "use", REPORTED),
    decision("batch", counting.batch({"resource": charts.bundle(ROW), **OK}), "use"),
    decision("batch of rows", counting.batch({"resource": ROW, **OK}), "use"),
    decision("batch that failed", counting.batch({"response": {"status": "500"}}), "", REPORTED),
    decision("batch with an error", counting.batch({"response": {"outcome": ONE_ISSUE}}), "", REPORTED),
    decision("batch, one part failed", counting.batch({"resource": ROW, **GONE}), "use", REPORTED),
    decision(
        "batch, cut", counting.batch({"resource": charts.bundle(total=1), **OK}), "fetch", "", "fewer pref"
    ),
]


def prefetch_with(value: Any) -> dict[str, Any]:
    prefetch = charts.full_prefetch()
    return charts.without(prefetch, KEY) if value is ... else {**prefetch, KEY: value}


def values_in(detail: str) -> set[str]:
    return {value for value in ("1.8", "2.4") if f"{value} g/g" in detail}


@pytest.mark.parametrize("row", DECISIONS, ids=lambda row: row.arrives)
def test_with_access_what_is_missing_is_fetched_and_nothing_else(client: FlaskClient, row: Decision) -> None:
    with ehr(Observation=json_answer(charts.bundle(ON_SERVER))) as sent:
        [card] = cards_of(call(client, prefetch=prefetch_with(row.value), fhirServer=BASE))
    assert len(urls(sent)) == (1 if row.fetched else 0)
    # Of two results the latest is shown; where only the prefetched one came, that.
    assert values_in(card["detail"]) == ({"2.4"} if row.fetched else {"1.8"} if row.used else set())
    assert ("Observation: " in card["detail"]) == bool(row.gap)
    assert row.gap in card["detail"]


@pytest.mark.parametrize("row", DECISIONS, ids=lambda row: row.arrives)
def test_without_access_what_is_missing_is_a_gap(client: FlaskClient, row: Decision) -> None:
    with ehr() as sent:
        [card] = cards_of(call(client, prefetch=prefetch_with(row.value)))
    assert urls(sent) == []
    assert values_in(card["detail"]) == ({"1.8"} if row.used else set())
    assert ("Observation: " in card["detail"]) == bool(row.gap_without_access)
    assert row.gap_without_access in card["detail"]
    assert (NO_ACCESS in card["detail"]) == (row.fetched and bool(row.gap_without_access))


def test_a_key_that_was_not_declared_is_ignored_with_and_without_access(client: FlaskClient) -> None:
    undeclared = {**prefetch_with(...), "labs": charts.bundle(charts.upcr(9.9, "2026-06-12", "o9"))}
    with ehr(Observation=json_answer(charts.bundle(ON_SERVER))) as sent:
        [fetched] = cards_of(call(client, prefetch=undeclared, fhirServer=BASE))
        [unread] = cards_of(call(client, prefetch=undeclared))
    assert len(urls(sent)) == 1
    assert values_in(fetched["detail"]) == {"2.4"}
    assert "9.9" not in fetched["detail"] + unread["detail"]
    assert ABSENT in unread["detail"]


# --- the Patient: the only key that is required


PATIENTS: list[tuple[str, Any, str]] = [
    # what arrives            value                                            action
    ("key absent", ..., "fetch"),
    ("null", None, "fetch"),
    ("Bundle without entry", charts.bundle(), "fetch"),
    ("the Patient", charts.patient(), "use"),
    ("Bundle with the Patient", charts.bundle(charts.patient()), "use"),
    ("OperationOutcome", charts.outcome(), "fetch"),
    ("string", "Patient/p1", "fetch"),
    ("array", [charts.patient()], "fetch"),
    ("wrapper", {"resource": charts.patient()}, "fetch"),
    ("Patient without id", {"resourceType": "Patient"}, "fetch"),
    ("another resource", charts.condition(), "fetch"),
    ("another Patient", charts.patient("p2"), "refuse"),
]


def patient_prefetch(value: Any) -> dict[str, Any]:
    prefetch = charts.full_prefetch()
    return charts.without(prefetch, "patient") if value is ... else {**prefetch, "patient": value}


@pytest.mark.parametrize(("arrives", "value", "does"), PATIENTS, ids=[row[0] for row in PATIENTS])
def test_the_patient_is_used_or_fetched_or_the_answer_is_412(
    client: FlaskClient, arrives: str, value: Any, does: str
) -> None:
    prefetch = patient_prefetch(value)
    with ehr() as sent:
        with_access = call(client, prefetch=prefetch, fhirServer=BASE)
        assert urls(sent) == ([f"{BASE}/Patient/p1"] if does == "fetch" else [])
        without = call(client, prefetch=prefetch)
    with ehr(Patient=json_answer(charts.outcome(), 404)):
        in_vain = call(client, prefetch=prefetch, fhirServer=BASE)
    if does == "refuse":
        for answer in (with_access, without, in_vain):
            assert faults_of(answer, 400) == ["prefetch.patient"]
        return
    assert len(cards_of(with_access)) == 1
    for answer in (without, in_vain):
        if does == "use":
            assert len(cards_of(answer)) == 1
        else:
            assert faults_of(answer, 412) == ["prefetch.patient"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (ROW, OTHER_KIND),
        (charts.bundle(ROW), OTHER_KIND),
        (charts.outcome(), "the EHR could not prefetch it"),
        (None, ABSENT),
        (charts.bundle(), ABSENT),
        ("text", BROKEN),
        ([ROW], BROKEN),
        ({"response": {"status": "200"}}, BROKEN),
        ({"resourceType": "Bundle", "entry": "one"}, BROKEN),
    ],
)
def test_what_came_instead_of_the_patient_is_called_what_it_is(
    client: FlaskClient, value: Any, why: str
) -> None:
    answer = call(client, prefetch={**charts.full_prefetch(), "patient": value})
    assert faults_of(answer, 412) == ["prefetch.patient"]
    assert f"{why};" in answer.text


@pytest.mark.parametrize("key", [key for key in charts.full_prefetch() if key != "patient"])
@pytest.mark.parametrize(
    "value", [..., None, charts.outcome(), "broken"], ids=["absent", "null", "OO", "text"]
)
def test_no_other_key_is_ever_412(client: FlaskClient, key: str, value: Any) -> None:
    prefetch = charts.full_prefetch()
    sent = charts.without(prefetch, key) if value is ... else {**prefetch, key: value}
    for members in ({}, {"fhirServer": BASE}):
        with ehr(Observation=ConnectionError(), Condition=ConnectionError()):
            cards_of(call(client, prefetch=sent, **members))


# --- why there is no access


def token(**members: Any) -> dict[str, Any]:
    usual = {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 300, "subject": "us"}
    return {"fhirServer": BASE, "fhirAuthorization": {**usual, **members}}


COVERED = "the access token does not cover Observation"
PARTLY = "the access token covers only part of Observation"
EXPIRED = "the access token has expired"
TOKENS: list[tuple[dict[str, Any], bool, str]] = [
    # call                                                            fetched  gap
    ({}, False, NO_ACCESS),
    ({"fhirServer": "https://other.example/fhir"}, False, "this FHIR server may not be called"),
    ({"fhirServer": BASE}, True, ""),
    (token(), True, ""),
    (token(scope="patient/Observation.read"), True, ""),
    (token(scope="patient/*.read launch openid"), True, ""),
    (token(scope="user/Observation.rs"), True, ""),
    (token(scope="patient/Observation.rs", patient="p1"), True, ""),
    (token(scope="system/*.cruds"), True, ""),
    (token(scope="patient/*.* user/*.*"), True, ""),
    (token(scope="launch openid profile"), True, ""),
    (token(scope=""), True, ""),
    (token(scope=["patient/Patient.read"]), True, ""),
    (token(scope="patient/Patient.read"), False, COVERED),
    (token(scope="patient/Patient.rs patient/Observation.r"), False, COVERED),
    (token(scope="patient/Observation.write"), False, COVERED),
    (token(scope="patient/Observation.cud"), False, COVERED),
    (token(scope="patient/Observation.rs?category=laboratory"), True, PARTLY),
    (token(expires_in=0), False, EXPIRED),
    (token(expires_in=-5, scope="patient/*.read"), False, EXPIRED),
    (token(expires_in=0.5), True, ""),
    (token(expires_in="soon"), True, ""),
    (token(expires_in=False), True, ""),
]


@pytest.mark.parametrize(("members", "fetched", "gap"), TOKENS)
def test_a_token_is_used_for_what_it_covers_while_it_lives(
    client: FlaskClient, members: dict[str, Any], fetched: bool, gap: str
) -> None:
    with ehr(Observation=json_answer(charts.bundle(ON_SERVER))) as sent:
        [card] = cards_of(call(client, prefetch=prefetch_with(...), **members))
    assert len(urls(sent)) == fetched
    assert all(parameters(url)["patient"] == ["p1"] for url in urls(sent))
    assert ("2.4 g/g" in card["detail"]) == fetched
    assert ("Observation: " in card["detail"]) == bool(gap)
    assert gap in card["detail"]


@pytest.mark.parametrize(
    ("scope", "why"),
    [("patient/Observation.read", "does not cover Patient"), ("patient/Patient.s", "does not cover Patient")],
)
def test_a_token_that_does_not_cover_the_patient_is_412_and_the_patient_is_not_asked_for(
    client: FlaskClient, scope: str, why: str
) -> None:
    with ehr() as sent:
        answer = call(
            client, prefetch=charts.without(charts.full_prefetch(), "patient"), **token(scope=scope)
        )
    assert faults_of(answer, 412) == ["prefetch.patient"]
    assert why in answer.text
    assert urls(sent) == []


def test_an_expired_token_is_never_sent_and_neither_is_a_call_without_it(client: FlaskClient) -> None:
    with ehr() as sent:
        answer = call(client, prefetch=..., **token(expires_in=0))
    assert faults_of(answer, 412) == ["prefetch.patient"]
    assert EXPIRED in answer.text
    assert urls(sent) == []


def test_a_result_under_a_partly_covering_token_does_not_prove_that_there_is_no_newer_one(
    client: FlaskClient,
) -> None:
    whole, part = "patient/Observation.rs", "patient/Observation.rs?category=laboratory"
    with ehr(Observation=json_answer(charts.bundle(ON_SERVER))):
        [all_of_it] = cards_of(call(client, prefetch=prefetch_with(...), **token(scope=whole)))
        [part_of_it] = cards_of(call(client, prefetch=prefetch_with(...), **token(scope=part)))
    assert "3 of 4" in all_of_it["summary"]
    assert "2 of 4" in part_of_it["summary"]


def test_a_drug_that_is_referred_to_is_not_read_with_a_token_that_does_not_cover_medications(
    client: FlaskClient,
) -> None:
    orders = charts.full_prefetch(medication_requests=charts.bundle(charts.order(reference="Medication/d1")))
    covered = "patient/*.rs"
    uncovered = "patient/Patient.rs patient/MedicationRequest.rs"
    with ehr(Medication=json_answer(charts.bundle(charts.medication()))) as sent:
        [card] = cards_of(call(client, prefetch=orders, **token(scope=covered)))
        assert len(urls(sent)) == 1
        assert "does not cover" not in card["detail"]
        sent.forget()
        [card] = cards_of(call(client, prefetch=orders, **token(scope=uncovered)))
    assert urls(sent) == []
    assert "the access token does not cover Medication" in card["detail"]
