"""Digests of evidence: what is news about a patient, and what is only time, a new key or a failed search."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any

import pytest

from cds_service.assessing import assess_resources
from cds_service.audit.key_ring import KeyRing
from cds_service.demo import samples
from cds_service.fatigue.candidates import Candidate
from cds_service.fatigue.history import History
from cds_service.fatigue.silences import evidence_changed
from cds_service.fatigue.tracing_evidence import carried_over, traces_of
from mappings.results import Assessment, CriterionResult, Evidence
from mappings.verdicts import Reason, Verdict
from tests.fatigue.situations import (
    NOW,
    TRIAL,
    Traces,
    answer,
    assessed,
    criterion,
    decided,
    fact,
    history,
    traces,
)

OLD = KeyRing.new_key_text("k1")
RING = KeyRing.parse(OLD)
ROTATED = KeyRing.parse(f"{KeyRing.new_key_text('k2')},{OLD}")
SHOWN_ON = date(2026, 6, 14)
"""A day before NOW: when ``answer`` was given."""


def digest(*evidence: Evidence, name: str = "proteinuria") -> str:
    (trace,) = traces_of(assessed(criterion(name, *evidence)), RING)
    return trace.digest


# --- what a digest is over


@pytest.mark.parametrize(
    "other",
    [
        fact(1.5),
        fact(None),
        fact("1.4"[:1]),
        fact(unit="mg/g"),
        fact(date="2026-06-02"),
        fact(reference="Observation/2"),
        fact(concept="24h"),
    ],
)
def test_another_fact_has_another_digest(other: Evidence) -> None:
    assert digest(other) != digest(fact())


@pytest.mark.parametrize(
    "other",
    [
        fact(reason=Reason.TOO_OLD),
        fact(window="90 days"),
        fact(counts_until=date(2026, 9, 1)),
        fact(label="Another name", note="of the trial's author"),
    ],
)
def test_what_is_said_of_a_fact_is_not_part_of_its_digest(other: Evidence) -> None:
    assert digest(other) == digest(fact())


def test_facts_have_no_order_and_count_once() -> None:
    one, two = fact(), fact(reference="Observation/2")
    assert digest(one, two) == digest(two, one, one._replace(reason=Reason.TOO_OLD))
    assert digest(one, two) != digest(one)
    many = [fact(reference=f"Observation/{number}") for number in range(500)]
    assert digest(*many) == digest(*many[::-1])


def test_the_same_fact_has_another_digest_for_another_criterion() -> None:
    assert digest(fact()) != digest(fact(), name="relapse")


@pytest.mark.parametrize(
    "evidence",
    [
        [],
        [fact(None, reference="", date="")],
        [fact(12.0, concept="sledai-2k", reference="", date="")],
    ],
)
def test_without_a_fact_there_is_no_digest(evidence: list[Evidence]) -> None:
    """A score's total is made of facts, and is none."""
    assert digest(*evidence) == ""


def test_a_birthday_is_no_news_and_another_patient_is() -> None:
    at_34, at_35 = (fact(years, reference="Patient/p", concept="age", date="") for years in (34, 35))
    assert digest(at_34) == digest(at_35)
    assert digest(at_34) != digest(at_34._replace(reference="Patient/q"))
    assert digest(at_34._replace(value="female")) != digest(at_34._replace(value="male"))


def test_a_trace_has_closed_words_and_nothing_of_the_record(today: date) -> None:
    sample = samples.ALL[0].build(today)
    (found,) = assess_resources([sample], today)
    for trace, result in zip(traces_of(found, RING), found.criteria, strict=True):
        assert (trace.id, trace.verdict, trace.reason) == (
            result.id,
            result.verdict.value,
            result.reason.value,
        )
        assert trace.digest == "" or (
            trace.digest[:3] == "k1." and set(trace.digest[3:]) <= set("0123456789abcdef")
        )


# --- what is news since "not eligible"


