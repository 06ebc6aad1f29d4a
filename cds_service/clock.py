"""The only place that asks what day or time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


def now_in(time_zone: str) -> datetime:
    """Now in the zone; an empty name means the machine's own zone (UTC if it has none)."""
    if time_zone:
        return datetime.now(_zone(time_zone))
    return datetime.now().astimezone()


def today_in(time_zone: str) -> date:
    """The date now in the zone."""
    return now_in(time_zone).date()


def now_utc() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
