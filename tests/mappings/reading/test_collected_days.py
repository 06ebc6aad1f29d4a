"""Days of collection in the words of a report, as on slides of another hospital. All reports are of 2026."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mappings.facts import Result
from mappings.reading.pathology.cues import days_of_collection
from tests.mappings.reading.test_pathology import CLASS, observation, of, one, procedure, report

READ = "2026-11-04"
CLASS_IV = "Lupus nephritis, ISN/RPS class IV."


def outside(words: str, when: str = READ, **more: Any) -> dict[str, Any]:
    return report(words, when=when, **more)


def span(result: Result) -> tuple[str, str]:
    return date.fromordinal(result.when.first).isoformat(), date.fromordinal(result.when.last).isoformat()


DAYS = [
    # words | the days meant, the first of them where two are
    ("OUTSIDE CONSULTATION. Collected: 03/18/2026. Kidney, biopsy: class IV", "2026-03-18"),
    ("Outside slides (biopsy date 2026-02-10). Diagnosis: class IV", "2026-02-10"),
    ("Date collected: 2026-02-10", "2026-02-10"),
    ("Collection date/time: 2026-02-10 08:15", "2026-02-10"),
    ("Date of biopsy: 10 Feb 2026", "2026-02-10"),
    ("Date of biopsy: 10-FEB-2026", "2026-02-10"),
    ("Biopsy performed on February 10, 2026: class IV", "2026-02-10"),
    ("Review of biopsy performed in February 2026: class IV", "2026-02"),
    ("Specimen obtained 18.03.2026", "2026-03-18"),
    ("Tissue was taken 3/18/26", "2026-03-18"),
    ("Outside slides dated 2026/02/10.", "2026-02-10"),
    ("Native kidney biopsy (3/18/2026): class IV", "2026-03-18"),
    ("Entnahmedatum: 10.02.2026", "2026-02-10"),
    ("Biopsie, entnommen am 18. März 2026", "2026-03-18"),
    ("Fecha de la biopsia: 18 de marzo de 2026", "2026-03-18"),
    ("Collected 03/04/2026", "2026-03-04 2026-04-03"),
    ("采集日期: 2026-02-10", "2026-02-10"),
    ("切片会诊(2026年2月10日穿刺): IV型", "2026-02-10"),
    ("2026年2月10日行肾活检: IV型", "2026-02-10"),
    # none of this biopsy
    ("Received: 03/18/2026. Reported: 03/20/2026", ""),
    ("Prior biopsy collected 03/18/2026 showed class III", ""),
    ("Compared with the biopsy performed 2026-02-10", ""),
    ("CLINICAL HISTORY: biopsy date 2026-02-10, class V", ""),
    ("既往2026年2月10日穿刺", ""),
    ("Collected in formalin. 3 cores, 12/2026 slides", ""),
    ("Biopsy of 2026", ""),
    ("Lupus nephritis class IV (ISN/RPS 2003, revised 2018). AI 8/24, CI 2/12", ""),
    ("Collected: 18/32/2026", ""),
]


@pytest.mark.parametrize(("words", "days"), DAYS, ids=[row[0] for row in DAYS])
def test_a_day_of_collection_is_read_however_it_is_written(words: str, days: str) -> None:
    assert " ".join(meant.text for day in days_of_collection(words) for meant in day) == days


@pytest.mark.parametrize("words", ["Collected: 03/18/2026. ", "Outside slides (biopsy date 2026-03-18). "])
def test_a_report_that_names_a_day_well_before_its_own_is_of_some_day_between(words: str) -> None:
    result = one(CLASS, outside(f"{words}{CLASS_IV}"))
    assert (span(result), result.problem) == (("2026-03-18", READ), None)
    assert result.note == "the text names an earlier day of collection"


def test_of_two_readings_of_a_day_the_earlier_one_bounds_it() -> None:
    result = one(CLASS, outside(f"Collected: 03/04/2026. {CLASS_IV}"))
    assert span(result) == ("2026-03-04", READ)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Collected: 11/02/2026. ",
        "Collected: 2026-10-21. ",
        "Collected: 04/11/2026. ",
        "Collected: 11/05/2026. ",
        "Prior biopsy collected 03/18/2026. Collected: 11/03/2026. ",
        "Received: 03/18/2026. ",
    ],
)
def test_a_day_that_agrees_or_none_leaves_the_day_of_the_report(words: str) -> None:
    result = next(r for r in of(CLASS, outside(f"{words}{CLASS_IV}")))
    assert (span(result), result.note if "Prior" not in words else "") == ((READ, READ), "")


def test_what_else_is_told_of_the_same_biopsy_is_of_the_same_days() -> None:
    slides = outside("Outside slides. Collected: 03/18/2026.")
    result = one(CLASS, slides, observation("ISN/RPS class", when=READ, valueString="IV"))
    assert (span(result), result.tokens) == (("2026-03-18", READ), frozenset({"IV"}))


def test_a_procedure_tells_the_day_itself() -> None:
    done = procedure(when=READ)
    result = one(CLASS, done, outside(f"Collected: 03/18/2026. {CLASS_IV}"))
    assert span(result) == (READ, READ)


def test_a_specimen_of_the_day_in_the_words_dates_the_biopsy() -> None:
    taken = {"resourceType": "Specimen", "id": "s", "collection": {"collectedDateTime": "2026-03-18"}}
    words = f"Collected: 03/18/2026. {CLASS_IV}"
    result = one(CLASS, outside(words, contained=[taken], specimen=[{"reference": "#s"}]))
    assert span(result) == ("2026-03-18", "2026-03-18")
