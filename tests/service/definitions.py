"""A small trial of the tests' own, so that they do not change when a real trial does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from mappings.amounts import Bound
from mappings.concept import Code, Concept
from mappings.dates import Window
from mappings.results import TrialFacts
from mappings.rules import Age, All, ConditionRule, CriterionRef, Finding, Measurement, Score, Treatment
from mappings.trial_definition import (
    Catalog,
    Criterion,
    Recruitment,
    ScoreDefinition,
    ScoreItem,
    TrialDefinition,
)

LOINC, SNOMED, RXNORM = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
)
UCUM = "http://unitsofmeasure.org"
TODAY = date(2026, 6, 15)

UPCR = Concept(
    id="upcr",
    display="Urine protein/creatinine ratio",
    kind="measurement",
    codes=(Code(LOINC, "2890-2", "Protein/Creatinine [Mass Ratio] in Urine"),),
    names=("protein/creatinine ratio",),
    unit="g/g",
    orderable=Code(LOINC, "2890-2", "Protein/Creatinine [Mass Ratio] in Urine"),
)
TOTAL = Concept(
    id="activity-total",
    display="Activity score, recorded",
    kind="measurement",
    codes=(Code(LOINC, "99999-1", "Activity score"),),
    names=("activity score",),
    unit="{score}",
)
RASH = Concept(
    id="rash",
    display="Rash",
    kind="finding",
    codes=(Code(SNOMED, "271807003", "Eruption of skin"),),
    names=("rash",),
)
SLE = Concept(
    id="sle",
    display="Systemic lupus erythematosus",
    kind="condition",
    codes=(Code(SNOMED, "55464009", "Systemic lupus erythematosus"),),
    excluding=("drug-induced-lupus",),
)
DRUG_INDUCED = Concept(
    id="drug-induced-lupus",
    display="Drug-induced lupus",
    kind="condition",
    codes=(Code(SNOMED, "80258006", "Drug-induced lupus erythematosus"),),
)
PREDNISONE = Concept(
    id="prednisone",
    display="Prednisone",
    kind="drug",
    codes=(Code(RXNORM, "8640", "prednisone"),),
    names=("prednisone",),
)
ACTIVITY = ScoreDefinition(
    id="activity",
    label="Activity",
    maximum=4,
    items=(
        ScoreItem(
            id="rash",
            label="Rash",
            points=4,
            domain="rash",
            group="",
            settled_by="examination",
            require=Finding("rash", frozenset({"positive"}), pick="any"),
        ),
    ),
    recorded_as="activity-total",
)
PROTEINURIA = Measurement("upcr", (Bound("greater_than", 1.0, "1.0 g/g"),), within=Window(90, "days"))
TRIAL = TrialDefinition(
    facts=TrialFacts(
        id="NCT00000001",
        title="A trial of the tests",
        short_title="Test trial for lupus",
        status="draft",
        version="1",
        digest="sha256:0",
        registry_url="https://clinicaltrials.gov/study/NCT00000001",
        registry_copy_of=date(2025, 11, 14),
    ),
    criteria=(
        Criterion("age", "Age", "Age 18 or more", (), Age((Bound("at_least", 18, "18 years"),))),
        Criterion("proteinuria", "Proteinuria", "UPCR > 1.0 g/g", (), PROTEINURIA),
        Criterion("activity", "Activity", "Activity 4 or more", (), Score("activity", 4, Window(30, "days"))),
        Criterion("steroid", "Steroid", "On a steroid", (), Treatment(("prednisone",))),
    ),
    show_card_when_met=All((CriterionRef("age"), ConditionRule(("sle",)))),
    not_encoded=("The tests leave something out.",),
    recruitment=Recruitment("recruiting", "2025-11-14", ("Hangzhou",), ("A. Contact",)),
)
CONCEPTS = (UPCR, TOTAL, RASH, SLE, DRUG_INDUCED, PREDNISONE)


def catalog(*trials: TrialDefinition, **members: Any) -> Catalog:
    """The tests' definitions, with these trials (default: the one above)."""
    concepts = {concept.id: concept for concept in CONCEPTS}
    made = Catalog(trials or (TRIAL,), concepts, {}, {"activity": ACTIVITY})
    return replace(made, **members)
