"""What must be read for a trial, as searches and prefetch templates."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import quote

import pytest

from mappings.amounts import Bound
from mappings.assessment import assess
from mappings.concept import Code, Concept
from mappings.dates import Window
from mappings.definitions import load_catalog
from mappings.needs import (
    LONGEST_ID,
    RESULT_CATEGORIES,
    URL_LIMIT,
    Query,
    concepts_of,
    look_backs,
    needs_of,
)
from mappings.reading.record import read_record
from mappings.rules import AnyOf, Finding, Judgement, Measurement, Not, Rule, Score
from mappings.trial_definition import Catalog
from tests.service.definitions import CONCEPTS, LOINC, TRIAL, catalog

REAL = load_catalog()


def with_gate(*rules: Finding | Judgement | Not | AnyOf) -> Catalog:
    return catalog(replace(TRIAL, show_card_when_met=AnyOf(rules)))


def keys(definitions: Catalog) -> list[str]:
    return [query.key for query in needs_of(definitions.trials, definitions).queries()]


def test_only_what_the_rules_name_is_read() -> None:
    assert keys(catalog()) == [
        "patient",
        "conditions",
        "observations-1",
        "observations-by-category",
        "medication-requests",
        "medication-statements",
        "medication-administrations",
        "medication-dispenses",
        "research-subjects",
    ]


def test_without_trials_the_patient_and_the_studies_of_the_patient_are_still_read() -> None:
    assert [query.key for query in needs_of((), catalog()).queries()] == ["patient", "research-subjects"]


def test_concepts_are_found_wherever_a_rule_names_them() -> None:
    needs = with_gate(
        Not(Finding("upcr", frozenset({"positive"}), unless_followed_by=("sle",))),
        Judgement("?", show=("rash",)),
    )
    assert concepts_of(needs.trials, needs) == {"upcr", "sle", "rash", "prednisone", "activity-total"}


def test_a_score_needs_its_items_and_its_recorded_total() -> None:
    assert {"rash", "activity-total"} <= concepts_of(catalog().trials, catalog())


def test_a_concept_that_takes_another_away_is_needed_too() -> None:
    definitions = catalog()
    found = needs_of(definitions.trials, definitions)
    assert "drug-induced-lupus" not in concepts_of(definitions.trials, definitions)
    assert "Condition" in found.resource_types


def test_criteria_that_share_a_name_with_a_concept_are_not_taken_for_it() -> None:
    lonely = replace(CONCEPTS[0], id="age", codes=(Code(LOINC, "1-8", "x"),))
    definitions = replace(catalog(), concepts={**catalog().concepts, "age": lonely})
    assert "age" not in concepts_of(
        [replace(TRIAL, criteria=(), show_card_when_met=Not(Judgement("?")))], definitions
    )


def test_the_read_of_the_patient_and_a_search_as_templates() -> None:
    assert Query("patient", "Patient").template == "Patient/{{context.patientId}}"
    query = Query("x", "Observation", (("code", "http://loinc.org|2890-2"), ("_sort", "-date")))
    assert query.template == (
        "Observation?patient={{context.patientId}}&code=http://loinc.org|2890-2&_sort=-date"
    )
    assert query.newest_first


@pytest.mark.parametrize("definitions", [catalog(), REAL], ids=["small", "installed"])
def test_every_url_stays_under_the_limit_with_the_longest_id(definitions: Catalog) -> None:
    for query in needs_of(definitions.trials, definitions).queries():
        url = query.template.replace("{{context.patientId}}", "x" * LONGEST_ID)
        assert len(url) < URL_LIMIT
        assert len(quote(url, safe=":/?&=,")) <= URL_LIMIT


def test_splitting_loses_no_code_and_repeats_none() -> None:
    codes = tuple(Code(LOINC, f"{number}-0", "x") for number in range(500))
    many = Concept("many", "Many", "measurement", codes, unit="g/L")
    definitions = replace(with_gate(Judgement("?", show=("many",))), concepts={"many": many})
    needs = needs_of(definitions.trials, replace(definitions, scores=catalog().scores))
    searched = [
        code
        for query in needs.queries()
        for name, value in query.parameters
        if name == "code"
        for code in value.split(",")
    ]
    assert sorted(searched) == sorted(code.token for code in codes)
    covered = [
        query.covers for query in needs.queries() if query.key.startswith("observations-") and query.covers
    ]
    assert sorted(token for tokens in covered for token in tokens) == sorted(searched)


def test_a_comma_in_a_code_is_escaped_so_that_it_is_not_two_codes() -> None:
    odd = Concept("odd", "Odd", "measurement", (Code("urn:local", "a,b", "x"),), unit="g/L")
    definitions = replace(with_gate(Judgement("?", show=("odd",))), concepts={"odd": odd})
    needs = needs_of(definitions.trials, replace(definitions, scores=catalog().scores))
    [query] = [query for query in needs.queries() if query.key == "observations-1"]
    assert ("code", "urn:local|a\\,b") in query.parameters


def test_no_parameter_is_repeated_and_keys_are_unique() -> None:
    queries = needs_of(REAL.trials, REAL).queries()
    assert len({query.key for query in queries}) == len(queries)
    for query in queries:
        names = [name for name, _ in query.parameters]
        assert len(names) == len(set(names))


def test_the_installed_trial_needs_all_that_the_issue_lists() -> None:
    assert set(needs_of(REAL.trials, REAL).resource_types) == {
        *("Patient", "Condition", "Observation", "MedicationRequest", "MedicationStatement"),
        *("MedicationAdministration", "MedicationDispense", "Medication", "Procedure"),
        *("DiagnosticReport", "Consent", "ResearchSubject"),
    }


def test_a_failed_search_by_category_leaves_laboratory_tests_alone() -> None:
    needs = needs_of(REAL.trials, REAL)
    [by_category] = [query for query in needs.queries() if query.key == "observations-by-category"]
    orderable = {
        code.token for concept in REAL.concepts.values() if concept.orderable for code in concept.codes
    }
    assert by_category.covers
    assert not by_category.covers & orderable


def test_results_told_by_name_alone_are_looked_for_where_their_concept_says_that_they_are_filed() -> None:
    """A forced vital capacity that a laboratory of the lungs files under procedure, by its name."""
    fvc = Concept("fvc", "FVC", "measurement", names=("FVC",), unit="%", filed_under=("procedure", "exam"))
    definitions = replace(with_gate(Judgement("?", show=("fvc",))), concepts={"fvc": fvc})
    needs = needs_of(definitions.trials, replace(definitions, scores=catalog().scores))
    [named] = [query for query in needs.queries() if query.key == "observations-by-category"]
    assert ("category", "survey,exam,social-history,procedure") in named.parameters
    assert named.covers == frozenset({"text|fvc"})
    by_category = {query.key: query.covers for query in needs.queries("categories")}
    assert by_category["observations-procedure"] == frozenset({"text|fvc"})
    keys = [query.key for query in needs.queries("categories") if query.key.startswith("observations")]
    assert len(keys) == len(set(keys)) == 6


def test_the_same_definitions_always_need_the_same() -> None:
    again = load_catalog()
    assert needs_of(again.trials, again) == needs_of(REAL.trials, REAL)


# --- Observations by category, for an EHR that searches them only so


def test_by_category_there_is_one_search_for_each_category_and_none_by_code() -> None:
    queries = needs_of(REAL.trials, REAL).queries("categories")
    found = [query for query in queries if query.resource_type == "Observation"]
    assert [query.parameters[0] for query in found] == [("category", one) for one in RESULT_CATEGORIES]
    assert all(query.newest_first for query in found)
    others = [
        query for query in needs_of(REAL.trials, REAL).queries() if query.resource_type != "Observation"
    ]
    assert [query for query in queries if query.resource_type != "Observation"] == others


def test_a_failed_search_for_laboratory_results_leaves_every_result_unknown() -> None:
    needs = needs_of(REAL.trials, REAL)
    covers = {query.key: query.covers or frozenset() for query in needs.queries("categories")}
    assert covers["observations-laboratory"] >= set(needs.observation_codes)
    orderable = {
        code.token for concept in REAL.concepts.values() if concept.orderable for code in concept.codes
    }
    for category in ("vital-signs", "survey", "exam", "social-history"):
        assert covers[f"observations-{category}"]
        assert not covers[f"observations-{category}"] & orderable


# --- results that are too old to decide anything


WITHIN = Window(90, "days")
ABOVE = (Bound("greater_than", 1.0, "1.0 g/g"),)


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        ([Measurement("upcr", ABOVE, within=WITHIN)], 90),
        ([Measurement("upcr", ABOVE, within=Window(6, "months"))], 186),
        (
            [
                Measurement("upcr", ABOVE, within=WITHIN),
                Measurement("upcr", ABOVE, within=Window(1, "years")),
            ],
            366,
        ),
        ([Not(Measurement("upcr", ABOVE, within=WITHIN))], 90),
        ([Measurement("upcr", ABOVE)], None),
        ([Measurement("upcr", ABOVE, within=WITHIN), Measurement("upcr", ABOVE)], None),
        ([Measurement("upcr", ABOVE, within=WITHIN, absent_means_not_met=True)], None),
        ([Measurement("upcr", ABOVE, within=WITHIN), Judgement("?", show=("upcr",))], None),
        ([Finding("upcr", frozenset({"positive"}), within=WITHIN)], 90),
        ([Finding("upcr", frozenset({"positive"}), within=WITHIN, older_means_not_met=True)], None),
        ([Finding("upcr", frozenset({"positive"}), otherwise_not_met=True, within=WITHIN)], None),
        (
            [
                Measurement("upcr", ABOVE, within=WITHIN),
                Finding("rash", frozenset({"positive"}), within=WITHIN, unless_followed_by=("upcr",)),
            ],
            None,
        ),
    ],
)
def test_a_look_back_is_that_of_the_widest_rule_if_every_rule_has_one(
    rules: list[Rule], days: int | None
) -> None:
    trial = replace(TRIAL, criteria=(), show_card_when_met=AnyOf(tuple(rules)))
    definitions = catalog(trial)
    assert look_backs(definitions.trials, definitions)["upcr"] == days


def test_an_item_of_a_score_has_the_window_of_the_rule_that_asks_for_the_score() -> None:
    assert look_backs(catalog().trials, catalog())["rash"] == 30
    asked_twice = replace(
        TRIAL, criteria=(*TRIAL.criteria, replace(TRIAL.criteria[2], require=Score("activity", 4)))
    )
    assert look_backs(catalog(asked_twice).trials, catalog(asked_twice))["rash"] is None


def test_what_a_trial_shows_is_shown_at_any_age() -> None:
    shown = replace(TRIAL, show=("rash",))
    assert look_backs(catalog(shown).trials, catalog(shown))["rash"] is None


def with_concepts(*concepts: Concept) -> Catalog:
    """Definitions that ask about UPCR within a window, and show the rash at any date."""
    rules = AnyOf((Measurement("upcr", ABOVE, within=WITHIN), Judgement("?", show=("rash",))))
    definitions = catalog(replace(TRIAL, criteria=(), show_card_when_met=rules))
    return replace(definitions, concepts={**definitions.concepts, **{one.id: one for one in concepts}})


def test_a_code_is_limited_only_if_every_concept_that_has_it_is() -> None:
    definitions = with_concepts()
    upcr = definitions.concepts["upcr"]
    assert needs_of(definitions.trials, definitions).recent_codes == {upcr.codes[0].token}
    shared = with_concepts(replace(definitions.concepts["rash"], codes=upcr.codes))
    assert needs_of(shared.trials, shared).recent_codes == frozenset()


def test_results_of_biopsies_have_no_limit_since_they_are_put_together_from_several_resources() -> None:
    definitions = with_concepts(replace(catalog().concepts["upcr"], pathology=True))
    assert needs_of(definitions.trials, definitions).recent_codes == frozenset()
    assert needs_of(definitions.trials, definitions).recent_days == 0


def test_with_dates_no_code_is_lost_and_only_recent_ones_have_a_limit() -> None:
    needs = needs_of(REAL.trials, REAL)
    plain, dated = needs.queries(), needs.queries(dated=True)
    codes = [
        (code, query.within_days)
        for query in dated
        for name, value in query.parameters
        if name == "code"
        for code in value.split(",")
    ]
    assert sorted(code for code, _ in codes) == sorted(needs.observation_codes)
    assert {code for code, days in codes if days} == needs.recent_codes
    assert {days for _, days in codes if days} == {needs.recent_days}
    assert all(query.dated_template == query.template for query in plain)
    for query in dated:
        if query.within_days is not None:
            assert (
                query.dated_template == f"{query.template}&date=ge{{{{today() - {query.within_days} days}}}}"
            )
            filled = query.dated_template.replace("{{context.patientId}}", "x" * LONGEST_ID)
            assert len(quote(TODAY_TOKEN.sub("2026-01-01", filled), safe=":/?&=,")) <= URL_LIMIT


TODAY_TOKEN = re.compile(r"\{\{today\(\) - \d+ days\}\}")
VALUES = (
    {"valueQuantity": {"value": 0, "unit": "1"}},
    {"valueQuantity": {"value": 900, "unit": "1"}},
    {"valueInteger": 1},
    {"valueString": "positive"},
    {"valueCodeableConcept": {"text": "negative"}},
)


@pytest.mark.parametrize("token", sorted(needs_of(REAL.trials, REAL).recent_codes))
def test_a_result_that_is_left_out_by_its_date_decides_nothing(token: str) -> None:
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1990-05-01"}
    subject = {"subject": {"reference": "Patient/p1"}}
    lupus = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M32.14"}]}
    condition = {"resourceType": "Condition", "id": "c1", "code": lupus, **subject}
    day = date(2026, 6, 15)
    old = (day - timedelta(days=needs_of(REAL.trials, REAL).recent_days + 1)).isoformat()
    system, _, code = token.partition("|")
    coded = {"code": {"coding": [{"system": system, "code": code}]}, "effectiveDateTime": old}

    def verdicts(*more: object) -> list[object]:
        record = read_record([patient, condition, *more], REAL)
        return [
            (one.id, one.verdict)
            for trial in REAL.trials
            for one in assess(trial, record, day, REAL).criteria
        ]

    for value in VALUES:
        result = {"resourceType": "Observation", "id": "o1", "status": "final", **subject, **coded, **value}
        assert verdicts(result) == verdicts()
