"""A referred patient is assessed again when data change; what is no longer met is named with its value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from cds_service.assessing import definitions
from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.history import CriterionTrace
from cds_service.fatigue.tracing_evidence import traces_of
from cds_service.referrals.book import Book
from cds_service.referrals.changes import Change, Reading, said, words_for
from cds_service.referrals.reassessing import Before, ceased, reading_of
from cds_service.referrals.records import Referral
from cds_service.referrals.states import State
from cds_service.storage.database import Database
from mappings.language import ENGLISH, language
from mappings.results import Assessment
from tests.referrals.samples import TRIAL, Told, later, moved, on_the_path, opening, queued
from tests.trials.worked_patients import Defaults, assessment_of, read_yaml, worked_patient

WORKED = Path(__file__).parents[1] / "trials" / f"{TRIAL}.yaml"
CHARTS = read_yaml(WORKED.read_text(encoding="utf-8"))["charts"]
CATALOG = definitions()
CRITERIA = [criterion.id for criterion in CATALOG.trial(TRIAL).criteria]
WOMAN = "woman born 1990-03-01"
NEPHRITIS = ["known lupus nephritis"]
ACTIVE = {"UPCR": "2.0 g/g on 2026-02-20"}


def assessed(
    *lines: dict[str, str],
    on: str = "2026-03-05",
    who: str = WOMAN,
    unread: Sequence[str] = (),
    begins: Sequence[str] = tuple(NEPHRITIS),
) -> Assessment:
    """A patient with lupus nephritis and what else her chart says."""
    given = {
        "patient": "A referred patient",
        "who": who,
        "begins_with": list(begins),
        "chart": list(lines),
        "not_read": list(unread),
        "expect": {"age": "met"},
    }
    patient = worked_patient(given, "here", Defaults(on, WOMAN, CHARTS), CRITERIA)
    return assessment_of(patient, TRIAL, CATALOG)


def referred(book: Book, ring: KeyRing, first: Assessment, patient: str = "p1") -> Referral:
    """Referred on what an assessment says."""
    basis = {"traces": traces_of(first, ring), "gate": first.gate.value, "outcome": first.outcome}
    return book.open(opening(patient, **basis))


def sentences(referral: Referral) -> list[str]:
    return [said(change, ENGLISH) for change in referral.changes]


SLEDAI_10, SLEDAI_6 = {"SLEDAI-2K": "10 on 2026-02-20"}, {"SLEDAI-2K": "6 on 2026-03-03"}


def test_what_is_no_longer_met_is_named_with_value_and_day(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE, SLEDAI_10))
    found = book.reassess(referral.id, assessed(ACTIVE, SLEDAI_10, SLEDAI_6), later(2))
    assert (found.attention, found.outcome) == (("no-longer-meets",), "ruled-out")
    assert sentences(found) == ["no longer meets: SLEDAI-2K 6 on 3 March 2026"]
    assert (found.assessed, found.version, found.changed) == (later(2), 1, referral.changed)
    event = book.history(referral.id)[-1]
    assert (event.kind, event.reason, event.changes) == ("assessed", "no-longer-meets", found.changes)


def test_the_same_again_is_no_news(book: Book, ring: KeyRing, told: Told, database: Database) -> None:
    referral = referred(book, ring, assessed(ACTIVE, SLEDAI_10))
    for days in (2, 3):
        book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(days))
    assert book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(4)).assessed == later(4)
    assert [event.kind for event in book.history(referral.id)] == ["moved", "assessed"]
    assert len(queued(database)) == 2, "nothing is written to the EHR for it"
    assert len(told) == 1


def test_a_newer_value_is_news(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE, SLEDAI_10))
    book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(2))
    lower = assessed(ACTIVE, SLEDAI_6, {"SLEDAI-2K": "4 on 2026-03-05"})
    assert sentences(book.reassess(referral.id, lower, later(3))) == [
        "no longer meets: SLEDAI-2K 4 on 5 March 2026"
    ]
    assert [event.kind for event in book.history(referral.id)].count("assessed") == 2


def test_who_meets_the_criteria_again_is_said_to_until_somebody_does_something(
    book: Book, ring: KeyRing
) -> None:
    referral = referred(book, ring, assessed(ACTIVE, SLEDAI_10))
    book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(2))
    back = assessed(ACTIVE, SLEDAI_6, {"SLEDAI-2K": "12 on 2026-03-05"})
    found = book.reassess(referral.id, back, later(3))
    assert (found.attention, found.changes, found.outcome) == (("meets-again",), (), "possible-candidate")
    assert book.reassess(referral.id, back, later(4)).attention == ("meets-again",)
    assert moved(book, found, State.RECEIVED, at=later(5)).attention == ()


def test_a_criterion_that_was_open_and_is_not_met_now_has_ceased(book: Book, ring: KeyRing) -> None:
    open_before = assessed(ACTIVE)
    assert {one.id: one.verdict.value for one in open_before.criteria}["sledai-2k"] == "unknown"
    referral = referred(book, ring, open_before)
    found = book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(2))
    assert [change.id for change in found.changes] == ["sledai-2k"]


def test_what_was_not_met_when_the_patient_was_referred_has_not_ceased(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE, SLEDAI_6))
    found = book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(2))
    assert (found.attention, found.changes, found.outcome) == ((), (), "ruled-out")


def test_a_referral_without_an_assessment_takes_the_first_as_its_basis(book: Book, ring: KeyRing) -> None:
    referral = book.open(opening(traces=(), gate="", outcome=""))
    first = book.reassess(referral.id, assessed(ACTIVE, SLEDAI_10), later(2))
    assert (first.attention, first.outcome, first.gate) == ((), "possible-candidate", "met")
    found = book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(3))
    assert found.attention == ("no-longer-meets",)


# --- the gate, and what is not known


def test_activity_that_is_not_shown_any_more_is_named_by_its_latest_value(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE))
    found = book.reassess(referral.id, assessed(ACTIVE, {"UPCR": "0.2 g/g on 2026-03-03"}), later(2))
    assert found.attention == ("needs-data",), "a 24-hour collection might still show it"
    assert sentences(found) == ["not known to meet any more: UPCR 0.2 g/g on 3 March 2026"]


def test_data_that_have_grown_too_old_are_not_called_failed(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE))
    found = book.reassess(referral.id, assessed(ACTIVE, on="2026-07-01"), later(120))
    assert (found.attention, found.outcome) == (("needs-data",), "needs-data")
    [change] = found.changes
    assert (change.what, change.verdict) == ("gate", "unknown")
    assert said(change, ENGLISH).startswith("not known to meet any more: UPCR 2 g/g on 20 February 2026")


def test_what_was_not_retrieved_proves_nothing(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE))
    found = book.reassess(referral.id, assessed(unread=["results"]), later(2))
    assert (found.attention, found.changes, found.gate) == ((), (), "met")
    too_old = book.reassess(referral.id, assessed(ACTIVE, on="2026-07-01"), later(120))
    assert too_old.attention == ("needs-data",)
    still = book.reassess(referral.id, assessed(unread=["results"]), later(121))
    assert still.changes == too_old.changes


def test_a_patient_who_has_died_is_named_as_such(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE))
    dead = assessed(ACTIVE, who=f"{WOMAN}, died 2026-03-01")
    found = book.reassess(referral.id, dead, later(2))
    assert found.attention == ("no-longer-meets",)
    assert sentences(found) == ["the record says that the patient has died"]
    assert found.traces == referral.traces, "what was known of the criteria stays to compare with"
    assert book.reassess(referral.id, assessed(ACTIVE), later(3)).attention == ("meets-again",)


# --- when


@pytest.mark.parametrize("state", [State.ENROLLED, State.DECLINED])
def test_only_open_referrals_are_assessed_again(book: Book, ring: KeyRing, state: State) -> None:
    referral = on_the_path(book, referred(book, ring, assessed(ACTIVE)), State.SCREENING)
    there = moved(book, referral, state)
    assert book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(2)) == there


def test_who_is_opened_again_asks_for_a_look_as_before(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE))
    found = book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(2))
    left = moved(book, found, State.DECLINED, at=later(3))
    assert left.attention == ()
    assert moved(book, left, State.RECEIVED, at=later(4)).attention == ("no-longer-meets",)


def test_an_assessment_that_comes_late_says_nothing(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE))
    book.reassess(referral.id, assessed(ACTIVE), later(5))
    assert book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(4)).attention == ()


def test_an_edit_is_not_refused_because_of_an_assessment(book: Book, ring: KeyRing) -> None:
    referral = referred(book, ring, assessed(ACTIVE))
    book.reassess(referral.id, assessed(ACTIVE, SLEDAI_6), later(2))
    assert moved(book, referral, State.RECEIVED, at=later(3)).attention == ("no-longer-meets",)


# --- what is compared, and how it is said

MET = CriterionTrace("a", "met", "value", "")
FAILS, GATE = Change("criterion", "a", "not-met"), Change("gate", "", "unknown")


def reading(*failing: Change, gate: str = "met", complete: bool = True) -> Reading:
    return Reading(TRIAL, "", gate, (MET,), failing, complete)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Before("met", (MET,), ()), reading(), ()),
        (Before("met", (MET,), ()), reading(FAILS), (FAILS,)),
        (Before("met", (), ()), reading(FAILS), ()),
        (Before("met", (MET._replace(verdict="not-met"),), ()), reading(FAILS), ()),
        (Before("met", (MET._replace(verdict="not-met"),), (FAILS,)), reading(FAILS), (FAILS,)),
        (Before("met", (MET,), ()), reading(GATE, gate="unknown"), (GATE,)),
        (Before("met", (MET,), ()), reading(GATE, gate="unknown", complete=False), ()),
        (Before("unknown", (MET,), (GATE,)), reading(GATE, gate="unknown", complete=False), (GATE,)),
        (Before("unknown", (MET,), ()), reading(GATE, gate="unknown"), ()),
        (Before("", (MET,), ()), reading(GATE, gate="unknown"), ()),
        (
            Before("met", (MET,), ()),
            reading(GATE._replace(verdict="not-met"), gate="not-met", complete=False),
            (GATE._replace(verdict="not-met"),),
        ),
    ],
)
def test_what_has_ceased(before: Before, now: Reading, expected: tuple[Change, ...]) -> None:
    assert ceased(before, now) == expected


def test_what_is_not_met_is_told_before_what_is_not_known() -> None:
    assert words_for([GATE, FAILS]) == ("no-longer-meets",)
    assert words_for([GATE]) == ("needs-data",)
    assert words_for([]) == ()


SCORE = Change("criterion", "sledai-2k", "not-met", "SLEDAI-2K", "SLEDAI-2K", "6", "2026-03-03")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (SCORE, "no longer meets: SLEDAI-2K 6 on 3 March 2026"),
        (SCORE._replace(date="2026-03-03T10:00:00+01:00"), "no longer meets: SLEDAI-2K 6 on 3 March 2026"),
        (SCORE._replace(date="2026-03"), "no longer meets: SLEDAI-2K 6 on Mar 2026"),
        (SCORE._replace(date="2026"), "no longer meets: SLEDAI-2K 6 on 2026"),
        (SCORE._replace(date="2026-13-45"), "no longer meets: SLEDAI-2K 6 on 2026-13-45"),
        (SCORE._replace(date=""), "no longer meets: SLEDAI-2K 6"),
        (SCORE._replace(fact="", value="", date=""), "no longer meets: SLEDAI-2K"),
        (GATE, "not known to meet any more: what made the patient a candidate"),
        (Change("record", "merged", "not-met"), "the record was merged with another"),
    ],
)
def test_a_change_in_words(change: Change, words: str) -> None:
    assert said(change, ENGLISH) == words


def test_it_is_kept_in_pieces_and_said_in_either_language() -> None:
    chinese = language("zh-Hans")
    assert "2026年3月3日" in said(SCORE, chinese)


def test_a_reading_names_no_value_where_it_is_shown_to_nobody() -> None:
    given = reading_of(assessed(ACTIVE, SLEDAI_6), ())
    assert repr(given) == f"Reading({TRIAL})"
    assert given.failing[0].value == "6"
    assert date.fromisoformat(given.failing[0].date) == date(2026, 3, 3)
