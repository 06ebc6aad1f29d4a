"""When something is tried again. Pure: chance and time come from outside.

All numbers here are ours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FIRST = timedelta(seconds=15)
LONGEST = timedelta(hours=1)
LONGEST_ASKED_FOR = timedelta(days=1)
"""No server makes us wait longer than this, whatever its Retry-After says."""

MOST_REFUSALS = 5
"""How often something is tried that the server refuses for good, before a person has to look at it."""

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When something that was given up is due."""


def pause(attempts: int, chance: float, retry_after: float | None = None) -> timedelta:
    """How long to wait after this many failures: twice as long each time, a random half of it more or less.

    ``chance`` is a random number from 0 to 1. What the server asks for (seconds) is waited at least.
    """
    doubled = FIRST * 2 ** min(attempts - 1, 30) if attempts > 0 else FIRST
    ours = min(doubled, LONGEST) * (0.5 + chance / 2)
    if retry_after is None:
        return ours
    return max(ours, min(timedelta(seconds=max(0.0, min(retry_after, 1e6))), LONGEST_ASKED_FOR))


def next_try(now: datetime, attempts: int, *, for_good: bool, wait: timedelta) -> datetime:
    """When to try again after ``attempts`` failures, the last of them a refusal ``for_good`` or not."""
    return NEVER if for_good and attempts >= MOST_REFUSALS else now + wait
