"""Drug records as exposures: which drug it is, which forms and statuses count, and from when to when."""

# ruff: noqa: RUF001 -- Chinese has its own punctuation
from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.concept import SYSTEMS, Code, Concept
from mappings.dates import BEGINNING, LAST_DAY
from mappings.facts import Exposure
from mappings.reading.code_index import CodeIndex
from mappings.reading.drugs import read_exposures
from mappings.reading.drugs.denials import denial_in, denies
from mappings.results import Unreadable
from mappings.verdicts import Reason

RXNORM, ATC, SNOMED = SYSTEMS["rxnorm"], SYSTEMS["atc"], SYSTEMS["snomed"]


def drug(
    name: str, rxnorm: tuple[str, ...], atc: tuple[str, ...] = (), *names: str, covers: int | None = None
) -> Concept:
    codes = [Code(RXNORM, code, name) for code in rxnorm] + [Code(ATC, code, name) for code in atc]
    return Concept(
        id=name, display=name, kind="drug", codes=tuple(codes), names=(name, *names), covers_days=covers
    )


CONCEPTS = (
    drug("prednisone", ("8640", "312615"), ("H02AB07",), "泼尼松"),
    drug("prednisolone", ("8638",), ("H02AB06",), "泼尼松龙"),
    drug("methylprednisolone", ("6902",), ("H02AB04",), "甲泼尼龙"),
    drug("hydrocortisone", ("5492",), ("H02AB09",), "氢化可的松"),
    drug("cortisone", ("2878",), ("H02AB10",), "可的松"),
    drug("dexamethasone", ("3264",), ("H02AB02",)),
    drug("hydroxychloroquine", ("5521",), ("P01BA02",), "羟氯喹"),
    drug("chloroquine", ("2393",), ("P01BA01",), "氯喹"),
    drug(
        "mycophenolate",
        ("68149", "7145", "265323"),
        ("L04AA06",),
        "mycophenolate mofetil",
        "mycophenolic acid",
    ),
    drug("tacrolimus", ("42316",), ("L04AD02",)),
    drug("cyclosporine", ("3008", "241834"), ("L04AD01",), "ciclosporin"),
    drug("cyclophosphamide", ("3002",), ("L01AA01",), "环磷酰胺", covers=30),
    drug("rituximab", ("121191",), ("L01FA01",), covers=180),
    drug("telitacicept", (), (), "泰它西普", "泰爱", "rc18"),
)
Exposures = dict[str, tuple[Exposure, ...]]


def read(
    *resources: Any, medications: dict[str, Any] | None = None
) -> tuple[Exposures, list[Unreadable], list[str]]:
    unreadable: list[Unreadable] = []
    unresolved: list[str] = []
    found = read_exposures(resources, medications or {}, CONCEPTS, unreadable, unresolved)
    return found, unreadable, unresolved


def only(*resources: Any, medications: dict[str, Any] | None = None) -> Exposure:
    found, unreadable, unresolved = read(*resources, medications=medications)
    assert (unreadable, unresolved) == ([], [])
    [exposures] = found.values()
    [exposure] = exposures
    return exposure


def coded(code: str, text: str = "", system: str = RXNORM) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}


def request(medication: Any, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": medication} if isinstance(medication, str) else medication,
        "authoredOn": "2025-01-10",
        **more,
    }


def statement(**more: Any) -> dict[str, Any]:
    medication = {"medicationCodeableConcept": coded("8640")}
    return {"resourceType": "MedicationStatement", "id": "1", "status": "active", **medication, **more}


def administration(code: str = "3002", **more: Any) -> dict[str, Any]:
    medication = {"medicationCodeableConcept": coded(code)}
    return {
        "resourceType": "MedicationAdministration",
        "id": "1",
        "status": "completed",
        **medication,
        **more,
    }


def dispense(**more: Any) -> dict[str, Any]:
    medication = {"medicationCodeableConcept": coded("8640")}
    return {"resourceType": "MedicationDispense", "id": "1", "status": "completed", **medication, **more}


# --- which drug


@pytest.mark.parametrize(
    ("text", "drugs"),
    [
        ("prednisone 5 MG Oral Tablet", ["prednisone"]),
        ("PREDNISONE 20MG TAB", ["prednisone"]),
        ("prednisone5mg", ["prednisone"]),
        ("Prednisolone 5 mg tablet", ["prednisolone"]),
        ("methylprednisolone 500 mg injection", ["methylprednisolone"]),
        ("methyl-prednisolone 500 mg injection", ["methylprednisolone"]),
        ("Methyl prednisolone sodium succinate", ["methylprednisolone"]),
        ("6-methylprednisolone", ["methylprednisolone"]),
        ("Hydroxychloroquine sulfate 200 MG", ["hydroxychloroquine"]),
        ("hydroxy-chloroquine 200 mg", ["hydroxychloroquine"]),
        ("chloroquine phosphate 250 mg", ["chloroquine"]),
        ("mycophenolate mofetil 500 MG Oral Tablet", ["mycophenolate"]),
        ("Rituximab-abbs 10 MG/ML injection", ["rituximab"]),
        ("Telitacicept 160 mg for injection", ["telitacicept"]),
        ("注射用泰它西普 80mg", ["telitacicept"]),
        ("RC18 80 mg", ["telitacicept"]),
        ("RC180 80 mg", []),
        ("醋酸泼尼松片", ["prednisone"]),
        ("泼尼松龙片", ["prednisolone"]),
        ("甲泼尼龙片", ["methylprednisolone"]),
        ("硫酸羟氯喹片", ["hydroxychloroquine"]),
        ("氢化可的松注射液", ["hydrocortisone"]),
        ("cyclosporine 25 mg soft gel capsule", ["cyclosporine"]),
        ("ciclosporin 100 MG gel-cap", ["cyclosporine"]),
        ("prednisone / mycophenolic acid study kit", ["prednisone", "mycophenolate"]),
        ("Voclosporin 7.9 mg capsule", []),
        ("fludrocortisone 0.1 mg tablet", []),
        ("Lisinopril 10 mg", []),
        ("", []),
    ],
)
def test_an_ingredient_is_recognised_by_name_as_a_whole_word(text: str, drugs: list[str]) -> None:
    found, _, _ = read(request({"coding": [{"system": "urn:local", "code": "X", "display": text}]}))
    assert list(found) == drugs
    assert all(e.by_name and e.note == "recognised by name" for each in found.values() for e in each)


@pytest.mark.parametrize("code", ["8640", " 8640", "312615 "])
def test_a_known_code_settles_the_drug_and_its_words_are_not_matched(code: str) -> None:
    exposure = only(request(coded(code, "replaces methylprednisolone")))
    assert (exposure.concept, exposure.by_name, exposure.note) == ("prednisone", False, "")


def test_an_unknown_product_code_falls_back_to_the_name() -> None:
    exposure = only(request(coded("999999", "prednisone 2.5 MG Oral Tablet")))
    assert (exposure.concept, exposure.by_name) == ("prednisone", True)


def test_the_same_code_in_another_system_is_no_match() -> None:
    assert read(request(coded("8640", system="urn:local")))[0] == {}


def test_a_system_given_as_an_oid_is_the_same_system() -> None:
    assert only(request(coded("8640", system="urn:oid:2.16.840.1.113883.6.88"))).concept == "prednisone"


