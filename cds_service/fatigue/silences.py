"""What earlier answers about a patient say of one candidate: silent until when, or back because of what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from cds_service.fatigue.answers import Meaning, meaning_of
from cds_service.fatigue.candidates import UNKNOWN, Candidate, is_met
from cds_service.fatigue.history import Answer, CriterionTrace
from cds_service.fatigue.policy import Policy


class Silence(NamedTuple):
    """A reason to be quiet. ``until`` is the first day on which it no longer holds; None: no day is known."""

    word: str
    until: date | None


class Standing(NamedTuple):
    """Where a candidate stands: silenced, or free, perhaps early because these criteria became met."""

    silence: Silence | None
    newly_met: tuple[str, ...] = ()


class _Held(NamedTuple):
    meaning: Meaning
    until: date | None
    order: int


def standing_of(
    candidate: Candidate, answers: Sequence[Answer], policy: Policy, zone: tzinfo | None, day: date
) -> Standing:
    """What the answers about this patient (newest first) say of a candidate on the day.

    Each answer silences by itself, so that one more override never brings a card back. A later answer
    outweighs an earlier one where it takes it back: another override of the same card corrects it, and
    an acceptance lifts what is not final. ``zone`` is that in which the day counts.
    """
    own = uncorrected([answer for answer in answers if answer.trial == candidate.trial])
    held: list[_Held] = []
    news: set[str] = set()
    for order, answer in enumerate(own):
        meaning = meaning_of(answer)
        later = own[order + 1 :]
        if (meaning.whom == "user" and not answer.by_this_user) or _is_lifted(meaning, later):
            continue
        until = _until(answer, meaning, policy, zone)
        if until is not None and day >= until:
            continue
        became = () if meaning.final else newly_met(answer.traces, candidate.traces)
        if became:
            news.update(set(became) - _seen_met(later))
        elif not _has_new_evidence(meaning, answer, candidate):
            held.append(_Held(meaning, until, order))
    if held:
        return Standing(_strongest(held))
    return Standing(None, tuple(trace.id for trace in candidate.traces if trace.id in news))


def outdone(answers: Sequence[Answer], trial: str) -> tuple[Answer, ...]:
    """The answers, of which none silences for good because a referral to the trial was accepted: the referral
    is known, and what became of it says more. An acceptance still takes back what it takes back.
    """
    return tuple(one._replace(referred=False) if one.trial == trial else one for one in answers)


def uncorrected(answers: Sequence[Answer]) -> list[Answer]:
    """Oldest first, without overrides that another override of the same card has replaced.

    Someone who pressed "Patient declined" by mistake can so take it back. An accepted referral is not
    undone by dismissing its card.
    """
    in_order = list(reversed(answers))
    in_order.sort(key=lambda answer: answer.at)  # stable: of answers at one instant, the newest stays last
    last = {answer.card: number for number, answer in enumerate(in_order) if answer.outcome != "accepted"}
    return [
        answer
        for number, answer in enumerate(in_order)
        if answer.outcome == "accepted" or not answer.card or last[answer.card] == number
    ]


def newly_met(before: Sequence[CriterionTrace], now: Sequence[CriterionTrace]) -> tuple[str, ...]:
    """Criteria that were unknown and are met, in the trial's order."""
    unknown = {trace.id for trace in before if trace.verdict == UNKNOWN}
    return tuple(trace.id for trace in now if trace.id in unknown and is_met(trace))


def evidence_changed(before: Sequence[CriterionTrace], now: Sequence[CriterionTrace]) -> bool:
    """Whether a criterion rests on other evidence than before, or was not asked before.

    What was restated by ``tracing_evidence.carried_over`` has its own key and age out of the way.
    """
    known = {trace.id: trace.digest for trace in before}
    return any(known.get(trace.id) != trace.digest for trace in now)


def _has_new_evidence(meaning: Meaning, answer: Answer, candidate: Candidate) -> bool:
    """Only "not eligible" waits for evidence. Without traces of its card its days are all there is."""
    if meaning.lasts != "same_evidence" or not answer.traces:
        return False
    return evidence_changed(answer.traces, candidate.traces)


def _is_lifted(meaning: Meaning, later: Sequence[Answer]) -> bool:
    """Whether someone whom it silenced has accepted a suggestion of the trial since."""
    return not meaning.final and any(
        one.outcome == "accepted" and (meaning.whom == "tenant" or one.by_this_user) for one in later
    )


def _seen_met(later: Sequence[Answer]) -> set[str]:
    """Criteria that this user has seen as met on a card answered later: no news any more."""
    return {trace.id for answer in later if answer.by_this_user for trace in answer.traces if is_met(trace)}


def _until(answer: Answer, meaning: Meaning, policy: Policy, zone: tzinfo | None) -> date | None:
    days = _days(answer, meaning, policy)
    if days is None:
        return None
    start = local_day(answer.at, zone)
    return start + timedelta(days=min(days, (date.max - start).days))


def _days(answer: Answer, meaning: Meaning, policy: Policy) -> int | None:
    if meaning.lasts == "same_evidence":
        return None if answer.traces else policy.not_now_days
    if meaning.lasts == "for_good":
        return None
    return int(getattr(policy, meaning.lasts))


def local_day(at: datetime, zone: tzinfo | None) -> date:
    """The calendar day of an instant in a zone (UTC if there is none)."""
    return at.astimezone(zone).date() if zone is not None else at.date()


def _strongest(held: Sequence[_Held]) -> Silence:
    """The reason that is told: what is final, then what binds all, what lasts longest, what is newest."""

    def weight(one: _Held) -> tuple[bool, bool, date, int]:
        meaning = one.meaning
        return meaning.final, meaning.whom == "tenant", one.until or date.max, one.order

    first = max(held, key=weight)
    endless = any(one.until is None for one in held)
    until = None if endless else max(one.until for one in held if one.until is not None)
    return Silence(first.meaning.word, until)
