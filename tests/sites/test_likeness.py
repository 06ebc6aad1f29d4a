"""What the words of an unknown code look like: proposals to a person."""

from __future__ import annotations

import pytest

from cds_service.codes.likeness import Names
from mappings.definitions import load_catalog

UPCR, URINE_24H = "urine-protein-creatinine-ratio", "urine-protein-24h"
SURE, UNSURE = True, False


@pytest.fixture(scope="module")
def results() -> Names:
    concepts = load_catalog().concepts.values()
    return Names(one for one in concepts if one.kind in ("measurement", "finding"))


@pytest.fixture(scope="module")
def conditions() -> Names:
    return Names(one for one in load_catalog().concepts.values() if one.kind == "condition")


RESULTS = [
    # words                              concept               sure: nothing in the words is left over
    ("Protein/Creat Ratio Ur (local)", UPCR, SURE),
    ("PROT/CREA RATIO, URINE", UPCR, SURE),
    ("UPCR spot", UPCR, SURE),
    ("24h urine protein", URINE_24H, SURE),
    ("Protein, 24 hour, urine", URINE_24H, SURE),
    ("Hgb", "haemoglobin", SURE),
    ("WBC count", "leukocytes", SURE),
    ("PLT", "platelets", SURE),
    ("C3 complement", "complement-c3", SURE),
    ("Anti ds-DNA", "anti-dsdna", SURE),
    ("Double stranded DNA Ab", "anti-dsdna", SURE),
    ("Anti-dsDNA IgG (ELISA)", "anti-dsdna", UNSURE),
    ("Anti-Sm", "anti-sm", SURE),
    ("ANA titer", "ana", SURE),
    ("Beta hCG, quantitative", "hcg", SURE),
    ("Direct Coombs", "direct-antiglobulin-test", SURE),
    ("Lupus anticoagulant screen", "lupus-anticoagulant", UNSURE),
    ("Platelet mean volume", "platelets", UNSURE),
    ("Hemoglobin A1c", "haemoglobin", UNSURE),
]


@pytest.mark.parametrize(("words", "concept", "sure"), RESULTS)
def test_a_local_name_of_a_test_looks_like(words: str, concept: str, sure: bool, results: Names) -> None:
    assert results.like([words]) == ((concept, sure),)


NOTHING = [
    "Albumin/Creatinine Ratio, Urine",  # albumin is not protein
    "Creatinine, urine",  # that of the concept is in blood
    "Protein, total, serum",  # that of the concepts is in urine
    "Glucose",
    "Cholesterol in LDL",
    "ratio",
    "urine",
    "",
    "!!",
]


@pytest.mark.parametrize("words", NOTHING)
def test_it_looks_like_nothing(words: str, results: Names) -> None:
    assert results.like([words]) == ()


@pytest.mark.parametrize("words", ["Protein, urine", "Urine protein"])
def test_protein_of_no_said_time_is_never_taken_for_that_of_a_day(words: str, results: Names) -> None:
    assert all(not like.sure for like in results.like([words]))


@pytest.mark.parametrize(
    ("words", "concept", "sure"),
    [
        ("Lupus nephritis, class IV", "lupus-nephritis", SURE),
        ("Systemic lupus", "sle", UNSURE),
        ("SLE with involvement of the joints", "sle", UNSURE),
        ("Seizure disorder", "seizure", SURE),
    ],
)
def test_a_local_name_of_a_diagnosis_looks_like(
    words: str, concept: str, sure: bool, conditions: Names
) -> None:
    assert (concept, sure) in conditions.like([words])


def test_words_that_fit_several_are_sure_of_none(results: Names) -> None:
    found = results.like(["eGFR"])
    assert {like.concept for like in found} == {"egfr", "egfr-other-equation"}
    assert not any(like.sure for like in found)


def test_a_chinese_name_looks_like_the_translated_name_of_a_concept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Chinese:
        def text(self, message: str) -> str:
            return {"Complement C3": "血清补体三测定"}.get(message, message)

    monkeypatch.setattr("cds_service.codes.likeness.language", lambda _tag: Chinese())
    names = Names([load_catalog().concepts["complement-c3"]])
    assert names.like(["补体三测定"]) == (("complement-c3", False),)
    assert names.like(["血清钾测定"]) == ()