def test_a_code_that_a_site_lists_under_another_name_of_a_system_is_found() -> None:
    german = "http://fhir.de/CodeSystem/bfarm/atc"
    site = Concept("x", "X", "drug", codes=(Code(german, "H02AB99", "x"), Code(ATC, "H02AB99", "x")))
    for system in (german, ATC):
        record = request(coded("H02AB99", system=system))
        assert list(read_exposures([record], {}, (site,), [], [])) == ["x"]
        codeable = record["medicationCodeableConcept"]
        assert [found.id for found in CodeIndex((site,)).concepts(codeable)] == ["x"]


def test_words_for_people_are_one_line_with_how_it_is_known() -> None:
    exposure = only(request(coded("8640", "prednisone 5 MG\n Oral\u202e Tablet")))
    assert exposure.text == "prednisone 5 MG Oral Tablet, ordered"
    assert exposure.reference == "MedicationRequest/1"
    assert only(statement()).text == "prednisone, stated"


# --- contained and referenced Medication


MEDICATION = {
    "resourceType": "Medication",
    "id": "m",
    "code": {"text": "Combination"},
    "ingredient": [{"itemCodeableConcept": coded("8640")}, {"itemCodeableConcept": coded("5521")}],
}


def referring(reference: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = request("", medicationReference=reference, **more)
    del whole["medicationCodeableConcept"]
    return whole


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("Medication/m", "Medication/m"),
        ("Medication/m/_history/3", "Medication/m"),
        ("https://ehr.example/fhir/Medication/m", "Medication/m"),
        ("https://ehr.example/fhir/Medication/m/_history/2", "Medication/m"),
        ("urn:uuid:5a1d4dbb-4f1e-4b53-a9a1-0f14f9a4a2f3", "urn:uuid:5a1d4dbb-4f1e-4b53-a9a1-0f14f9a4a2f3"),
    ],
)
def test_a_medication_is_found_by_any_form_of_reference(reference: str, key: str) -> None:
    found, unreadable, unresolved = read(referring({"reference": reference}), medications={key: MEDICATION})
    assert list(found) == ["prednisone", "hydroxychloroquine"]
    assert (unreadable, unresolved) == ([], [])


def test_a_contained_medication_is_read() -> None:
    contained = {"resourceType": "Medication", "id": "c", "code": coded("121191", "rituximab 500 mg")}
    assert only(referring({"reference": "#c"}, contained=[contained])).text == "rituximab 500 mg, ordered"


def test_an_ingredient_that_is_itself_a_reference_is_followed_once() -> None:
    substance = {"resourceType": "Substance", "id": "s", "code": coded("5521")}
    contained = {"id": "c", "ingredient": [{"itemReference": {"reference": "#s"}}], "contained": [substance]}
    assert only(referring({"reference": "#c"}, contained=[contained])).concept == "hydroxychloroquine"


def test_an_inactive_ingredient_does_not_count() -> None:
    medication = {"id": "m", "ingredient": [{"itemCodeableConcept": coded("8640"), "isActive": False}]}
    assert read(referring({"reference": "Medication/m"}), medications={"Medication/m": medication})[0] == {}


def test_an_unresolved_reference_is_told_and_its_display_matched_and_marked() -> None:
    found, unreadable, unresolved = read(
        referring({"reference": "Medication/gone", "display": "Prednisone 10 mg"}),
        referring({"reference": "Medication/gone"}),
        referring({"reference": "Medication/other"}),
    )
    [exposure] = found["prednisone"]
    assert exposure.by_name
    assert exposure.note == "Medication not read, name from the reference"
    assert (unreadable, unresolved) == ([], ["Medication/gone", "Medication/other"])


def test_a_reference_with_only_a_display_names_the_drug() -> None:
    assert only(referring({"display": "Prednisone 10 mg"})).concept == "prednisone"


@pytest.mark.parametrize(
    "record",
    [
        referring({}),
        referring({"reference": "#nowhere"}),
        request({}),
        request({"coding": "8640"}),
        request(None),
    ],
)
def test_a_record_that_names_no_medication_is_unreadable(record: dict[str, Any]) -> None:
    found, unreadable, unresolved = read(record, request(coded("8640")))
    assert list(found) == ["prednisone"]
    assert [fault.reference for fault in unreadable] == ["MedicationRequest/1"]
    assert unresolved == []


def test_a_cancelled_order_asks_for_no_medication_to_be_fetched() -> None:
    assert read(referring({"reference": "Medication/gone"}, status="cancelled")) == ({}, [], [])


# --- forms that act locally


@pytest.mark.parametrize(
    "text",
    [
        "hydrocortisone 1 % Topical Cream",
        "tacrolimus 0.1 % ointment",
        "Hydrocortisone 2.5% lotion",
        "dexamethasone 0.1% gel",
        "prednisolone acetate 1 % Ophthalmic Suspension",
        "prednisolone eye drops",
        "dexamethasone / ciprofloxacin Otic Suspension",
        "dexamethasone ear drops",
        "dexamethasone nasal spray",
        "hydrocortisone rectal foam",
        "hydrocortisone enema 100 mg",
        "prednisolone suppository",
        "dexamethasone inhaler",
        "cyclosporine 0.05% ophthalmic emulsion",
        "methylprednisolone acetate intra-articular injection",
        "氢化可的松乳膏",
        "地塞米松 dexamethasone 滴眼液",
    ],
)
def test_a_local_form_is_no_exposure(text: str) -> None:
    assert read(request(text)) == ({}, [], [])


@pytest.mark.parametrize(
    ("code", "system"),
    [("D07AA02", ATC), ("S01XA18", ATC), ("D11AH01", ATC), ("A07EA03", ATC), ("C05AA04", ATC)],
)
def test_a_local_atc_code_is_no_exposure(code: str, system: str) -> None:
    assert read(request(coded(code, "hydrocortisone prednisone cyclosporine tacrolimus", system)))[0] == {}


def test_an_ingredient_under_all_its_atc_codes_is_not_local() -> None:
    codings = [{"system": ATC, "code": code} for code in ("H02AB06", "D07AA03", "S01BA04")]
    assert only(request({"coding": codings})).concept == "prednisolone"


@pytest.mark.parametrize(
    "route",
    [
        {"coding": [{"system": SNOMED, "code": "6064005"}]},
        {"coding": [{"system": SNOMED, "code": "54485002"}]},
        {"coding": [{"system": SNOMED, "code": "447694001"}]},
        {"text": "topical"},
        {"coding": {"display": "Nasal use"}},
    ],
)
def test_a_local_route_is_no_exposure(route: dict[str, Any]) -> None:
    assert read(request(coded("5492"), dosageInstruction=[{"route": route}]))[0] == {}
    assert read(administration("5492", dosage={"route": route}, effectiveDateTime="2025-01-01"))[0] == {}


@pytest.mark.parametrize(
    "text", ["Apply thin layer twice daily", "1 drop in both eyes daily", "inhale 2 puffs"]
)
def test_directions_of_a_local_form_are_no_exposure(text: str) -> None:
    assert read(request(coded("5492"), dosageInstruction=[{"text": text}]))[0] == {}


def test_the_dose_form_of_the_medication_counts() -> None:
    for form in ({"text": "Cream"}, {"coding": [{"system": SNOMED, "code": "385124005"}]}):
        medication = {"id": "m", "code": coded("5492"), "form": form}
        assert read(referring({"reference": "#m"}, contained=[medication]))[0] == {}


