from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from cards.cds_hooks import Json
from cards.service_requests import check_templates
from cards.suggestions import suggestions_for
from mappings.results import Assessment, CriterionResult, NextStep, Orderable
from mappings.verdicts import Reason
from tests.cards.examples import (
    ASKED,
    B_CELLS,
    C3,
    C4,
    CONTEXT,
    DAY_URINE,
    HCG,
    LOINC,
    NEW_BIOPSY,
    SEEN_AGAIN,
    Ahead,
    candidate_with_missing_tests,
    clear_candidate,
    criterion,
    found,
    step,
    steps_of,
    uuids,
)


def assessment_of(*criteria: CriterionResult) -> Assessment:
    return replace(clear_candidate(), criteria=criteria, scores=())


def with_steps(*sets: Sequence[NextStep]) -> Assessment:
    return replace(clear_candidate(), outlook=Ahead(steps_of(*sets)))


def resources(assessment: Assessment) -> list[list[Json]]:
    suggestions = suggestions_for(assessment, CONTEXT, uuids())
    return [[action.resource or {} for action in suggestion.actions] for suggestion in suggestions]


def test_the_templates_are_valid_fhir() -> None:
    check_templates()


def test_a_referral_is_a_draft_proposal_that_names_trial_patient_and_diagnosis() -> None:
    ((referral,),) = resources(clear_candidate())

    assert str(UUID(str(referral["id"]))) == referral["id"]
    assert referral == {
        "resourceType": "ServiceRequest",
        "id": referral["id"],
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": "Patient/maria"},
        "encounter": {"reference": "Encounter/enc-1"},
        "requester": {"reference": "Practitioner/dr-1"},
        "code": {"text": "Referral for clinical trial screening"},
        "instantiatesUri": ["https://clinicaltrials.gov/study/NCT06920433"],
        "supportingInfo": [
            {
                "type": "ResearchStudy",
                "identifier": {"system": "https://clinicaltrials.gov", "value": "NCT06920433"},
                "display": "Universal CD19/BCMA CAR T-cells in relapsed or refractory SLE",
            }
        ],
        "reasonReference": [{"reference": "Condition/ln-1"}],
        "note": [
            {
                "text": "11 of 15 applicable criteria of NCT06920433 met, 4 to check, on 16 February 2026. "
                "Found by software from the record; not a decision on eligibility."
            }
        ],
    }


def test_what_is_not_in_the_hooks_context_is_left_to_the_client() -> None:
    context = replace(CONTEXT, encounter_id=None, user="Patient/maria")

    (suggestion,) = suggestions_for(replace(clear_candidate(), gate_evidence=()), context, uuids())

    referral = suggestion.actions[0].resource or {}
    assert not {"encounter", "requester", "reasonReference", "authoredOn", "performer"} & referral.keys()


def test_without_gate_evidence_the_reason_is_a_condition_of_a_met_criterion() -> None:
    sle = criterion("sle", "SLE", Reason.VALUE, found("SLE", "SLE", reference="Condition/sle"))
    open_one = criterion("x", "X", Reason.NOT_FOUND, found("Other", "Other", reference="Condition/other"))

    ((referral,),) = resources(replace(assessment_of(open_one, sle), gate_evidence=()))

    assert referral["reasonReference"] == [{"reference": "Condition/sle"}]


def test_a_test_is_ordered_under_its_loinc_code() -> None:
    (_, (order,)) = resources(with_steps([HCG]))

    assert order["code"] == {
        "text": "Pregnancy test (hCG)",
        "coding": [{"system": LOINC, "code": "2106-3", "display": "hCG [Presence] in Urine"}],
    }
    assert order["reasonCode"] == [{"text": "Could settle a criterion of clinical trial NCT06920433"}]
    assert order["status"] == "draft"


def test_a_kidney_biopsy_is_ordered_under_its_snomed_ct_code() -> None:
    (_, (order,)) = resources(with_steps([NEW_BIOPSY]))

    assert order["code"] == {
        "text": "Kidney biopsy",
        "coding": [{"system": "http://snomed.info/sct", "code": "7246002", "display": "Kidney biopsy"}],
    }


