from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from cards.cds_hooks import Json
from cards.service_requests import check_templates
from cards.suggestions import choose_orders, suggestions_for
from mappings.results import Assessment, CriterionResult, Orderable
from mappings.verdicts import Reason
from tests.cards.examples import (
    CONTEXT,
    LOINC,
    MET,
    ORDERABLE,
    SLEDAI_OPEN_SCORE,
    candidate_with_missing_tests,
    clear_candidate,
    criterion,
    found,
    missing,
    uuids,
)


def needing(criterion_id: str, *concepts: str, reason: Reason = Reason.NOT_FOUND) -> CriterionResult:
    return criterion(criterion_id, criterion_id, reason, missing("X", reason), settle=concepts)


def assessment_of(*criteria: CriterionResult) -> Assessment:
    return replace(clear_candidate(), criteria=criteria, scores=())


def names(tests: list[Orderable]) -> list[str]:
    return [test.concept for test in tests]


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
    (_, (order,)) = resources(assessment_of(needing("pregnancy", "hcg")))

    assert order["code"] == {
        "text": "Pregnancy test (hCG)",
        "coding": [{"system": LOINC, "code": "2106-3", "display": "hCG [Presence] in Urine"}],
    }
    assert order["reasonCode"] == [{"text": "Could settle a criterion of clinical trial NCT06920433"}]
    assert order["status"] == "draft"


def test_one_test_that_settles_two_criteria_is_preferred() -> None:
    upcr = "urine-protein-creatinine-ratio"
    first, further = choose_orders(
        assessment_of(
            needing("a", "complement-c3", upcr), needing("b", upcr, "urine-protein-24h"), needing("c", "hcg")
        )
    )

    assert names(first) == [upcr, "hcg"]
    assert names(further) == ["complement-c3", "urine-protein-24h"]


def test_the_first_orders_are_the_fewest_and_the_second_do_not_repeat_them() -> None:
    suggestions = suggestions_for(candidate_with_missing_tests(), CONTEXT, uuids())

    assert [suggestion.label for suggestion in suggestions] == [
        "Refer for screening: NCT06920433",
        "Order 24-hour urine protein, CD19+ B cells in blood and hCG",
        "Also order complement C3 and complement C4",
    ]
    assert all(suggestion.is_recommended is None for suggestion in suggestions)


def test_tests_that_cannot_bring_the_missing_points_are_not_among_the_fewest() -> None:
    first, further = choose_orders(
        replace(
            assessment_of(needing("sledai-2k", "complement-c3", reason=Reason.SCORE_UNDECIDED)),
            scores=(SLEDAI_OPEN_SCORE,),
        )
    )

    assert names(first) == []
    assert names(further) == ["complement-c3"]


def test_a_test_that_could_bring_the_missing_points_is() -> None:
    score = replace(SLEDAI_OPEN_SCORE, at_least=6)
    assert score.items[1].evidence[0].concept == "complement-c3"

    first, _ = choose_orders(
        replace(
            assessment_of(needing("sledai-2k", "complement-c3", reason=Reason.SCORE_UNDECIDED)),
            scores=(score,),
        )
    )

    assert names(first) == ["complement-c3"]


def test_nothing_is_ordered_that_exists_but_was_not_read_or_that_no_test_can_say() -> None:
    first, further = choose_orders(
        assessment_of(
            needing("a", "hcg", reason=Reason.NOT_RETRIEVED),
            needing("b", "hcg", reason=Reason.UNREADABLE),
            needing("c", "hcg", reason=Reason.NOT_CONFIRMED),
            needing("d", "hcg", reason=Reason.NEEDS_JUDGEMENT),
            needing("e", "hcg")._replace(verdict=MET),
            needing("f", "hcg")._replace(reason=Reason.NOT_APPLICABLE),
            needing("g", "no-such-test"),
        )
    )

    assert first == further == []


def test_orders_are_capped() -> None:
    tests = {f"t{n}": Orderable(f"t{n}", f"Test {n}", LOINC, f"{n}-1", "") for n in range(40)}
    criteria = [needing(f"c{n}", f"t{n}") for n in range(20)] + [needing("more", *tests)]

    suggestions = suggestions_for(replace(assessment_of(*criteria), orderable=tests), CONTEXT, uuids())

    assert [len(suggestion.actions) for suggestion in suggestions] == [1, 6, 6]
    assert suggestions[1].label == "Order test 0, test 1, test 2 and 3 more"


def test_every_order_of_a_concept_comes_from_the_assessment() -> None:
    codes = {
        coding["code"]
        for group in resources(candidate_with_missing_tests())[1:]
        for order in group
        for coding in order["code"]["coding"]  # type: ignore[index]
    }

    assert codes <= {test.code for test in ORDERABLE.values()}
