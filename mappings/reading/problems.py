"""Conditions and procedures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mappings.concept import Concept
from mappings.dates import BEGINNING, When, parse_when
from mappings.facts import Diagnosis, Performed
from mappings.reading.code_index import first_code, words
from mappings.reading.observations import period
from mappings.reading.references import reference_of

_REFUTED = frozenset({"refuted", "entered-in-error"})
_NOT_DONE = frozenset({"not-done", "entered-in-error"})
_UNKNOWN_DAY = When(BEGINNING, 10**7, "")


def read_condition(
    resource: Mapping[str, Any], concepts: Sequence[Concept], into: dict[str, list[Diagnosis]]
) -> None:
    """Adds a diagnosis for each concept, unless the Condition is refuted or entered in error."""
    verification = first_code(resource.get("verificationStatus"))
    if verification in _REFUTED:
        return
    status = first_code(resource.get("clinicalStatus"))
    confirmed, note = _confirmed(verification, status)
    onset = _dated(resource, "onset")
    abatement = _dated(resource, "abatement")
    if abatement is None and resource.get("abatementBoolean") is True:
        status = status or "resolved"
    recorded = parse_when(resource.get("recordedDate"))
    present = {concept.id for concept in concepts}
    for concept in concepts:
        if not present.intersection(concept.excluding):
            into.setdefault(concept.id, []).append(
                Diagnosis(
                    concept.id,
                    reference_of(resource),
                    words(resource.get("code")),
                    status,
                    confirmed,
                    onset,
                    abatement,
                    recorded,
                    note,
                )
            )


def _confirmed(verification: str, status: str) -> tuple[bool | None, str]:
    if verification == "confirmed":
        return True, ""
    if verification:
        return None, verification
    if status == "active":
        return True, "active, verification status not recorded"
    return None, "verification status not recorded"


def _dated(resource: Mapping[str, Any], stem: str) -> When | None:
    return parse_when(resource.get(f"{stem}DateTime")) or period(resource.get(f"{stem}Period"))


def read_procedure(
    resource: Mapping[str, Any], concepts: Sequence[Concept], into: dict[str, list[Performed]]
) -> None:
    """Adds what was performed for each concept, unless it was not done."""
    status = resource.get("status")
    if isinstance(status, str) and status in _NOT_DONE:
        return
    when = _dated(resource, "performed") or _UNKNOWN_DAY
    done, note = (True, "") if status == "completed" else (None, "not recorded as completed")
    for concept in concepts:
        into.setdefault(concept.id, []).append(
            Performed(concept.id, reference_of(resource), words(resource.get("code")), when, done, note)
        )
