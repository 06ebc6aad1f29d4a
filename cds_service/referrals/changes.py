"""What a re-assessment says in pieces, so that it can be said in any language. Never the sentence itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

What = Literal["criterion", "gate", "record"]


class Change(NamedTuple):
    """One thing that is not so any more: a criterion, the trial's gate, or the record as a whole.

    ``id`` is the criterion's; of the record "deceased", "merged" or "inactive". ``label`` is the criterion's
    and ``fact`` that of the fact behind it, in English as the definition has them; ``value`` as written
    ("0.4 g/g", "6"); ``date`` as FHIR writes it. Each "" where nothing is known. ``verdict``: "not-met" or
    "unknown".
    """

    what: What
    id: str
    verdict: str
    label: str = ""
    fact: str = ""
    value: str = ""
    date: str = ""


def written(changes: Sequence[Change]) -> list[list[str]]:
    """As kept in an encrypted text."""
    return [list(change) for change in changes]


def read(kept: object) -> tuple[Change, ...]:
    """From what was kept."""
    return tuple(Change(*each) for each in kept) if isinstance(kept, list) else ()
