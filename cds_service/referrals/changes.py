"""What a re-assessment found, in pieces, so that it can be said in any language; and how it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from cards.evidence_words import short_name
from cds_service.fatigue.history import CriterionTrace
from mappings.language import Language, message
from mappings.language.record_words import value_in

What = Literal["criterion", "gate", "record"]

WORDS = ("no-longer-meets", "needs-data")
"""What asks for a look: something is not met any more, or is not known any more."""

NO_LONGER_MEETS = message("no longer meets: {what}")
NOT_KNOWN = message("not known to meet any more: {what}")
ON_DAY = message("{fact} on {date}")
GATE = message("what made the patient a candidate")
_RECORD: Mapping[str, str] = {
    "deceased": message("the record says that the patient has died"),
    "merged": message("the record was merged with another"),
    "inactive": message("the record is inactive"),
}


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

    def __repr__(self) -> str:
        return f"Change({self.what}, {self.id}, {self.verdict})"


class Reading(NamedTuple):
    """What of an assessment is compared with the one before. It holds values: kept encrypted, or not at all.

    ``failing``: every criterion that is not met, the gate if it is not met, and what the record says of the
    patient as a whole. ``complete``: whether everything was retrieved.
    """

    trial: str
    outcome: str
    gate: str
    traces: tuple[CriterionTrace, ...]
    failing: tuple[Change, ...]
    complete: bool

    def __repr__(self) -> str:
        return f"Reading({self.trial})"


def written(changes: Sequence[Change]) -> list[list[str]]:
    """As kept in an encrypted text."""
    return [list(change) for change in changes]


def read(kept: object) -> tuple[Change, ...]:
    """From what was kept."""
    return tuple(Change(*each) for each in kept) if isinstance(kept, list) else ()


def words_for(changes: Sequence[Change]) -> tuple[str, ...]:
    """What asks for a look because of them: what is not met before what is not known."""
    if not changes:
        return ()
    return WORDS[:1] if any(change.verdict == "not-met" for change in changes) else WORDS[1:]


def said(change: Change, language: Language) -> str:
    """no longer meets: SLEDAI-2K 6 on 3 March 2026. Plain text, which may hold words from the record."""
    say = language.text
    if change.what == "record":
        return say(_RECORD.get(change.id, change.id))
    fact = short_name(say(change.fact)) if change.fact else ""
    named = fact or say(change.label) or say(GATE)
    value = value_in(language, change.value)
    what = value if fact and value.casefold().startswith(fact.casefold()) else f"{named} {value}".strip()
    if change.date:
        what = say(ON_DAY).format(fact=what, date=_day(change.date, language))
    return say(NO_LONGER_MEETS if change.verdict == "not-met" else NOT_KNOWN).format(what=what)


def _day(written: str, language: Language) -> str:
    """As precise as it was written."""
    try:
        if len(written) == len("2026-03"):
            return language.short_month(date.fromisoformat(f"{written}-01"))
        return language.long_date(date.fromisoformat(written[:10]))
    except ValueError:
        return written
