"""What laboratories send beside a value: ranges by sex and age, panels, corrections, repeats, collections."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.definitions import load_catalog
from mappings.evaluation.selection import known_by
from mappings.facts import PatientRecord, Result
from mappings.reading.laboratory.repeats import REPLACES, replaced
from mappings.reading.record import RecordReader, read_record
from mappings.reading.references import PatientIdentity
from mappings.trial_definition import Catalog

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
MEANING = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"
UPCR, C3, PROTEIN_24H = "urine-protein-creatinine-ratio", "complement-c3", "urine-protein-24h"
TODAY = date(2026, 6, 15)
Json = dict[str, Any]


@cache
def catalog() -> Catalog:
    return load_catalog()


def patient(**changes: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1990-03-01"} | changes


def observation(identity: str, loinc: str, value: float | None, unit: str, **changes: Any) -> Json:
    found: Json = {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-06-01T08:30:00+02:00",
    }
    if value is not None:
        found["valueQuantity"] = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    return {name: each for name, each in (found | changes).items() if each is not None}


def upcr(identity: str, value: float, **changes: Any) -> Json:
    return observation(identity, "2890-2", value, "g/g", **changes)


def read(*resources: Json, whose: Json | None = None) -> PatientRecord:
    return read_record([whose or patient(), *resources], catalog(), patient_id="p1")


def results(concept: str, *resources: Json, whose: Json | None = None) -> tuple[Result, ...]:
    return read(*resources, whose=whose).results.get(concept, ())


def said(result: Result) -> str:
    """The answer of a finding, or why there is none."""
    return f"? {result.problem.value}" if result.problem else " ".join(sorted(result.tokens))


# --- several reference ranges


def between(low: float, high: float, **more: Any) -> Json:
    return {"low": {"value": low, "unit": "g/L"}, "high": {"value": high, "unit": "g/L"}} | more


def kind(code: str) -> Json:
    return {"type": {"coding": [{"system": MEANING, "code": code}]}}


def sex(*codes: str) -> Json:
    return {"appliesTo": [{"coding": [{"system": SNOMED, "code": code}]} for code in codes]}


def worded(*texts: str) -> Json:
    return {"appliesTo": [{"text": text} for text in texts]}


def age(low: float | None = None, high: float | None = None, unit: str = "a") -> Json:
    ends = {"low": low, "high": high}
    return {"age": {end: {"value": at, "code": unit} for end, at in ends.items() if at is not None}}


MALE, FEMALE = "248153007", "248152002"
LOW, NORMAL, HIGH = between(1.2, 1.8), between(0.8, 1.6), between(0.2, 0.9)
"""Ranges in which a value of 1.0 g/L is low, normal and high."""

RANGES: list[tuple[str, list[Json], str]] = [
    ("one for each sex", [LOW | sex(MALE), NORMAL | sex(FEMALE)], "normal"),
    ("one for each sex, in the other order", [NORMAL | sex(MALE), LOW | sex(FEMALE)], "low"),
    ("one for each sex, in words", [LOW | worded("Male"), NORMAL | worded("Women")], "normal"),
    ("one for each sex, as administrative gender",
     [LOW | {"appliesTo": [{"coding": [{"code": "male"}]}]},
      HIGH | {"appliesTo": [{"coding": [{"code": "F"}]}]}],
     "high"),
    ("one for each sex, in Chinese", [LOW | worded("男"), HIGH | worded("女性")], "high"),
    ("one for the other sex only", [LOW | sex(MALE)], "? imprecise"),
    ("one that lists both sexes", [LOW | sex(MALE, FEMALE)], "low"),
    ("by age", [LOW | age(0, 17), NORMAL | age(18, 49), HIGH | age(50, 120)], "normal"),
    ("by age, open above", [LOW | age(high=17), HIGH | age(18)], "high"),
    ("36 years is within 18 to 36", [LOW | age(18, 36), HIGH | age(37, 99)], "low"),
    ("by age in months", [LOW | age(0, 216, "mo"), NORMAL | age(217, unit="mo")], "normal"),
    ("by age in days", [LOW | age(0, 28, "d"), HIGH | age(29, unit="d")], "high"),
    ("by age in words", [LOW | age(0, 17, "years"), HIGH | age(18, unit="yr")], "high"),
    ("for another age only", [LOW | age(0, 17)], "? imprecise"),
    ("by sex and age",
     [LOW | sex(FEMALE) | age(50), HIGH | sex(FEMALE) | age(18, 49), LOW | sex(MALE)], "high"),
    ("one that names her goes before one that names nobody", [LOW, NORMAL | sex(FEMALE)], "normal"),
    ("two that name nobody and disagree", [LOW, NORMAL], "? imprecise"),
    ("two that name nobody and agree", [LOW, LOW | {"text": "1.2 - 1.8 g/L"}], "low"),
    ("one that names nobody beside one for men", [LOW | sex(MALE), NORMAL], "normal"),
    ("two that fit and disagree", [LOW | sex(FEMALE), NORMAL | age(18)], "? imprecise"),
    ("pregnancy is not known", [NORMAL | sex(FEMALE), LOW | worded("pregnant")], "? imprecise"),
    ("pregnancy would change nothing", [LOW | sex(FEMALE), LOW | worded("pregnant")], "low"),
    ("for pregnant women", [LOW | {"appliesTo": [*sex(FEMALE)["appliesTo"], {"text": "pregnant"}]}, NORMAL],
     "? imprecise"),
    ("a normal range beside one of treatment", [NORMAL | kind("normal"), LOW | kind("treatment")], "normal"),
    ("only a range of treatment", [LOW | kind("treatment")], "? imprecise"),
    ("a therapeutic range beside one that does not say", [LOW | kind("therapeutic"), HIGH], "high"),
    ("a recommended range is not the normal one", [LOW | kind("recommended")], "? imprecise"),
    ("an age in a unit that nobody knows", [LOW | age(18, 99, "moons"), HIGH], "? imprecise"),
    ("words only beside numbers", [LOW, {"text": "see report"}], "? imprecise"),
    ("limits in another unit are converted", [{"low": {"value": 120, "unit": "mg/dL"}}], "low"),
    ("limits in a unit of another kind", [{"low": {"value": 120, "unit": "U/L"}}], "? imprecise"),
]  # fmt: skip


@pytest.mark.parametrize(("ranges", "expected"), [row[1:] for row in RANGES], ids=[row[0] for row in RANGES])
def test_the_range_for_the_patients_sex_and_age_decides(ranges: list[Json], expected: str) -> None:
    for order in permutations(ranges):
        (result,) = results(C3, observation("1", "4485-9", 1.0, "g/L", referenceRange=list(order)))
        assert said(result) == expected


@pytest.mark.parametrize(
    ("who", "changes", "ranges", "expected"),
    [
        ("a man", {"gender": "male"}, [LOW | sex(MALE), NORMAL | sex(FEMALE)], "low"),
        ("of unknown sex", {"gender": "unknown"}, [LOW | sex(MALE), NORMAL | sex(FEMALE)], "? imprecise"),
        ("of unknown sex, where it does not matter",
         {"gender": "other"}, [LOW | sex(MALE), LOW | sex(FEMALE)], "low"),
        ("of unknown age", {"birthDate": None}, [LOW | age(0, 17), NORMAL | age(18)], "? imprecise"),
        ("a year of birth that leaves it open",
         {"birthDate": "2008"}, [LOW | age(0, 17), NORMAL | age(18)], "? imprecise"),
        ("a year of birth that settles it",
         {"birthDate": "1990"}, [LOW | age(0, 17), NORMAL | age(18)], "normal"),
        ("the day before a birthday",
         {"birthDate": "2008-06-02"}, [LOW | age(0, 17), NORMAL | age(18)], "low"),
        ("four months and a half",
         {"birthDate": "2026-01-15"}, [LOW | age(0, 4, "mo"), NORMAL | age(5, unit="mo")], "low"),
        ("a birthday", {"birthDate": "2008-06-01"}, [LOW | age(0, 17), NORMAL | age(18)], "normal"),
    ],
)  # fmt: skip
def test_who_the_patient_is_decides_as_far_as_it_is_known(
    who: str, changes: Json, ranges: list[Json], expected: str
) -> None:
    whose = {name: value for name, value in patient(**changes).items() if value is not None}
    (result,) = results(C3, observation("1", "4485-9", 1.0, "g/L", referenceRange=ranges), whose=whose)
    assert said(result) == expected, who


def test_an_age_is_that_when_the_specimen_was_taken() -> None:
    ranges = [LOW | age(0, 17), NORMAL | age(18)]
    old = observation("1", "4485-9", 1.0, "g/L", referenceRange=ranges, effectiveDateTime="2007-01-01")
    (result,) = results(C3, old)
    assert said(result) == "low"


@pytest.mark.parametrize("when", ["not a date", "2026", None])
def test_an_undated_result_has_no_age(when: str | None) -> None:
    ranges = [LOW | age(0, 17), NORMAL | age(18)]
    (result,) = results(
        C3,
        observation("1", "4485-9", 1.0, "g/L", referenceRange=ranges, effectiveDateTime=when),
        whose=patient(birthDate="2008-06-01"),
    )
    assert said(result) == "? imprecise"


# --- panels, and several codings


def test_a_panel_is_no_result_and_its_members_are() -> None:
    panel = observation("panel", "89246-3", None, "", hasMember=[{"reference": "Observation/score"}])
    score = observation("score", "89247-1", None, "", valueInteger=1)
    assert [result.reference for result in results("ecog", panel, score)] == ["Observation/score"]
    lost = panel | {"dataAbsentReason": {"text": "see members"}}
    assert [result.reference for result in results("ecog", lost, score)] == ["Observation/score"]


def test_a_panel_of_components_gives_each_component() -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": code}]},
         "valueQuantity": {"value": value, "unit": "g/L", "system": UCUM, "code": "g/L"},
         "referenceRange": [between(0.9, 1.8)]}
        for code, value in (("4485-9", 0.5), ("4498-2", 1.0))
    ]  # fmt: skip
    record = read(observation("panel", "24323-8", None, "", component=parts))
    assert [said(result) for result in record.results[C3]] == ["low"]
    assert [said(result) for result in record.results["complement-c4"]] == ["normal"]


def test_a_component_without_a_value_says_nothing_of_the_others() -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": "4485-9"}]}, "dataAbsentReason": {"text": "lost"}},
    ]
    (result,) = results(C3, observation("panel", "24323-8", None, "", component=parts))
    assert said(result) == "? not_found"


def test_an_oxygen_saturation_with_two_codings_counts_once() -> None:
    both = {"coding": [{"system": LOINC, "code": code} for code in ("59408-5", "2708-6")]}
    (result,) = results("oxygen-saturation", observation("1", "", 97, "%", code=both))
    assert result.amount is not None
    assert result.amount.low == 97


def test_an_egfr_is_that_of_its_own_equation() -> None:
    unit = "mL/min/{1.73_m2}"
    both = {"coding": [{"system": LOINC, "code": code} for code in ("62238-1", "33914-3")]}
    record = read(observation("1", "98979-8", 60, unit), observation("2", "", 55, unit, code=both))
    assert [result.reference for result in record.results["egfr"]] == ["Observation/1"]
    assert [result.reference for result in record.results["egfr-other-equation"]] == ["Observation/2"]


# --- corrected, replaced, repeated

NUMBER = [{"system": "urn:lab", "value": "A-17"}]
OTHER_NUMBER = [{"system": "urn:lab", "value": "A-18"}]
LATER = "2026-06-02T08:30:00+02:00"


def replaces(*references: str) -> list[Json]:
    return [{"url": REPLACES, "valueReference": {"reference": reference}} for reference in references]


def correction(identity: str, value: float, **changes: Any) -> Json:
    return upcr(identity, value, identifier=NUMBER, status="corrected", **changes)


def stored(version: str = "", at: str = "") -> Json:
    return {"meta": {**({"versionId": version} if version else {}), **({"lastUpdated": at} if at else {})}}


REVISED: list[tuple[str, list[Json], set[float]]] = [
    ("a correction takes the place of what it corrects",
     [upcr("1", 1.8, identifier=NUMBER), upcr("2", 0.4, identifier=NUMBER, status="corrected")], {0.4}),
    ("an amendment too",
     [upcr("1", 1.8, identifier=NUMBER), upcr("2", 0.4, identifier=NUMBER, status="amended")], {0.4}),
    ("a final result takes the place of a provisional one",
     [upcr("1", 1.8, identifier=NUMBER, status="preliminary"), upcr("2", 0.4, identifier=NUMBER)], {0.4}),
    ("a correction of the day as well",
     [upcr("1", 1.8, identifier=NUMBER, effectiveDateTime=LATER),
      upcr("2", 0.4, identifier=NUMBER, status="corrected")], {0.4}),
    ("the later of two corrections",
     [upcr("1", 1.8, identifier=NUMBER), correction("2", 1.7, issued="2026-06-02T09:00:00Z"),
      correction("3", 0.4, issued="2026-06-03T09:00:00Z")], {0.4}),
    ("another number is another result",
     [upcr("1", 1.8, identifier=NUMBER), upcr("2", 0.4, identifier=OTHER_NUMBER, status="corrected")],
     {1.8, 0.4}),
    ("two final ones are two results, whatever their number",
     [upcr("1", 1.8, identifier=NUMBER), upcr("2", 0.4, identifier=NUMBER)], {1.8, 0.4}),
    ("the number of an order does not join results of other times",
     [upcr("1", 1.8, identifier=NUMBER, effectiveDateTime=LATER),
      upcr("2", 0.4, identifier=NUMBER, status="corrected"),
      observation("3", "2160-0", 0.9, "mg/dL", identifier=NUMBER)], {1.8, 0.4}),
    ("the number of an order joins those of one time",
     [upcr("1", 1.8, identifier=NUMBER), upcr("2", 0.4, identifier=NUMBER, status="corrected"),
      observation("3", "2160-0", 0.9, "mg/dL", identifier=NUMBER)], {0.4}),
    ("what is entered in error corrects nothing",
     [upcr("1", 1.8, identifier=NUMBER), upcr("2", 0.4, identifier=NUMBER, status="entered-in-error")],
     {1.8}),
    ("it says itself what it replaces",
     [upcr("1", 1.8), upcr("2", 0.4, extension=replaces("Observation/1"), effectiveDateTime=LATER)], {0.4}),
    ("it says so with an address",
     [upcr("1", 1.8), upcr("2", 0.4, extension=replaces("https://lab.example.org/Observation/1/_history/2"))],
     {0.4}),
    ("a provisional result replaces nothing",
     [upcr("1", 1.8), upcr("2", 0.4, extension=replaces("Observation/1"), status="preliminary")], {1.8, 0.4}),
    ("a result without a status replaces what it names, and is not confirmed itself",
     [upcr("1", 1.8), upcr("2", 0.4, extension=replaces("Observation/1"), status=None)], {0.4}),
    ("a result without a status is not known to be provisional",
     [upcr("1", 1.8, identifier=NUMBER, status=None), upcr("2", 0.4, identifier=NUMBER)], {1.8, 0.4}),
    ("nor is it an older version for that",
     [upcr("1", 1.8, status=None), upcr("1", 0.4)], {1.8, 0.4}),
    ("nothing replaces itself", [upcr("1", 1.8, extension=replaces("Observation/1"))], {1.8}),
    ("the newer version of one id, by when it was stored",
     [upcr("1", 1.8, **stored(at="2026-06-01T10:00:00Z")),
      upcr("1", 0.4, **stored(at="2026-06-02T10:00:00Z"))],
     {0.4}),
    ("the newer version of one id, by its number",
     [upcr("1", 1.8, **stored("9")), upcr("1", 0.4, effectiveDateTime=LATER, **stored("10"))], {0.4}),
    ("two versions of one id that do not say which is newer", [upcr("1", 1.8), upcr("1", 0.4)], {1.8, 0.4}),
    ("a newer version that withdraws the result",
     [upcr("1", 1.8, **stored("1")), upcr("1", 1.8, status="entered-in-error", **stored("2"))], set()),
    ("two without an id are no versions of one",
     [upcr("", 1.8), upcr("", 0.4, status="amended")], {1.8, 0.4}),
    ("the same resource twice", [upcr("1", 1.8), upcr("1", 1.8)], {1.8}),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "kept"), [row[1:] for row in REVISED], ids=[row[0] for row in REVISED])
def test_a_corrected_result_replaces_the_earlier_one(resources: list[Json], kept: set[float]) -> None:
    for order in permutations(resources):
        record = read(*order)
        found = [result.amount.low for result in record.results.get(UPCR, ()) if result.amount]
        assert sorted(found) == sorted(kept)
        assert record.counts.received == record.counts.read == len(resources) + 1


def test_a_result_of_another_patient_replaces_nothing() -> None:
    theirs = upcr("2", 0.4, identifier=NUMBER, status="corrected", subject={"reference": "Patient/p2"})
    open_one = upcr("3", 1.0, status="preliminary", effectiveDateTime=LATER)
    record = read(upcr("1", 1.8, identifier=NUMBER), open_one, theirs)
    assert [result.reference for result in record.results[UPCR]] == ["Observation/1", "Observation/3"]
    assert record.counts.other_patient == 1


def test_a_report_without_an_id_replaces_no_other() -> None:
    """Two reports that have no id are not two versions of one."""
    report = {
        "resourceType": "DiagnosticReport",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "biopsy"},
    }
    report |= {"effectiveDateTime": "2026-06-01", "conclusion": "Lupus nephritis class IV"}
    record = read(report, report | {"status": "final", "conclusion": "Lupus nephritis class II"})
    assert record.counts.read == 3
    assert len(replaced([report, report | {"status": "final"}], PatientIdentity("p1"))) == 0


REPEATED: list[tuple[str, list[Json], int]] = [
    ("from two feeds, with different ids", [upcr("1", 1.8), upcr("2", 1.8)], 1),
    ("the same instant in another time zone",
     [upcr("1", 1.8), upcr("2", 1.8, effectiveDateTime="2026-06-01T06:30:00Z")], 1),
    ("the same value in another unit", [upcr("1", 1.8), observation("2", "2890-2", 1800, "mg/g")], 1),
    ("under another code of the same test", [upcr("1", 1.8), observation("2", "34366-5", 1.8, "g/g")], 1),
    ("once provisional, which may be another test's",
     [upcr("1", 1.8), upcr("2", 1.8, status="preliminary")], 2),
    ("once provisional, of one number",
     [upcr("1", 1.8, identifier=NUMBER), upcr("2", 1.8, status="preliminary", identifier=NUMBER)], 1),
    ("of one day, without an hour",
     [upcr("1", 1.8, effectiveDateTime="2026-06-01"), upcr("2", 1.8, effectiveDateTime="2026-06-01")], 1),
    ("another value", [upcr("1", 1.8), upcr("2", 1.9)], 2),
    ("once below detection",
     [upcr("1", 1.8), upcr("2", 1.8, valueQuantity={"value": 1.8, "comparator": "<", "unit": "g/g"})], 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("resources", "count"), [row[1:] for row in REPEATED], ids=[row[0] for row in REPEATED]
)
def test_a_result_that_came_twice_counts_once(resources: list[Json], count: int) -> None:
    orders = permutations(resources)
    kept = {tuple(known_by(results(UPCR, *order), TODAY.toordinal()).newest) for order in orders}
    assert {len(found) for found in kept} == {count}
    if count == 1:
        ((result,),) = kept  # whatever the order
        assert result.problem is None
        assert result.reference == "Observation/1"


def test_two_identical_results_are_neither_conflicting_nor_shown_twice() -> None:
    record = read(upcr("1", 1.8), upcr("2", 1.8))
    assessment = assess(catalog().trials[0], record, TODAY, catalog())
    proteinuria = next(each for each in assessment.criteria if each.id == "proteinuria")
    shown = [evidence.reference for evidence in proteinuria.evidence if evidence.reference]
    assert (proteinuria.verdict.value, shown) == ("met", ["Observation/1"])


def test_the_first_record_that_a_process_reads_is_read_as_the_second() -> None:
    """The first Observation of each code goes a longer way, which finds out what the code means."""
    low = {"interpretation": [{"coding": [{"code": "L"}]}]}
    sent = [patient(), upcr("1", 1.8), upcr("2", 1.8), observation("3", "4485-9", 0.5, "g/L", **low)]
    reader = RecordReader(catalog())
    first, second = (reader.read(sent, None, {}, ()).results for _ in range(2))
    assert first == second


# --- 24 hours

COLLECTED = [{"reference": "Specimen/u1"}, {"reference": "Specimen/u2"}]
DAY: Json = {
    "effectiveDateTime": None,
    "effectivePeriod": {"start": "2026-05-31T07:00:00Z", "end": "2026-06-01T07:00:00Z"},
}


def concentration(value: float = 0.8, unit: str = "g/L", **changes: Any) -> Json:
    return observation("c", "21482-5", value, unit, **changes)


def volume(value: float = 1.5, unit: str = "L", **changes: Any) -> Json:
    return observation("v", "3167-4", value, unit, **changes)


def part(of: Json) -> Json:
    return {"code": of["code"], "valueQuantity": of["valueQuantity"]}


def specimen(value: float, unit: str) -> Json:
    return {
        "resourceType": "Specimen",
        "id": "u1",
        "collection": {"quantity": {"value": value, "unit": unit}},
    }


TIMED: list[tuple[str, list[Json], float | str]] = [
    ("in grams per litre and litres", [concentration(), volume()], 1.2),
    ("in grams per decilitre and millilitres", [concentration(0.08, "g/dL"), volume(1500, "mL")], 1.2),
    ("in milligrams per litre and millilitres per day",
     [concentration(800, "mg/L"), volume(1500, "mL/(24.h)")], 1.2),
    ("exactly half a gram", [concentration(0.25), volume(2)], 0.5),
    ("exactly, in decimal numbers", [concentration(0.7), volume(0.1)], 0.07),
    ("of the same period", [concentration(**DAY), volume(**DAY)], 1.2),
    ("as a component", [concentration(component=[part(volume())])], 1.2),
    ("both as components",
     [observation("p", "24323-8", None, "", component=[part(concentration()), part(volume())])], 1.2),
    ("of one specimen, dated otherwise",
     [concentration(specimen=COLLECTED[0]), volume(specimen=COLLECTED[0], effectiveDateTime=LATER)], 1.2),
    ("as the specimen has it", [concentration(specimen=COLLECTED[0]), specimen(1500, "mL")], 1.2),
    ("without a volume", [concentration()], "unit_not_comparable"),
    ("with the volume of another day",
     [concentration(), volume(effectiveDateTime=LATER)], "unit_not_comparable"),
    ("with the volume of another specimen",
     [concentration(specimen=COLLECTED[0]), volume(specimen=COLLECTED[1])], "unit_not_comparable"),
    ("with two volumes that disagree",
     [concentration(), volume(), volume(2.0, id="w")], "unit_not_comparable"),
    ("with two volumes that agree", [concentration(), volume(), volume(1500, "mL", id="w")], 1.2),
    ("with a volume below a limit",
     [concentration(), volume(valueQuantity={"value": 3, "unit": "L", "comparator": "<"})],
     "unit_not_comparable"),
    ("with a volume in grams", [concentration(), volume(1500, "g")], "unit_not_comparable"),
    ("with a volume of nothing", [concentration(), volume(0)], "unit_not_comparable"),
    ("with a provisional volume", [concentration(), volume(status="preliminary")], "unit_not_comparable"),
    ("provisional itself", [concentration(status="preliminary"), volume()], "not_confirmed"),
    ("in a unit that is no concentration", [concentration(0.8, "g/g"), volume()], "unit_not_comparable"),
    ("millilitres taken for litres", [concentration(), volume(1500, "L")], "unreadable"),
    ("a volume alone", [volume()], "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "expected"), [row[1:] for row in TIMED], ids=[row[0] for row in TIMED])
def test_a_concentration_in_a_24_hour_collection_counts_with_its_volume(
    resources: list[Json], expected: float | str
) -> None:
    for order in permutations(resources):
        record = read(*order)
        assert set(record.results) <= {PROTEIN_24H}
        found = record.results.get(PROTEIN_24H, ())
        if expected == "nothing":
            assert found == ()
            continue
        (result,) = found
        if isinstance(expected, str):
            assert result.problem is not None
            assert result.problem.value == expected
            assert result.amount is None or result.problem.value == "not_confirmed"
            assert result.text, "it is shown"
        else:
            assert result.problem is None
            assert result.amount is not None
            assert (result.amount.low, result.amount.high) == (expected, expected)


def test_a_computed_amount_says_how_it_was_computed() -> None:
    (result,) = results(PROTEIN_24H, concentration(0.08, "g/dL"), volume(1500, "mL"))
    assert result.text == "0.08 g/dL × 1500 mL in 24 hours"
    assert result.note == "computed from concentration and volume"
    assert result.reference == "Observation/c"


def test_a_censored_concentration_gives_a_censored_amount() -> None:
    low = concentration(valueQuantity={"value": 0.04, "unit": "g/L", "comparator": "<"})
    (result,) = results(PROTEIN_24H, low, volume(2))
    assert result.amount is not None
    assert (result.amount.high, result.amount.high_open) == (0.08, True)


def test_what_was_collected_is_asked_for() -> None:
    tokens = {code.token for code in catalog().concepts[PROTEIN_24H].observed_codes}
    assert {f"{LOINC}|{code}" for code in ("2889-4", "21482-5", "3167-4")} == tokens


@pytest.mark.parametrize("status", [["final"], {"code": "final"}, 7, True])
def test_a_status_that_is_no_text_stops_nothing(status: Any) -> None:
    record = read(upcr("1", 1.8, status=status), upcr("2", 0.4, status="corrected"))
    assert [each.problem is None for each in record.results[UPCR]] == [False, True]


@pytest.mark.parametrize("number", [10**400, -(10**400), float("inf"), float("nan"), 1e308])
def test_a_number_that_is_too_large_is_unreadable(number: float) -> None:
    ranges = [{"low": {"value": number, "unit": "g/L"}}]
    record = read(upcr("1", number), observation("2", "4485-9", 1.0, "g/L", referenceRange=ranges))
    assert [said(result) for result in record.results[UPCR]] == ["? unreadable"]
    aged = read(observation("2", "4485-9", 1.0, "g/L", referenceRange=[LOW | age(number), NORMAL | age(0)]))
    assert len(aged.results[C3]) == 1


def test_a_flag_that_is_no_text_stops_nothing() -> None:
    flags = [{"coding": [{"code": ["IND"]}, {"code": {"x": 1}}]}]
    (result,) = results(C3, observation("1", "4485-9", 1.0, "g/L", interpretation=flags))
    assert said(result) == "? imprecise"


def test_the_page_lists_every_limit_of_what_can_be() -> None:
    page = (Path(__file__).parents[3] / "docs/reading.md").read_text(encoding="utf-8")
    table = page.partition("### Values that cannot be")[2].partition("Scores and indices")[0]
    listed = set(re.findall(r"\d+(?:\.\d+)?", table.replace(",", "")))
    concepts = catalog().concepts.values()
    limits = {limit for each in concepts for limit in (each.cannot_exceed, each.cannot_be_below)} - {None}
    assert {f"{limit:g}" for limit in limits} == listed & {f"{limit:g}" for limit in limits}
    assert len(limits) > 8
