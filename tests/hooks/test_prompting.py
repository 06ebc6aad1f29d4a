"""Which orders bear on which trial, and how the card says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cds_service.hooks.orders.drafts import read_orders
from cds_service.hooks.orders.prompting import OrderPrompts, prompting_concepts
from cds_service.hooks.orders.reasons import shown_because
from mappings.concept import Concept
from mappings.definitions import load_catalog
from mappings.rules import All, AnyOf, DrugRule, Not, ProcedureRule, Rule, Treatment
from tests.hooks.calling import collection, draft, other_order
from tests.service.definitions import PROTEINURIA, TRIAL, catalog

REAL = load_catalog()
[LUPUS_TRIAL] = REAL.trials
PROMPTS = OrderPrompts(REAL.trials, REAL)
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
LOINC, SNOMED, CPT = "http://loinc.org", "http://snomed.info/sct", "http://www.ama-assn.org/go/cpt"


def coded(system: str, code: str, **more: Any) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, **more}]}


def reason_for(*drafts: Any) -> str:
    """The sentence on the card of the lupus trial; "" if the orders do not bear on it."""
    reasons = PROMPTS.reasons(read_orders(collection(*drafts), None, "p1"))
    assert set(reasons) <= {LUPUS_TRIAL.id}
    return reasons.get(LUPUS_TRIAL.id, "")


# --- out of the definition itself


def test_the_lupus_trial_is_prompted_by_its_drugs_by_biopsies_and_by_urine_protein() -> None:
    prompting = set(prompting_concepts(LUPUS_TRIAL, REAL))
    groups = REAL.groups
    drugs = {*groups["systemic-glucocorticoids"].members, *groups["conventional-treatment"].members}
    assert prompting == {
        *drugs,
        "kidney-biopsy",
        "urine-protein-creatinine-ratio",
        "urine-protein-24h",
    }


def with_requirement(rule: Rule) -> tuple[str, ...]:
    criterion = replace(TRIAL.criteria[0], require=rule)
    return prompting_concepts(replace(TRIAL, criteria=(criterion,)), catalog())


@pytest.mark.parametrize(
    ("rule", "prompting"),
    [
        (Treatment(("prednisone",)), ("prednisone",)),
        (Treatment((), together_with=("prednisone",)), ("prednisone",)),
        (Treatment((), also_show=("prednisone",)), ()),
        (DrugRule(("prednisone",)), ("prednisone",)),
        (Not(DrugRule(("prednisone",))), ()),
        (PROTEINURIA, ("upcr",)),
        (All((PROTEINURIA, AnyOf((Treatment(("prednisone",)), PROTEINURIA)))), ("upcr", "prednisone")),
        (Not(PROTEINURIA), ()),
        (ProcedureRule(("nephrectomy",)), ("nephrectomy",)),
        (Not(ProcedureRule(("nephrectomy",))), ()),
        (replace(PROTEINURIA, of="activity-total"), ()),
        (TRIAL.criteria[2].require, ()),
    ],
    ids=["drug", "drug together", "drug shown", "drug given", "excluded drug", "test", "nested",
         "excluded test", "procedure", "excluded procedure", "not orderable", "score"],
)  # fmt: skip
def test_what_a_criterion_requires_prompts_and_nothing_else(rule: Rule, prompting: tuple[str, ...]) -> None:
    assert with_requirement(rule) == prompting


def test_a_condition_under_which_a_criterion_applies_prompts_nothing() -> None:
    criterion = replace(TRIAL.criteria[0], applies_when=PROTEINURIA)
    assert prompting_concepts(replace(TRIAL, criteria=(criterion,)), catalog()) == ()


# --- orders of drugs

MYCOPHENOLATE = "Shown because mycophenolate (mofetil or mycophenolic acid) is being ordered."
PREDNISONE = "Shown because prednisone is being ordered."

DRUGS: list[tuple[str, dict[str, Any], str]] = [
    # what is sent                 members                                                     says
    ("text", {"medicationCodeableConcept": {"text": "Mycophenolate Mofetil 500 MG"}}, MYCOPHENOLATE),
    ("ingredient code", {"medicationCodeableConcept": coded(RXNORM, "8640")}, PREDNISONE),
    ("product code", {"medicationCodeableConcept": coded(RXNORM, "312617")}, PREDNISONE),
    ("ATC", {"medicationCodeableConcept": coded(ATC, "H02AB07")}, PREDNISONE),
    ("unknown code", {"medicationCodeableConcept": coded(RXNORM, "9", display="predniSONE")}, PREDNISONE),
    ("words alone", {"medicationCodeableConcept": "prednisone"}, PREDNISONE),
    ("a list", {"medicationCodeableConcept": [{"text": "prednisone"}]}, PREDNISONE),
    ("DSTU2", {"resourceType": "MedicationOrder"}, PREDNISONE),
    ("re-signed", {"status": "active", "intent": "plan"}, PREDNISONE),
    ("category as object", {"category": {"coding": [{"code": "inpatient"}]}}, PREDNISONE),
    ("display of a reference",
     {"medicationCodeableConcept": ...,
      "medicationReference": {"reference": "Medication/9", "display": "prednisone"}},
     PREDNISONE),
    ("contained", {"medicationCodeableConcept": ..., "medicationReference": {"reference": "#m"},
                   "contained": [{"resourceType": "Medication", "id": "m", "code": coded(RXNORM, "8640")}]},
     PREDNISONE),
    ("R5 concept", {"medicationCodeableConcept": ..., "medication": {"concept": {"text": "prednisone"}}},
     PREDNISONE),
    ("no drug yet", {"medicationCodeableConcept": ...}, ""),
    ("empty coding", {"medicationCodeableConcept": {"coding": [{}]}}, ""),
    ("another drug", {"medicationCodeableConcept": {"text": "amoxicillin 500 mg"}}, ""),
    ("a cream", {"medicationCodeableConcept": {"text": "hydrocortisone 1% topical cream"}}, ""),
    ("eye drops", {"medicationCodeableConcept": {"text": "dexamethasone"},
                   "dosageInstruction": [{"route": {"text": "ophthalmic"}}]}, ""),
    ("shown, never counted", {"medicationCodeableConcept": {"text": "voclosporin 7.9 mg capsule"}}, ""),
    ("unresolved reference", {"medicationCodeableConcept": ...,
                              "medicationReference": {"reference": "Medication/9"}}, ""),
    ("a statement", {"resourceType": "MedicationStatement"}, ""),
    ("type of the wrong kind", {"resourceType": ["MedicationRequest"]}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "members", "says"), DRUGS, ids=[row[0] for row in DRUGS])
def test_orders_of_drugs(sent: str, members: dict[str, Any], says: str) -> None:
    assert reason_for(draft(**members)) == says


def test_a_medication_that_came_in_the_same_bundle_is_found() -> None:
    medication = {"resourceType": "Medication", "id": "m1", "code": coded(RXNORM, "8640")}
    by_id = draft(medicationCodeableConcept=..., medicationReference={"reference": "Medication/m1"})
    assert reason_for(medication, by_id) == reason_for(by_id, medication) == PREDNISONE


# --- orders of biopsies and tests

BIOPSY = "Shown because kidney biopsy is being ordered."
RATIO = "Shown because urine protein/creatinine ratio (UPCR) is being ordered."
DAY = "Shown because 24-hour urine protein is being ordered."

OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"code": coded(SNOMED, "7246002")}, BIOPSY),
    ({"code": coded(CPT, "50200")}, BIOPSY),
    ({"code": coded(LOINC, "65757-7")}, BIOPSY),
    ({"code": {"text": "Kidney biopsy"}}, BIOPSY),
    ({"code": {"text": "US guided renal biopsy, left"}}, BIOPSY),
    ({"code": coded("urn:local", "IMG77", display="CT guided biopsy of kidney")}, BIOPSY),
    ({"code": {"text": "肾活检"}}, BIOPSY),
    ({"code": coded(LOINC, "2890-2")}, RATIO),
    ({"code": {"text": "UPCR"}}, RATIO),
    ({"code": {"text": "UPCR, spot urine"}}, RATIO),
    ({"code": {"text": "Random urine protein/creatinine ratio"}}, RATIO),
    ({"code": coded(LOINC, "2889-4")}, DAY),
    ({"code": {"text": "24-hour urine protein"}}, DAY),
    ({"code": "UPCR"}, RATIO),
    ({"code": [coded(LOINC, "2890-2")]}, RATIO),
    ({"code": {"concept": coded(LOINC, "2890-2")}}, RATIO),
    ({"resourceType": "ProcedureRequest", "code": coded(LOINC, "2890-2")}, RATIO),
    ({"resourceType": "DiagnosticOrder", "item": [{"code": coded(LOINC, "2890-2")}]}, RATIO),
    ({"code": coded(LOINC, "2890-2"), "reasonCode": []}, RATIO),
    ({"code": ...}, ""),
    ({"code": {"coding": [{}]}, "reasonCode": []}, ""),
    ({"code": {"text": "CT chest with contrast"}}, ""),
    ({"code": {"text": "Biopsy of skin"}}, ""),
    ({"code": {"text": "Renal ultrasound"}}, ""),
    ({"code": {"text": "UPCRX"}}, ""),
    ({"code": coded(LOINC, "718-7", display="Hemoglobin [Mass/volume] in Blood")}, ""),
    ({"code": coded(LOINC, "2160-0", display="Creatinine")}, ""),
    ({"code": {"text": "Hysterectomy"}}, ""),
    ({"resourceType": "NutritionOrder", "code": coded(LOINC, "2890-2")}, ""),
    ({"code": coded("urn:other", "2890-2")}, ""),
]


@pytest.mark.parametrize(("members", "says"), OTHERS)
def test_orders_of_biopsies_and_tests(members: dict[str, Any], says: str) -> None:
    assert reason_for(other_order(**members)) == says


# --- several orders, several trials


def test_several_orders_are_named_once_each_in_their_order() -> None:
    biopsy = other_order(id="b", code=coded(SNOMED, "7246002"))
    assert reason_for(draft(), biopsy, draft(id="again")) == (
        "Shown because prednisone and kidney biopsy are being ordered."
    )


def test_each_trial_is_prompted_by_its_own_orders_only() -> None:
    other = replace(
        TRIAL, facts=replace(TRIAL.facts, id="NCT00000002"), criteria=(TRIAL.criteria[0], TRIAL.criteria[1])
    )
    prompts = OrderPrompts((TRIAL, other), catalog(TRIAL, other))
    drug, test = draft(), other_order(code=coded(LOINC, "2890-2"))
    assert set(prompts.reasons(read_orders([drug], None, "p1"))) == {TRIAL.id}
    assert set(prompts.reasons(read_orders([test], None, "p1"))) == {TRIAL.id, other.id}
    both = prompts.reasons(read_orders([drug, test], None, "p1"))
    assert "prednisone and urine" in both[TRIAL.id]
    assert "prednisone" not in both[other.id]


def test_a_trial_that_is_not_served_is_not_prompted() -> None:
    assert OrderPrompts((), REAL).reasons(read_orders([draft()], None, "p1")) == {}


def named(*displays: str, kind: Any = "drug") -> list[Concept]:
    return [Concept(display, display, kind) for display in displays]


@pytest.mark.parametrize(
    ("concepts", "says"),
    [
        (named("Prednisone"), "Shown because prednisone is being ordered."),
        (named("UPCR", kind="measurement"), "Shown because UPCR is being ordered."),
        (named("hCG", kind="finding"), "Shown because hCG is being ordered."),
        (
            named("Ejection fraction", kind="measurement"),
            "Shown because ejection fraction is being ordered.",
        ),
        (named("A", "B", "C"), "Shown because A, B and C are being ordered."),
        (
            named("Drug " + "x" * 70, "Drug " + "y" * 70),
            f"Shown because drug {'x' * 70} and 1 more are being ordered.",
        ),
        (named("Drug " + "x" * 200), "Shown because of what is being ordered."),
    ],
)
def test_the_sentence_is_one_line_of_labels(concepts: list[Concept], says: str) -> None:
    assert shown_because(concepts) == says
    assert len(says) <= 120