@pytest.mark.parametrize(
    "text",
    [
        "hydrocortisone 100 mg injection",
        "dexamethasone oral drops",
        "prednisolone oral solution",
        "hydrocortisone IV",
    ],
)
def test_what_is_swallowed_or_injected_counts(text: str) -> None:
    assert len(read(request(text, dosageInstruction=[{"text": "Take 1 tablet daily by mouth"}]))[0]) == 1


# --- statuses


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"status": "draft"},
        {"intent": "plan"},
        {"intent": "proposal"},
        {"doNotPerform": True},
    ],
)
def test_an_order_that_was_none_is_ignored(changes: dict[str, Any]) -> None:
    assert read(request(coded("8640"), **changes)) == ({}, [], [])


@pytest.mark.parametrize("status", ["entered-in-error", "not-taken", "not-done", "declined"])
def test_what_was_not_taken_or_given_is_ignored(status: str) -> None:
    assert read(statement(status=status), administration(status=status), dispense(status=status))[0] == {}


@pytest.mark.parametrize(
    ("record", "note"),
    [
        (request(coded("8640"), status="on-hold"), "on hold"),
        (request(coded("8640"), status="unknown"), "status not known"),
        (request(coded("8640"), status=7), "no status recorded"),
        (statement(status="intended", effectiveDateTime="2025-01-01"), "intended"),
        (statement(status="unknown", effectiveDateTime="2025-01-01"), "status not known"),
        (dispense(status="preparation", whenPrepared="2025-01-01"), "not handed over"),
        (administration(status="on-hold", effectiveDateTime="2025-01-01"), "on hold"),
    ],
)
def test_a_status_that_confirms_nothing_is_said(record: dict[str, Any], note: str) -> None:
    exposure = only(record)
    assert (exposure.problem, exposure.note) == (Reason.NOT_CONFIRMED, note)


@pytest.mark.parametrize("status", ["stopped", "completed"])
def test_an_order_that_ended_without_a_date_is_imprecise_not_ongoing(status: str) -> None:
    exposure = only(request(coded("8640"), status=status))
    assert exposure.end is not None
    assert not exposure.end.is_day
    assert (exposure.problem, exposure.note) == (Reason.IMPRECISE, f"{status}; end not known")


# --- dates


def day(when: Any) -> str:
    return str(when.day())


def bounds(**period: str) -> dict[str, Any]:
    return {"timing": {"repeat": {"boundsPeriod": period}}}


@pytest.mark.parametrize(
    ("more", "start", "end"),
    [
        ({}, "2025-01-10", None),
        ({"dosageInstruction": [bounds(start="2025-02-01")]}, "2025-02-01", None),
        ({"dosageInstruction": [bounds(start="2025-02-01", end="2025-03-01")]}, "2025-02-01", "2025-03-01"),
        ({"dosageInstruction": bounds(end="2025-03-01")}, "2025-01-10", "2025-03-01"),
        (
            {"dosageInstruction": [bounds(start="2025-01-10", end="2025-02-10"), bounds(start="2025-02-11")]},
            "2025-01-10",
            None,
        ),
        (
            {
                "dosageInstruction": [
                    bounds(start="2025-02-11", end="2025-04-10"),
                    bounds(start="2025-01-10", end="2025-02-10"),
                ]
            },
            "2025-01-10",
            "2025-04-10",
        ),
        (
            {"dispenseRequest": {"validityPeriod": {"start": "2025-01-10", "end": "2025-07-10"}}},
            "2025-01-10",
            "2025-07-10",
        ),
        (
            {"dosageInstruction": [{"timing": {"repeat": {"boundsDuration": {"value": 14, "code": "d"}}}}]},
            "2025-01-10",
            "2025-01-23",
        ),
    ],
)
def test_an_order_runs_from_its_start_to_its_end_and_goes_on_without_one(
    more: dict[str, Any], start: str, end: str | None
) -> None:
    exposure = only(request(coded("8640"), **more))
    assert day(exposure.start) == start
    assert (exposure.end and day(exposure.end)) == end
    assert (exposure.source, exposure.problem) == ("ordered", None)


def days(number: float, unit: str = "d") -> dict[str, Any]:
    return {"value": number, "code": unit}


def for_days(number: int, **more: Any) -> dict[str, Any]:
    return {"timing": {"repeat": {"boundsDuration": days(number)}}, **more}


def doses(count: int, **rhythm: Any) -> dict[str, Any]:
    return {"timing": {"repeat": {"count": count, **rhythm}}}


def dosage(*dosages: dict[str, Any]) -> dict[str, Any]:
    return {"dosageInstruction": list(dosages)}


def supply(number: int, **more: Any) -> dict[str, Any]:
    return {"dispenseRequest": {"expectedSupplyDuration": days(number), **more}}


