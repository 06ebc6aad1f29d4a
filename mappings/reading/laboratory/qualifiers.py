"""What qualifies a resource as a whole: whom or what it is about, and what FHIR forbids to pass over.

FHIR R4 on Observation.focus: "the actual focus of an observation when it is not the patient of record", such
as a spouse, fetus or donor; it may also be a condition, a procedure, a specimen or a body structure of the
patient. What is found in those is found in the patient; of anything else (a device, a place) nobody knows.
On modifierExtension: who does not know it must not read the resource as if it were not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.reading.fhir_elements import items, text_of
from mappings.reading.references import PatientIdentity, contained_in, resolved

_OTHERS = frozenset({"RelatedPerson", "Person", "Group", "Practitioner", "PractitionerRole"})
_OF_THE_PATIENT = frozenset(
    {
        *("BodyStructure", "CarePlan", "Condition", "DiagnosticReport", "Encounter", "EpisodeOfCare"),
        *(
            "ImagingStudy",
            "Medication",
            "MedicationAdministration",
            "MedicationRequest",
            "MedicationStatement",
        ),
        *("Observation", "Procedure", "ServiceRequest", "Specimen"),
    }
)


MODIFIED = "qualified in a way that is not known"


def is_whole(resource: Mapping[str, Any]) -> bool:
    """Whether neither it nor a component has a modifierExtension."""
    return not resource.get("modifierExtension") and all(map(is_whole, items(resource.get("component"))))


def is_about(
    resource: Mapping[str, Any], identity: PatientIdentity, full_urls: Mapping[str, str]
) -> bool | None:
    """Whether the focus of a resource is the patient, or something of theirs; None if that is not known."""
    focus = resource.get("focus")
    if not focus:
        return True
    said = [_is_theirs(each, resource, identity, full_urls) for each in items(focus)]
    return False if False in said else None if None in said or not said else True


def _is_theirs(
    focus: Mapping[str, Any],
    resource: Mapping[str, Any],
    identity: PatientIdentity,
    full_urls: Mapping[str, str],
) -> bool | None:
    text = text_of(focus.get("reference"))
    if text.startswith("#"):
        inside = contained_in(resource, text)
        kind = None if inside is None else inside.get("resourceType")
    else:
        kind = resolved(text, full_urls).partition("/")[0].partition("?")[0]
    kind = kind if kind in _KNOWN else focus.get("type")
    if kind == "Patient":
        return identity.is_subject_of({"contained": resource.get("contained"), "focus": focus}, "focus")
    if kind in _OTHERS:
        return False
    return True if kind in _OF_THE_PATIENT else None


_KNOWN = _OTHERS | _OF_THE_PATIENT | {"Patient"}
