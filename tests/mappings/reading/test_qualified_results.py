"""What qualifies a result: how a titre is worded, ranges of pregnancy, specimens, focus, modifiers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from mappings.concept import Concept
from mappings.definitions import load_catalog
from mappings.facts import PatientRecord, Result
from mappings.reading.record import read_record
from mappings.reading.values import read_value
from mappings.trial_definition import Catalog
from mappings.verdicts import Reason

Json = dict[str, Any]
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
MIU = "m[IU]/mL"
HCG, HCG_IN_SERUM, UPCR_CODE, CD19 = "21198-7", "2118-8", "2890-2", "8116-6"
UPCR = "urine-protein-creatinine-ratio"


@cache
def catalog() -> Catalog:
    return load_catalog()


def concept(name: str) -> Concept:
    return catalog().concepts[name]


# --- titres in words

WORDING = yaml.safe_load((Path(__file__).parent / "titre_wording.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "expected"), [(text, said) for said, texts in WORDING.items() for text in texts]
)
def test_the_words_of_a_titre_are_read_as_a_whole(text: str, expected: str) -> None:
    value = read_value({"valueString": text}, concept("ana"))
    said = {Reason.IMPRECISE: "either", Reason.UNREADABLE: "unreadable"}
    if value.problem is not None:
        assert said[value.problem] == expected
    else:
        assert value.tokens == {expected}


def test_a_titre_that_leaves_it_open_is_not_settled_by_a_flag() -> None:
    flag = {"interpretation": [{"coding": [{"code": "POS"}]}]}
    assert read_value({"valueString": "1:40-1:80"} | flag, concept("ana")).problem is Reason.IMPRECISE
    assert read_value({"valueString": "1:160"} | flag, concept("ana")).problem is None


METHODS = [
    ({}, "8061-4", None),
    ({"method": {"text": "Indirect immunofluorescence (HEp-2)"}}, "8061-4", Reason.IMPRECISE),
    ({"method": {"coding": [{"display": "间接免疫荧光法"}]}}, "8061-4", Reason.IMPRECISE),
    ({"method": {"text": "IIF"}}, "29953-7", Reason.IMPRECISE),
    ({"method": {"text": "Multiplex immunoassay"}}, "8061-4", None),
    ({"method": {"text": "ELISA, reflex to IFA"}}, "8061-4", None),
    ({}, "47383-5", None),
    ({}, "42254-3", Reason.IMPRECISE),
    ({}, "5048-4", Reason.IMPRECISE),
]


@pytest.mark.parametrize(("more", "code", "problem"), METHODS)
def test_positive_by_immunofluorescence_lacks_its_titre(
    more: Json, code: str, problem: Reason | None
) -> None:
    element = {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueString": "positive"} | more
    assert read_value(element, concept("ana")).problem is problem
    assert read_value(element | {"valueString": "negative"}, concept("ana")).problem is None
    assert read_value(element | {"valueString": "1:160"}, concept("ana")).problem is None


# --- records


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def observation(code: str | Json, identity: str = "o", **members: Any) -> Json:
    coded = {"coding": [{"system": LOINC, "code": code}]} if isinstance(code, str) else code
    found: Json = {"resourceType": "Observation", "id": identity, "status": "final", "code": coded}
    found |= {"subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-06-01"}
    return found | members


def read(*resources: Json) -> PatientRecord:
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1990-03-01"}
    record = read_record([patient, *resources], catalog())
    counts = record.counts
    parts = counts.read + counts.irrelevant + counts.unreadable + counts.other_patient
    assert parts == counts.received
    return record


def said(record: PatientRecord, name: str) -> str:
    results: tuple[Result, ...] = record.results.get(name, ())
    if not results:
        return "none"
    (one,) = results
    return f"? {one.problem.value}" if one.problem else " ".join(sorted(one.tokens)) or "number"


# --- the range beside an hCG


def between(low: float | None, high: float | None, **more: Any) -> Json:
    ends = {"low": low, "high": high}
    return {end: quantity(limit, MIU) for end, limit in ends.items() if limit is not None} | more


def flagged(*codes: str) -> Json:
    return {"interpretation": [{"coding": [{"code": code}]} for code in codes]}


def for_(text: str) -> Json:
    return {"appliesTo": [{"text": text}]}


PREGNANT_BY_CODE = {"appliesTo": [{"coding": [{"system": SNOMED, "code": "77386006"}]}]}
FIFTH_WEEK = between(1000, 90000, text="5-6 weeks of gestation")
NOT_PREGNANT = between(None, 5, text="Non-pregnant")
AFTER = between(None, 10, **for_("Postmenopausal"))
OF_THE_NOT_PREGNANT = between(0, 5, type={"text": "Non-pregnant"})
HCG_RANGES: list[tuple[str, float, list[Json], Json, str]] = [
    ("below 5", 2, [between(None, 5)], {}, "negative normal"),
    ("from 0 to 5", 2, [between(0, 5)], {}, "negative normal"),
    ("from 0 to 5, for women", 2, [between(0, 5, **for_("Female"))], {}, "negative normal"),
    ("above 5", 8000, [between(None, 5)], {}, "high positive"),
    ("of the not pregnant", 2, [NOT_PREGNANT], {}, "negative normal"),
    ("of the not pregnant, in Chinese", 2, [between(0, 5, **for_("未孕女性"))], {}, "negative normal"),
    ("above that of the not pregnant", 300, [NOT_PREGNANT], {}, "high positive"),
    ("a table of weeks, and negative", 2, [NOT_PREGNANT, FIFTH_WEEK], {}, "negative normal"),
    ("a table of weeks, and pregnant", 8000, [NOT_PREGNANT, FIFTH_WEEK], {}, "high positive"),
    ("after the menopause, which nobody knows", 6, [AFTER], {}, "? imprecise"),
    ("after the menopause, in Chinese", 6, [between(0, 10, **for_("绝经后"))], {}, "? imprecise"),
    ("after the menopause, flagged normal", 6, [AFTER], flagged("N"), "? imprecise"),
    ("after the menopause, flagged negative", 6, [AFTER], flagged("NEG"), "negative"),
    ("above that after the menopause", 60, [AFTER], {}, "high positive"),
    ("before and after the menopause as one", 6,
     [between(None, 10, text="Pre- and postmenopausal women")], {}, "negative normal"),
    ("before and after the menopause, below both", 2,
     [between(None, 5, **for_("Premenopausal")), AFTER], {}, "negative normal"),
    ("before and after the menopause, between them", 7,
     [between(None, 5, **for_("Premenopausal")), AFTER], {}, "? imprecise"),
    ("within that of the fifth week", 8000, [FIFTH_WEEK], {}, "? imprecise"),
    ("below that of the fifth week", 300, [FIFTH_WEEK], {}, "? imprecise"),
    ("above that of the fifth week", 100000, [FIFTH_WEEK], {}, "? imprecise"),
    ("of pregnant women, from zero", 300, [between(0, 7000, **for_("Pregnant, 4 weeks"))], {}, "? imprecise"),
    ("of pregnant women, by a code", 300, [between(None, 7000, **PREGNANT_BY_CODE)], {}, "? imprecise"),
    ("in Chinese", 8000, [between(None, 90000, text="孕5周")], {}, "? imprecise"),
    ("flagged normal without a range", 2, [], flagged("N"), "negative normal"),
    ("flagged negative without a range", 2, [], flagged("NEG"), "negative"),
    ("flagged normal within 5", 2, [between(0, 5)], flagged("N"), "negative normal"),
    ("flagged normal, the range as a text", 2, [{"text": "<5 mIU/mL"}], flagged("N"), "negative normal"),
    ("flagged normal for the week", 8000, [FIFTH_WEEK], flagged("N"), "? conflicting"),
    ("flagged normal for the week, in words", 8000, [{"text": "5-8 weeks"}], flagged("N"), "? conflicting"),
    ("flagged normal above 5", 8000, [NOT_PREGNANT, FIFTH_WEEK], flagged("N"), "? conflicting"),
    ("flagged normal, above a range as a text", 8000, [{"text": "0-5 mIU/mL"}], flagged("N"),
     "? conflicting"),
    ("flagged negative, above a range as a text", 8000, [{"text": "<5"}], flagged("NEG"), "? conflicting"),
    ("flagged normal above that of the type not pregnant", 100, [OF_THE_NOT_PREGNANT], flagged("N"),
     "? conflicting"),
    ("the range as a text, below", 2, [{"text": "Non-pregnant: <5.0 mIU/mL"}], {}, "negative normal"),
    ("the range as a text, above", 60, [{"text": "0 - 5 mIU/mL"}], {}, "high positive"),
    ("the range as a text of a week", 6, [{"text": "5-8 weeks"}], {}, "? imprecise"),
    ("only a range from zero without end", 8000, [between(0, None)], {}, "? imprecise"),
    ("nothing, flagged positive", 0, [between(0, 5)], flagged("POS"), "? conflicting"),
    ("flagged low", 8000, [], flagged("L"), "? imprecise"),
    ("flagged low for the week", 300, [FIFTH_WEEK], flagged("L"), "? imprecise"),
    ("flagged high for the week", 100000, [FIFTH_WEEK], flagged("H"), "high positive"),
    ("flagged positive within the week", 8000, [FIFTH_WEEK], flagged("POS"), "positive"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "ranges", "more", "expected"),
    [row[1:] for row in HCG_RANGES],
    ids=[row[0] for row in HCG_RANGES],
)
def test_an_hcg_is_negative_only_by_a_range_of_those_who_are_not_pregnant(
    value: float, ranges: list[Json], more: Json, expected: str
) -> None:
    listed: Json = {"referenceRange": ranges} if ranges else {}
    record = read(observation(HCG, valueQuantity=quantity(value, MIU), **listed, **more))
    assert said(record, "hcg") == expected


@pytest.mark.parametrize(
    ("unit", "limits", "expected"),
    [
        ({}, [between(0, 5)], "? imprecise"),
        ({"unit": "g/L"}, [between(0, 5)], "? imprecise"),
        ({}, [between(0, None)], "negative normal"),
        ({}, [{"high": {"value": 500}}], "negative normal"),
        ({}, [{"high": {"value": 5}}], "? conflicting"),
    ],
    ids=["no unit", "a unit of another kind", "only a zero to compare", "neither has a unit, below",
         "neither has a unit, above"],
)  # fmt: skip
def test_an_hcg_flagged_normal_beside_a_range_that_it_cannot_be_compared_with_is_not_negative(
    unit: Json, limits: list[Json], expected: str
) -> None:
    amount = {"value": 300, **unit}
    record = read(observation(HCG, valueQuantity=amount, referenceRange=limits, **flagged("N")))
    assert said(record, "hcg") == expected


def test_a_range_that_begins_above_zero_still_makes_an_antibody_negative() -> None:
    ranges = [{"low": quantity(10, "[IU]/mL"), "high": quantity(30, "[IU]/mL")}]
    dsdna = observation("5130-0", valueQuantity=quantity(5, "[IU]/mL"), referenceRange=ranges)
    assert said(read(dsdna), "anti-dsdna") == "low negative"


# --- cells of blood

BONE_MARROW: Json = {"resourceType": "Specimen", "id": "s", "subject": {"reference": "Patient/p"}}
BONE_MARROW["type"] = {"coding": [{"system": SNOMED, "code": "119359002"}]}
VENOUS = BONE_MARROW | {"type": {"coding": [{"system": SNOMED, "code": "122555007"}]}}
TO_SPECIMEN = {"specimen": {"reference": "Specimen/s"}}
PLACES: list[tuple[str, Json, list[Json], str]] = [
    ("nothing said", {}, [], "positive"),
    ("peripheral blood", {"specimen": {"display": "Peripheral blood"}}, [], "positive"),
    ("blood in Chinese", {"specimen": {"display": "外周血"}}, [], "positive"),
    ("blood by a code", TO_SPECIMEN, [VENOUS], "positive"),
    ("a specimen that was not read", TO_SPECIMEN, [], "positive"),
    ("where the needle was", {"bodySite": {"text": "Left arm"}}, [], "positive"),
    ("a marrow's site", {"bodySite": {"text": "Bone marrow"}}, [], "? unreadable"),
    ("a marrow's site in Chinese", {"bodySite": {"coding": [{"display": "骨髓"}]}}, [], "? unreadable"),
    ("blood of marrow", {"specimen": {"display": "骨髓血"}}, [], "? unreadable"),
    ("serum, which has 血 in it", {"specimen": {"display": "血清"}}, [], "? unreadable"),
    ("fluid of the spine", {"specimen": {"display": "CSF"}}, [], "? unreadable"),
    ("marrow by a code", TO_SPECIMEN, [BONE_MARROW], "? unreadable"),
    ("marrow by a code, contained",
     {"specimen": {"reference": "#s"}, "contained": [BONE_MARROW]}, [], "? unreadable"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "others", "expected"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
@pytest.mark.parametrize("code", ["8117-4", {"text": "CD19"}])
def test_b_cells_count_only_in_blood(code: str | Json, more: Json, others: list[Json], expected: str) -> None:
    record = read(observation(code, valueQuantity=quantity(12, "%"), **more), *others)
    assert said(record, "cd19-b-cells") == expected
    assert bool(record.unreadable) == (expected == "? unreadable")


UNITS_OF_CELLS = [
    *(
        (unit, "positive")
        for unit in ("%", "/uL", "{cells}/uL", "cells/uL", "10*9/L", "10*6/L", "个/uL", "/mm3")
    ),
    *(
        (unit, "? unit_not_comparable")
        for unit in ("ng/mL", "nmol/L", "{MFI}", "MFI", "U/mL", "{copies}/uL", "1")
    ),
]


@pytest.mark.parametrize(("unit", "expected"), UNITS_OF_CELLS)
@pytest.mark.parametrize("flag", [{}, flagged("POS"), flagged("N")])
def test_b_cells_are_a_percentage_or_a_number_per_volume(unit: str, expected: str, flag: Json) -> None:
    record = read(observation({"text": "BCMA"}, valueQuantity=quantity(45, unit), **flag))
    assert said(record, "bcma-b-cells") == expected


def test_b_cells_without_a_unit_are_not_comparable() -> None:
    bare = observation({"text": "CD19"}, valueQuantity={"value": 45}, **flagged("POS"))
    assert said(read(bare), "cd19-b-cells") == "? unit_not_comparable"


def test_casts_are_counted_in_whatever_they_are_counted() -> None:
    record = read(observation("5807-3", valueQuantity=quantity(2, "/[LPF]"), bodySite={"text": "urine"}))
    assert said(record, "urine-casts") == "positive"


# --- whom a result is about

DONOR = {"resourceType": "RelatedPerson", "id": "d"}
FOCUSES: list[tuple[str, Any, str]] = [
    ("nothing", [], "number"),
    ("the patient", [{"reference": "Patient/p"}], "number"),
    ("a specimen", [{"reference": "Specimen/s"}], "number"),
    ("a condition", [{"reference": "http://ehr/fhir/Condition/c"}], "number"),
    ("a body structure by its type", [{"type": "BodyStructure", "display": "left kidney"}], "number"),
    ("a donor", [{"reference": "Patient/donor"}], "other"),
    ("a partner", [{"reference": "RelatedPerson/r"}], "other"),
    ("a donor who is contained", [{"reference": "#d"}], "other"),
    ("a donor by the type", [{"type": "RelatedPerson", "display": "donor"}], "other"),
    ("the patient and a fetus", [{"reference": "Patient/p"}, {"reference": "Patient/fetus"}], "other"),
    ("a device", [{"reference": "Device/pump"}], "unreadable"),
    ("words only", [{"display": "fetus"}], "unreadable"),
    ("no reference at all", "fetus", "unreadable"),
]


@pytest.mark.parametrize(("focus", "expected"), [row[1:] for row in FOCUSES], ids=[row[0] for row in FOCUSES])
@pytest.mark.parametrize("value", [{"valueQuantity": quantity(2, "g/g")}, {"valueString": "2 g/g"}])
def test_a_result_about_somebody_else_is_left_out(value: Json, focus: Any, expected: str) -> None:
    record = read(observation(UPCR_CODE, focus=focus, contained=[DONOR], **value))
    assert said(record, UPCR) == ("number" if expected == "number" else "none")
    assert record.counts.other_patient == (expected == "other")
    assert record.counts.unreadable == (expected == "unreadable")


def test_a_result_of_a_donor_replaces_none_of_the_patient() -> None:
    identifier = [{"system": "urn:lab", "value": "1"}]
    own = observation(UPCR_CODE, "a", identifier=identifier, valueQuantity=quantity(2, "g/g"))
    donors = observation(UPCR_CODE, "b", identifier=identifier, valueQuantity=quantity(1, "g/g"))
    donors |= {"status": "corrected", "focus": [{"reference": "Patient/donor"}]}
    assert said(read(own, donors), UPCR) == "number"
    assert said(read(own, donors | {"focus": []}), UPCR) == "number"


# --- what may not be passed over

MODIFIED: Json = {"modifierExtension": [{"url": "urn:example:negated", "valueBoolean": True}]}


@pytest.mark.parametrize("value", [{"valueQuantity": quantity(2, "g/g")}, {"valueString": "2 g/g"}])
def test_a_result_with_a_modifier_that_nobody_knows_is_unreadable(value: Json) -> None:
    record = read(observation(UPCR_CODE, **value, **MODIFIED))
    assert said(record, UPCR) == "? unreadable"
    (result,) = record.results[UPCR]
    assert result.amount is None
    assert record.counts.unreadable == len(record.unreadable) == 1
    assert said(read(observation(UPCR_CODE, **value, modifierExtension=[])), UPCR) == "number"


def test_a_component_with_a_modifier_is_unreadable_and_its_neighbour_is_not() -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": HCG_IN_SERUM}]}, "valueString": "negative"} | MODIFIED,
        {"code": {"coding": [{"system": LOINC, "code": UPCR_CODE}]}, "valueQuantity": quantity(2, "g/g")},
    ]
    record = read(observation({"text": "panel"}, component=parts))
    assert (said(record, "hcg"), said(record, UPCR)) == ("? unreadable", "number")


def test_a_diagnosis_and_a_report_with_a_modifier_are_listed_and_not_used() -> None:
    about: Json = {"subject": {"reference": "Patient/p"}}
    sle: Json = {"resourceType": "Condition", "id": "c", **about}
    sle |= {"code": {"coding": [{"system": SNOMED, "code": "55464009"}]}}
    sle |= {"clinicalStatus": {"coding": [{"code": "active"}]}}
    report: Json = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", **about}
    report |= {"code": {"coding": [{"system": LOINC, "code": "65757-7"}]}, "effectiveDateTime": "2026-05-01"}
    report |= {"conclusion": "Lupus nephritis, class IV"}
    own = observation({"text": "ISN/RPS class"}, "k", valueString="IV")
    plain, modified = read(sle, report, own), read(sle | MODIFIED, report | MODIFIED, own | MODIFIED)
    assert plain.diagnoses
    assert plain.results
    assert not modified.diagnoses
    assert not modified.results
    assert {each.what for each in modified.unreadable} == {"qualified in a way that is not known"}
    assert modified.counts.unreadable == 3


# --- ratios


def ratio(top: Json, bottom: Json) -> Json:
    return {"valueRatio": {"numerator": top, "denominator": bottom}}


ENDLESS = float("inf")
MORE, AT_MOST = {"comparator": ">"}, {"comparator": "<="}
MG, GRAM = quantity(1500, "mg"), quantity(1, "g")
RATIOS: list[tuple[str, Json, Json, tuple[float, float] | str]] = [
    ("1.5 g/g", MG, GRAM, (1.5, 1.5)),
    ("by more than a gram", MG, GRAM | MORE, (-ENDLESS, 1.5)),
    ("by at most a gram", MG, GRAM | AT_MOST, (1.5, ENDLESS)),
    ("more than 1500 mg", MG | MORE, GRAM, (1.5, ENDLESS)),
    ("both unknown", MG | MORE, GRAM | MORE, "unreadable"),
    ("two concentrations", quantity(150, "mg/dL"), quantity(100, "mg/dL"), (1.5, 1.5)),
    ("by an amount of substance", quantity(1131.2, "mg/L"), quantity(10, "mmol/L"), (1.0, 1.0)),
    ("of no protein ratio", quantity(150, "mg/dL"), quantity(100, "mL"), "unit_not_comparable"),
]


@pytest.mark.parametrize(
    ("top", "bottom", "expected"), [row[1:] for row in RATIOS], ids=[row[0] for row in RATIOS]
)
def test_a_ratio_is_divided_with_its_comparators_and_units(
    top: Json, bottom: Json, expected: tuple[float, float] | str
) -> None:
    value = read_value(ratio(top, bottom), concept(UPCR))
    if isinstance(expected, str):
        assert value.problem is not None
        assert value.problem.value == expected
    else:
        assert value.amount is not None
        assert (value.amount.low, value.amount.high) == pytest.approx(expected)


# --- answers in Chinese and German

NEGATIVES = ("阴性", "阴性(-)", "阴性\uff08-\uff09", "未检出", "negativ", "Negative (-)", "nicht nachweisbar")
POSITIVES = ("阳性", "阳性(+)", "阳性\uff08++\uff09", "检出", "positiv", "Positive (3+)")
NEITHER = ("阳性(-)", "阴性(+)", "弱阳性", "未检测", "可疑", "±", "negativ?", "阴性, 既往阳性")
WORDED = [
    *((text, "negative") for text in NEGATIVES),
    *((text, "positive") for text in POSITIVES),
    *((text, "? unreadable") for text in NEITHER),
]


@pytest.mark.parametrize(("text", "expected"), WORDED)
def test_answers_come_in_chinese_and_german_too(text: str, expected: str) -> None:
    record = read(observation(HCG_IN_SERUM, valueString=text))
    assert said(record, "hcg") == expected
    coded = read(observation(HCG_IN_SERUM, valueCodeableConcept={"text": text}))
    assert said(coded, "hcg") == expected
