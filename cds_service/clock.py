"""The only place that asks what day it is."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def today_in(time_zone: str) -> date:
    """The date now in the zone; an empty name means the machine's own zone (UTC if it has none)."""
    if time_zone:
        return datetime.now(ZoneInfo(time_zone)).date()
    return datetime.now().astimezone().date()
