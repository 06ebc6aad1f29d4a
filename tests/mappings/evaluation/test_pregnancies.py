"""When a pregnancy began and whether it has ended, on 15 June 2026; 42 weeks go back to 25 August 2025.

Everyone here has a negative hCG of 12 June, so that "met" says: no pregnancy stands against it.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.concept import SYSTEMS
from mappings.reading.code_index import normalised
from tests.mappings.reading.test_record import PATIENT, catalog, read

TODAY = date(2026, 6, 15)
SUBJECT = {"reference": "Patient/p1"}
NEGATIVE = {
    "resourceType": "Observation",
    "id": "hcg",
    "status": "final",
    "code": {"coding": [{"system": SYSTEMS["loinc"], "code": "2118-8"}]},
    "subject": SUBJECT,
    "effectiveDateTime": "2026-06-12",
    "valueString": "Negative",
}
LISTED = [{"coding": [{"code": "problem-list-item"}]}]
VISIT = [{"coding": [{"code": "encounter-diagnosis"}]}]
BEGUN = "Z34.90"
_ids = count()


def named(said: str) -> dict[str, Any]:
    """A code of ICD-10-CM or PCS, CPT or SNOMED CT by its form, else a text."""
    if said.isdigit():
        return {"coding": [{"system": SYSTEMS["cpt" if len(said) == 5 else "snomed"], "code": said}]}
    if said.isascii() and any(map(str.isdigit, said)):
        return {"coding": [{"system": SYSTEMS["icd10cm" if "." in said else "icd10pcs"], "code": said}]}
    return {"text": said}


def condition(said: str, onset: str = "", recorded: str = "", **more: Any) -> dict[str, Any]:
    made = {
        "resourceType": "Condition",
        "id": f"c{next(_ids)}",
        "code": named(said),
        "subject": SUBJECT,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "onsetDateTime": onset,
        "recordedDate": recorded,
    }
    return {key: value for key, value in (made | more).items() if value}


def procedure(said: str, day: str = "") -> dict[str, Any]:
    made = {
        "resourceType": "Procedure",
        "id": f"p{next(_ids)}",
        "status": "completed",
        "code": named(said),
        "subject": SUBJECT,
    }
    return made | ({"performedDateTime": day} if day else {})


def verdict(*resources: dict[str, Any], day: date = TODAY) -> str:
    found = assess(catalog().trials[0], read(PATIENT, NEGATIVE, *resources), day, catalog())
    return next(c for c in found.criteria if c.id == "pregnancy-test").verdict.value


def ago(days: int) -> str:
    return (TODAY - timedelta(days)).isoformat()


# --- what ends one

END_CONDITIONS = [
    *("17369002", "34801009", "35999006", "237364002", "19169002", "85116003", "156073000", "57797005"),
    *("O00.101", "O01.9", "O02.0", "O02.1", "O02.81", "O03.9", "O04.5", "O08.9", "O36.4XX0", "O60.14X0"),
    *("Z37.0", "O70.0", "Z33.2"),
    *("自然流产", "人工流产", "稽留流产", "完全流产", "异位妊娠", "宫外孕", "葡萄胎", "死胎", "胚胎停育"),
    *("分娩", "顺产", "剖宫产", "miscarriage", "Ectopic pregnancy", "Missed abortion", "stillbirth"),
    *("Fehlgeburt", "Kaiserschnitt", "Totgeburt", "Schwangerschaftsabbruch", "Eileiterschwangerschaft"),
]
END_PROCEDURES = [
    *("59840", "59841", "59812", "59820", "59120", "59151", "59870", "59510", "59610", "59618"),
    *("10D00Z1", "10E0XZZ", "10A07ZZ", "10D07Z6", "10T24ZZ"),
    *("285409006", "386639001", "11466000", "177143000", "387615001", "62688006"),
    *("剖宫产术", "子宫下段剖宫产术", "人工流产术", "清宫术", "钳刮术", "顺产", "Cesarean section"),
    *("C-section", "Vaginal delivery", "induced abortion", "Kaiserschnitt", "Schwangerschaftsabbruch"),
]


@pytest.mark.parametrize("end", END_CONDITIONS)
def test_a_pregnancy_is_ended_by_a_diagnosis_of_its_end(end: str) -> None:
    ended = condition("77386006", "2026-01-15")
    assert verdict(ended, condition(end, "2026-04-01")) == "met"
    assert verdict(ended, condition(end, "2025-11-01")) == "not-met"


@pytest.mark.parametrize("end", END_PROCEDURES)
def test_a_pregnancy_is_ended_by_a_procedure_that_ends_it(end: str) -> None:
    ended = condition("早孕", "2026-01-15")
    assert verdict(ended, procedure(end, "2026-05-01")) == "met"
    assert verdict(condition(BEGUN, "2026-01-15"), procedure(end, "2025-11-01")) == "not-met"


@pytest.mark.parametrize(
    "said",
    [
        *(
            "O00.111",
            "O00.91",
            "O07.4",
            "O36.4XX1",
            "O31.11X0",
            "O20.0",
            "O26.20",
            "Z87.59",
            "O09.11",
            "O86.4",
        ),
        *("54048003", "59363009", "90645002", "429187001", "161744009", "59866", "59025", "59320", "10A03ZZ"),
        *("先兆流产", "习惯性流产", "流产史", "剖宫产史", "先兆早产", "先兆临产", "引产", "早产", "瘢痕子宫"),
        *("threatened miscarriage", "recurrent miscarriage", "history of miscarriage", "preterm labor"),
        *("drohende Fehlgeburt", "Zustand nach Sectio"),
    ],
)
def test_what_threatens_one_fails_to_end_it_or_lies_long_ago_ends_no_pregnancy(said: str) -> None:
    begun = condition(BEGUN, "2026-01-15")
    assert verdict(begun, condition(said, "2026-04-01")) == "not-met"
    assert verdict(begun, procedure(said, "2026-04-01")) == "not-met"


def test_a_new_pregnancy_after_a_miscarriage_is_one() -> None:
    lost = condition("O03.9", "2026-01-20")
    for new in ("77386006", "Z34.90", "Z3A.08", "孕8周"):
        assert verdict(condition("Z34.01", "2025-12-20"), lost, condition(new, "2026-06-01")) == "not-met", (
            new
        )


def test_a_caesarean_without_a_day_may_have_ended_a_pregnancy_and_makes_no_negative_test_old() -> None:
    assert verdict(procedure("剖宫产术")) == "met"
    assert verdict(procedure("11466000")) == "met"
    assert verdict(condition(BEGUN, "2026-01-15"), procedure("11466000")) == "unknown"


# --- codes and names that tell how far it is

# what is written | its onset | verdict
TOLD = [
    ("Z3A.39", "2025-09-01", "met"),
    ("孕38周", "2025-09-01", "met"),
    ("妊娠41周", "2025-09-01", "met"),
    ("Z34.03", "2025-09-10", "met"),
    ("41587001", "2025-09-10", "met"),
    ("晚期妊娠", "2025-09-10", "met"),
    ("O48.0", "2025-09-10", "met"),
    ("O14.13", "2025-09-10", "met"),
    ("Z34.02", "2025-09-10", "met"),
    ("Z3A.20", "2025-11-01", "met"),
    ("Z3A.20", "2026-05-15", "not-met"),
    ("孕20周", "2026-05-15", "not-met"),
    ("Z3A.39", "2026-06-05", "not-met"),
    ("Z3A.42", "2026-06-14", "not-met"),
    ("Z3A.49", "2026-06-14", "not-met"),
    ("O48.1", "2026-06-10", "not-met"),
    ("Z34.03", "2026-06-01", "not-met"),
    ("晚期妊娠", "2026-06-01", "not-met"),
    ("Z34.02", "2026-04-01", "not-met"),
    ("Z34.01", "2026-03-01", "not-met"),
    ("早孕", "2026-01-15", "not-met"),
    ("Z3A.08", "2025-12-01", "not-met"),
    ("Z34.03", "2026-04-15", "unknown"),
    ("Z34.01", "2025-09-10", "unknown"),
    ("Z34.00", "2025-09-10", "not-met"),
    ("Z3A.00", "2025-09-10", "not-met"),
    ("Z34.03", "2026-07-01", "met"),
]


@pytest.mark.parametrize(("said", "onset", "expected"), TOLD)
def test_what_tells_the_weeks_began_as_many_weeks_before_its_date(
    said: str, onset: str, expected: str
) -> None:
    """Of a date after the day it says nothing yet; between the two ends it is unknown whether it goes on."""
    assert verdict(condition(said, onset)) == expected
    assert verdict(condition(said, onset, onset, category=VISIT)) == expected


def test_the_weeks_may_be_those_of_the_recording_where_the_onset_is_the_last_period() -> None:
    assert verdict(condition("Z3A.38", "2025-09-15", "2026-06-10")) == "unknown"


def test_an_entry_of_the_problem_list_may_tell_a_later_week_than_that_of_its_date() -> None:
    assert verdict(condition("Z34.03", "2025-11-01", "2025-11-01", category=LISTED)) == "unknown"
    assert verdict(condition("Z34.03", "2026-06-02", "2026-06-02", category=LISTED)) == "not-met"
    assert verdict(condition("Z34.02", "2026-04-02", "2026-04-02", category=LISTED)) == "not-met"


@pytest.mark.parametrize("week", ["Z3A.39", "Z3A.38", "Z34.03", "孕38周"])
def test_weeks_that_are_written_down_after_the_birth_begin_no_new_pregnancy(week: str) -> None:
    for born in (procedure("59510", "2026-06-01"), condition("Z37.0", "2026-06-01")):
        assert verdict(condition(week, "2026-06-03"), born) == "met"


def test_a_young_pregnancy_written_down_soon_after_a_miscarriage_may_be_the_one_that_ended() -> None:
    lost = condition("O03.9", "2026-05-10")
    assert verdict(condition("Z34.01", "2026-05-12"), lost) == "unknown"
    assert verdict(condition("Z34.01", "2026-05-12"), condition("O03.9", "2026-01-10")) == "not-met"


RUNNING = list(dict.fromkeys(catalog().concepts["pregnancy"].lasted.values()))


@pytest.mark.parametrize("weeks", RUNNING, ids=lambda weeks: f"{weeks[0] // 7} to {weeks[1] // 7} weeks")
@pytest.mark.parametrize("dated", ["onset", "visit", "listed", "recorded"])
def test_no_pregnancy_is_over_while_it_may_be_running(weeks: tuple[int, int], dated: str) -> None:
    """Whatever is written of it on whatever day, until 42 weeks from the last day on which it can begin."""
    lasted = catalog().concepts["pregnancy"].lasted
    token = next(told for told, span in lasted.items() if span == weeks).split("|")[-1]
    for past in {0, 1, 7, 14, 15, 60, 42 * 7 - weeks[0]}:
        day = ago(past)
        written = {
            "onset": condition(token, day),
            "visit": condition(token, day, day, category=VISIT),
            "listed": condition(token, day, day, category=LISTED),
            "recorded": condition(token, recorded=day),
        }[dated]
        if past + weeks[0] <= 42 * 7:
            assert verdict(written) != "met", (past, token)
        if past <= 14 and dated != "recorded":
            assert verdict(written) == "not-met", (past, token)


def test_every_code_that_tells_a_trimester_or_the_weeks_is_given_its_time() -> None:
    pregnancy = catalog().concepts["pregnancy"]
    trimesters = {"first trimester": (0, 98), "second trimester": (98, 196), "third trimester": (196, 280)}
    for code in pregnancy.codes:
        told = [span for words, span in trimesters.items() if words in code.display.lower()]
        assert [pregnancy.lasted[code.token]] == told if told else True, code
        week = code.display.split(" weeks gestation")[0]
        if week.isdigit():
            least = min(int(week), 39) * 7
            assert pregnancy.lasted[code.token] == (least, least + 7), code
    for name in pregnancy.names:
        digits = "".join(filter(str.isdigit, name))
        assert not digits or pregnancy.lasted[normalised(name)][0] == min(int(digits), 39) * 7, name


# --- without an onset

# conditions and procedures | verdict
UNDATED: list[tuple[str, list[dict[str, Any]], str]] = [
    ("recorded years ago", [condition("Z34.01", recorded="2015-03-01")], "met"),
    ("recorded 43 weeks ago", [condition(BEGUN, recorded="2025-08-17")], "met"),
    ("recorded 42 weeks ago", [condition(BEGUN, recorded="2025-08-25")], "unknown"),
    ("recorded last month", [condition(BEGUN, recorded="2026-05-20")], "unknown"),
    ("at term, recorded in September", [condition("Z3A.39", recorded="2025-09-01")], "met"),
    ("third trimester, recorded last week", [condition("Z34.03", recorded="2026-06-08")], "unknown"),
    ("and delivered since",
     [condition("Z34.01", recorded="2025-12-01"), procedure("59510", "2026-04-01")], "met"),
    ("and delivered before",
     [condition("Z34.01", recorded="2025-12-01"), procedure("59510", "2025-10-01")], "unknown"),
    ("and recorded again after the delivery",
     [condition("Z34.01", recorded="2025-12-01"), procedure("59510", "2026-04-01"),
      condition("Z33.1", recorded="2026-06-01")], "unknown"),
    ("and an end of unknown day recorded since",
     [condition("Z34.01", recorded="2025-12-01"), condition("O03.9", recorded="2026-04-01")], "unknown"),
    ("not dated at all", [condition(BEGUN)], "unknown"),
    ("not dated, and a birth of 2015", [condition(BEGUN), condition("Z37.0", "2015-03-01")], "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "expected"), [row[1:] for row in UNDATED], ids=[row[0] for row in UNDATED]
)
def test_a_pregnancy_without_an_onset_had_begun_when_it_was_recorded(
    records: list[dict[str, Any]], expected: str
) -> None:
    assert verdict(*records) == expected
    assert verdict(*records[::-1]) == expected