def therapy(code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy"
    return {"courseOfTherapyType": coded(code, system=system)}


WEEKLY = {"frequency": 1, "period": 1, "periodUnit": "wk"}
TWICE_A_DAY = {"frequency": 2, "period": 1, "periodUnit": "d"}

# An order of 10 January 2025: until when surely, and until when perhaps.
BOUNDED = [
    ("an order as ever goes on", {}, "for ever", "for ever"),
    ("so does a daily dose in words", dosage({"text": "Take 1 tablet once daily"}), "for ever", "for ever"),
    ("one dose each morning", dosage({"text": "as a single dose every morning"}), "for ever", "for ever"),
    ("每日一次顿服", dosage({"text": "每日一次 顿服"}), "for ever", "for ever"),
    ("one dose", dosage(doses(1)), "2025-01-10", "for ever"),
    ("one dose in words", dosage({"text": "1000 mg IV once"}), "2025-01-10", "for ever"),
    ("one dose in Chinese", dosage({"text": "500mg 静滴 单次"}), "2025-01-10", "for ever"),
    ("stat", dosage({"text": "500 mg IV stat"}), "2025-01-10", "for ever"),
    ("four doses, one a week", dosage(doses(4, **WEEKLY)), "2025-01-31", "for ever"),
    ("ten doses, two a day", dosage(doses(10, **TWICE_A_DAY)), "2025-01-14", "for ever"),
    ("a number of doses nobody knows how often", dosage(doses(10)), "2025-01-10", "for ever"),
    ("a dose on a certain day", dosage({"timing": {"event": ["2025-01-12"]}}), "2025-01-12", "2025-01-12"),
    ("doses on certain days", dosage({"timing": {"event": ["2025-01-26", "2025-01-12"]}}),
     "2025-01-26", "2025-01-26"),
    ("for five days in words", dosage({"text": "40 mg daily for 5 days"}), "2025-01-14", "for ever"),
    ("for two weeks in words", dosage({"text": "20 mg once daily x 2 weeks"}), "2025-01-23", "for ever"),
    ("疗程七天", dosage({"text": "每日30mg 疗程7天"}), "2025-01-16", "for ever"),
    ("for five days, then more", dosage({"text": "40 mg for 5 days, then 10 mg daily"}),
     "for ever", "for ever"),
    ("a taper in two steps that follow one another",
     dosage(for_days(14, sequence=1), for_days(7, sequence=2)), "2025-01-30", "2025-01-30"),
    ("two steps nobody knows whether together or one after the other",
     dosage(for_days(14), for_days(7)), "2025-01-23", "2025-01-30"),
    ("two doses of a day for the same time", dosage(for_days(14, sequence=1), for_days(14, sequence=1)),
     "2025-01-23", "2025-01-23"),
    ("a taper, then a dose without end", dosage(for_days(14, sequence=1), {"sequence": 2}),
     "for ever", "for ever"),
    ("five to seven days",
     dosage({"timing": {"repeat": {"boundsRange": {"low": days(5), "high": days(7)}}}}),
     "2025-01-14", "2025-01-16"),
    ("a short course", therapy("acute"), "2025-01-10", "for ever"),
    ("in season", therapy("seasonal"), "2025-01-10", "for ever"),
    ("a continuous one", therapy("continuous"), "for ever", "for ever"),
    ("a supply of five days", supply(5), "2025-01-14", "for ever"),
    ("a supply of thirty days with two refills", supply(30, numberOfRepeatsAllowed=2),
     "2025-04-09", "for ever"),
    ("a supply for what is to go on", supply(30) | therapy("continuous"), "for ever", "for ever"),
    ("one dose, to be fetched by a day",
     dosage(doses(1)) | {"dispenseRequest": {"validityPeriod": {"end": "2025-02-10"}}},
     "2025-01-10", "2025-02-10"),
    ("for a time beside what is taken when needed", dosage(for_days(14), {"asNeededBoolean": True}),
     "2025-01-23", "2025-01-23"),
]  # fmt: skip


def until(exposure: Exposure) -> tuple[str, str]:
    if exposure.end is None:
        return "for ever", "for ever"
    ends = (exposure.end.first, exposure.end.last)
    first, last = ("for ever" if end == date.max.toordinal() else str(date.fromordinal(end)) for end in ends)
    return first, last


@pytest.mark.parametrize(
    ("more", "surely", "perhaps"), [case[1:] for case in BOUNDED], ids=[case[0] for case in BOUNDED]
)
def test_an_order_of_some_doses_or_days_does_not_go_on_for_sure(
    more: dict[str, Any], surely: str, perhaps: str
) -> None:
    exposure = only(request(coded("8640"), **more))
    assert until(exposure) == (surely, perhaps)
    open_end = perhaps == "for ever" and surely != "for ever"
    assert exposure.note == ("end not known" if open_end else "")
    assert exposure.problem is (Reason.IMPRECISE if open_end else None)


def test_a_statement_of_one_dose_does_not_go_on_for_sure() -> None:
    exposure = only(statement(effectiveDateTime="2025-01-10", dosage=[{"text": "1 g IV once"}]))
    assert (until(exposure), exposure.note) == (("2025-01-10", "for ever"), "end not known")
    exposure = only(statement(effectiveDateTime="2025-01-10", dosage=[for_days(14)]))
    assert (until(exposure), exposure.note) == (("2025-01-23", "2025-01-23"), "")


def test_a_statement_that_it_is_over_was_true_on_the_day_on_which_it_was_made() -> None:
    over = statement(status="stopped", effectiveDateTime="2025-01-10", dateAsserted="2025-06-01")
    assert until(only(over)) == ("2025-01-10", "2025-06-01")


NEEDED = [
    {"asNeededBoolean": True},
    {"asNeededCodeableConcept": {"text": "joint pain"}},
    {"text": "20 mg PRN for flares"},
    {"text": "1 tablet daily as needed"},
    {"text": "必要时口服10mg"},
]
NOT_NEEDED = [
    {"asNeededBoolean": False},
    {"text": "5 mg daily. Taper as needed"},
    {"text": "5 mg daily, plus 5 mg prn"},
    {"text": "5 mg daily; adjust the dose as required"},
]


@pytest.mark.parametrize("one", NEEDED)
def test_what_is_taken_as_needed_is_not_confirmed_on_any_day(one: dict[str, Any]) -> None:
    records = [
        request(coded("8640"), **dosage(one)),
        statement(effectiveDateTime="2025-01-01", dosage=[one]),
        dispense(whenHandedOver="2025-01-01", daysSupply=days(30), **dosage(one)),
    ]
    for record in records:
        exposure = only(record)
        assert (exposure.problem, exposure.note) == (Reason.NOT_CONFIRMED, "as needed")
    assert only(administration(effectiveDateTime="2025-01-01", dosage=one)).problem is None


@pytest.mark.parametrize("one", NOT_NEEDED)
def test_an_instruction_that_the_dose_may_change_is_not_as_needed(one: dict[str, Any]) -> None:
    exposure = only(request(coded("8640"), **dosage(one)))
    assert (exposure.problem, exposure.note) == (None, "")


def test_one_dose_taken_as_needed_beside_a_regular_one_leaves_the_order_sure() -> None:
    exposure = only(request(coded("8640"), **dosage({"text": "5 mg daily"}, {"asNeededBoolean": True})))
    assert (exposure.end, exposure.problem) == (None, None)


@pytest.mark.parametrize("value", ["5", -1, True, float("nan"), float("inf"), 10**400, None])
def test_a_count_or_a_supply_that_is_no_number_leaves_the_end_open(value: Any) -> None:
    rhythm = {"frequency": value, "period": value, "periodUnit": value}
    assert until(only(request(coded("8640"), **dosage(doses(value, **rhythm)))))[1] == "for ever"
    many = supply(5, numberOfRepeatsAllowed=value)
    assert until(only(request(coded("8640"), **many)))[1] == "for ever"
    found, unreadable, _ = read(request(coded("8640"), **supply(value)))
    assert until(found["prednisone"][0]) == ("2025-01-10", "for ever")
    assert unreadable == [Unreadable("MedicationRequest/1", "expectedSupplyDuration is not a number of days")]


def test_doses_that_begin_and_end_on_one_day_with_and_without_an_hour_are_one_course() -> None:
    dosages = [
        bounds(start="2025-01-10", end="2025-03-01"),
        bounds(start="2025-01-10T08:00:00Z", end="2025-03-01T20:00:00Z"),
    ]
    exposure = only(request(coded("8640"), dosageInstruction=dosages))
    assert (day(exposure.start), day(exposure.end)) == ("2025-01-10", "2025-03-01")


def test_a_stopped_order_with_an_end_says_that_it_was_stopped() -> None:
    exposure = only(request(coded("8640"), status="stopped", dosageInstruction=[bounds(end="2025-03-01")]))
    assert (day(exposure.end), exposure.problem, exposure.note) == ("2025-03-01", None, "stopped")


def test_an_order_without_a_date_began_nobody_knows_when() -> None:
    exposure = only(request(coded("8640"), authoredOn=None))
    assert exposure.start.first == BEGINNING
    assert (exposure.end, exposure.problem, exposure.note) == (None, Reason.IMPRECISE, "start not known")


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"authoredOn": "soon"}, "authoredOn is not a date"),
        ({"authoredOn": 20250110}, "authoredOn is not a date"),
        ({"dosageInstruction": [bounds(start="x")]}, "start is not a date"),
        ({"dosageInstruction": [bounds(end="x")]}, "end is not a date"),
        (
            {"dosageInstruction": [bounds(start="2025-03-01", end="2025-01-01")]},
            "boundsPeriod ends before it starts",
        ),
        ({"dispenseRequest": {"validityPeriod": "2025"}}, "validityPeriod is not a period"),
        (
            {"dosageInstruction": [{"timing": {"repeat": {"boundsDuration": "14 d"}}}]},
            "boundsDuration is not a number of days",
        ),
    ],
)
def test_a_date_that_cannot_be_read_is_told_and_the_drug_kept(more: dict[str, Any], what: str) -> None:
    found, unreadable, _ = read(request(coded("8640"), **more))
    assert list(found) == ["prednisone"]
    assert unreadable == [Unreadable("MedicationRequest/1", what)]


