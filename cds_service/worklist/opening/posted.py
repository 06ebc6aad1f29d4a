"""What somebody wrote into the forms of a row: cleaned, and bounded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from cds_service.referrals.states import State

LONGEST_NOTE = 5000
LONGEST_WHY = 2000
"""Characters: interpretations."""

# Controls but for line break and tab, and the marks that turn a text round or hide what stands in it.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]")


class Step(NamedTuple):
    """A move as it was asked for. ``to`` None: none that there is."""

    version: int
    to: State | None
    reason: str
    why: str


def cleaned(text: str) -> str:
    """A text of several lines as it is kept: with plain line breaks, and without what nobody sees."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", lines.encode("utf-8", "replace").decode()).strip()


def step_of(form: Mapping[str, str]) -> Step:
    """A choice is a state, with a reason behind a colon where there is one."""
    to, _, reason = form.get("step", "").partition(":")
    version = form.get("version", "")
    return Step(
        int(version) if re.fullmatch(r"[0-9]{1,9}", version) else -1,
        State(to) if to in set(State) else None,
        reason,
        cleaned(form.get("why", "")),
    )