Sets = Sequence[Sequence[NextStep]]
SETS: list[tuple[str, Sets, list[str]]] = [
    ("nothing to order", [[ASKED, SEEN_AGAIN]], []),
    ("one set, blood and urine together", [[HCG, B_CELLS, DAY_URINE]],
     ["Order hCG, CD19+ B cells in blood and 24-hour urine protein"]),
    ("another way: only what it adds", [[HCG, C3], [HCG, DAY_URINE]],
     ["Order hCG and complement C3", "Also order 24-hour urine protein"]),
    ("the second way adds nothing to order, the third does", [[HCG, C3], [HCG, ASKED], [HCG, C4]],
     ["Order hCG and complement C3", "Also order complement C4"]),
    ("the first way orders nothing", [[ASKED], [C3]], ["Order complement C3"]),
    ("a biopsy waits for the tests that could rule out", [[HCG, NEW_BIOPSY]], ["Order hCG"]),
    ("a biopsy that is all that is left to order", [[ASKED, NEW_BIOPSY]], ["Order kidney biopsy"]),
    ("a biopsy is never offered beside another way", [[ASKED], [NEW_BIOPSY]], []),
    ("nor together with what another way adds", [[NEW_BIOPSY], [NEW_BIOPSY, C3]],
     ["Order complement C3", "Order kidney biopsy"]),
]  # fmt: skip


@pytest.mark.parametrize(("title", "sets", "labels"), SETS, ids=[row[0] for row in SETS])
def test_each_bundle_of_orders_is_of_one_set(title: str, sets: Sets, labels: list[str]) -> None:
    _, *orders = suggestions_for(with_steps(*sets), CONTEXT, uuids())

    assert [one.label for one in orders] == labels
    assert all(one.is_recommended is None for one in orders)
    drafts: list[Any] = [action.resource for one in orders for action in one.actions if action.resource]
    ordered = [draft["code"]["text"] for draft in drafts]
    assert len(set(ordered)) == len(ordered), "a clinician may take all of them"


def test_the_orders_of_a_candidate_with_missing_tests() -> None:
    suggestions = suggestions_for(candidate_with_missing_tests(), CONTEXT, uuids())

    assert [suggestion.label for suggestion in suggestions] == [
        "Refer for screening: NCT06920433",
        "Order urine red blood cells, hCG and 2 more",
        "Also order complement C3 and anti-dsDNA antibodies",
    ]


def test_a_test_without_a_name_is_not_ordered() -> None:
    nameless = Orderable("x", " ", LOINC, "", "")

    assert len(resources(with_steps([step("blood", HCG.facts[0], orders=[nameless])]))) == 1


def test_orders_are_capped() -> None:
    tests = [Orderable(f"t{n}", f"Test {n}", LOINC, f"{n}-1", "") for n in range(40)]
    sets = [[step("blood", HCG.facts[0], orders=tests[start:])] for start in (20, 0)]

    suggestions = suggestions_for(with_steps(*sets), CONTEXT, uuids())

    assert [len(suggestion.actions) for suggestion in suggestions] == [1, 8, 8]
    assert suggestions[1].label == "Order test 20, test 21, test 22 and 5 more"


def test_without_next_steps_a_card_only_refers() -> None:
    assert len(suggestions_for(clear_candidate(), CONTEXT, uuids())) == 1


def test_a_referral_bears_the_identifier_that_it_will_be_known_by_and_orders_do_not() -> None:
    context = replace(CONTEXT, referral="a1b2")
    refer, *orders = suggestions_for(candidate_with_missing_tests(), context, uuids())
    [request] = [action.resource or {} for action in refer.actions]
    assert request["identifier"] == [{"system": "https://trialhook.example/fhir/referral", "value": "a1b2"}]
    assert all("identifier" not in (action.resource or {}) for one in orders for action in one.actions)
