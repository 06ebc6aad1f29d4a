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


WORDS = ("no-longer-meets", "needs-data")


def words_for(changes: Sequence[Change]) -> tuple[str, ...]:
    """What asks for a look because of them: what is not met before what is not known."""
    if not changes:
        return ()
    return WORDS[:1] if any(change.verdict == "not-met" for change in changes) else WORDS[1:]