def test_an_end_that_cannot_be_read_is_not_ongoing() -> None:
    found, _, _ = read(request(coded("8640"), dosageInstruction=[bounds(end="x")]))
    [exposure] = found["prednisone"]
    assert exposure.end is not None
    assert (exposure.problem, exposure.note) == (Reason.IMPRECISE, "end not known")


@pytest.mark.parametrize(
    ("more", "start", "end"),
    [
        ({"effectivePeriod": {"start": "2024-05-01"}}, "2024-05-01", None),
        ({"effectivePeriod": {"start": "2024-05-01", "end": "2024-06-01"}}, "2024-05-01", "2024-06-01"),
        ({"effectiveDateTime": "2024-05-01T10:00:00+08:00"}, "2024-05-01", None),
    ],
)
def test_a_statement_runs_over_its_effective_time(more: dict[str, Any], start: str, end: str | None) -> None:
    exposure = only(statement(**more))
    assert (day(exposure.start), exposure.end and day(exposure.end)) == (start, end)
    assert (exposure.source, exposure.problem) == ("stated", None)


def test_a_statement_known_only_by_the_day_it_was_made_began_by_then() -> None:
    exposure = only(statement(dateAsserted="2025-01-05"))
    assert (exposure.start.first, exposure.end, exposure.note) == (BEGINNING, None, "start not known")


@pytest.mark.parametrize(
    ("record", "end"),
    [
        (administration("3002", effectiveDateTime="2025-01-01"), "2025-01-31"),
        (administration("121191", effectiveDateTime="2025-01-01"), "2025-06-30"),
        (administration("6902", effectiveDateTime="2025-01-01"), "2025-01-01"),
        (administration("6902", effectivePeriod={"start": "2025-01-01", "end": "2025-01-03"}), "2025-01-03"),
        (administration("3002", effectivePeriod={"start": "2025-01-01"}, status="stopped"), "2025-01-31"),
        (
            administration("3002", effectiveDateTime="2025-01-01", dosage={"route": {"text": "Oral"}}),
            "2025-01-01",
        ),
        (
            administration("3002", effectiveDateTime="2025-01-01", dosage={"route": {"text": "IV"}}),
            "2025-01-31",
        ),
        (
            administration(
                "3002",
                effectiveDateTime="2025-01-01",
                medicationCodeableConcept=coded("3002", "cyclophosphamide 50 mg tablet"),
            ),
            "2025-01-01",
        ),
    ],
)
def test_an_infusion_covers_the_days_of_its_concept(record: dict[str, Any], end: str) -> None:
    exposure = only(record)
    assert (day(exposure.start), day(exposure.end), exposure.source) == ("2025-01-01", end, "given")


@pytest.mark.parametrize(
    ("code", "period", "last", "covered"),
    [
        ("6902", {"start": "2025-01-01T08:00:00Z", "end": "2025-01-01T10:00:00Z"}, None, "2025-01-01"),
        ("6902", {"start": "2025-01-01", "end": "2025-01-03"}, "2025-01-03", "2025-01-03"),
        ("3002", {"start": "2025-01-01"}, None, "2025-01-31"),
        (
            "3002",
            {"start": "2025-01-01T20:00Z", "end": "2025-01-02T02:00Z"},
            "2025-01-02",
            "2025-02-01",
        ),
        ("3002", {"start": "2025-01-01", "end": "2025-01-20"}, "2025-01-20", "2025-02-19"),
        ("3002", {"start": "2025-01-01", "end": "2025-03-20"}, "2025-03-20", "2025-04-19"),
    ],
)
def test_an_infusion_over_days_covers_from_its_last_day_on(
    code: str, period: dict[str, str], last: str | None, covered: str
) -> None:
    exposure = only(administration(code, effectivePeriod=period))
    assert (exposure.last_given and day(exposure.last_given)) == last
    assert (day(exposure.start), day(exposure.end), exposure.problem) == ("2025-01-01", covered, None)


def test_an_infusion_that_still_runs_may_go_on() -> None:
    running = administration("3002", effectivePeriod={"start": "2025-01-01"}, status="in-progress")
    exposure = only(running)
    assert exposure.last_given == (exposure.start.first, LAST_DAY, "", None, None)
    assert (until(exposure), exposure.note) == (("2025-01-31", "for ever"), "end not known")
    found, _, _ = read(administration("3002", effectivePeriod={"start": "2025-01-01", "end": "soon"}))
    assert until(found["cyclophosphamide"][0]) == ("2025-01-31", "for ever")


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({"whenHandedOver": "2025-01-01", "daysSupply": {"value": 30, "unit": "days"}}, "2025-01-30"),
        ({"whenHandedOver": "2025-01-01", "daysSupply": {"value": 4, "code": "wk"}}, "2025-01-28"),
        ({"whenHandedOver": "2025-01-01", "whenPrepared": "2024-12-30"}, "2025-01-01"),
        ({"whenPrepared": "2025-01-01"}, "2025-01-01"),
    ],
)
def test_a_dispense_covers_its_supply(more: dict[str, Any], end: str) -> None:
    exposure = only(dispense(**more))
    assert (day(exposure.start), day(exposure.end), exposure.source) == ("2025-01-01", end, "dispensed")


@pytest.mark.parametrize(
    "supply",
    [
        "30",
        {"value": "30"},
        {"value": -1},
        {"value": 10**400},
        {"value": float("nan")},
        {"value": float("inf")},
        {"value": True},
        {"value": 3, "unit": "boxes"},
        None,
    ],
)
def test_a_supply_that_is_no_number_of_days_covers_the_day_only(supply: Any) -> None:
    found, unreadable, _ = read(dispense(whenHandedOver="2025-01-01", daysSupply=supply))
    assert day(found["prednisone"][0].end) == "2025-01-01"
    assert unreadable == [Unreadable("MedicationDispense/1", "daysSupply is not a number of days")]


def test_a_partial_date_stays_an_interval() -> None:
    exposure = only(administration("3002", effectiveDateTime="2025-01"))
    assert exposure.end is not None
    assert exposure.end.last - exposure.start.last == 30
    assert exposure.start.last - exposure.start.first == 30


# --- words by which a record takes itself back

