"""What a record says today beside what it said when the referral was last assessed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cds_service.fatigue.history import CriterionTrace
from mappings.verdicts import Reason


class Change(NamedTuple):
    """One criterion that reads differently: verdicts then and now. ``was`` "": it was not asked then.

    The same verdict twice: it rests on other evidence now.
    """

    criterion: str
    was: str
    now: str


def changes_between(then: Sequence[CriterionTrace], now: Sequence[CriterionTrace]) -> tuple[Change, ...]:
    """What changed, in the order of today's criteria. What could not be read today is no change."""
    before = {trace.id: trace for trace in then}
    return tuple(
        Change(trace.id, earlier.verdict if earlier else "", trace.verdict)
        for trace in now
        if trace.reason != Reason.NOT_RETRIEVED.value and _differ(earlier := before.get(trace.id), trace)
    )


def _differ(earlier: CriterionTrace | None, trace: CriterionTrace) -> bool:
    if earlier is None or earlier.verdict != trace.verdict:
        return True
    key, _, digest = earlier.digest.partition(".")
    other_key, _, other = trace.digest.partition(".")
    # Digests under different keys cannot be compared; evidence that is gone or new can be seen without.
    return bool(digest) != bool(other) or (key == other_key and digest != other)
