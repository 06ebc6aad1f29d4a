"""Kidney biopsies in FHIR records: which records are one biopsy, when it was taken, and what it says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.amounts import exactly
from mappings.concept import SYSTEMS, Code, Concept
from mappings.dates import BEGINNING
from mappings.facts import Result
from mappings.reading.pathology import read_biopsies
from mappings.results import Unreadable
from mappings.verdicts import Reason

SNOMED, LOINC = SYSTEMS["snomed"], SYSTEMS["loinc"]
LOCAL = "urn:local"
CLASS, AI, CI = "kidney-biopsy-class", "nih-activity-index", "nih-chronicity-index"
ANY = "kidney-biopsy-class-any-scheme"
CONCEPTS = {
    CLASS: Concept(
        CLASS,
        "Class",
        "finding",
        codes=(Code(LOCAL, "CLASS", "class"),),
        names=("histological type",),
        answers={"IV": frozenset({f"{LOCAL}|LN4"})},
        pathology=True,
    ),
    AI: Concept(AI, "AI", "measurement", codes=(Code(LOCAL, "AI", "AI"),), unit="{score}", pathology=True),
    CI: Concept(CI, "CI", "measurement", codes=(Code(LOCAL, "CI", "CI"),), unit="{score}", pathology=True),
    ANY: Concept(ANY, "Any class", "finding", pathology=True),
    "kidney-biopsy": Concept(
        "kidney-biopsy",
        "Kidney biopsy",
        "procedure",
        codes=(Code(SNOMED, "7246002", "Kidney biopsy"),),
        pathology=True,
    ),
    "kidney-biopsy-report": Concept(
        "kidney-biopsy-report", "Report", "finding", codes=(Code(LOINC, "65757-7", "Report"),), pathology=True
    ),
    "pathology-report": Concept(
        "pathology-report",
        "Pathology",
        "finding",
        codes=(Code(LOINC, "22637-3", "Pathology"),),
        pathology=True,
    ),
    "kidney-specimen": Concept(
        "kidney-specimen",
        "Specimen",
        "finding",
        codes=(Code(SNOMED, "309269002", "Specimen"),),
        pathology=True,
    ),
}
NOT_FOUND, UNREADABLE, JUDGEMENT = Reason.NOT_FOUND, Reason.UNREADABLE, Reason.NEEDS_JUDGEMENT


def read(*resources: Any) -> tuple[list[Result], list[Unreadable]]:
    unreadable: list[Unreadable] = []
    return read_biopsies(resources, CONCEPTS, unreadable), unreadable


def of(concept: str, *resources: Any) -> list[Result]:
    results, unreadable = read(*resources)
    assert unreadable == []
    return [result for result in results if result.concept == concept]


def one(concept: str, *resources: Any) -> Result:
    [result] = of(concept, *resources)
    return result


def gist(result: Result) -> tuple[str, str, Reason | None]:
    return result.when.text, " ".join(sorted(result.tokens)), result.problem


def procedure(id_: str = "p", when: str | None = "2025-05-12", **more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": SNOMED, "code": "7246002", "display": "Kidney biopsy"}]}
    dated = {"performedDateTime": when} if when else {}
    return {"resourceType": "Procedure", "id": id_, "status": "completed", "code": code, **dated, **more}


def report(
    conclusion: str = "", id_: str = "r", when: str | None = "2025-05-12", **more: Any
) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "65757-7"}], "text": "Kidney pathology biopsy report"}
    dated = {"effectiveDateTime": when} if when else {}
    said = {"conclusion": conclusion} if conclusion else {}
    return {
        "resourceType": "DiagnosticReport",
        "id": id_,
        "status": "final",
        "code": code,
        **dated,
        **said,
        **more,
    }


def observation(code: str, id_: str = "o", when: str | None = "2025-05-12", **more: Any) -> dict[str, Any]:
    dated = {"effectiveDateTime": when} if when else {}
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"text": code},
        **dated,
        **more,
    }


def condition(code: str = "36402006", text: str = "", **more: Any) -> dict[str, Any]:
    coded: dict[str, Any] = {"coding": [{"system": SNOMED, "code": code}]} if code else {}
    status = {"coding": [{"code": "active"}]}
    verified = {"coding": [{"code": "confirmed"}]}
    whole = {"resourceType": "Condition", "id": "c", "clinicalStatus": status, "verificationStatus": verified}
    return {
        **whole,
        "code": {**coded, **({"text": text} if text else {})},
        "onsetDateTime": "2025-05-01",
        **more,
    }


# --- one biopsy, one result each


def test_a_report_gives_class_and_indices_of_one_biopsy() -> None:
    results, unreadable = read(report("Lupus nephritis, ISN/RPS class IV-G (A/C) + V. AI 8/24, CI 2/12."))
    assert unreadable == []
    by_concept = {result.concept: result for result in results}
    assert len(results) == len(by_concept) == 4
    assert gist(by_concept[CLASS]) == ("2025-05-12", "IV(A/C) V", None)
    assert gist(by_concept[ANY]) == ("2025-05-12", "IV V", None)
    assert by_concept[CLASS].text == "Lupus nephritis, ISN/RPS class IV-G (A/C) + V."
    assert by_concept[CLASS].reference == "DiagnosticReport/r"
    assert (by_concept[AI].amount, by_concept[AI].unit) == (exactly(8), "{score}")
    assert by_concept[CI].amount == exactly(2)


def test_only_the_concepts_that_are_asked_for_are_answered() -> None:
    unreadable: list[Unreadable] = []
    results = read_biopsies([report("class IV")], {AI: CONCEPTS[AI]}, unreadable)
    assert [result.concept for result in results] == [AI]


def test_a_biopsy_without_a_report_is_a_biopsy_whose_class_is_not_found() -> None:
    results, _ = read(procedure())
    assert [(r.concept, r.problem, r.reference) for r in results] == [
        (CLASS, NOT_FOUND, "Procedure/p"),
        (AI, NOT_FOUND, "Procedure/p"),
        (CI, NOT_FOUND, "Procedure/p"),
    ]


def test_a_later_biopsy_without_a_class_stands_beside_the_earlier_one() -> None:
    found = of(CLASS, report("class IV", when="2024-01-10"), procedure(when="2025-05-12"))
    assert [gist(result) for result in found] == [("2024-01-10", "IV", None), ("2025-05-12", "", NOT_FOUND)]


@pytest.mark.parametrize(
    "conclusion",
    ["Renal allograft without rejection", "IgA nephropathy, Oxford M1 E0", "Minimal change disease", ""],
)
def test_a_biopsy_for_another_disease_has_no_class(conclusion: str) -> None:
    assert gist(one(CLASS, report(conclusion))) == ("2025-05-12", "", NOT_FOUND)


def test_a_report_attached_as_a_document_says_so() -> None:
    result = one(CLASS, report(presentedForm=[{"contentType": "application/pdf"}]))
    assert (result.problem, result.note) == (
        NOT_FOUND,
        "no class in the records of this biopsy; a report is attached as a document",
    )


# --- which records are one biopsy

CLASS_OBSERVATION = observation("ISN/RPS class", "o1", valueString="IV")
AI_OBSERVATION = observation("NIH activity index", "o2", valueInteger=9)


@pytest.mark.parametrize(
    ("case", "resources"),
    [
        ("no link, same day", [CLASS_OBSERVATION, AI_OBSERVATION]),
        (
            "no link, 14 days apart",
            [CLASS_OBSERVATION, {**AI_OBSERVATION, "effectiveDateTime": "2025-05-26"}],
        ),
        (
            "report names its results",
            [
                report(
                    when=None,
                    result=[{"reference": "Observation/o1"}, {"reference": "https://x/fhir/Observation/o2"}],
                ),
                CLASS_OBSERVATION,
                {**AI_OBSERVATION, "effectiveDateTime": "2025-08-01"},
            ],
        ),
        (
            "same specimen",
            [
                {**CLASS_OBSERVATION, "specimen": {"reference": "Specimen/s"}},
                {
                    **AI_OBSERVATION,
                    "specimen": {"reference": "Specimen/s/_history/2"},
                    "effectiveDateTime": "2025-08-01",
                },
            ],
        ),
        (
            "same order",
            [
                {**CLASS_OBSERVATION, "basedOn": [{"reference": "ServiceRequest/s"}]},
                {
                    **AI_OBSERVATION,
                    "basedOn": {"reference": "ServiceRequest/s"},
                    "effectiveDateTime": "2025-08-01",
                },
            ],
        ),
        (
            "parts of one procedure",
            [
                procedure(),
                {
                    **AI_OBSERVATION,
                    "partOf": [{"reference": "Procedure/p"}],
                    "effectiveDateTime": "2025-08-01",
                },
                CLASS_OBSERVATION,
            ],
        ),
        (
            "procedure names its report",
            [
                {**procedure(), "report": [{"reference": "DiagnosticReport/r"}]},
                report("class IV. AI 9/24.", when="2025-07-30"),
            ],
        ),
    ],
)
def test_records_of_one_biopsy_become_one_result_each(case: str, resources: list[dict[str, Any]]) -> None:
    for order in (resources, resources[::-1]):
        assert gist(one(CLASS, *order)) == ("2025-05-12", "IV", None), case
        assert one(AI, *order).amount == exactly(9), case


def test_an_index_from_another_biopsy_is_never_borrowed() -> None:
    late = {**AI_OBSERVATION, "effectiveDateTime": "2025-05-27"}
    assert [gist(r) for r in of(CLASS, CLASS_OBSERVATION, late)] == [
        ("2025-05-12", "IV", None),
        ("2025-05-27", "", NOT_FOUND),
    ]
    assert [(r.problem, r.amount) for r in of(AI, CLASS_OBSERVATION, late)] == [
        (NOT_FOUND, None),
        (NOT_FOUND, exactly(9)),
    ]


def test_partial_dates_are_one_biopsy_only_if_they_say_the_same() -> None:
    first, second = observation("ISN/RPS class", "a", "2025-05", valueString="IV"), {**AI_OBSERVATION}
    assert len(of(CLASS, first, second)) == 2
    assert len(of(CLASS, first, {**second, "effectiveDateTime": "2025-05"})) == 1


# --- dated by collection


@pytest.mark.parametrize(
    ("resources", "when"),
    [
        ([procedure(when="2025-05-12"), report("class IV", when="2025-05-20")], "2025-05-12"),
        ([report("class IV", when="2025-05-12", issued="2025-06-20T10:00:00Z")], "2025-05-12"),
        (
            [
                report(
                    "class IV",
                    when="2025-05-20",
                    contained=[
                        {
                            "resourceType": "Specimen",
                            "id": "s",
                            "collection": {"collectedDateTime": "2025-05-12"},
                        }
                    ],
                    specimen=[{"reference": "#s"}],
                )
            ],
            "2025-05-12",
        ),
        (
            [
                report("class IV", when="2025-05-20", specimen=[{"reference": "Specimen/s"}]),
                {
                    "resourceType": "Specimen",
                    "id": "s",
                    "collection": {"collectedPeriod": {"start": "2025-05-12"}},
                },
            ],
            "2025-05-12",
        ),
        (
            [
                procedure(
                    when=None,
                    performedPeriod={"start": "2025-05-12T09:00:00Z", "end": "2025-05-12T10:00:00Z"},
                )
            ],
            "2025-05-12",
        ),
        ([procedure(when=None, performedString="2025-05")], "2025-05"),
    ],
)
def test_a_biopsy_is_dated_by_collection(resources: list[dict[str, Any]], when: str) -> None:
    assert one(CLASS, *resources).when.text == when


def test_the_day_of_issue_only_bounds_the_day_of_collection() -> None:
    when = one(CLASS, report("class IV", when=None, issued="2025-06-20T10:00:00Z")).when
    assert (when.first, when.text) == (BEGINNING, "")
    assert when.last > BEGINNING


def test_a_date_that_cannot_be_read_is_told() -> None:
    results, unreadable = read(procedure(when="last spring"))
    assert unreadable == [Unreadable("Procedure/p", "performedDateTime is not a date")]
    assert results[0].when.first == BEGINNING


# --- where the class may stand


@pytest.mark.parametrize(
    ("resource", "tokens", "problem"),
    [
        (observation("ISN/RPS class", valueString="III (C)"), "III(C)", None),
        (observation("Lupus nephritis class", valueCodeableConcept={"text": "Class IV + V"}), "IV V", None),
        (
            observation(
                "Lupus nephritis class", valueCodeableConcept={"coding": [{"system": LOCAL, "code": "LN4"}]}
            ),
            "IV",
            None,
        ),
        (
            observation(
                "Lupus nephritis class",
                valueCodeableConcept={"coding": [{"system": LOCAL, "code": "LN4"}], "text": "class IV-S (A)"},
            ),
            "IV(A)",
            None,
        ),
        (
            observation(
                "Lupus nephritis class",
                valueCodeableConcept={"coding": [{"system": LOCAL, "code": "LN4"}], "text": "class III"},
            ),
            "",
            Reason.CONFLICTING,
        ),
        (observation("Lupus nephritis class", valueInteger=4), "IV", None),
        (observation("histological type", valueString="IV"), "IV", None),
        (
            {**observation("", valueString="V"), "code": {"coding": {"system": LOCAL, "code": " CLASS"}}},
            "V",
            None,
        ),
        (observation("ISN/RPS class", valueString="previously IV"), "", UNREADABLE),
        (observation("ISN/RPS class", valueRange={}), "", UNREADABLE),
        (observation("ISN/RPS class", dataAbsentReason={"text": "unknown"}), "", NOT_FOUND),
        (observation("WHO class of lupus nephritis", valueString="IV"), "IV", JUDGEMENT),
        (
            observation(
                "Lupus nephritis class",
                valueCodeableConcept={"coding": [{"system": SNOMED, "code": "36402006"}]},
            ),
            "IV",
            JUDGEMENT,
        ),
        (observation("Kidney biopsy findings", valueString="Lupus nephritis class III (A)"), "III(A)", None),
        (
            observation(
                "Kidney biopsy findings",
                component=[
                    {"code": {"text": "ISN/RPS class"}, "valueString": "IV"},
                    {"code": {"text": "AI"}, "valueInteger": 9},
                ],
            ),
            "IV",
            None,
        ),
        (report(conclusionCode=[{"text": "Lupus nephritis, class IV"}]), "IV", None),
        (report(conclusionCode=[{"coding": [{"system": SNOMED, "code": "36402006"}]}]), "IV", JUDGEMENT),
        (report("WHO class IV"), "IV", JUDGEMENT),
        (
            report(
                "ISN/RPS class IV (A)", conclusionCode=[{"coding": [{"system": SNOMED, "code": "36402006"}]}]
            ),
            "IV(A)",
            None,
        ),
        (report("No evidence of class IV"), "", UNREADABLE),
        (
            report(
                contained=[observation("ISN/RPS class", "in", valueString="IV")],
                result=[{"reference": "#in"}],
            ),
            "IV",
            None,
        ),
        (procedure(code={"text": "Renal biopsy: lupus nephritis class IV"}), "IV", None),
        (procedure(outcome={"text": "Lupus nephritis class III"}), "III", None),
    ],
)
def test_where_the_class_is_read(resource: dict[str, Any], tokens: str, problem: Reason | None) -> None:
    assert gist(one(CLASS, resource)) == ("2025-05-12", tokens, problem)


def test_the_running_text_of_a_result_that_asks_nothing_counts_with_its_report() -> None:
    diagnosis = observation("Final diagnosis", "d", valueString="Lupus nephritis, class IV. AI 8/24.")
    assert gist(one(CLASS, report(result=[{"reference": "Observation/d"}]), diagnosis)) == (
        "2025-05-12",
        "IV",
        None,
    )
    assert read(diagnosis)[0] == []


def test_an_answer_comes_before_running_text_and_isn_rps_before_who() -> None:
    answer = observation("ISN/RPS class", valueString="IV")
    assert gist(one(CLASS, answer, report("Previous biopsy class III, now class IV"))) == (
        "2025-05-12",
        "IV",
        None,
    )
    who = observation("WHO class of lupus nephritis", valueString="IV")
    assert gist(one(CLASS, who, report("ISN/RPS class IV (A)"))) == ("2025-05-12", "IV(A)", None)


@pytest.mark.parametrize(
    ("first", "second", "tokens", "problem"),
    [
        ("class IV", "class IV", "IV", None),
        ("class IV", "class IV (A/C)", "IV(A/C)", None),
        ("class IV (A)", "class IV (C)", "", Reason.CONFLICTING),
        ("class III", "class IV", "", Reason.CONFLICTING),
        ("class V", "class III + V", "", Reason.CONFLICTING),
        ("class IV", "possible class IV", "", UNREADABLE),
        ("class IV", "no more than that", "IV", None),
        ("class IV", "WHO class III", "IV", None),
    ],
)
def test_two_reports_of_one_biopsy_must_agree(
    first: str, second: str, tokens: str, problem: Reason | None
) -> None:
    for a, b in ((first, second), (second, first)):
        found = of(CLASS, report(a, "r1"), report(b, "r2"))
        assert {gist(result) for result in found} == {("2025-05-12", tokens, problem)}
        shown = [(result.reference, result.text) for result in found]
        if problem is Reason.CONFLICTING:
            assert shown == [("DiagnosticReport/r1", a), ("DiagnosticReport/r2", b)]
        else:
            assert len(shown) == 1


def test_a_report_without_status_that_says_otherwise_leaves_the_class_unknown_and_both_are_shown() -> None:
    final, bare = report("class IV. AI 9/24.", "r1"), report("class V. AI 2/24.", "r2", status=None)
    for order in ((final, bare), (bare, final)):
        assert [gist(result) for result in of(CLASS, *order)] == [
            ("2025-05-12", "IV", Reason.NOT_CONFIRMED),
            ("2025-05-12", "V", Reason.NOT_CONFIRMED),
        ]
        assert [(r.amount, r.problem) for r in of(AI, *order)] == [
            (exactly(9), Reason.NOT_CONFIRMED),
            (exactly(2), Reason.NOT_CONFIRMED),
        ]
    doubtful = report("possible class IV. AI 9-10.", "r2", status=None)
    for concept in (CLASS, AI):
        assert [r.problem for r in of(concept, final, doubtful)] == [Reason.NOT_CONFIRMED] * 2
    agreeing = report("class IV (A). AI 9/24.", "r2", status=None)
    assert gist(one(CLASS, final, agreeing)) == ("2025-05-12", "IV", None)
    assert one(AI, final, agreeing).problem is None


def test_a_diagnosis_that_names_a_class_counts_from_the_day_on_which_it_was_known() -> None:
    [whole] = of(ANY, condition(recordedDate="2026-03-02"))
    assert (whole.when.text, whole.when.is_day) == ("2026-03-02", True)
    [named] = of(CLASS, condition(recordedDate="2026-03-02"))
    assert (named.when.first, named.when.last) == (BEGINNING, whole.when.last)


# --- indices


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ({"valueInteger": 3}, 3),
        ({"valueQuantity": {"value": 3}}, 3),
        ({"valueQuantity": {"value": 3.0, "unit": "{score}"}}, 3),
        ({"valueQuantity": {"value": 24, "unit": "/24"}}, 24),
        ({"valueString": "3/24"}, 3),
        ({"valueRatio": {"numerator": {"value": 3}, "denominator": {"value": 24}}}, 3),
        ({"valueRatio": {"numerator": {"value": 3.0}, "denominator": {"value": 24.0}}}, 3),
        ({"valueRatio": {"numerator": {"value": 3}, "denominator": {}}}, None),
        ({"valueCodeableConcept": {"text": "3 of 24"}}, 3),
        ({"valueQuantity": {"value": 3.5}}, None),
        ({"valueQuantity": {"value": -1}}, None),
        ({"valueQuantity": {"value": 25}}, None),
        ({"valueQuantity": {"value": 10**5000}}, None),
        ({"valueInteger": 10**5000}, None),
        ({"valueQuantity": {"value": float("nan")}}, None),
        ({"valueQuantity": {"value": float("inf")}}, None),
        ({"valueQuantity": {"value": 3, "comparator": ">"}}, None),
        ({"valueQuantity": {"value": 3, "unit": "%"}}, None),
        ({"valueQuantity": {"value": "3"}}, None),
        ({"valueQuantity": "3"}, None),
        ({"valueRatio": {"numerator": {"value": 3}, "denominator": {"value": 20}}}, None),
        ({"valueRange": {"low": {"value": 3}, "high": {"value": 4}}}, None),
        ({"valueString": "3-4"}, None),
        ({"valueString": "high"}, None),
        ({"valueBoolean": True}, None),
    ],
)
def test_an_activity_index_is_a_whole_number_from_0_to_24(value: dict[str, Any], number: int | None) -> None:
    result = one(AI, CLASS_OBSERVATION, observation("NIH activity index", **value))
    assert result.amount == (exactly(number) if number is not None else None)
    assert result.problem is (None if number is not None else UNREADABLE)


def test_a_chronicity_index_ends_at_12() -> None:
    assert one(CI, CLASS_OBSERVATION, observation("chronicity index", valueInteger=12)).amount == exactly(12)
    assert one(CI, CLASS_OBSERVATION, observation("chronicity index", valueInteger=13)).problem is UNREADABLE


def test_two_numbers_for_one_index_are_conflicting() -> None:
    found = of(
        AI,
        observation("activity index", "a", valueInteger=3),
        observation("activity index", "b", valueInteger=4),
    )
    assert [(r.amount, r.problem, r.text) for r in found] == [
        (None, Reason.CONFLICTING, "3"),
        (None, Reason.CONFLICTING, "4"),
    ]
    found = of(AI, report("class IV. AI 9/24."), AI_OBSERVATION | {"valueInteger": 2})
    assert [(r.amount, r.problem) for r in found] == [(None, Reason.CONFLICTING)] * 2
    assert {r.reference for r in found} == {"DiagnosticReport/r", "Observation/o2"}


def test_an_index_without_a_class_from_the_same_biopsy_is_shown_and_does_not_count() -> None:
    for resources in ([AI_OBSERVATION], [AI_OBSERVATION, procedure()], [report("AI 9/24")]):
        found = one(AI, *resources)
        assert (found.amount, found.problem) == (exactly(9), NOT_FOUND)
    assert one(AI, report("WHO class IV. AI 9/24")).problem is None


@pytest.mark.parametrize(
    "code",
    [
        "SLE disease activity index",
        "SLEDAI-2K",
        "Lupus activity index",
        "Crohn's disease activity index",
        "Blood pressure",
        "AI",
    ],
)
def test_another_index_is_none_of_a_biopsy(code: str) -> None:
    assert read(observation(code, valueInteger=9)) == ([], [])


# --- transplanted kidneys

GRAFT = "of a transplanted kidney"


@pytest.mark.parametrize(
    "beside",
    [
        procedure(code={"text": "Transplant kidney biopsy"}),
        procedure(bodySite=[{"text": "Transplanted kidney"}]),
        procedure(bodySite=[{"coding": [{"system": SNOMED, "code": "x", "display": "Renal allograft"}]}]),
        procedure(bodySite=[{"text": "移植肾"}]),
        procedure(bodySite=[{"text": "Transplantatniere"}]),
        observation("Kidney biopsy", "site", bodySite={"text": "Renal graft"}, valueString="12 glomeruli"),
        observation("Kidney biopsy", "note", valueString="Biopsy of the kidney transplant, 12 glomeruli"),
        report(
            id_="second",
            contained=[{"id": "s", "type": {"text": "Transplant kidney biopsy specimen"}}],
            specimen=[{"reference": "#s"}],
        ),
    ],
)
def test_a_graft_told_by_any_record_of_a_biopsy_leaves_its_class_to_a_person(
    beside: dict[str, Any],
) -> None:
    for order in ([report("class IV"), beside], [beside, report("class IV")]):
        result = one(CLASS, *order)
        assert (gist(result), result.note) == (("2025-05-12", "IV", JUDGEMENT), GRAFT)
        assert gist(one(ANY, *order)) == ("2025-05-12", "IV", None)


def test_the_report_itself_may_be_named_after_the_graft() -> None:
    result = one(CLASS, report("class IV", code={"text": "Transplant kidney biopsy report"}))
    assert (gist(result), result.note) == (("2025-05-12", "IV", JUDGEMENT), GRAFT)


@pytest.mark.parametrize(
    "beside",
    [
        procedure(),
        procedure(bodySite=[{"text": "Left kidney"}]),
        procedure(bodySite=[{"text": "Native kidney"}], reasonCode=[{"text": "Lupus nephritis"}]),
        procedure(outcome={"text": "Kidney transplant candidate"}),
        procedure(code={"text": "Transplant kidney biopsy"}, status="not-done"),
        procedure(when="2020-05-12", code={"text": "Transplant kidney biopsy"}),
    ],
)
def test_a_biopsy_of_the_patients_own_kidney_is_read_as_before(beside: dict[str, Any]) -> None:
    assert ("2025-05-12", "IV", None) in [gist(each) for each in of(CLASS, report("class IV"), beside)]


# --- statuses


@pytest.mark.parametrize("status", ["amended", "corrected", "appended"])
def test_a_changed_report_counts(status: str) -> None:
    assert gist(one(CLASS, report("class IV", status=status)))[2] is None


@pytest.mark.parametrize("status", ["preliminary", "registered", "partial", "unknown", None, 7])
def test_a_report_that_is_not_final_confirms_nothing(status: Any) -> None:
    result = one(CLASS, report("class IV", status=status))
    assert (gist(result), result.note) == (("2025-05-12", "IV", Reason.NOT_CONFIRMED), "not final")
    assert one(AI, report("class IV. AI 9/24", status=status)).problem is Reason.NOT_CONFIRMED


def test_a_final_report_replaces_a_preliminary_one() -> None:
    found = one(CLASS, report("class III", "r1", status="preliminary"), report("class IV", "r2"))
    assert gist(found) == ("2025-05-12", "IV", None)


@pytest.mark.parametrize(
    "resource",
    [
        report("class IV", status="entered-in-error"),
        report("class IV", status="cancelled"),
        observation("ISN/RPS class", status="entered-in-error", valueString="IV"),
        procedure(status="not-done"),
        procedure(status="entered-in-error"),
        procedure(status="preparation"),
        condition(verificationStatus={"coding": [{"code": "refuted"}]}),
        condition(verificationStatus={"coding": [{"code": "entered-in-error"}]}),
    ],
)
def test_what_did_not_happen_is_ignored(resource: dict[str, Any]) -> None:
    assert read(resource) == ([], [])


# --- known from a diagnosis only


@pytest.mark.parametrize(
    "resource",
    [
        condition(),
        condition("", "Lupus nephritis, WHO class IV"),
        condition("", "Lupus nephritis class IV"),
        condition("", "Lupusnephritis Typ IV"),
        condition("", "Nefritis lúpica clase IV"),
        condition("68815009", "Lupus nephritis", stage=[{"summary": {"text": "ISN/RPS class IV"}}]),
    ],
)
def test_a_class_known_from_a_diagnosis_needs_judgement_and_counts_as_any_class(
    resource: dict[str, Any],
) -> None:
    result = one(CLASS, resource)
    assert (result.tokens, result.problem, result.reference) == (frozenset({"IV"}), JUDGEMENT, "Condition/c")
    assert result.when.first == BEGINNING
    assert result.note.startswith("class from a diagnosis")
    whole = one(ANY, resource)
    assert (whole.tokens, whole.problem) == (frozenset({"IV"}), None)


def test_a_diagnosis_takes_nothing_from_a_biopsy_with_a_class() -> None:
    assert gist(one(CLASS, report("class IV"), condition("76521009"))) == ("2025-05-12", "IV", None)
    assert [r.tokens for r in of(ANY, report("class IV"), condition("76521009"))] == [{"IV"}, {"III"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"verificationStatus": {"coding": [{"code": "provisional"}]}},
        {"verificationStatus": None, "clinicalStatus": {"coding": [{"code": "inactive"}]}},
    ],
)
def test_a_provisional_diagnosis_confirms_no_class(changes: dict[str, Any]) -> None:
    assert one(ANY, condition(**changes)).problem is Reason.NOT_CONFIRMED


def test_a_diagnosis_of_a_class_denied_or_past_is_no_finding() -> None:
    result = one(ANY, condition("", "History of class IV lupus nephritis"))
    assert (result.tokens, result.problem) == (frozenset(), UNREADABLE)


@pytest.mark.parametrize(
    "text", ["Heart failure NYHA class III", "Obesity class II", "Malocclusion class 2", "Lupus nephritis"]
)
def test_another_diagnosis_names_no_class(text: str) -> None:
    assert read(condition("", text)) == ([], [])


def test_a_letter_that_mentions_a_class_is_no_biopsy() -> None:
    letter = report("SLE with class IV lupus nephritis, UPCR 2.1", code={"text": "Nephrology consult note"})
    result = one(CLASS, letter)
    assert (result.problem, result.when.first) == (JUDGEMENT, BEGINNING)
    assert result.note.startswith("class from a report that is not of a kidney biopsy")


@pytest.mark.parametrize(
    "resource",
    [
        report("Kidneys of normal size", code={"text": "Renal ultrasound"}),
        report(
            "For biopsy of class IV nephritis",
            code={"text": "Kidney biopsy guidance"},
            category=[{"coding": [{"code": "RAD"}]}],
        ),
        report("Ductal carcinoma, class III", code={"text": "Surgical pathology"}),
        report(code={"text": "Renal function panel"}),
        procedure(code={"text": "Renal dialysis"}),
        procedure(code={"text": "Skin biopsy"}),
    ],
)
def test_what_is_no_kidney_biopsy_is_passed_over(resource: dict[str, Any]) -> None:
    assert read(resource) == ([], [])


KIDNEY_SPECIMEN = {"id": "s", "type": {"coding": [{"system": SNOMED, "code": "309269002"}]}}


@pytest.mark.parametrize(
    "changes",
    [
        {"code": {"text": "Surgical pathology report"}},
        {"code": {"coding": [{"system": LOINC, "code": "22637-3"}]}},
        {"code": {"text": "Report"}, "category": [{"coding": [{"code": "LP7839-6"}]}]},
        {"code": {"text": "Report"}, "contained": [KIDNEY_SPECIMEN], "specimen": [{"reference": "#s"}]},
    ],
)
def test_a_pathology_report_that_speaks_of_the_kidney_is_a_biopsy(changes: dict[str, Any]) -> None:
    assert gist(one(CLASS, report("Kidney: lupus nephritis, class IV", **changes)))[1:] == ("IV", None)


@pytest.mark.parametrize(
    ("name", "conclusion"),
    [
        ("Nierenbiopsie", "LN Klasse IV-G (A). Aktivitätsindex 9/24."),
        ("Histologie", "Nierenstanzbiopsie: LN Typ IV-G (A). Aktivitätsindex 9/24."),
        ("Anatomía patológica", "Nefritis lúpica clase IV-G (A). Índice de actividad 9/24."),
    ],
)
def test_a_german_or_spanish_report_of_the_kidney_is_a_biopsy(name: str, conclusion: str) -> None:
    written = report(conclusion, code={"text": name})
    assert gist(one(CLASS, written))[1:] == ("IV(A)", None)
    assert one(AI, written).amount == exactly(9)


def test_a_withdrawn_report_or_one_without_glomeruli_gives_neither_class_nor_index() -> None:
    for why in ("Wrong patient.", "No glomeruli."):
        written = report(f"{why} Class IV lupus nephritis, AI 9/24.")
        assert (one(CLASS, written).problem, one(AI, written).problem) == (UNREADABLE, UNREADABLE)


# --- anything at all

KEYS = [
    *(
        "coding",
        "system",
        "code",
        "display",
        "text",
        "reference",
        "value",
        "unit",
        "comparator",
        "start",
        "end",
        "collection",
    ),
    *(
        "numerator",
        "denominator",
        "summary",
        "id",
        "collectedDateTime",
        "valueString",
        "valueInteger",
        "type",
    ),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(
        [
            "class IV",
            "2025-05-12",
            "#s",
            "Observation/o",
            SNOMED,
            "36402006",
            "Kidney biopsy",
            "AI 8/24",
            "ISN/RPS class",
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)
MEMBERS = [
    *(
        "id",
        "status",
        "code",
        "category",
        "conclusion",
        "conclusionCode",
        "result",
        "specimen",
        "basedOn",
        "partOf",
        "report",
    ),
    *(
        "contained",
        "issued",
        "effectiveDateTime",
        "effectivePeriod",
        "performedDateTime",
        "performedPeriod",
        "outcome",
    ),
    *(
        "component",
        "valueString",
        "valueQuantity",
        "valueCodeableConcept",
        "valueRatio",
        "valueInteger",
        "presentedForm",
    ),
    *("clinicalStatus", "verificationStatus", "stage", "onsetDateTime", "recordedDate", "hasMember"),
]
BASES = [procedure(), report("class IV"), observation("ISN/RPS class", valueString="IV"), condition(), {}]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(BASES), st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6), JSON)
def test_no_json_makes_it_raise_or_lose_the_biopsy_beside_it(
    base: dict[str, Any], members: dict[str, Any], junk: Any
) -> None:
    good = report("class III (A)", "good", "2020-01-01")
    results, _ = read({**base, **members, "id": members.get("id", "strange")}, junk, good)
    assert any(r.concept == CLASS and r.reference == "DiagnosticReport/good" for r in results) or any(
        r.when.text for r in results
    )
    assert all(r.problem is not None or r.tokens or r.amount for r in results)
    assert all("\n" not in r.text and len(r.text) <= 120 for r in results)


# --- what is not confirmed


@pytest.mark.parametrize(
    ("procedure_changes", "first", "last"),
    [
        ({}, "2025-05-12", "2025-05-12"),
        ({"status": "in-progress"}, "2025-05-12", "2025-05-20"),
        ({"status": None}, "2025-05-12", "2025-05-20"),
        ({"status": "entered-in-error"}, "2025-05-20", "2025-05-20"),
    ],
)
def test_a_procedure_that_is_not_confirmed_may_date_the_biopsy_or_not(
    procedure_changes: dict[str, Any], first: str, last: str
) -> None:
    taken = {**procedure(when="2025-05-12"), **procedure_changes}
    when = one(CLASS, taken, report("ISN/RPS class IV", when="2025-05-20")).when
    assert (when.first, when.last) == (
        date.fromisoformat(first).toordinal(),
        date.fromisoformat(last).toordinal(),
    )


def test_of_a_month_and_a_day_in_it_the_day_dates_the_biopsy() -> None:
    linked: dict[str, Any] = {"result": [{"reference": "Observation/o"}]}
    said = report("ISN/RPS class IV", when="2025-05", **linked)
    assert one(CLASS, said, observation("note", when="2025-05-12")).when.text == "2025-05"
    second = report("ISN/RPS class IV", "r2", when="2025-05-12", **linked)
    assert one(CLASS, said, second).when.text == "2025-05-12"


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("final", None),
        ("preliminary", Reason.NOT_CONFIRMED),
        (None, Reason.NOT_CONFIRMED),
        ("cancelled", NOT_FOUND),
    ],
)
def test_an_index_is_no_more_certain_than_the_class_beside_it(
    status: str | None, problem: Reason | None
) -> None:
    of_class = {**observation("ISN/RPS class", "c", valueString="IV"), "status": status}
    assert one(AI, of_class, AI_OBSERVATION).problem is problem
