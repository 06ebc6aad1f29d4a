"""Which candidates become cards. Pure: the same history and evidence always give the same answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from cds_service.clients.registered import TrialOffer
from cds_service.fatigue.answers import MEANINGS
from cds_service.fatigue.candidates import Candidate, ranked
from cds_service.fatigue.history import History, Rate, Referred
from cds_service.fatigue.policy import Policy
from cds_service.fatigue.referrals import silence_of
from cds_service.fatigue.silences import Silence, outdone, standing_of
from cds_service.recruitment.states import WHY_CLOSED

SILENCE_WORDS: tuple[str, ...] = (
    "not_offered",
    *WHY_CLOSED,
    "enrolled",
    *(meaning.word for meaning in MEANINGS),
    "silent_trial",
    "budget",
    "backed_off",
    "cards_per_response",
    "no_history",
)
"""Every word that ``Decision.silenced`` can be: a closed list, for records and metrics."""

_SAFE_CARDS = 1


class Decision(NamedTuple):
    """What becomes of one candidate.

    ``silenced`` is "" if it is shown, else a word of ``SILENCE_WORDS``. ``until`` is the first day on which
    that reason no longer holds, None if no day is known. ``newly_met`` are the ids of the criteria because
    of which a card that was snoozed is back early.
    """

    trial: str
    shown: bool
    silenced: str = ""
    until: date | None = None
    newly_met: tuple[str, ...] = ()


def decide(
    candidates: Sequence[Candidate],
    history: History,
    offers: Mapping[str, TrialOffer],
    now: datetime,
    day: date,
) -> tuple[Decision, ...]:
    """One decision for each candidate, best first.

    ``now`` is aware and in the client's time zone, ``day`` its date. Where several reasons hold, the first of
    these is told: the trial takes nobody, the patient's referral, answers about the patient, silent mode,
    this user's answers, the user's budget for the day, the cards of this response.
    """
    response = _Response()

    def one(candidate: Candidate, offer: TrialOffer) -> Decision:
        referred = history.referrals.get(candidate.trial)
        in_hand = silence_of(referred, offer.policy, now.tzinfo, day)
        if in_hand is not None:
            return _held_back(candidate.trial, in_hand)
        answers = history.answers if referred is None else outdone(history.answers, candidate.trial)
        standing = standing_of(candidate, answers, offer.policy, now.tzinfo, day)
        silence = _by_answers(standing.silence, _is_silent(candidate, offer))
        silence = silence or _over_budget(offer.policy, candidate.trial, history, day)
        if silence is None and not response.has_room(offer.policy):
            silence = Silence("cards_per_response", None)
        if silence is not None:
            return _held_back(candidate.trial, silence)
        response.add(offer.policy)
        return Decision(candidate.trial, shown=True, newly_met=standing.newly_met)

    return tuple(
        _barred(candidate, offers) or one(candidate, offers[candidate.trial])
        for candidate in ranked(candidates)
    )


def safe_default(candidates: Sequence[Candidate], offers: Mapping[str, TrialOffer]) -> tuple[Decision, ...]:
    """The decisions while nothing is known of earlier answers, because the database is away.

    What needs no history still holds: closed and silent trials stay silent, and so does a trial whose policy
    allows no card at all. Of the rest the best one is shown: an answer that is forgotten for an hour costs
    one unwanted card, and silence would cost candidates. More than one would nag without anything to stop it.
    """
    shown = 0
    decisions = []
    for candidate in ranked(candidates):
        decision = _barred(candidate, offers) or _silent(candidate, offers)
        if decision is None:
            policy = offers[candidate.trial].policy
            allowed = min(policy.cards_per_response, policy.patients_per_user_and_day, _SAFE_CARDS)
            fits = shown < allowed
            decision = Decision(candidate.trial, fits, "" if fits else "no_history")
        shown += decision.shown
        decisions.append(decision)
    return tuple(decisions)


def without_policy(
    candidates: Sequence[Candidate],
    offers: Mapping[str, TrialOffer],
    referrals: Mapping[str, Referred],
    now: datetime,
) -> tuple[Decision, ...]:
    """The decisions where the policy is off (demo mode): all but closed and silent trials are shown, and
    those to which the patient was referred.
    """

    def one(candidate: Candidate) -> Decision:
        offer, referred = offers[candidate.trial], referrals.get(candidate.trial)
        in_hand = silence_of(referred, offer.policy, now.tzinfo, now.date())
        if in_hand is not None:
            return _held_back(candidate.trial, in_hand)
        return _silent(candidate, offers) or Decision(candidate.trial, shown=True)

    return tuple(_barred(candidate, offers) or one(candidate) for candidate in ranked(candidates))


class _Response:
    """The cards of one answer: never more than the strictest of their trials allows."""

    def __init__(self) -> None:
        self._cards = 0
        self._limit: int | None = None

    def has_room(self, policy: Policy) -> bool:
        limit = policy.cards_per_response
        return self._cards < (limit if self._limit is None else min(limit, self._limit))

    def add(self, policy: Policy) -> None:
        self._cards += 1
        limit = policy.cards_per_response
        self._limit = limit if self._limit is None else min(limit, self._limit)


def _barred(candidate: Candidate, offers: Mapping[str, TrialOffer]) -> Decision | None:
    """What no answer and no policy can change."""
    if candidate.trial not in offers:
        return _held_back(candidate.trial, Silence("not_offered", None))
    if candidate.closed:
        return _held_back(candidate.trial, Silence(candidate.closed, None))
    if candidate.enrolled:
        return _held_back(candidate.trial, Silence("enrolled", None))
    return None


def _is_silent(candidate: Candidate, offer: TrialOffer) -> bool:
    return candidate.silent or offer.silent


def _silent(candidate: Candidate, offers: Mapping[str, TrialOffer]) -> Decision | None:
    if not _is_silent(candidate, offers[candidate.trial]):
        return None
    return _held_back(candidate.trial, Silence("silent_trial", None))


_ABOUT_THE_PATIENT = frozenset(meaning.word for meaning in MEANINGS if meaning.whom == "tenant")


def _by_answers(silence: Silence | None, silent: bool) -> Silence | None:
    """A patient who declined is no candidate for study staff either; a clinician's "not now" is no reason."""
    if silent and (silence is None or silence.word not in _ABOUT_THE_PATIENT):
        return Silence("silent_trial", None)
    return silence


def _over_budget(policy: Policy, trial: str, history: History, day: date) -> Silence | None:
    """Distinct patients of the day, not renders: the chart that is open is not among those counted."""
    others = history.patients_today.get(trial, 0)
    tomorrow = day + timedelta(days=1) if day < date.max else day
    if others >= policy.patients_per_user_and_day:
        return Silence("budget", tomorrow)
    if others >= policy.backed_off_patients and is_backed_off(policy, history.rates.get(trial)):
        return Silence("backed_off", tomorrow)
    return None


def is_backed_off(policy: Policy, rate: Rate | None) -> bool:
    """Whether a trial's cards are mostly overridden at this client, judged by enough answers."""
    if rate is None or rate.answered < max(policy.back_off_after, 1):
        return False
    return rate.overridden >= policy.back_off_rate * rate.answered


def _held_back(trial: str, silence: Silence) -> Decision:
    return Decision(trial, shown=False, silenced=silence.word, until=silence.until)
