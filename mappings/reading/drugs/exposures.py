"""MedicationRequest, -Statement, -Administration and -Dispense as exposures by drug concept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mappings.concept import Concept
from mappings.facts import Exposure
from mappings.reading.drugs.dates import (
    Course,
    course_of_administration,
    course_of_dispense,
    course_of_request,
    course_of_statement,
)
from mappings.reading.drugs.forms import is_applied_locally, is_local, may_be_infusion
from mappings.reading.drugs.names import DrugIndex, drug_index
from mappings.reading.drugs.products import Medications, Product, product_of
from mappings.reading.drugs.statuses import Standing, standing
from mappings.reading.fhir_elements import items, one_line, text_of, tokens_and_texts
from mappings.reading.references import reference_of
from mappings.results import Unreadable
from mappings.verdicts import Reason

_SOURCES: Mapping[str, Literal["ordered", "stated", "given", "dispensed"]] = {
    "MedicationRequest": "ordered",
    "MedicationStatement": "stated",
    "MedicationAdministration": "given",
    "MedicationDispense": "dispensed",
}
_BY_NAME = "recognised by name"


def read_exposures(
    resources: Sequence[Mapping[str, Any]],
    medications: Medications,
    concepts: Sequence[Concept],
    unreadable: list[Unreadable],
    unresolved: list[str],
) -> dict[str, tuple[Exposure, ...]]:
    """The exposures to each drug concept, in the order of the records. Never raises.

    ``medications`` holds Medication resources by ``Medication/id`` and fullUrl. References that lead to
    none of them are added to ``unresolved``; what could not be read is added to ``unreadable``. Resources
    of other types are passed over. Forms that act locally are no exposure.
    """
    index = drug_index(concepts)
    found: dict[str, list[Exposure]] = {}
    for resource in resources:
        faults: list[str] = []
        for exposure in _exposures_of(resource, medications, index, faults, unresolved):
            found.setdefault(exposure.concept, []).append(exposure)
        if faults:
            reference = reference_of(resource)
            unreadable.extend(Unreadable(reference, what) for what in dict.fromkeys(faults))
    return {concept: tuple(exposures) for concept, exposures in found.items()}


def _exposures_of(
    resource: Mapping[str, Any],
    medications: Medications,
    index: DrugIndex,
    faults: list[str],
    unresolved: list[str],
) -> list[Exposure]:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str) or kind not in _SOURCES:
        return []
    state = standing(resource, kind)
    product = product_of(resource, medications, faults, unresolved) if state is not None else None
    if state is None or product is None:
        return []
    concepts, by_name = index.find(product.tokens, product.texts)
    if not concepts:
        return []
    routes = _routes(resource)
    if _acts_locally(product, routes, resource):
        return []
    return [
        _exposure(resource, kind, index.concepts[concept], product, state, by_name, routes, faults)
        for concept in concepts
    ]


def _exposure(  # noqa: PLR0913 - one call, and a bundle of its arguments would be made per record
    resource: Mapping[str, Any],
    kind: str,
    concept: Concept,
    product: Product,
    state: Standing,
    by_name: bool,
    routes: tuple[tuple[str, ...], tuple[str, ...]],
    faults: list[str],
) -> Exposure:
    course = _course(resource, kind, concept, product, state, routes, faults)
    source = _SOURCES[kind]
    words = one_line(product.texts[0]) if product.texts else concept.display
    notes = [product.note or (_BY_NAME if by_name else ""), state.over, state.note, course.note]
    return Exposure(
        concept.id,
        reference_of(resource),
        f"{words}, {source}",
        source,
        course.start,
        course.end,
        by_name,
        state.problem or (Reason.IMPRECISE if course.note else None),
        "; ".join(filter(None, notes)),
    )


def _course(
    resource: Mapping[str, Any],
    kind: str,
    concept: Concept,
    product: Product,
    state: Standing,
    routes: tuple[tuple[str, ...], tuple[str, ...]],
    faults: list[str],
) -> Course:
    if kind == "MedicationRequest":
        return course_of_request(resource, bool(state.over), faults)
    if kind == "MedicationStatement":
        return course_of_statement(resource, bool(state.over), faults)
    if kind == "MedicationDispense":
        return course_of_dispense(resource, faults)
    infusion = may_be_infusion(routes[0], (*product.texts, *product.form_texts, *routes[1]))
    return course_of_administration(resource, concept.covers_days if infusion else None, faults)


def _routes(resource: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes and words of the routes of administration."""
    all_tokens: list[str] = []
    all_texts: list[str] = []
    for dosage in _dosages(resource):
        if "route" in dosage:
            tokens, texts = tokens_and_texts(dosage["route"])
            all_tokens += tokens
            all_texts += texts
    return tuple(all_tokens), tuple(all_texts)


def _dosages(resource: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return items(resource.get("dosageInstruction")) or items(resource.get("dosage"))


def _acts_locally(
    product: Product, routes: tuple[tuple[str, ...], tuple[str, ...]], resource: Mapping[str, Any]
) -> bool:
    if is_local(product.tokens, product.texts) or is_local(*routes):
        return True
    if (product.form_tokens or product.form_texts) and is_local(product.form_tokens, product.form_texts):
        return True
    directions = (
        text_of(dosage.get(key)) for dosage in _dosages(resource) for key in ("text", "patientInstruction")
    )
    return any(direction and is_applied_locally(direction) for direction in directions)