TAKEN_BACK = [
    *((name, "stopped; end not known") for name in (
        "prednisone (stopped)", "停用泼尼松", "泼尼松 已停药", "2025年3月停用泼尼松", "off prednisone",
        "prior prednisone", "history of prednisone", "prednisone D/C'd", "Prednisone [discontinued]",
        "prednisone (ended)", "prednisone (stop)", "prednisone (inactive)", "prednisone (expired)",
        "STOP prednisone", "Discontinue prednisone", "prednisone dc", "used to take prednisone",
        "was on prednisone", "prednisone 2019-2020", "prednisone - last taken 2025",
        "prednisone until 03/2025", "prednisone bis 03/2025", "prednisone (formerly)",
        "ex prednisone", "recent prednisone", "prednisone in 2019",
        "formerly on prednisone", "prednisone D/C date 2025-03-01", "停泼尼松",
        "泼尼松（停）", "泼尼松已减停")),
    *((name, "its words say that it is not taken") for name in (
        "prednisone allergy", "对泼尼松过敏", "no prednisone", "never prednisone", "refused prednisone",
        "prednisone declined", "avoid prednisone", "不用泼尼松", "prednisone: contraindicated",
        "prednisone ADR", "prednisone reaction", "未使用泼尼松", "拒用泼尼松")),
    *((name, "intended") for name in (
        "prednisone (planned)", "拟用泼尼松", "prednisone pending", "建议加用泼尼松", "考虑泼尼松")),
    *((name, "its words leave open whether it is taken") for name in (
        "prednisone?", "泼尼松？", "possibly prednisone", "泼尼松备用", "query prednisone",
        "prednisone if needed", "prednisone trial", "prednisone level", "prednisone counselling")),
    ("prednisone on hold", "on hold"),
]  # fmt: skip
PLAIN = [
    *(
        "Prednisone 10 mg oral tablet",
        "prednisone 5 MG Oral Tablet [Deltasone]",
        "PREDNISONE 20MG TAB (NO REFILLS)",
    ),
    *(
        "No. 21 prednisone 5 mg",
        "prednisone 5 mg, scheduled",
        "Non-formulary prednisone",
        "醋酸泼尼松片 剂量不详",
    ),
    *("prednisone 1 mg, off-label", "prednisone or equivalent", "prednisone, preservative free"),
    *("prednisone 5 mg (PRIOR AUTH)", "prednisone (past due refill)", "prednisone, off-patent"),
    *("prednisone (Formerly Deltasone)", "prednisone 30 day supply, D/C date none", "prednisone, open-ended"),
    *(
        "prednisone extended-release",
        "prednisone, inactive ingredients: lactose",
        "prednisone NDC 54-2019-2020",
        "prednisone 10 mg in 20 tablets",
        "prednisone low-level dose",
    ),
    *(
        "泼尼松片(考虑减量)",
        "醋酸泼尼松片 (停药需逐渐减量)",
        "醋酸泼尼松片（建议晨起顿服）",
        "prednisone 1 bis 3 Tabletten",
    ),
]


@pytest.mark.parametrize(("text", "note"), TAKEN_BACK)
def test_a_name_with_words_that_it_is_over_denied_planned_or_not_certain_is_not_sure(
    text: str, note: str
) -> None:
    for medication in ({"text": text}, coded("8640", text)):
        exposure = only(request(medication))
        assert exposure.problem is not None
        assert exposure.note.removeprefix("recognised by name; ") == note


@pytest.mark.parametrize("text", PLAIN)
def test_the_plain_name_of_a_product_goes_on(text: str) -> None:
    exposure = only(request(coded("8640", text)))
    assert (exposure.end, exposure.problem, exposure.note) == (None, None, "")


INSTRUCTIONS_TAKEN_BACK = [
    *("STOPPED 2025-03-01", "5 mg daily - stopped 2025-03-01", "abgesetzt", "已停药", "2025年3月停用"),
    *("no longer taking", "5 mg daily; discontinued by patient", "was stopped in March", "0 mg daily"),
    *(
        "not taking",
        "Patient not taking: Reported on 1/1/2026",
        "do not take",
        "目前未服用",
        "patient refused",
    ),
    *("on hold since March", "HOLD", "暂停使用", "not yet started"),
    *("sick day rule only", "stress dose if ill", "for flares"),
    # the whole instruction
    *("STOP TAKING", "Stop", "stop taking this medication", "Discontinue", "DO NOT TAKE THIS MEDICATION"),
    *(
        "STOP taking on 3/1",
        "Stop prednisone",
        "Please stop taking these medications.",
        "已停",
        "现已停。",
        "已减停",
        "2025-03-01停药",
    ),
    # of this drug, whatever is told of another
    *("5 mg daily stopped 2025-03-01", "hydroxychloroquine started, prednisone stopped 2025-01"),
    *("changed to mycophenolate and stopped 2025-02-01", "stopped due to mycophenolate", "泼尼松已停用"),
    *("lower dose tried, then stopped 2025-01", "prior dose 7.5 mg, stopped 2025-01"),
    *("stopped and mycophenolate started", "replaced by mycophenolate, stopped 2025", "patient refused it"),
]
INSTRUCTIONS_THAT_GO_ON = [
    *("1 tablet daily", "taper as directed", "until next visit", "Take 1 tablet daily until next visit"),
    *(
        "10 mg daily. Do not stop taking abruptly.",
        "Do not take with antacids",
        "should not be stopped suddenly",
    ),
    *("Do not take this medication if pregnant", "hold if WBC < 3", "take until stopped by your doctor"),
    *(
        "不可自行停药",
        "请勿擅自停药",
        "遵医嘱停药",
        "如有不适，停药就诊",
        "饭后服用，勿突然停药",
        "停药前请咨询医生",
    ),
    *(
        "take 10 mg daily, stop and call your doctor if rash",
        "Start when azathioprine is stopped",
        "感染时暂停",
    ),
    *("20 mg daily for lupus flare", "double if ill", "nicht mit Milch einnehmen", "10.0 mg daily"),
    *("Reduce to 10 mg over 4 weeks", "Taper by 5 mg every 2 weeks to 10 mg daily", "30mg qd 14天后减量"),
    *(
        "口服 每日一次 7天后复诊",
        "每3天1次",
        "5 mg daily until review on 2025-02-01",
        "1 tablet 30 minutes before each meal",
    ),
    *("30 day supply, 1 tab daily", "take one a day", "每周一次 15mg"),
    # what became of another drug, another dose or another treatment
    *("Take 1 tablet daily; mycophenolate stopped 2024-12", "5 mg daily; tacrolimus was stopped"),
    *("5 mg daily; stopped mycophenolate 2024-12", "每日1片；羟氯喹已停用"),
    *("5 mg daily. Prior dose 7.5 mg stopped 2025-01-01", "increased from 5 mg as 5 mg was stopped"),
    *("daily, patient refused injection", "5 mg daily. Patient declines the vaccine."),
    # warnings, and what else is to be stopped
    *("Stop smoking", "Do not take alcohol", "Stop if rash", "Do not take this medication with milk"),
    *("Tell your doctor before surgery", "Stop 2 days before surgery", "Take daily; hold on day of infusion"),
    *("请勿自行减停", "不可随意减停", "遵医嘱减停", "每日1片，减停前请咨询医生", "如需临时加量", "长期医嘱"),
    *("5 mg daily; burst for flare 20 mg", "10 mg daily, take the morning of surgery as well"),
]


@pytest.mark.parametrize("text", INSTRUCTIONS_TAKEN_BACK)
def test_an_instruction_that_says_that_it_is_not_taken_is_not_sure(text: str) -> None:
    assert only(request(coded("8640"), **dosage({"text": text}))).problem is not None
    stated = statement(effectiveDateTime="2025-01-01", dosage=[{"text": text}])
    assert only(stated).problem is not None


@pytest.mark.parametrize("text", INSTRUCTIONS_THAT_GO_ON)
def test_an_instruction_of_how_it_is_taken_goes_on(text: str) -> None:
    exposure = only(request(coded("8640"), **dosage({"text": text})))
    assert (exposure.end, exposure.problem, exposure.note) == (None, None, "")


