"""Three-valued verdicts, their reasons, and how they combine.

The logic is Kleene's, as in CQL: unknown is a value of its own, never a pass and never a fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final


class Verdict(Enum):
    """What a record says about a requirement. An exclusion that holds is NOT_MET."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # Enum hashes by name, at a price that verdicts pay very often


class Reason(Enum):
    """Why a verdict is what it is. The list is closed: cards, exports and tests rely on it."""

    VALUE = "value"
    NOT_FOUND = "not_found"
    NOT_RETRIEVED = "not_retrieved"
    UNREADABLE = "unreadable"
    TOO_OLD = "too_old"
    IMPRECISE = "imprecise"
    CENSORED = "censored"
    UNIT_NOT_COMPARABLE = "unit_not_comparable"
    CONFLICTING = "conflicting"
    NOT_CONFIRMED = "not_confirmed"
    NEEDS_JUDGEMENT = "needs_judgement"
    ATTESTED = "attested"
    NOT_APPLICABLE = "not_applicable"
    ABSENT_BY_RULE = "absent_by_rule"
    SCORE_UNDECIDED = "score_undecided"

    __hash__ = object.__hash__


MET: Final = Verdict.MET
NOT_MET: Final = Verdict.NOT_MET
UNKNOWN: Final = Verdict.UNKNOWN
VALUE: Final = Reason.VALUE
NOT_FOUND: Final = Reason.NOT_FOUND
NOT_RETRIEVED: Final = Reason.NOT_RETRIEVED
TOO_OLD: Final = Reason.TOO_OLD
IMPRECISE: Final = Reason.IMPRECISE
CONFLICTING: Final = Reason.CONFLICTING
NEEDS_JUDGEMENT: Final = Reason.NEEDS_JUDGEMENT
"""The members that evaluators name most. To look one up in its Enum costs Python 3.11 twenty times as much,
and an assessment does so some 700 times."""


UNKNOWN_REASON_ORDER: tuple[Reason, ...] = (
    Reason.CONFLICTING,
    Reason.UNREADABLE,
    Reason.UNIT_NOT_COMPARABLE,
    Reason.NOT_RETRIEVED,
    Reason.IMPRECISE,
    Reason.CENSORED,
    Reason.NOT_CONFIRMED,
    Reason.TOO_OLD,
    Reason.SCORE_UNDECIDED,
    Reason.NOT_FOUND,
    Reason.NEEDS_JUDGEMENT,
)
"""If several parts of a criterion are unknown, the first of these is the criterion's reason: what
contradicts or cannot be read comes before what is old, that before what is absent, and what only a
person can say comes last."""

_RANK = {reason: rank for rank, reason in enumerate(UNKNOWN_REASON_ORDER)}

_NEGATED = {
    MET: NOT_MET,
    NOT_MET: MET,
    UNKNOWN: UNKNOWN,
}


def negation(verdict: Verdict) -> Verdict:
    """NOT: unknown stays unknown."""
    return _NEGATED[verdict]


def conjunction(verdicts: Sequence[Verdict]) -> Verdict:
    """AND: one NOT_MET decides; otherwise one UNKNOWN leaves it unknown."""
    if NOT_MET in verdicts:
        return NOT_MET
    return UNKNOWN if UNKNOWN in verdicts else MET


def at_least(count: int, verdicts: Sequence[Verdict]) -> Verdict:
    """k of n: met when k are met; not met when too few could still be."""
    met = sum(verdict is MET for verdict in verdicts)
    if met >= count:
        return MET
    undecided = sum(verdict is UNKNOWN for verdict in verdicts)
    return UNKNOWN if met + undecided >= count else NOT_MET


def first_unknown_reason(reasons: Sequence[Reason]) -> Reason:
    """The reason that stands for several unknowns (see UNKNOWN_REASON_ORDER)."""
    return min(reasons, key=_RANK.__getitem__)