def restated(before: Traces, now: Assessment, past: Assessment | None, ring: KeyRing = RING) -> Traces:
    """The traces of an answer, held against the present record and against it as of the card's day."""
    asked: list[tuple[str, date]] = []

    def as_of(trial: str, day: date) -> Assessment | None:
        asked.append((trial, day))
        return past

    given = history(answer("not-eligible", traces=before))
    (one,) = carried_over(given, [now], ring, as_of, UTC).answers
    assert asked in ([], [(TRIAL, SHOWN_ON)])
    return one.traces


def is_news(*cases: Any, ring: KeyRing = RING) -> bool:
    """Whether there is news of one criterion: its evidence on the card, now, and now as of then."""
    before, now, past = (
        case if isinstance(case, CriterionResult) else criterion("proteinuria", *case) for case in cases
    )
    carried = restated(traces_of(assessed(before), RING), assessed(now), assessed(past), ring)
    return evidence_changed(carried, traces_of(assessed(now), ring))


SAME_DAY = fact(date="2026-06-14T07:00:00Z", reference="Observation/2")
LATER = fact(date="2026-06-15", reference="Observation/3")
EARLIER = fact(date="2026-01-05", reference="Observation/0")
UNREAD = criterion("proteinuria", EARLIER, verdict=Verdict.UNKNOWN, reason=Reason.NOT_RETRIEVED)


@pytest.mark.parametrize(
    ("before", "now", "past", "news", "why"),
    [
        ([fact()], [fact()], [fact()], False, "the same"),
        ([fact()], [fact(reason=Reason.TOO_OLD)], [fact()], False, "the result grew too old"),
        ([fact()], [EARLIER], [fact()], False, "it left its window, and an older one shows instead"),
        ([fact(), EARLIER], [EARLIER], [fact(), EARLIER], False, "one of two left its window"),
        ([SAME_DAY, EARLIER], [SAME_DAY], [SAME_DAY, EARLIER], False, "so it was beside one of that day"),
        ([fact()], [SAME_DAY], [SAME_DAY], True, "a result later on that day"),
        ([fact()], [], [], False, "the fact is gone"),
        ([fact()], UNREAD, UNREAD, False, "a search failed today"),
        ([fact()], [EARLIER], UNREAD, False, "a search failed in part"),
        ([fact()], [LATER], [fact()], True, "a new result"),
        ([fact()], [fact(), LATER], [fact()], True, "a result beside the old one"),
        ([], [LATER], [], True, "the first result"),
        ([fact()], [fact(2.0)], [fact(2.0)], True, "the result was amended"),
        ([EARLIER], [fact()], [fact()], True, "a result of before the card came in after it"),
        ([fact()], [EARLIER], [EARLIER], True, "the result was withdrawn, and another one decides"),
        ([], [EARLIER], [EARLIER], True, "an older result was filed since"),
        ([], [fact(date="")], [fact(date="")], True, "a fact without date"),
    ],
)
def test_news_is_a_fact_that_the_clinician_cannot_have_known(
    before: Any, now: Any, past: Any, news: bool, why: str
) -> None:
    assert is_news(before, now, past) is news, why
    assert is_news(before, now, past, ring=ROTATED) is news, "and another key makes no difference"


def test_a_key_that_is_rotated_is_no_news_and_needs_no_second_assessment() -> None:
    now = assessed(criterion("proteinuria", fact()))
    before = traces_of(now, RING)
    assert evidence_changed(before, traces_of(now, ROTATED)), "the digests themselves differ"
    assert restated(before, now, None, ROTATED) == traces_of(now, ROTATED)


def test_if_the_past_cannot_be_assessed_another_digest_is_news() -> None:
    before = traces_of(assessed(criterion("proteinuria", fact())), RING)
    now = assessed(criterion("proteinuria", EARLIER))
    assert restated(before, now, None) == before


