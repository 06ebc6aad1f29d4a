"""What must be read for a trial, as searches and prefetch templates."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest

from mappings.concept import Code, Concept
from mappings.definitions import load_catalog
from mappings.needs import LONGEST_ID, URL_LIMIT, Query, concepts_of, needs_of
from mappings.rules import AnyOf, Finding, Judgement, Not
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


def test_the_same_definitions_always_need_the_same() -> None:
    again = load_catalog()
    assert needs_of(again.trials, again) == needs_of(REAL.trials, REAL)
