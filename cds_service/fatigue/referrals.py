"""What a referral says of its patient's cards: nobody is asked again about whom the study team has in hand.

It holds for everyone at that tenant, whether the policy is on or off. Every number of days is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta, tzinfo
from typing import Literal, NamedTuple

from cds_service.fatigue.history import Referred
from cds_service.fatigue.policy import Policy
from cds_service.fatigue.silences import Silence, local_day
from cds_service.referrals.states import OPEN, State

Days = Literal["declined_days", "not_now_days", "for_good"]


class Rule(NamedTuple):
    """What a state silences for: the word that is recorded, and for how long."""

    word: str
    lasts: Days


AFTER: Mapping[State, Rule] = {
    **dict.fromkeys(sorted(OPEN), Rule("referred", "for_good")),
    State.ENROLLED: Rule("enrolled", "for_good"),
    # The patient's own word.
    State.DECLINED: Rule("declined", "declined_days"),
    State.WITHDRAWN: Rule("declined", "declined_days"),
    # The study team looked at the patient: a card knows less. They can open the referral again any day.
    State.NOT_ELIGIBLE: Rule("not_eligible", "declined_days"),
    State.SCREEN_FAILURE: Rule("not_eligible", "declined_days"),
    # Whoever could not be reached may sit in front of a clinician next month.
    State.LOST: Rule("referred", "not_now_days"),
}
ENROLLED_BEFORE = AFTER[State.ENROLLED]
"""However the study ended for who was on it."""


def rule_of(referred: Referred) -> Rule | None:
    """The rule of a referral; None for one that was only suggested."""
    if referred.left_from == State.ENROLLED:
        return ENROLLED_BEFORE
    return AFTER.get(State(referred.state))


def silence_of(referred: Referred | None, policy: Policy, zone: tzinfo | None, day: date) -> Silence | None:
    """Why a card is held back on a day because of its patient's referral, if it is."""
    rule = rule_of(referred) if referred is not None else None
    if referred is None or rule is None:
        return None
    if rule.lasts == "for_good":
        return Silence(rule.word, None)
    start = local_day(referred.entered, zone)
    until = start + timedelta(days=min(int(getattr(policy, rule.lasts)), (date.max - start).days))
    return Silence(rule.word, until) if day < until else None
