"""What the status of a drug record makes of it: it does not exist, it counts, it is over, or who knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mappings.reading.fhir_elements import text_of
from mappings.verdicts import Reason

_NEVER = frozenset({"entered-in-error", "cancelled", "draft", "not-done", "declined"})
_NEVER_INTENDED = frozenset({"plan", "proposal", "option"})
_COUNTS: Mapping[str, frozenset[str]] = {
    "MedicationRequest": frozenset({"active"}),
    "MedicationStatement": frozenset({"active"}),
    "MedicationAdministration": frozenset({"completed", "in-progress", "stopped"}),
    "MedicationDispense": frozenset({"completed"}),
}
"""An administration that was stopped had begun: some of the drug was given."""

_COURSES = frozenset({"MedicationRequest", "MedicationStatement"})
ENDED_NOTES = frozenset({"stopped", "completed"})
"""The notes of an order or a statement that its status says is over, whatever end it had been planned for."""

NOT_TAKEN = "not taken"
NO_STATUS, ON_HOLD, STATUS_NOT_KNOWN = "no status recorded", "on hold", "status not known"
"""What the notes of other statements say that deny or doubt that the drug is taken."""

_WORDS: Mapping[str, str] = {
    "": NO_STATUS,
    "on-hold": ON_HOLD,
    "intended": "intended",
    "preparation": "not handed over",
    "in-progress": "not handed over",
    "stopped": "dispensing stopped",
}


class Standing(NamedTuple):
    """``over`` is one of ENDED_NOTES or empty; ``note`` says what is doubtful."""

    problem: Reason | None = None
    over: str = ""
    note: str = ""


_COUNTING = Standing()


def standing(resource: Mapping[str, Any], kind: str) -> Standing | None:
    """What status, intent and doNotPerform say; None if the record says nothing about the patient."""
    status = text_of(resource.get("status")).lower()
    if status in _NEVER or resource.get("doNotPerform") is True:
        return None
    if kind == "MedicationRequest" and text_of(resource.get("intent")).lower() in _NEVER_INTENDED:
        return None
    if status == "not-taken":
        return Standing(Reason.NOT_CONFIRMED, note=NOT_TAKEN) if kind == "MedicationStatement" else None
    if status in _COUNTS[kind]:
        return _COUNTING
    if kind in _COURSES and status in ENDED_NOTES:
        return Standing(over=status)
    return Standing(Reason.NOT_CONFIRMED, note=_WORDS.get(status, STATUS_NOT_KNOWN))