@pytest.mark.parametrize(
    ("more", "ended"),
    [
        ({"statusReason": {"text": "stopped"}}, True),
        ({"note": [{"text": "Stopped 2025-02"}]}, True),
        ({"note": [{"text": "已停药"}]}, True),
        ({"note": [{"text": "stopped by patient"}]}, True),
        ({"note": [{"text": "Discontinued by Dr. Lee on 2025-02-01"}]}, True),
        ({"note": [{"text": "Patient not taking: Reported on 1/2/2026"}]}, True),
        ({"note": [{"text": "stopped by the office today"}]}, False),
        ({"note": [{"text": "Stopped by pharmacy to pick up the refill"}]}, False),
        ({"note": [{"text": "azathioprine stopped 2024"}]}, False),
        (dosage({"doseAndRate": [{"doseQuantity": {"value": 0, "unit": "mg"}}]}), True),
        (dosage({"doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "mg"}}]}), False),
    ],
)
def test_a_reason_a_note_or_a_dose_of_nought_may_say_that_it_is_over(
    more: dict[str, Any], ended: bool
) -> None:
    exposure = only(request(coded("8640"), **more))
    assert exposure.note == ("stopped; end not known" if ended else "")


def test_a_last_step_of_nought_does_not_make_a_taper_endless() -> None:
    last = {"sequence": 2, "doseAndRate": [{"doseQuantity": {"value": 0, "unit": "mg"}}]}
    assert (
        until(only(request(coded("8640"), **dosage(for_days(14, sequence=1), last)))) == ("2025-01-23",) * 2
    )


def test_an_additional_instruction_as_needed_counts() -> None:
    more = dosage({"text": "20 mg", "additionalInstruction": [{"text": "only as needed"}]})
    assert only(request(coded("8640"), **more)).note == "as needed"


def test_words_do_not_make_a_stopped_course_one_that_was_never_taken() -> None:
    exposure = only(statement(status="stopped", statusReason=[{"text": "side effects"}]))
    assert exposure.note.startswith("stopped")


@pytest.mark.parametrize(
    ("text", "problem"), [("rituximab (stopped)", None), ("rituximab (planned)", Reason.NOT_CONFIRMED)]
)
def test_an_infusion_that_was_given_had_begun_whatever_says_that_it_is_over(
    text: str, problem: Reason | None
) -> None:
    given = administration(effectiveDateTime="2025-01-01", medicationCodeableConcept={"text": text})
    assert only(given).problem is problem


def test_a_note_that_says_more_than_that_the_drug_was_stopped_changes_nothing() -> None:
    exposure = only(request(coded("8640"), note=[{"text": "MMF was stopped, this goes on"}]))
    assert (exposure.end, exposure.problem) == (None, None)


@pytest.mark.parametrize("text", ["prednisone - not taking", "prednisone (stopped)", "prednisone on hold"])
def test_a_statement_in_words_speaks_against_older_orders_as_its_status_would(text: str) -> None:
    named = {"medicationCodeableConcept": {"text": text}, "effectiveDateTime": "2026-01-01"}
    found, _, _ = read(statement(**named))
    [said] = found["prednisone"]
    denial = denial_in(said, date(2026, 6, 15).toordinal())
    assert denial is not None
    assert denies(denial, only(request(coded("8640"))))


SHORT_IN_WORDS = [
    ("60 mg daily for 5 days, then stop", "2025-01-14"),
    ("take until 2025-02-01", "2025-02-01"),
    ("take until 1 March 2025", "2025-03-01"),
    ("bis 01.02.2025", "2025-01-10"),  # or the second of January, by another custom
    ("口服至2025年2月1日", "2025-02-01"),
    ("last dose 2025-02-01", "2025-02-01"),
    ("500mg qd 静滴 ×3天", "2025-01-12"),
    ("连续7天", "2025-01-16"),
    ("冲击治疗3天", "2025-01-12"),
    ("服用14天后停药", "2025-01-23"),
    ("10-day course", "2025-01-19"),
    ("for five days", "2025-01-14"),
    ("for 10-14 days", "2025-01-19"),
    ("for up to 5 days", "2025-01-10"),
    ("over 10 days", "2025-01-19"),
    ("3 days only", "2025-01-12"),
    ("500 mg x 4 doses", "2025-01-10"),
    ("1 g daily x 3", "2025-01-12"),
    ("20 mg x 5 days, 10 mg x 5 days, then off", "2025-01-14"),
    ("20 mg daily, finish the course", "2025-01-10"),
    ("50 mg pre-procedure", "2025-01-10"),
    ("20 mg on chemotherapy days only", "2025-01-10"),
    ("taper over 3 weeks then stop", "2025-01-30"),
    ("für 5 Tage", "2025-01-14"),
    ("5 Tage lang", "2025-01-14"),
    ("premedication 100 mg IV 30 min before each rituximab infusion", "2025-01-10"),
    ("13 hours, 7 hours and 1 hour before CT", "2025-01-10"),
    ("prior to CT contrast", "2025-01-10"),
    ("on the day of infusion", "2025-01-10"),
    ("with each rituximab infusion", "2025-01-10"),
    ("days 1-5 of each 21-day cycle", "2025-01-10"),
    ("the night before surgery", "2025-01-10"),
    ("临时医嘱", "2025-01-10"),
    ("短期使用", "2025-01-10"),
    ("burst", "2025-01-10"),
    ("每周减1片至停", "2025-01-10"),
    ("逐渐减停", "2025-01-10"),
    ("wean off by 2025-03", "2025-01-10"),
    ("stop taking on 2025-02-01", "2025-02-01"),
]


@pytest.mark.parametrize(("text", "surely"), SHORT_IN_WORDS)
def test_a_short_course_in_words_is_sure_for_those_days_only(text: str, surely: str) -> None:
    exposure = only(request(coded("8640"), **dosage({"text": text})))
    assert until(exposure) == (surely, "for ever")
    assert (exposure.problem, exposure.note) == (Reason.IMPRECISE, "end not known")


NINETY = "Take 1 tablet by mouth daily for 90 days"


@pytest.mark.parametrize(
    ("text", "filled", "refills", "surely"),
    [
        (f"{NINETY}.", 90, 3, "2026-01-04"),
        (f"{NINETY}.", 90, 0, "2025-04-09"),
        (f"{NINETY}.", 30, 3, "2025-04-09"),
        (f"{NINETY}, then stop", 90, 3, "2025-04-09"),
        ("Take 1 tablet daily until 2025-02-01", 90, 3, "2025-02-01"),
    ],
)
def test_days_in_words_that_are_those_of_one_fill_are_refilled(
    text: str, filled: int, refills: int, surely: str
) -> None:
    more = dosage({"text": text}) | supply(filled, numberOfRepeatsAllowed=refills)
    assert until(only(request(coded("8640"), **more))) == (surely, "for ever")


def test_days_in_words_without_refills_stay_those_days() -> None:
    assert until(only(request(coded("8640"), **dosage({"text": NINETY})))) == ("2025-04-09", "for ever")


# --- what somebody reports of how an order is followed


ADHERENCE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medication-adherence"
R5_ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"


def adherence(said: Any, asserted: str | None = "2026-06-01") -> dict[str, Any]:
    told = {"text": said} if isinstance(said, str) else said
    parts: list[dict[str, Any]] = [{"url": "medicationAdherence", "valueCodeableConcept": told}]
    parts += [{"url": "dateAsserted", "valueDateTime": asserted}] if asserted else []
    parts.append({"url": "informationSource", "valueCodeableConcept": {"text": "Patient"}})
    return {"url": ADHERENCE, "extension": parts}


NOT_TAKING = ["Not taking", "Patient is not taking", "Does not take medication", "Stopped",
              "No longer taking", "Never started", "未服用", "已停药", coded("715036001", system=SNOMED),
              coded("not-taking", system=R5_ADHERENCE), coded("stopped-as-directed", system=R5_ADHERENCE),
              coded("on-hold", system=R5_ADHERENCE)]  # fmt: skip
TAKING = ["Taking", "Taking as directed", "Not taking as directed", "Not taken as prescribed", "Unknown", "",
          coded("1156699004", "Complies with drug therapy", SNOMED),
          coded("702565001", "Non-compliance of drug therapy", SNOMED),
          coded("taking-not-as-directed", system=R5_ADHERENCE), coded("unknown", system=R5_ADHERENCE),
          None, 7]  # fmt: skip


@pytest.mark.parametrize("said", NOT_TAKING)
def test_an_order_reported_as_not_taken_is_sure_until_then(said: Any) -> None:
    exposure = only(request(coded("8640"), extension=[{"url": "urn:other"}, adherence(said)]))
    assert until(exposure) == ("2026-05-31", "for ever")
    assert exposure.note == "its words say that it is not taken; end not known"
    undated = only(request(coded("8640"), extension=[adherence(said, None)]))
    assert undated.problem is Reason.NOT_CONFIRMED
    stated = only(statement(effectiveDateTime="2025-01-01", extension=[adherence(said)]))
    assert stated.problem is Reason.NOT_CONFIRMED


@pytest.mark.parametrize("said", TAKING)
def test_any_other_word_of_how_an_order_is_followed_changes_nothing(said: Any) -> None:
    exposure = only(request(coded("8640"), extension=[adherence(said)]))
    assert (exposure.end, exposure.problem, exposure.note) == (None, None, "")


def test_the_first_report_that_an_order_is_not_taken_counts_and_no_course_is_prolonged() -> None:
    several = [adherence("Not taking"), adherence("Taking"), adherence("Stopped", "2026-05-01")]
    assert until(only(request(coded("8640"), extension=several))) == ("2026-04-30", "for ever")
    ended = dosage(bounds(end="2025-03-01")) | {"extension": [adherence("Not taking")]}
    assert until(only(request(coded("8640"), **ended))) == ("2025-03-01", "2025-03-01")
    given = administration(effectiveDateTime="2025-01-01", extension=[adherence("Not taking")])
    assert only(given).problem is None


def test_a_dose_pack_and_a_timing_of_once_are_short_courses() -> None:
    for pack in ("prednisone Dosepak 4 mg", "prednisone (Pak)", "{21 (prednisone 5 MG Oral Tablet) } Pack"):
        assert until(only(request(coded("8640", pack)))) == ("2025-01-10", "for ever")
    once = dosage({"timing": {"code": {"coding": [{"code": "ONCE"}]}}})
    assert until(only(request(coded("8640"), **once))) == ("2025-01-10", "for ever")
    daily = dosage({"timing": {"code": {"coding": [{"code": "QD"}]}}})
    assert only(request(coded("8640", "prednisone 5 mg blister pack"), **daily)).end is None


# --- which of two drugs, and what may not be passed over


def test_codes_of_two_drugs_for_one_product_are_conflicting_for_both() -> None:
    codings = [{"system": RXNORM, "code": "5521"}, {"system": ATC, "code": "H02AB07"}]
    found, _, _ = read(request({"coding": codings}))
    assert set(found) == {"hydroxychloroquine", "prednisone"}
    for [exposure] in found.values():
        assert (exposure.problem, exposure.note) == (Reason.CONFLICTING, "codes of different drugs")
    same = [{"system": RXNORM, "code": "8640"}, {"system": ATC, "code": "H02AB07"}]
    assert only(request({"coding": same})).problem is None


def test_one_drug_or_another_is_sure_of_neither() -> None:
    found, _, _ = read(request("prednisone or methylprednisolone"))
    assert {exposure.problem for [exposure] in found.values()} == {Reason.CONFLICTING}


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ({"status": "entered-in-error"}, "Medication entered in error"),
        ({"modifierExtension": [{"url": "urn:x"}]}, "qualified in a way that is not known"),
        (
            {"ingredient": [{"itemCodeableConcept": coded("8640"), "modifierExtension": [{"url": "urn:x"}]}]},
            "qualified in a way that is not known",
        ),
    ],
)
def test_a_medication_in_error_or_qualified_is_not_used_and_listed(broken: dict[str, Any], what: str) -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": coded("8640"), **broken}
    for record, medications in (
        (referring({"reference": "#m", "display": "prednisone"}, contained=[medication]), {}),
        (referring({"reference": "Medication/m"}), {"Medication/m": medication}),
    ):
        assert read(record, medications=medications) == ({}, [Unreadable("MedicationRequest/1", what)], [])


def test_an_inactive_medication_still_names_its_drug() -> None:
    medication = {"resourceType": "Medication", "id": "m", "status": "inactive", "code": coded("8640")}
    assert only(referring({"reference": "#m"}, contained=[medication])).problem is None


@pytest.mark.parametrize(
    "more",
    [
        dosage({"text": "daily", "modifierExtension": [{"url": "urn:negated"}]}),
        dosage({"timing": {"modifierExtension": [{"url": "urn:x"}]}}),
        {"dispenseRequest": {"modifierExtension": [{"url": "urn:x"}]}},
    ],
)
def test_an_order_with_a_qualified_part_is_not_used_and_listed(more: dict[str, Any]) -> None:
    what = Unreadable("MedicationRequest/1", "qualified in a way that is not known")
    assert read(request(coded("8640"), **more)) == ({}, [what], [])


# --- anything at all


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2025-01-01", "#c", "8640", RXNORM]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "coding",
                    "system",
                    "code",
                    "display",
                    "text",
                    "reference",
                    "id",
                    "start",
                    "end",
                    "value",
                    "unit",
                    "timing",
                    "repeat",
                    "boundsPeriod",
                    "boundsDuration",
                    "boundsRange",
                    "count",
                    "period",
                    "event",
                    "sequence",
                    "expectedSupplyDuration",
                    "route",
                    "itemReference",
                    "itemCodeableConcept",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
MEMBERS = (
    *(
        "id",
        "status",
        "intent",
        "doNotPerform",
        "medicationCodeableConcept",
        "medicationReference",
        "contained",
    ),
    *("authoredOn", "dosageInstruction", "dosage", "dispenseRequest", "effectivePeriod", "effectiveDateTime"),
    "courseOfTherapyType",
    *("dateAsserted", "whenHandedOver", "whenPrepared", "daysSupply"),
)
KINDS = ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6),
    st.booleans(),
    st.dictionaries(
        st.just("Medication/m"), st.dictionaries(st.sampled_from(["code", "form", "ingredient", "id"]), JSON)
    ),
)
def test_no_json_makes_it_raise_or_lose_the_record_beside_it(
    kind: str, members: dict[str, Any], with_drug: bool, medications: dict[str, Any]
) -> None:
    strange = {**(request(coded("8640")) if with_drug else {}), **members, "resourceType": kind}
    found, _, _ = read(strange, members, statement(id="good"), medications=medications)
    assert "MedicationStatement/good" in [e.reference for e in found["prednisone"]]


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], {}, {"resourceType": None}, {"resourceType": []}, {"resourceType": "Patient"}]
)
def test_what_is_no_drug_record_is_passed_over(junk: Any) -> None:
    assert read(junk) == ({}, [], [])
