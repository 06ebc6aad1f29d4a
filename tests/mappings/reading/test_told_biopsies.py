"""What is told about kidney biopsies beside their reports: answers, papers, notes. All of 2026."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.dates import BEGINNING
from mappings.reading.pathology.questions import question_in
from mappings.verdicts import Reason
from tests.mappings.reading.test_pathology import (
    AI,
    CLASS,
    gist,
    observation,
    of,
    one,
    procedure,
    read,
    report,
)

BIOPSY = report("Kidney, biopsy: lupus nephritis, class IV. AI 9/24.", "k", when="2026-09-15")
IV = ("2026-09-15", "IV", None)


def answer(name: str, value: Any = None, key: str = "valueString", **more: Any) -> dict[str, Any]:
    return observation(name, "q", when="2026-11-19", **({} if value is None else {key: value}), **more)


def biopsies(*resources: Any) -> list[tuple[str, str, Reason | None]]:
    """The class of each biopsy, without hints."""
    return sorted(gist(each) for each in of(CLASS, *resources) if each.when.first != BEGINNING)


@pytest.mark.parametrize(
    "told",
    [
        answer("Prior kidney biopsy", "Yes"),
        answer("Prior kidney biopsy", True, "valueBoolean"),
        answer("Prior kidney biopsy"),
        answer("History of renal biopsy", "Class V 2019"),
        answer("Last kidney biopsy", "two years ago"),
        answer("Has the patient had a kidney biopsy?", "yes"),
        answer("是否做过肾活检", "是"),
        answer("Kidney biopsy", "Declined by patient"),
        answer("Kidney biopsy", "No"),
        answer("Kidney biopsy", {"text": "Not done"}, "valueCodeableConcept"),
        answer("Kidney biopsy", False, "valueBoolean"),
        answer("Kidney biopsy", dataAbsentReason={"coding": [{"system": "x", "code": "not-performed"}]}),
        answer("肾活检", "拒绝"),
        answer("Date of last kidney biopsy", "2026-09-15"),
        answer("Date of last kidney biopsy", "09/15/2026"),
        answer("Date of last kidney biopsy", "15 Sep 2026"),
        answer("Date of last kidney biopsy", "2026-09-15", "valueDateTime"),
        answer("Date of last kidney biopsy", "unknown"),
        answer("Consent for renal biopsy", "Signed"),
        report("Signed", "c", when="2026-11-21", code={"text": "Consent for renal biopsy"}),
        report("Rest in bed.", "c", when="2026-11-21", code={"text": "Kidney biopsy patient instructions"}),
        report("No haematoma.", "c", when="2026-11-21", code={"text": "US kidney post biopsy"}),
        procedure("c", "2026-11-21", code={"text": "Kidney biopsy consent"}),
    ],
    ids=lambda told: f"{told['code']['text']}: {told.get('valueString', told.get('conclusion', ''))}",
)
def test_what_is_told_about_biopsies_hides_none(told: dict[str, Any]) -> None:
    assert biopsies(BIOPSY, told) == [IV]


def test_an_older_biopsy_that_is_told_stands_before_the_known_one() -> None:
    found = biopsies(BIOPSY, answer("Date of last kidney biopsy", "2019-03-01"))
    assert found == [("2019-03-01", "", Reason.NOT_FOUND), IV]


@pytest.mark.parametrize(
    "told",
    [
        answer("Date of last kidney biopsy", "2026-11-10"),
        answer("Kidney biopsy", "2026-11-10", "valueDateTime"),
    ],
)
def test_a_newer_biopsy_of_which_only_the_day_is_told_lets_no_earlier_one_stand_in(
    told: dict[str, Any],
) -> None:
    assert biopsies(BIOPSY, told) == [IV, ("2026-11-10", "", Reason.NOT_FOUND)]


@pytest.mark.parametrize(
    ("told", "class_", "problem"),
    [
        (answer("Kidney biopsy findings", "Lupus nephritis class III (A)"), "III(A)", None),
        (answer("Kidney biopsy", "Class V lupus nephritis"), "V", None),
        (answer("Kidney biopsy", "No evidence of class IV"), "", Reason.UNREADABLE),
        (answer("Kidney biopsy", "Diabetic nephropathy"), "", Reason.NOT_FOUND),
        (answer("Kidney biopsy", "Yes"), "", Reason.NOT_FOUND),
        (answer("Kidney biopsy"), "", Reason.NOT_FOUND),
        (answer("Last lupus nephritis class", "IV"), "IV", None),
    ],
)
def test_a_biopsy_with_its_findings_is_one(told: dict[str, Any], class_: str, problem: Reason | None) -> None:
    assert biopsies(told) == [("2026-11-19", class_, problem)]


def test_the_class_of_a_biopsy_that_is_remembered_is_a_hint() -> None:
    [hint] = of(CLASS, answer("Prior kidney biopsy", "Class IV"))
    assert (hint.problem, hint.when.first, hint.tokens) == (
        Reason.NEEDS_JUDGEMENT,
        BEGINNING,
        frozenset({"IV"}),
    )


NOTES = [
    "Indication: lupus nephritis class III, flare. Three cores.",
    "Rule out class III/IV lupus nephritis.",
]


@pytest.mark.parametrize("words", NOTES)
@pytest.mark.parametrize(
    "title", ["Kidney biopsy procedure note", "Renal biopsy - operative report", "肾穿刺记录"]
)
def test_the_indication_in_a_note_takes_nothing_from_the_report(title: str, words: str) -> None:
    note = report(words, "n", when="2026-09-15", code={"text": title})
    assert biopsies(BIOPSY, note) == [IV]
    assert one(AI, BIOPSY, note).problem is None


def test_a_note_alone_is_a_biopsy_whose_class_cannot_be_read() -> None:
    note = report(NOTES[0], when="2026-11-09", code={"text": "Kidney biopsy procedure note"})
    assert biopsies(BIOPSY, note) == [IV, ("2026-11-09", "", Reason.UNREADABLE)]


def test_a_note_that_names_another_class_contradicts_the_report() -> None:
    note = report(
        "Lupus nephritis, class V.", "n", when="2026-09-15", code={"text": "Renal biopsy procedure note"}
    )
    assert {problem for _, _, problem in biopsies(BIOPSY, note)} == {Reason.CONFLICTING}


def test_an_indication_in_the_report_itself_is_read_as_before() -> None:
    told = report("Indication: lupus nephritis class III, flare.", when="2026-09-15")
    assert biopsies(told) == [("2026-09-15", "", Reason.UNREADABLE)]


@pytest.mark.parametrize(
    "name",
    [
        "Consent for renal biopsy",
        "Kidney biopsy scheduled",
        "Pre-biopsy checklist, kidney",
        "肾穿刺知情同意书",
    ],
)
def test_papers_about_a_biopsy_ask_for_none(name: str) -> None:
    assert question_in(name) is None
    assert read(procedure(code={"text": name})) == ([], [])
