"""The shipped definitions say what the trial's page and the clinical reference say."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.concept import SYSTEMS
from mappings.definitions import load_catalog
from mappings.reading.record import read_record
from mappings.rules import Age, AnyOf, Judgement, Measurement, Score, Treatment
from mappings.trial_definition import ScoreDefinition

CATALOG = load_catalog()
CONCEPTS = CATALOG.concepts
TRIAL = CATALOG.trial("NCT06920433")
BY_ID = {criterion.id: criterion for criterion in TRIAL.criteria}
SLEDAI = CATALOG.scores["sledai-2k"]
EULAR = CATALOG.scores["eular-acr-2019"]

CRITERIA = (
    "age",
    "sle-classification",
    "lupus-nephritis-biopsy",
    "refractory-or-relapsed",
    "sledai-2k",
    "nih-activity-index",
    "nih-chronicity-index",
    "proteinuria",
    "b-cell-target",
    "organ-function",
    "ecog",
    "contraception",
    "pregnancy-test",
    "lactation",
    "consent",
)
INTERPRETED = [
    ("lupus-nephritis-biopsy", "without a suffix is met"),
    ("lupus-nephritis-biopsy", "6 calendar months"),
    ("refractory-or-relapsed", "dated after those 6 months"),
    ("refractory-or-relapsed", "30 days for cyclophosphamide"),
    ("refractory-or-relapsed", "30 days for intravenous belimumab"),
    ("refractory-or-relapsed", "180 days for rituximab"),
    ("sledai-2k", "30 days"),
    ("sledai-2k", "0.5 g/g stands for 24-hour protein above 0.5 g"),
    ("sledai-2k", "at least 2 joints"),
    ("nih-activity-index", "14 days"),
    ("nih-activity-index", "6 months"),
    ("proteinuria", "last 90 days"),
    ("proteinuria", "more than 30 days older"),
    ("b-cell-target", "last 90 days"),
    ("b-cell-target", "not taken as depleting"),
    ("ecog", "last 90 days"),
    ("contraception", "55 years"),
    ("contraception", "at 45 or later"),
    ("pregnancy-test", "under 55 years"),
    ("pregnancy-test", "at 45 or later"),
    ("pregnancy-test", "within 42 weeks"),
    ("lactation", "last 30 days"),
    ("lactation", "last year"),
    ("sle-classification", "by immunoassay, or without stated method"),
    ("sle-classification", "WHO scheme counts"),
]
"""Every number or rule that is ours and not the source's, as the trial's page marks it."""
SLEDAI_WEIGHTS = [8] * 8 + [4] * 6 + [2] * 7 + [1] * 3
EULAR_DOMAINS = {
    "constitutional": ("clinical", 2),
    "haematologic": ("clinical", 4),
    "neuropsychiatric": ("clinical", 5),
    "mucocutaneous": ("clinical", 6),
    "serosal": ("clinical", 6),
    "musculoskeletal": ("clinical", 6),
    "renal": ("clinical", 10),
    "antiphospholipid": ("immunological", 2),
    "complement": ("immunological", 4),
    "sle-specific-antibodies": ("immunological", 6),
}
NEVER = {
    "42800-7": "a misspelt 42800-3",
    "9318-7": "albumin/creatinine",
    "14959-1": "albumin/creatinine",
    "13705-9": "albumin/creatinine",
    "32294-1": "albumin/creatinine",
    "21482-5": "a concentration, not an amount in 24 hours",
    "32551-4": "urine of unstated duration",
    "5808-1": "red cells per volume",
    "14030-1": "antibodies against Sm and RNP together",
    "1003-3": "an indirect antiglobulin test",
    "1005-8": "an indirect antiglobulin test",
    "1008-2": "an indirect antiglobulin test",
    "1009-0": "deprecated",
    "17829-3": "CD19 in body fluid",
}


def codes(concept: str, system: str = "loinc") -> set[str]:
    return {code.code for code in CONCEPTS[concept].every_code if code.system == SYSTEMS[system]}


def tokens() -> set[str]:
    """Every code of every concept, its answers and its orders, as ``system|code``."""
    found = {code.token for concept in CONCEPTS.values() for code in concept.every_code}
    for concept in CONCEPTS.values():
        found |= {token for answers in concept.answers.values() for token in answers if "|" in token}
        found |= {concept.orderable.token} if concept.orderable else set()
    return found


def loinc_numbers() -> list[str]:
    """LOINC codes without those of answers (LA), whose check digit follows another rule."""
    start = SYSTEMS["loinc"] + "|"
    numbers = {token.removeprefix(start) for token in tokens() if token.startswith(start)}
    return sorted(number for number in numbers if number[0].isdigit())


def has_good_check_digit(code: str) -> bool:
    """The LOINC check digit: mod 10 (Luhn) over the digits before the hyphen."""
    digits, _, check = code.partition("-")
    doubled = "".join(str(int(d) * 2) if i % 2 == 0 else d for i, d in enumerate(reversed(digits)))
    return str(-sum(map(int, doubled)) % 10) == check


def parts(rule: Any) -> list[Any]:
    """A rule and every rule inside it."""
    if isinstance(rule, tuple):
        return [part for each in rule for part in parts(each)]
    if not is_dataclass(rule):
        return []
    return [rule, *(part for field in fields(rule) for part in parts(getattr(rule, field.name)))]


def limits(score: ScoreDefinition, item: str) -> set[float]:
    require = next(each.require for each in score.items if each.id == item)
    return {b.limit for part in parts(require) if isinstance(part, Measurement) for b in part.bounds}


def test_the_trial_has_every_criterion_of_its_page_in_order() -> None:
    assert tuple(criterion.id for criterion in TRIAL.criteria) == CRITERIA


def test_the_trial_is_an_unsigned_draft_that_says_what_its_source_leaves_out() -> None:
    assert TRIAL.facts.status == "draft"
    assert not TRIAL.facts.reviewed_by
    said = " ".join(TRIAL.not_encoded)
    assert "major organs" in said
    assert "exclusion" in said


@pytest.mark.parametrize(("criterion", "words"), INTERPRETED)
def test_what_is_ours_stands_as_an_interpretation(criterion: str, words: str) -> None:
    assert words in " ".join(BY_ID[criterion].interpretation)


@pytest.mark.parametrize("criterion", ["organ-function", "nih-chronicity-index"])
def test_what_the_source_gives_no_number_for_is_only_ever_a_question(criterion: str) -> None:
    assert isinstance(BY_ID[criterion].require, Judgement)


def test_refractory_can_never_be_not_met() -> None:
    require = BY_ID["refractory-or-relapsed"].require
    assert isinstance(require, AnyOf)
    assert any(isinstance(part, Judgement) for part in require.of)


@pytest.mark.parametrize(
    ("criterion", "concept", "comparison", "limit", "within"),
    [
        ("proteinuria", "urine-protein-creatinine-ratio", "greater_than", 1.0, "90 days"),
        ("proteinuria", "urine-protein-24h", "greater_than", 0.5, "90 days"),
        ("nih-activity-index", "nih-activity-index", "greater_than", 2, "6 months"),
        ("ecog", "ecog", "at_most", 1, "90 days"),
    ],
)
def test_limits_are_those_of_the_page(
    criterion: str, concept: str, comparison: str, limit: float, within: str
) -> None:
    rules = [part for part in parts(BY_ID[criterion].require) if isinstance(part, Measurement)]
    rule = next(rule for rule in rules if rule.of == concept)
    assert [(bound.comparison, bound.limit) for bound in rule.bounds] == [(comparison, limit)]
    assert str(rule.within) == within


@pytest.mark.parametrize(
    ("criterion", "score", "at_least", "within"),
    [("sledai-2k", "sledai-2k", 8, "30 days"), ("sle-classification", "eular-acr-2019", 10, "None")],
)
def test_score_thresholds_are_those_of_the_page(
    criterion: str, score: str, at_least: int, within: str
) -> None:
    rule = next(part for part in parts(BY_ID[criterion].require) if isinstance(part, Score))
    assert (rule.of, rule.at_least, str(rule.within)) == (score, at_least, within)


def test_adults_only() -> None:
    require = BY_ID["age"].require
    assert isinstance(require, Age)
    assert [(bound.comparison, bound.limit) for bound in require.bounds] == [("at_least", 18)]


def test_what_the_protocol_does_not_list_is_shown_and_does_not_count() -> None:
    rule = next(
        part for part in parts(BY_ID["refractory-or-relapsed"].require) if isinstance(part, Treatment)
    )
    assert {"anifrolumab", "obinutuzumab", "voclosporin"} <= set(rule.also_show)
    assert set(rule.also_show).isdisjoint({*rule.of, *rule.together_with})
    assert str(rule.for_more_than) == "6 months"


def test_drugs_that_leave_b_cells_in_the_blood_are_not_depleting() -> None:
    anti_cd20 = {"rituximab", "obinutuzumab", "ocrelizumab", "ofatumumab", "ublituximab"}
    anti_cd19 = {"inebilizumab", "blinatumomab"}
    assert set(CATALOG.groups["b-cell-depleting"].members) == anti_cd20 | anti_cd19


@pytest.mark.parametrize(("drug", "days"), [("cyclophosphamide", 30), ("belimumab", 30), ("rituximab", 180)])
def test_one_infusion_covers(drug: str, days: int) -> None:
    assert CONCEPTS[drug].covers_days == days


def test_sledai_has_24_descriptors_that_sum_to_105() -> None:
    assert [item.points for item in SLEDAI.items] == SLEDAI_WEIGHTS
    assert sum(SLEDAI_WEIGHTS) == SLEDAI.maximum == 105
    assert len({item.domain for item in SLEDAI.items}) == 24


def test_sledai_without_its_laboratory_items_is_83() -> None:
    assert sum(item.points for item in SLEDAI.items if item.settled_by == "examination") == 83


def test_only_sledai_2k_is_sledai_2k() -> None:
    names = [name.lower() for name in CONCEPTS["sledai-2k-total"].names]
    assert all("2k" in name or "2000" in name for name in names)
    assert not [name for name in names if "selena" in name or "clinical" in name]


def test_eular_domains_and_their_maxima() -> None:
    highest: dict[str, tuple[str, int]] = {}
    for item in EULAR.items:
        group, points = highest.get(item.domain, (item.group, 0))
        assert item.group == group
        highest[item.domain] = (group, max(points, item.points))
    assert highest == EULAR_DOMAINS
    assert sum(points for _, points in highest.values()) == EULAR.maximum == 51
    assert EULAR.needs_group == "clinical"
    assert EULAR.entry is not None


@pytest.mark.parametrize(
    ("item", "sledai", "eular"),
    [
        ("fever", {38.0}, {38.3}),
        ("leukopenia", {3.0}, {4.0}),
        ("thrombocytopenia", {100}, {100}),
        ("proteinuria", {0.5}, {0.5}),
    ],
)
def test_the_scores_differ_where_they_should(item: str, sledai: set[float], eular: set[float]) -> None:
    assert limits(SLEDAI, item) == sledai
    assert limits(EULAR, item) == eular


@pytest.mark.parametrize("code", loinc_numbers())
def test_loinc_check_digits(code: str) -> None:
    assert re.fullmatch(r"\d+-\d", code)
    assert has_good_check_digit(code)


@pytest.mark.parametrize("code", ["2890-2", "8061-4", "89247-1"])
def test_the_check_digit_is_computed_right(code: str) -> None:
    assert has_good_check_digit(code)
    assert not has_good_check_digit(f"{code[:-1]}{(int(code[-1]) + 1) % 10}")


@pytest.mark.parametrize("code", NEVER)
def test_codes_that_mean_something_else_are_in_no_concept(code: str) -> None:
    assert f"{SYSTEMS['loinc']}|{code}" not in tokens()


@pytest.mark.parametrize("concept", ["sle", "lupus-nephritis"])
def test_lupus_of_the_skin_of_drugs_or_of_no_stated_kind_is_not_sle(concept: str) -> None:
    not_sle = {"200936003", "200938002", "239891002", "201436003", "80258006"}
    assert codes(concept, "snomed").isdisjoint(not_sle)
    assert not [code for code in codes(concept, "icd10cm") if code == "M32.0" or code.startswith("L93")]
    assert CONCEPTS[concept].excluding == ("drug-induced-lupus",)


@pytest.mark.parametrize(
    ("concept", "system", "wanted"),
    [
        ("lupus-nephritis", "snomed", "68815009 73286009 4676006 76521009 36402006 52042003 11013005"),
        ("lupus-nephritis", "icd10cm", "M32.14"),
        ("urine-protein-creatinine-ratio", "loinc", "2890-2 34366-5"),
        ("urine-protein-24h", "loinc", "2889-4"),
        ("cd19-b-cells", "loinc", "8116-6 8117-4"),
        ("prednisone", "rxnorm", "8640 312615"),
        ("ciclosporin", "rxnorm", "3008 241834"),
        ("mycophenolate", "rxnorm", "68149 7145 265323 200060"),
        ("hydroxychloroquine", "rxnorm", "5521 979092"),
        ("car-t-history", "icd10cm", "Z92.850"),
    ],
)
def test_codes_that_must_be_there(concept: str, system: str, wanted: str) -> None:
    assert set(wanted.split()) <= codes(concept, system)


@pytest.mark.parametrize("drug", [c.id for c in CONCEPTS.values() if c.kind == "drug"])
def test_no_drug_code_is_for_eye_skin_or_gut(drug: str) -> None:
    local = r"ophthalmic|topical|ointment|cream|\botic|nasal|rectal|enema|implant"
    displays = [code.display for code in CONCEPTS[drug].every_code]
    assert not [display for display in displays if re.search(local, display, re.IGNORECASE)]
    assert codes(drug, "atc").isdisjoint({"D11AH01", "S01XA18", "H02AA02", "A07EA03"})


def test_a_gram_per_gram_is_113_12_milligrams_per_millimole() -> None:
    ratio = CONCEPTS["urine-protein-creatinine-ratio"]
    assert ratio.conversions["mg/mmol"] * 113.12 == pytest.approx(1.0)


def test_every_concept_says_where_it_comes_from() -> None:
    assert not [concept.id for concept in CONCEPTS.values() if not concept.source]


# Childbearing, pregnancy and lactation: the page's sentences, one line each.

TODAY = date(2026, 6, 15)
SNOMED, ICD10CM, LOINC = "http://snomed.info/sct", SYSTEMS["icd10cm"], SYSTEMS["loinc"]
POSITIVE, NEGATIVE, PREGNANT, NOT_PREGNANT = "10828004", "260385009", "77386006", "60001007"


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def resource(kind: str, code: dict[str, Any], **elements: Any) -> dict[str, Any]:
    ident = f"{kind}-{code['coding'][0]['code']}-{len(str(elements))}"
    subject = {"reference": "Patient/p"}
    return {"resourceType": kind, "id": ident, "code": code, "subject": subject, **elements}


def observed(code: str, days: int, **value: Any) -> dict[str, Any]:
    dated = {"status": "final", "effectiveDateTime": ago(days)}
    return resource("Observation", coded(LOINC, code), **dated, **value)


def hcg(answer: str, days: int) -> dict[str, Any]:
    return observed("2106-3", days, valueCodeableConcept=coded(SNOMED, answer))


def status(answer: str, days: int) -> dict[str, Any]:
    return observed("82810-3", days, valueCodeableConcept=coded(SNOMED, answer))


def beta_hcg(value: float, **elements: Any) -> dict[str, Any]:
    return observed("21198-7", 3, valueQuantity={"value": value, "unit": "m[IU]/mL"}, **elements)


def breast_feeding(answer: bool, days: int) -> dict[str, Any]:
    return observed("63895-7", days, valueBoolean=answer)


def diagnosed(
    code: str, days: int | None = None, clinical: str = "active", *, recorded: bool = False
) -> dict[str, Any]:
    dated = {} if days is None else {"recordedDate" if recorded else "onsetDateTime": ago(days)}
    stated = {
        "clinicalStatus": {"coding": [{"code": clinical}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
    }
    return resource("Condition", coded(SNOMED if code.isdigit() else ICD10CM, code), **stated, **dated)


def performed(code: str, days: int) -> dict[str, Any]:
    return resource("Procedure", coded(SNOMED, code), status="completed", performedDateTime=ago(days))


LIMIT = {"referenceRange": [{"high": {"value": 5, "unit": "m[IU]/mL"}}]}
MET, NOT_MET = "met value", "not-met value"
TOO_OLD, NOT_FOUND, NOT_APPLICABLE = "unknown too_old", "unknown not_found", "met not_applicable"


def answer_of(criterion: str, gender: str | None, birth: str, *resources: dict[str, Any]) -> str:
    """Verdict and reason of one criterion for a record of these resources."""
    patient: dict[str, Any] = {"resourceType": "Patient", "id": "p", "birthDate": birth}
    if gender is not None:
        patient["gender"] = gender
    assessment = assess(TRIAL, read_record([patient, *resources], CATALOG), TODAY, CATALOG)
    result = next(each for each in assessment.criteria if each.id == criterion)
    return f"{result.verdict.value} {result.reason.value}"


@pytest.mark.parametrize(
    ("expected", "resources"),
    [
        (NOT_FOUND, []),
        (MET, [hcg(NEGATIVE, 7)]),
        (TOO_OLD, [hcg(NEGATIVE, 8)]),
        (NOT_MET, [hcg(POSITIVE, 3)]),
        (NOT_MET, [hcg(POSITIVE, 294)]),
        (TOO_OLD, [hcg(POSITIVE, 295)]),
        (MET, [hcg(POSITIVE, 70), hcg(NEGATIVE, 3)]),
        (TOO_OLD, [hcg(POSITIVE, 70), hcg(NEGATIVE, 20)]),
        (NOT_MET, [hcg(NEGATIVE, 5), hcg(POSITIVE, 2)]),
        (TOO_OLD, [hcg(POSITIVE, 280), performed("177184002", 14)]),
        (TOO_OLD, [hcg(POSITIVE, 280), diagnosed("O80", 14)]),
        (TOO_OLD, [hcg(POSITIVE, 5), diagnosed("O03.9", 2)]),
        (NOT_MET, [hcg(POSITIVE, 5), performed("177184002", 1000)]),
        (MET, [hcg(NEGATIVE, 2), performed("177184002", 1000)]),
        (NOT_MET, [diagnosed(PREGNANT, 70)]),
        (NOT_MET, [diagnosed(PREGNANT, 70), hcg(NEGATIVE, 3)]),
        (NOT_FOUND, [diagnosed(PREGNANT, 287), performed("11466000", 7)]),
        (TOO_OLD, [diagnosed(PREGNANT, 700)]),
        (MET, [diagnosed(PREGNANT, 700), hcg(NEGATIVE, 3)]),
        (MET, [diagnosed("72892002", 140, "resolved"), hcg(NEGATIVE, 3)]),
        (NOT_MET, [status(PREGNANT, 21)]),
        (NOT_FOUND, [status(NOT_PREGNANT, 3)]),
        (MET, [status(PREGNANT, 700), hcg(NEGATIVE, 3)]),
        (NOT_MET, [beta_hcg(900, **LIMIT)]),
        (MET, [beta_hcg(1, **LIMIT)]),
        ("unknown imprecise", [beta_hcg(1)]),
        (NOT_FOUND, [diagnosed("Z98.51", 500)]),
        (NOT_FOUND, [diagnosed("Z90.721", 900)]),
        (NOT_APPLICABLE, [diagnosed("Z90.722", 900)]),
        (NOT_APPLICABLE, [performed("236886002", 900)]),
        (NOT_FOUND, [diagnosed("Z78.0", 500)]),
        (NOT_FOUND, [diagnosed("Z78.0")]),
    ],
)
def test_pregnancy_test_of_a_woman_of_36(expected: str, resources: list[dict[str, Any]]) -> None:
    assert answer_of("pregnancy-test", "female", "1990-01-01", *resources) == expected


@pytest.mark.parametrize(
    ("expected", "gender", "birth", "resources"),
    [
        (NOT_FOUND, "female", "1971-06-16", []),
        (NOT_APPLICABLE, "female", "1971-06-15", []),
        (NOT_APPLICABLE, "female", "1973-01-01", [diagnosed("Z78.0", 1000)]),
        (NOT_APPLICABLE, "female", "1966-01-01", [hcg(NEGATIVE, 1000)]),
        (NOT_APPLICABLE, "female", "1966-01-01", [diagnosed("72892002", 11000, "resolved")]),
        (NOT_MET, "female", "1966-01-01", [hcg(POSITIVE, 70)]),
        (TOO_OLD, "female", "1966-01-01", [hcg(POSITIVE, 300)]),
        (NOT_APPLICABLE, "male", "1990-01-01", []),
        (NOT_APPLICABLE, "male", "1990-01-01", [hcg(NEGATIVE, 3)]),
        (NOT_MET, "male", "1990-01-01", [hcg(POSITIVE, 70)]),
        (NOT_FOUND, "other", "1990-01-01", []),
        (NOT_FOUND, None, "1990-01-01", []),
        (MET, "unknown", "1990-01-01", [hcg(NEGATIVE, 3)]),
        (TOO_OLD, None, "1990-01-01", [hcg(NEGATIVE, 30)]),
        (NOT_MET, "other", "1990-01-01", [hcg(POSITIVE, 30)]),
    ],
)
def test_pregnancy_test_at_any_age_and_gender(
    expected: str, gender: str | None, birth: str, resources: list[dict[str, Any]]
) -> None:
    assert answer_of("pregnancy-test", gender, birth, *resources) == expected


@pytest.mark.parametrize(
    ("expected", "resources"),
    [
        (NOT_FOUND, []),
        (MET, [breast_feeding(False, 30)]),
        (TOO_OLD, [breast_feeding(False, 31)]),
        (NOT_MET, [breast_feeding(True, 10)]),
        (NOT_MET, [breast_feeding(True, 300)]),
        (TOO_OLD, [breast_feeding(True, 400)]),
        (MET, [breast_feeding(True, 300), breast_feeding(False, 10)]),
        (NOT_MET, [diagnosed("Z39.1", 200, recorded=True)]),
        (NOT_FOUND, [diagnosed("Z39.1", 200, "resolved", recorded=True)]),
        (MET, [diagnosed("Z39.1", 200, recorded=True), breast_feeding(False, 10)]),
        (MET, [diagnosed("Z39.1", 1000, recorded=True), breast_feeding(False, 10)]),
    ],
)
def test_lactation(expected: str, resources: list[dict[str, Any]]) -> None:
    assert answer_of("lactation", "female", "1990-01-01", *resources) == expected


@pytest.mark.parametrize(
    ("expected", "gender", "birth"),
    [
        ("unknown needs_judgement", "female", "1990-01-01"),
        (NOT_APPLICABLE, "female", "1966-01-01"),
        ("unknown needs_judgement", "male", "1966-01-01"),
        ("unknown needs_judgement", None, "1990-01-01"),
    ],
)
def test_contraception_is_never_read_from_a_chart(expected: str, gender: str | None, birth: str) -> None:
    assert answer_of("contraception", gender, birth) == expected
