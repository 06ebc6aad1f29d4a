"""What arrives under a prefetch key: data, "nothing on record", or not satisfied."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.hooks.gathering import without_repeats
from tests.service import charts, counting
from tests.service.conftest import BASE, NewClient, call, cards_of, faults_of
from tests.service.ehr import ehr, json_answer, urls


def detail_of(client: FlaskClient, prefetch: dict[str, Any], **members: Any) -> str:
    [card] = cards_of(call(client, prefetch=prefetch, **members))
    return str(card["detail"])


def test_a_full_prefetch_gives_a_card_without_gaps(client: FlaskClient) -> None:
    assert "not in the prefetch" not in detail_of(client, charts.full_prefetch())


def test_an_absent_key_is_not_retrieved_and_said(client: FlaskClient) -> None:
    detail = detail_of(client, charts.without(charts.full_prefetch(), "observations-1"))
    assert "Observation: not in the prefetch; no FHIR server was given" in detail


NOTHING: list[Any] = [
    None,
    charts.bundle(),
    charts.bundle(total=0),
    {"resourceType": "Bundle", "entry": []},
    charts.bundle(charts.outcome("warning"), total=0),
]


@pytest.mark.parametrize("value", NOTHING)
def test_null_and_an_empty_bundle_mean_nothing_on_record(client: FlaskClient, value: Any) -> None:
    with ehr() as sent:
        detail = detail_of(client, charts.full_prefetch(medication_requests=value), fhirServer=BASE)
    assert urls(sent) == []
    assert "MedicationRequest" not in detail


BROKEN: list[Any] = [
    "<html>Internal error</html>",
    "",
    7,
    True,
    [],
    [charts.upcr()],
    {},
    {"resource": charts.bundle()},
    {"resourceType": ["Bundle"]},
    {"resourceType": "Bundle", "entry": "none"},
]
ANOTHER = {"resourceType": "Patient"}


@pytest.mark.parametrize("value", BROKEN)
def test_what_is_neither_resource_nor_bundle_is_not_satisfied(client: FlaskClient, value: Any) -> None:
    detail = detail_of(client, charts.full_prefetch(observations_1=value))
    assert "Observation: prefetched as neither resource nor Bundle" in detail


def test_a_resource_of_another_type_is_not_satisfied(client: FlaskClient) -> None:
    detail = detail_of(client, charts.full_prefetch(observations_1=ANOTHER))
    assert "Observation: another resource prefetched" in detail


@pytest.mark.parametrize("value", [*BROKEN, ANOTHER])
def test_what_is_not_satisfied_is_read_from_the_server(client: FlaskClient, value: Any) -> None:
    with ehr() as sent:
        detail = detail_of(client, charts.full_prefetch(observations_1=value), fhirServer=BASE)
    assert len(urls(sent)) == 1
    assert "1.8 g/g" in detail


@pytest.mark.parametrize("value", BROKEN)
def test_a_patient_that_cannot_be_read_is_412_without_a_server(client: FlaskClient, value: Any) -> None:
    assert faults_of(call(client, prefetch=charts.full_prefetch(patient=value)), 412) == ["prefetch.patient"]


def test_a_failed_prefetch_is_said_and_not_repeated(client: FlaskClient) -> None:
    with ehr() as sent:
        detail = detail_of(client, charts.full_prefetch(observations_1=charts.outcome()), fhirServer=BASE)
    assert urls(sent) == []
    assert "the EHR could not prefetch it" in detail


def test_a_failed_prefetch_of_the_patient_is_repeated_since_nothing_works_without(
    client: FlaskClient,
) -> None:
    with ehr() as sent:
        detail_of(client, charts.full_prefetch(patient=charts.outcome()), fhirServer=BASE)
    assert urls(sent) == [f"{BASE}/Patient/p1"]


@pytest.mark.parametrize("value", [None, charts.outcome(), charts.bundle(), ...])
def test_without_patient_and_server_the_answer_is_412_and_says_what_to_send(
    client: FlaskClient, value: Any
) -> None:
    prefetch = charts.full_prefetch(patient=value)
    answer = call(client, prefetch={key: one for key, one in prefetch.items() if one is not ...})
    assert faults_of(answer, 412) == ["prefetch.patient"]
    assert "Send prefetch.patient" in answer.text


def test_a_call_with_neither_prefetch_nor_server_is_412(client: FlaskClient) -> None:
    nothing: tuple[Any, ...] = (..., None, {})
    for prefetch in nothing:
        assert faults_of(call(client, prefetch=prefetch), 412) == ["prefetch.patient"]


def test_an_error_among_the_rows_keeps_the_rows_and_says_that_some_are_missing(client: FlaskClient) -> None:
    rows = charts.bundle(charts.upcr(), charts.outcome("error"))
    assert "the EHR said that rows are missing" in detail_of(
        client, charts.full_prefetch(observations_1=rows)
    )


def test_the_next_page_is_read_with_the_token_of_the_call(client: FlaskClient) -> None:
    first = charts.bundle(charts.upcr(0.2, "2026-05-01"), following=f"{BASE}/Observation?page=2")
    with ehr(Observation=json_answer(charts.bundle(charts.upcr(1.8, "2026-06-01", "o2")))) as sent:
        detail = detail_of(
            client,
            charts.full_prefetch(observations_1=first),
            fhirServer=BASE,
            fhirAuthorization={"access_token": "t0ken", "token_type": "Bearer"},
        )
        assert sent.requests[0].headers["Authorization"] == "Bearer t0ken"
    assert urls(sent) == [f"{BASE}/Observation?page=2"]
    assert "1.8 g/g" in detail


@pytest.mark.parametrize(
    "members",
    [{"extension": {}}, {"fhirServer": "https://other.example/fhir"}],
    ids=["no server", "another server"],
)
def test_a_first_page_without_a_way_to_the_next_is_incomplete(
    client: FlaskClient, members: dict[str, Any]
) -> None:
    first = charts.bundle(charts.order(), following="https://ehr.example/fhir/MedicationRequest?page=2")
    detail = detail_of(client, charts.full_prefetch(medication_requests=first), **members)
    assert "MedicationRequest: only the first page prefetched" in detail


def test_a_first_page_in_order_lets_its_newest_result_decide(client: FlaskClient) -> None:
    rows = [charts.upcr(1.8, "2026-06-02", "o1"), charts.upcr(0.2, "2026-05-01", "o2")]
    following = f"{BASE}/Observation?page=2"
    in_order = charts.full_prefetch(observations_1=charts.bundle(*rows, following=following))
    out_of_order = charts.full_prefetch(observations_1=charts.bundle(*reversed(rows), following=following))
    [first] = cards_of(call(client, prefetch=in_order))
    [second] = cards_of(call(client, prefetch=out_of_order))
    assert "3 of 4" in first["summary"]
    assert "2 of 4" in second["summary"]


def test_fewer_rows_than_the_bundle_counts_are_incomplete(client: FlaskClient) -> None:
    cut = charts.bundle(charts.order(), total=40)
    detail = detail_of(client, charts.full_prefetch(medication_requests=cut))
    assert "fewer prefetched than the EHR counts" in detail


@pytest.mark.parametrize(("name", "page", "is_short"), counting.ONE_PAGE, ids=counting.NAMES)
def test_only_matches_are_compared_with_what_the_bundle_counts(
    client: FlaskClient, name: str, page: Any, is_short: bool
) -> None:
    detail = detail_of(client, charts.full_prefetch(medication_requests=page))
    assert ("fewer prefetched than the EHR counts" in detail) is is_short, name


@pytest.mark.parametrize(("second", "is_short"), [(1, True), (2, False)])
def test_what_was_prefetched_counts_with_the_pages_that_are_read(
    client: FlaskClient, second: int, is_short: bool
) -> None:
    first = charts.bundle(charts.order("m1"), total=3, following=f"{BASE}/MedicationRequest?page=2")
    rest = charts.bundle(*(charts.order(f"n{number}") for number in range(second)))
    with ehr(MedicationRequest=json_answer(rest)):
        prefetch = charts.full_prefetch(medication_requests=first)
        detail = detail_of(client, prefetch, fhirServer=BASE)
    assert ("fewer rows came than the FHIR server counts" in detail) is is_short


def test_a_prefetch_that_was_cut_is_read_again_from_its_beginning(client: FlaskClient) -> None:
    cut = charts.full_prefetch(medication_requests=charts.bundle(charts.order(), total=2))
    for rows, is_short in ((1, True), (2, False)):
        again = charts.bundle(*(charts.order(f"m{number + 1}") for number in range(rows)), total=2)
        with ehr(MedicationRequest=json_answer(again)):
            detail = detail_of(client, cut, fhirServer=BASE)
        assert ("fewer rows came than the FHIR server counts" in detail) is is_short


def test_undeclared_keys_are_ignored(client: FlaskClient) -> None:
    extra = {**charts.full_prefetch(), "labs": charts.bundle(charts.upcr(9.9, "2026-06-10", "o9")), "x": "y"}
    assert "9.9" not in detail_of(client, extra)


def test_a_bare_resource_of_the_searched_type_is_taken(client: FlaskClient) -> None:
    assert "1.8 g/g" in detail_of(client, charts.full_prefetch(observations_1=charts.upcr()))


def test_a_patient_in_a_bundle_is_taken(client: FlaskClient) -> None:
    assert detail_of(client, charts.full_prefetch(patient=charts.bundle(charts.patient())))


@pytest.mark.parametrize("other", [charts.patient("p2"), charts.bundle(charts.patient("p2"))])
def test_a_prefetched_patient_who_is_another_is_refused_so_that_no_charts_mix(
    client: FlaskClient, other: Any
) -> None:
    with ehr() as sent:
        answer = call(client, prefetch=charts.full_prefetch(patient=other), fhirServer=BASE)
    assert faults_of(answer, 400) == ["prefetch.patient"]
    assert urls(sent) == []


def test_a_patient_without_id_is_not_taken_for_the_one_of_the_context(client: FlaskClient) -> None:
    nameless = {"resourceType": "Patient", "birthDate": "1990-05-01"}
    answer = call(client, prefetch=charts.full_prefetch(patient=nameless))
    assert faults_of(answer, 412) == ["prefetch.patient"]
    assert "its id is missing" in answer.text


def test_results_of_another_patient_never_count(client: FlaskClient) -> None:
    mixed = charts.bundle(charts.upcr(0.2), charts.upcr(9.9, "2026-06-10", "o2", whose="p2"))
    assert cards_of(call(client, prefetch=charts.full_prefetch(observations_1=mixed))) == []


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", "https://ehr.example/fhir/Patient/p1", "Patient/p1/_history/3", "urn:uuid:p1"],
)
def test_every_form_of_reference_to_the_patient_is_understood(client: FlaskClient, reference: str) -> None:
    result = {**charts.upcr(), "subject": {"reference": reference}}
    assert "1.8 g/g" in detail_of(client, charts.full_prefetch(observations_1=charts.bundle(result)))


@pytest.mark.parametrize("kind", ["conditions", "observations-1", "medication-requests", "research-subjects"])
@pytest.mark.parametrize(
    "entry",
    [None, 7, "x", [], {}, {"resourceType": 7}, {"resourceType": "Observation", "subject": "Patient/p1"},
     {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, "code": "SLE"},
     {"resourceType": "MedicationRequest", "subject": {"reference": "Patient/p1"}, "dosageInstruction": "x"},
     {"resourceType": "ResearchSubject", "individual": {"reference": "Patient/p1"}, "study": []}],
)  # fmt: skip
def test_one_bad_entry_does_not_take_down_the_others(client: FlaskClient, kind: str, entry: Any) -> None:
    usual = charts.full_prefetch()
    rows = [one["resource"] for one in (usual[kind] or {}).get("entry", [])]
    assert detail_of(client, {**usual, kind: charts.bundle(entry, *rows)})


def test_what_came_twice_is_kept_once_unless_it_differs() -> None:
    nameless = {"resourceType": "Observation"}
    changed = charts.upcr(0.2)
    rows: list[Any] = [charts.upcr(), charts.upcr(), changed, nameless, nameless, None, 7, 7]
    assert without_repeats(rows) == [charts.upcr(), changed, nameless, nameless, None, 7, 7]


def test_rows_that_two_searches_bring_count_once(new_client: NewClient) -> None:
    both = charts.bundle(charts.upcr())
    prefetch = charts.full_prefetch(observations_1=both, observations_by_category=both)
    assert detail_of(new_client(), prefetch).count("1.8 g/g") == 1
