"""Answers that contradict themselves, numbers of something else, cells of another place: no answer."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from mappings.definitions import load_catalog
from mappings.facts import PatientRecord
from mappings.reading.code_index import CodeIndex
from mappings.reading.meanings import Meanings
from mappings.reading.observations import Readings, read_contained
from mappings.reading.record import read_record
from mappings.reading.references import PatientIdentity
from mappings.reading.values import read_value
from mappings.trial_definition import Catalog

Json = dict[str, Any]
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
PATIENT: Json = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1990-01-01"}


@cache
def catalog() -> Catalog:
    return load_catalog()


def said(element: Json, name: str) -> str:
    value = read_value(element, catalog().concepts[name])
    return f"? {value.problem.value}" if value.problem else " ".join(sorted(value.tokens))


def coded(*codings: tuple[str, ...], text: str = "") -> Json:
    listed = [dict(zip(("system", "code", "display"), coding, strict=False)) for coding in codings]
    return {"valueCodeableConcept": {"coding": listed, **({"text": text} if text else {})}}


# --- a code, other codes and the words beside it

GRADE_0, GRADE_1, GRADE_2 = (LOINC, "LA9622-7"), (LOINC, "LA9623-5"), (LOINC, "LA9624-3")
NEGATIVE, POSITIVE = (SNOMED, "260385009"), (SNOMED, "10828004")
NOT_PREGNANT, PREGNANT = (SNOMED, "60001007"), (SNOMED, "77386006")
CAPABLE = (
    "Ambulatory and capable of all selfcare but unable to carry out any work activities. "
    "Up and about more than 50% of waking hours"
)
CONFLICTING = "? conflicting"
ANSWERS: list[tuple[str, str, Json, str]] = [
    ("two grades", "ecog", coded(GRADE_0, GRADE_2), CONFLICTING),
    ("one grade in two systems", "ecog", coded(GRADE_0, (SNOMED, "425389002", "ECOG - grade 0")), "0"),
    ("a grade beside another in words", "ecog", coded(GRADE_1, text="ECOG 3"), CONFLICTING),
    ("a grade beside another in a sentence", "ecog",
     coded(GRADE_1, text="ECOG performance status 3, in bed"), CONFLICTING),
    ("a grade beside its own words", "ecog", coded(GRADE_1, text="ECOG 1"), "1"),
    ("a grade of a scale", "ecog", coded(GRADE_1, text="1 (scale 0-5)"), "1"),
    ("a grade with its definition", "ecog", coded((*GRADE_2, CAPABLE), text="Grade 2"), "2"),
    ("a grade with other words", "ecog", coded(GRADE_2, text="ambulatory"), "2"),
    ("negative beside Positive", "hcg", coded(NEGATIVE, text="Positive"), CONFLICTING),
    ("negative beside 弱阳性", "hcg", coded(NEGATIVE, text="弱阳性"), CONFLICTING),
    ("negative beside weakly positive", "hcg", coded(NEGATIVE, text="weakly positive"), CONFLICTING),
    ("negative beside abnormal", "hcg", coded(NEGATIVE, text="abnormal"), CONFLICTING),
    ("positive beside Negative", "hcg", coded((*POSITIVE, "Negative")), CONFLICTING),
    ("positive and negative", "hcg", coded(POSITIVE, NEGATIVE), CONFLICTING),
    ("a local code whose display says otherwise", "hcg",
     coded(("urn:site", "N", "Negative"), text="Positive"), CONFLICTING),
    ("negative beside its display", "hcg", coded((*NEGATIVE, "Negative (qualifier value)")), "negative"),
    ("negative beside not detected", "hcg", coded(NEGATIVE, text="Not detected"), "negative"),
    ("negative beside a denial", "hcg", coded(NEGATIVE, text="No hCG detected"), "negative"),
    ("negative beside normal", "hcg", coded(NEGATIVE, text="normal"), "negative normal"),
    ("negative beside its control", "hcg",
     coded(NEGATIVE, text="Negative (positive control valid)"), "negative"),
    ("positive beside weakly positive", "hcg", coded(POSITIVE, text="weakly positive"), "positive"),
    ("not breast-feeding beside Breastfeeding", "lactation-status",
     coded((LOINC, "LA29253-4"), text="Breastfeeding"), CONFLICTING),
    ("not breast-feeding beside its own words", "lactation-status",
     coded((LOINC, "LA29253-4"), text="Not breastfeeding"), "negative"),
    ("not pregnant beside Pregnant", "pregnancy-status", coded(NOT_PREGNANT, text="Pregnant"), CONFLICTING),
    ("not pregnant beside a week of pregnancy", "pregnancy-status",
     coded(NOT_PREGNANT, text="Pregnant, 12 weeks"), CONFLICTING),
    ("not pregnant in more words", "pregnancy-status",
     coded((*NOT_PREGNANT, "Not pregnant"), text="Patient is not currently pregnant"), "negative"),
    ("pregnant in other words", "pregnancy-status", coded(PREGNANT, text="pregnancy confirmed"), "positive"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "element", "expected"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
def test_an_answer_that_contradicts_itself_is_none(name: str, element: Json, expected: str) -> None:
    assert said(element, name) == expected


@pytest.mark.parametrize("sign", ["+/-", "+-", "±", " -/+ "])
def test_a_sign_that_goes_either_way_is_no_answer(sign: str) -> None:
    assert said({"valueString": sign}, "hcg") == "? unreadable"


def test_an_answer_does_not_depend_on_the_process_that_reads_it() -> None:
    script = (
        "from tests.mappings.reading.test_answers import GRADE_0, GRADE_2, coded, said\n"
        "print(said(coded(GRADE_0, GRADE_2), 'ecog'))"
    )
    seeds = ("1", "2", "3")
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in seeds
    ]
    assert [run.stdout.strip() for run in runs] == [CONFLICTING] * len(seeds)


# --- grades as charts write them

GRADES: list[tuple[str, str]] = [
    # flowsheets, mCODE's displays, public forms: the digit, then the scale's own words or a part of them
    ("0 - Fully active", "0"),
    ("0 = asymptomatic", "0"),
    ("0 - Fully active, able to carry on all pre-disease performance without restriction", "0"),
    ("ECOG Grade 0: Asymptomatic", "0"),
    ("1 - Restricted in physically strenuous activity", "1"),
    ("1 - Restricted in physically strenuous activity but ambulatory and able to carry out light work", "1"),
    ("1: Symptomatic but ambulatory", "1"),
    ("ECOG 1 (Symptomatic but completely ambulatory)", "1"),
    ("1 - 能自由走动及从事轻体力活动，但不能从事较重的体力活动", "1"),  # noqa: RUF001
    ("2 - Ambulatory", "2"),
    ("2 - Ambulatory and capable of all self-care but unable to carry out any work activities", "2"),
    ("ECOG 2 (Symptomatic, < 50% in bed during the day)", "2"),
    ("3: Capable of only limited selfcare; confined to bed or chair more than 50% of waking hours", "3"),
    ("4 - Bedbound", "4"),
    # the name of the scale, a counter
    *((text, "1") for text in (
        "PS 1", "ECOG PS 1", "ECOG=1", "ECOG: 1", "ECOG-1", "ECOG1", "PS1", "Grade 1", "ECOG grade 1",
        "1 (ECOG)", "ECOG performance status 1", "1级", "1分", "ECOG评分：1分", "ECOG 1 级", "１分", "1",  # noqa: RUF001
    )),
    # two grades
    *((text, "0 to 1") for text in ("0-1", "0 - 1", "ECOG 0-1", "0~1分", "PS 0 to 1", "0 or 1")),
    ("1-2", "1 to 2"),
    ("1 - 2", "1 to 2"),
    # neighbours: another digit, another grade's words, words that deny, remember, doubt or are not known
    *((text, "?") for text in (
        "1 (previously 2)", "1, was 2", "1-2 weeks", "1 - 2 weeks ago", "0 - Restricted in activity",
        "1 - Fully active", "3 - Asymptomatic", "0 - not done", "0 - not assessed", "1 - at diagnosis",
        "1 - before chemotherapy", "1 (goal)", "1 (estimated)", "1?", "1 week ago", "2 days ago", "1/5",
        "1 of 5", "1.5", "1,5", "KPS 1", "NYHA 1", "stage 1", "9 - unknown", "7", "6-7", "2-1", "<2", "2 1",
        "1 - Ambulatory?", "1 - 未评估", "1分（既往2分）", "大于1分", "1 - Restricted to wheelchair",  # noqa: RUF001
        "1 - Restricted\n2 - Ambulatory", "Restricted", "Ambulatory",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), GRADES)
def test_a_grade_is_read_as_charts_write_it(text: str, expected: str) -> None:
    for element in ({"valueString": text}, {"valueCodeableConcept": {"text": text}}):
        value = read_value(element, catalog().concepts["ecog"])
        amount = value.amount
        ends = dict.fromkeys(f"{end:g}" for end in (amount.low, amount.high)) if amount else ()
        assert ("?" if value.problem or not amount else " to ".join(ends)) == expected


def test_two_ends_are_read_of_grades_only() -> None:
    for name in ("sledai-2k-total", "nih-activity-index"):
        assert said({"valueString": "8-10"}, name) == "? unreadable"
        assert said({"valueString": "8 - Restricted"}, name).startswith("?")


def test_a_grade_of_a_local_code_is_compared_with_the_words_beside_it() -> None:
    local = ("urn:site", "G", "1 - Restricted in physically strenuous activity")
    assert said(coded(local), "ecog") == "1"
    assert said(coded(local, text="1 - Symptomatic but ambulatory"), "ecog") == "1"
    assert said(coded(local, text="3 - Capable of only limited selfcare"), "ecog") == "? conflicting"


# --- names of scores


@pytest.mark.parametrize(
    ("display", "text", "is_read"),
    [
        ("SLEDAI-2K", "", True),
        ("SLEDAI-2K", "Disease activity today", True),
        ("SLEDAI-2K", "SLEDAI-2K today", True),
        ("Disease activity", "SLEDAI-2K", True),
        ("SLEDAI-2K", "SELENA-SLEDAI", False),
        ("SELENA-SLEDAI", "SLEDAI-2K", False),
        ("SLEDAI-2K", "Clinical SLEDAI", False),
        ("SLEDAI-2K", "cSLEDAI", False),
    ],
)
def test_a_name_beside_that_of_another_score_names_nothing(display: str, text: str, is_read: bool) -> None:
    code = {"coding": [{"system": "urn:site", "code": "1", "display": display}], "text": text}
    assert bool(read(observation(code, valueInteger=12)).results.get("sledai-2k-total")) == is_read


# --- counts of casts

UNREADABLE = "? unreadable"
COUNTS = [
    *((text, UNREADABLE) for text in (
        "2 hyaline casts", "5 hyaline/LPF", "1 granular", "1 possible", "2 (previous sample)",
        "2-4 hyaline/LPF", "3 fields examined", "0 RBC casts seen; 3 hyaline", "0 hyaline casts",
        "2 weeks ago", "5 透明管型/LP",
    )),
    *((text, "positive") for text in (
        "2", "2/LPF", "2 /LPF", "3 per LPF", "2 RBC casts/LPF", "1 RBC cast", "2 RBC casts seen", "2-4 /LPF",
        "1 red blood cell cast per lpf", "3个/LP", "2个/低倍视野", "2 casts/LPF", "1+", "1 /HPF", ">5/LPF",
    )),
    *((text, "negative") for text in ("0", "0/LPF", "0 casts", "<1 /LPF", "0.0 /uL", "Negative", "未检出")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), COUNTS)
def test_a_number_in_words_counts_only_what_is_asked_for(text: str, expected: str) -> None:
    assert said({"valueString": text}, "urine-casts") == expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        *(
            (unit, "positive")
            for unit in ("/[LPF]", "{#}/[LPF]", "{casts}/[LPF]", "/[HPF]", "1", "{#}", "/uL")
        ),
        *((unit, "? unit_not_comparable") for unit in ("mg/dL", "{score}/h", "%")),
    ],
)
def test_casts_are_counted_in_fields_or_per_volume(unit: str, expected: str) -> None:
    assert said({"valueQuantity": quantity(2, unit)}, "urine-casts") == expected


@pytest.mark.parametrize("unit", ["", "/LPF", "#/lpf", "casts/LPF", "per LPF"])
def test_units_of_casts_need_no_code(unit: str) -> None:
    assert said({"valueQuantity": {"value": 2, "unit": unit}}, "urine-casts") == "positive"


# --- titres


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [((1, 160), "positive"), ((1, 40), "negative"), ((1, 1), "negative"), ((160, 1), UNREADABLE)],
)
def test_a_titre_below_one_cannot_be(numbers: tuple[int, int], expected: str) -> None:
    above, below = numbers
    ratio = {"numerator": {"value": above}, "denominator": {"value": below}}
    assert said({"valueRatio": ratio}, "ana") == expected
    assert said({"valueQuantity": quantity(below / above, "{titer}")}, "ana") == expected


def test_a_titre_of_zero_is_what_a_laboratory_writes_for_none() -> None:
    assert said({"valueQuantity": quantity(0, "{titer}")}, "ana") == "negative"


# --- values that are said to be absent


@pytest.mark.parametrize("text", ["", "2 g/g"])
@pytest.mark.parametrize(
    ("reason", "problem"), [({"text": "error"}, "conflicting"), ({}, None), (None, None)], ids=str
)
def test_a_value_beside_a_reason_for_its_absence_is_none(
    text: str, reason: Json | None, problem: str | None
) -> None:
    value = {"valueString": text} if text else {"valueQuantity": quantity(2, "g/g")}
    element = value | {"dataAbsentReason": reason}
    part = {"code": code_of("2890-2"), **element}
    for resource in (observation("2890-2", **element), observation({"text": "panel"}, component=[part])):
        (result,) = read(resource).results["urine-protein-creatinine-ratio"]
        assert (result.problem and result.problem.value) == problem


# --- cells of blood


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def code_of(code: str) -> Json:
    return {"coding": [{"system": LOINC, "code": code}]}


def observation(code: str | Json, **members: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-06-10",
        **members,
        "code": code_of(code) if isinstance(code, str) else code,
    }


def read(*resources: Json) -> PatientRecord:
    return read_record([PATIENT, *resources], catalog())


IN_BLOOD = {"coding": [{"system": LOINC, "code": "8117-4", "display": "CD19 cells/100 cells in Blood"}]}
MARROW = {"coding": [{"system": SNOMED, "code": "14016003"}]}
PLACES: list[tuple[str, Json, Json, bool]] = [
    ("no word of it", IN_BLOOD, {}, True),
    ("flow cytometry", IN_BLOOD, {"method": {"text": "Flow cytometry, lyse/no-wash"}}, True),
    ("flow cytometry of blood", IN_BLOOD, {"method": {"text": "Flow cytometry (blood, bone marrow)"}}, True),
    ("blood drawn from an arm", IN_BLOOD, {"bodySite": {"text": "left arm"}}, True),
    ("plasma cells in the words of the code", IN_BLOOD | {"text": "CD19+ without plasma cells"}, {}, True),
    ("marrow by the method", IN_BLOOD, {"method": {"text": "bone marrow flow cytometry"}}, False),
    ("marrow by the words of the method's code", IN_BLOOD,
     {"method": {"coding": [{"display": "骨髓流式细胞术"}]}}, False),
    ("marrow by the code of the body site", IN_BLOOD, {"bodySite": MARROW}, False),
    ("marrow by an abbreviation", IN_BLOOD, {"bodySite": {"text": "BM"}}, False),
    ("marrow by the words of the code", IN_BLOOD | {"text": "CD19 bone marrow"}, {}, False),
    ("lymph node by the words of the code", IN_BLOOD | {"text": "CD19, lymph node"}, {}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "more", "counts"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_cells_count_unless_something_names_another_place(code: Json, more: Json, counts: bool) -> None:
    value = {"valueQuantity": quantity(12, "%")}
    alone = observation(code, **value, **more)
    of_a_panel = observation({"text": "Lymphocyte subsets"}, component=[{"code": code, **value}], **more)
    for resource in (alone, of_a_panel):
        (result,) = read(resource).results["cd19-b-cells"]
        assert (result.problem is None) == counts


def test_the_method_of_a_component_names_the_place_of_its_cells() -> None:
    part = {"code": IN_BLOOD, "valueQuantity": quantity(12, "%"), "method": {"text": "BM aspirate"}}
    (result,) = read(observation({"text": "Phenotyping"}, component=[part])).results["cd19-b-cells"]
    assert result.problem is not None


def test_a_panel_of_marrow_counts_none_of_its_cells() -> None:
    part = {"code": IN_BLOOD, "valueQuantity": quantity(12, "%")}
    panel = observation({"text": "Bone marrow phenotyping"}, component=[part])
    (result,) = read(panel).results["cd19-b-cells"]
    assert result.problem is not None


# --- Observations inside a report

INSIDE: Json = {
    "resourceType": "Observation",
    "id": "x",
    "status": "final",
    "code": code_of("2890-2"),
    "valueQuantity": quantity(2, "g/g"),
}
REPORT: Json = {
    "resourceType": "DiagnosticReport",
    "id": "d",
    "status": "final",
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2026-06-10",
    "contained": [INSIDE],
    "result": [{"reference": "#x"}],
}


def inside(**members: Any) -> Json:
    return {"contained": [INSIDE | members]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "2026-06-10"),
        (inside(effectiveDateTime="2026-06-09"), "2026-06-09"),
        (inside(subject={"reference": "Patient/donor"}), ""),
        (inside(status="entered-in-error"), ""),
        (inside(code={"text": "nothing known"}), ""),
        ({"status": "entered-in-error"}, ""),
        ({"result": []}, ""),
        ({"contained": "x"}, ""),
    ],
    ids=str,
)
def test_results_that_a_report_contains_are_read(change: Json, expected: str) -> None:
    known = catalog().concepts
    meanings = Meanings(CodeIndex(each for each in known.values() if each.kind == "measurement"), known)
    into = Readings(meanings.concepts_of, {}, {}, [], {})
    read_contained(REPORT | change, [PatientIdentity.of(PATIENT, {}).is_subject_of], into)
    found = [
        (each.reference, each.when.text) for each in into.results.get("urine-protein-creatinine-ratio", ())
    ]
    assert found == ([("DiagnosticReport/d", expected)] if expected else [])


def test_a_record_has_the_results_that_its_reports_contain() -> None:
    (result,) = read(REPORT).results["urine-protein-creatinine-ratio"]
    assert result.reference == "DiagnosticReport/d"
