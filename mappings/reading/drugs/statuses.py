"""What the status of a drug record makes of it: it does not exist, it counts, it is over, or who knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mappings.dates import SOME_DAY, When, parse_when
from mappings.reading.drugs.dosages import Dosage, all_zero
from mappings.reading.drugs.own_words import (
    Said,
    is_end_noted,
    is_not_adhering,
    said_in_instruction,
    said_in_product,
)
from mappings.reading.fhir_elements import items, mapping, text_of, tokens_and_texts
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

DENIED = "its words say that it is not taken"
NOT_CERTAIN = "its words leave open whether it is taken"
CODES_DISAGREE = "codes of different drugs"

_WORDS: Mapping[str, str] = {
    "": NO_STATUS,
    "on-hold": ON_HOLD,
    "intended": "intended",
    "preparation": "not handed over",
    "in-progress": "not handed over",
    "stopped": "dispensing stopped",
}


class Standing(NamedTuple):
    """``over`` is one of ENDED_NOTES or empty; ``note`` says what is doubtful.

    ``not_taken_from``: the day from which on somebody reports that an order is not followed.
    """

    problem: Reason | None = None
    over: str = ""
    note: str = ""
    not_taken_from: When | None = None


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


def is_reported(resource: Mapping[str, Any]) -> bool:
    """Whether a request is none, but says what somebody reports that the patient takes, as statements do.

    US Core has no profile for statements: such drugs are MedicationRequests with ``intent`` plan and
    ``reported[x]`` (its example "self-tylenol").
    """
    if text_of(resource.get("intent")).lower() != "plan":
        return False
    return resource.get("reportedBoolean") is True or bool(mapping(resource.get("reportedReference")))


_SAID: Mapping[Said, Standing] = {
    "over": Standing(over="stopped"),
    "denied": Standing(Reason.NOT_CONFIRMED, note=DENIED),
    "held": Standing(Reason.NOT_CONFIRMED, note=ON_HOLD),
    "planned": Standing(Reason.NOT_CONFIRMED, note="intended"),
    "uncertain": Standing(Reason.NOT_CONFIRMED, note=NOT_CERTAIN),
}


def in_its_own_words(
    state: Standing,
    resource: Mapping[str, Any],
    product: tuple[str, ...],
    dosages: Sequence[Dosage],
    names_another: Callable[[str], bool],
) -> Standing:
    """The standing of a record that counts by its status; its own words or a dose of nought may take it back.

    What was given or handed over had begun, so that words that it is over say nothing against it.
    ``names_another``: whether words name other drugs than that of the record, and not it.
    """
    if state != _COUNTING:
        return state
    nothing: Said = ""
    said = next((each for each in _sayings(resource, product, dosages, names_another) if each), nothing)
    if said == "over" and resource.get("resourceType") not in _COURSES:
        return _SAID["uncertain"] if all_zero(dosages) else state
    return _SAID[said] if said else _as_reported(state, resource)


_ADHERENCE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medication-adherence"
_ADHERENCE_CODES = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
_HOW = ("", "-as-directed", "-not-as-directed")
_NOT_TAKING = frozenset(
    {"http://snomed.info/sct|715036001", f"{_ADHERENCE_CODES}|not-taking"}
    | {f"{_ADHERENCE_CODES}|{state}{how}" for state in ("stopped", "on-hold") for how in _HOW}
)
"""US Core's codes for the extension, and FHIR's (R5 and later) for the adherence to a statement."""


def _as_reported(state: Standing, resource: Mapping[str, Any]) -> Standing:
    """An order that somebody reports as not followed: sure until then; without a day, never."""
    if "extension" not in resource or resource.get("resourceType") == "MedicationAdministration":
        return state
    days = [_not_taking(each) for each in items(resource["extension"]) if each.get("url") == _ADHERENCE]
    reported = [day for day in days if day is not None]
    if not reported:
        return state
    first = min(reported, key=lambda day: (day.first, day.last, day.text))
    if first == SOME_DAY or resource.get("resourceType") == "MedicationStatement" or is_reported(resource):
        return _SAID["denied"]
    return Standing(note=DENIED, not_taken_from=first)


def _not_taking(adherence: Mapping[str, Any]) -> When | None:
    """The day on which this was said: that the drug is not taken; None if something else was."""
    parts = items(adherence.get("extension"))
    told = [part.get("valueCodeableConcept") for part in parts if part.get("url") == "medicationAdherence"]
    days = [parse_when(part.get("valueDateTime")) for part in parts if part.get("url") == "dateAsserted"]
    for codes, words in map(tokens_and_texts, told):
        if not _NOT_TAKING.isdisjoint(codes) or any(map(is_not_adhering, words)):
            return next(filter(None, days), SOME_DAY)
    return None


def _sayings(
    resource: Mapping[str, Any],
    product: tuple[str, ...],
    dosages: Sequence[Dosage],
    names_another: Callable[[str], bool],
) -> Iterator[Said]:
    yield from map(said_in_product, product)
    for dosage in dosages:
        for saying in (each for told in dosage.instructions for each in said_in_instruction(told)):
            if not names_another(saying.subject):
                yield saying.said
    for key in ("statusReason", "statusReasonCodeableConcept"):
        for reason in items(resource.get(key)):
            yield from map(said_in_product, tokens_and_texts(reason)[1])
    if any(is_end_noted(text_of(note.get("text"))) for note in items(resource.get("note"))):
        yield "over"
    if all_zero(dosages):
        yield "over"