def test_only_the_newest_such_answer_is_held_against_the_past() -> None:
    then = traces_of(assessed(criterion("proteinuria", fact())), RING)
    given = history(*(answer("not-eligible", days, traces=then) for days in (3, 2, 40)))
    days: list[date] = []
    now = assessed(criterion("proteinuria", EARLIER))
    carried_over(given, [now], RING, lambda _trial, day: days.append(day), UTC)
    assert days == [NOW.date() - timedelta(days=2)]


def test_the_day_is_that_on_which_the_card_was_shown_if_it_is_known() -> None:
    then = traces_of(assessed(criterion("proteinuria", fact())), RING)
    given = history(answer("not-eligible", 1, traces=then, shown_at=NOW - timedelta(days=5)))
    days: list[date] = []
    carried_over(
        given, [assessed(criterion("proteinuria", EARLIER))], RING, lambda _, day: days.append(day), UTC
    )
    assert days == [NOW.date() - timedelta(days=5)]


@pytest.mark.parametrize(
    "given", [answer("patient-declined"), answer("not-now"), answer("not-eligible", trial="B")]
)
def test_other_answers_stay_as_they_are(given: Any) -> None:
    """Nothing of them is restated, nor is the past asked about them."""
    past = History((given._replace(traces=traces(proteinuria="+k1.0")),), {TRIAL: 2})

    def fail(_trial: str, _day: date) -> Assessment | None:
        raise AssertionError

    assert carried_over(past, [assessed(UNREAD)], ROTATED, fail, UTC) == past
    assert carried_over(past, [assessed(criterion("proteinuria", LATER))], ROTATED, fail, UTC) == past


# --- the samples, whose records stay as they are while a year goes by


@pytest.mark.parametrize("sample", samples.ALL, ids=lambda sample: sample.id)
def test_time_alone_never_brings_back_a_patient_who_is_not_eligible(
    sample: samples.Sample, today: date
) -> None:
    resources = [sample.build(today)]
    before = traces_of(assess_resources(resources, today)[0], RING)
    given = history(answer("not-eligible", traces=before, shown_at=NOW))

    def as_of(_trial: str, day: date) -> Assessment:
        return assess_resources(resources, day)[0]

    for days in (5, 30, 65, 80, 100, 185, 280, 360):
        now = assess_resources(resources, today + timedelta(days=days))[0]
        seen = traces_of(now, RING)
        (one,) = carried_over(given, [now], RING, as_of, UTC).answers
        assert not evidence_changed(one.traces, seen), f"after {days} days"


def test_digests_alone_would_have_brought_it_back(today: date) -> None:
    """The test above can fail: results leave their windows, and criteria show older ones."""
    resources = [samples.ALL[0].build(today)]
    before, later = (assess_resources(resources, today + timedelta(days=days))[0] for days in (0, 100))
    assert evidence_changed(traces_of(before, RING), traces_of(later, RING))


def test_a_new_result_in_a_chart_brings_the_card_back(today: date) -> None:
    """The whole way: a sample patient is "not eligible", months pass, a new urine protein comes in."""
    sample = next(one for one in samples.ALL if one.expects_card)
    bundle = sample.build(today)
    before = traces_of(assess_resources([bundle], today)[0], RING)
    past = history(answer("not-eligible", traces=before, shown_at=NOW))
    later = today + timedelta(days=100)
    new = {
        "resourceType": "Observation",
        "id": "new-upcr",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2890-2"}]},
        "subject": {"reference": f"Patient/{sample.id}"},
        "effectiveDateTime": later.isoformat(),
        "valueQuantity": {"value": 2.2, "unit": "g/g", "system": "http://unitsofmeasure.org", "code": "g/g"},
    }

    def shown_with(*resources: object) -> bool:
        now = assess_resources(resources, later)[0]
        carried = carried_over(past, [now], RING, lambda _, day: assess_resources(resources, day)[0], UTC)
        (decision,) = decided(Candidate(TRIAL, traces_of(now, RING)), carried)
        return decision.shown

    assert not shown_with(bundle)
    assert shown_with(bundle, new)
