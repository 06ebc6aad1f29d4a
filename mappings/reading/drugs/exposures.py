"""MedicationRequest, -Statement, -Administration and -Dispense as exposures by drug concept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

from mappings.concept import Concept
from mappings.facts import Exposure
from mappings.reading.drugs.courses_in_words import is_short_pack
from mappings.reading.drugs.dates import (
    Course,
    course_of_administration,
    course_of_dispense,
    course_of_request,
    course_of_statement,
    sure_before,
)
from mappings.reading.drugs.denials import contradicting, is_not_taken
from mappings.reading.drugs.dosages import Dosage, dosages_of, only_as_needed, timing_of
from mappings.reading.drugs.forms import (
    hints_at_local,
    is_applied_locally,
    is_local,
    is_swallowed_or_injected,
    may_be_infusion,
    may_be_placebo,
)
from mappings.reading.drugs.names import DrugIndex, drug_index
from mappings.reading.drugs.products import Medications, Product, product_of
from mappings.reading.drugs.statuses import (
    CODES_DISAGREE,
    NOT_CERTAIN,
    NOT_TAKEN,
    Standing,
    in_its_own_words,
    is_reported,
    standing,
)
from mappings.reading.fhir_elements import Words, mapping, one_line, tokens_and_texts
from mappings.reading.laboratory.qualifiers import MODIFIED
from mappings.reading.references import reference_of
from mappings.results import Unreadable
from mappings.verdicts import Reason

_SOURCES: Mapping[str, Literal["ordered", "stated", "given", "dispensed"]] = {
    "MedicationRequest": "ordered",
    "MedicationStatement": "stated",
    "MedicationAdministration": "given",
    "MedicationDispense": "dispensed",
}
_OR = re.compile(r"\bor\b|\boder\b|或", re.IGNORECASE)
_BY_NAME, AS_NEEDED = "recognised by name", "as needed"


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
    of other types are passed over. Forms that act locally are no exposure. A statement "not taken" is kept
    only beside a record of the drug that it speaks against.
    """
    index = drug_index(concepts)
    found: dict[str, list[Exposure]] = {}
    not_taken: dict[str, list[Exposure]] = {}
    for resource in resources:
        faults: list[str] = []
        for exposure in _exposures_of(resource, medications, index, faults, unresolved):
            kept = not_taken if is_not_taken(exposure) else found
            kept.setdefault(exposure.concept, []).append(exposure)
        if faults:
            reference = reference_of(resource)
            unreadable.extend(Unreadable(reference, what) for what in dict.fromkeys(faults))
    for concept in not_taken.keys() & found.keys():
        found[concept] += contradicting(not_taken[concept], found[concept])
    return {concept: tuple(exposures) for concept, exposures in found.items()}


class _Record(NamedTuple):
    """A drug record that counts, with what is known of it before its dates are read."""

    resource: Mapping[str, Any]
    kind: str
    state: Standing
    product: Product
    dosages: tuple[Dosage, ...]
    by_name: bool
    route_tokens: tuple[str, ...]
    route_texts: tuple[str, ...]


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
    if kind == "MedicationRequest" and is_reported(resource):
        kind = "MedicationStatement"
    state = standing(resource, kind)
    if state is not None and state.note == NOT_TAKEN:
        faults, unresolved = [], []  # what is not taken is no loss
    product = product_of(resource, medications, faults, unresolved) if state is not None else None
    if state is None or product is None:
        return []
    concepts, by_name = index.find(product.tokens, product.texts)
    if not concepts:
        return []
    dosages = dosages_of(resource)
    another = partial(index.names_another, concepts)
    state = in_its_own_words(state, resource, product.texts, dosages, another)
    if by_name and len(concepts) > 1 and any(map(_OR.search, product.texts)):
        state = _either(state, NOT_CERTAIN)
    if index.contradict(product.own_tokens):
        state = _either(state, CODES_DISAGREE)
    record = _Record(resource, kind, state, product, dosages, by_name, *_routes(dosages))
    if _is_left_out(record):
        return []
    if not _is_whole(record):
        faults.append(MODIFIED)
        return []
    return [_exposure(record, index.concepts[concept], faults) for concept in concepts]


def _either(state: Standing, note: str) -> Standing:
    """A record of one of several drugs, nobody knows which."""
    return Standing(Reason.CONFLICTING, state.over, "; ".join(filter(None, (state.note, note))))


def _exposure(record: _Record, concept: Concept, faults: list[str]) -> Exposure:
    state, product = record.state, record.product
    course = _course(record, concept, faults)
    if state.not_taken_from is not None:
        course = sure_before(course, state.not_taken_from)
    source = _SOURCES[record.kind]
    as_needed = source != "given" and only_as_needed(record.dosages)
    words = one_line(product.texts[0]) if product.texts else concept.display
    known = product.note or (_BY_NAME if record.by_name else "")
    notes = [known, state.over, state.note, AS_NEEDED if as_needed else "", course.note]
    problem = state.problem or (Reason.NOT_CONFIRMED if as_needed else None)
    return Exposure(
        concept.id,
        reference_of(record.resource),
        f"{words}, {source}",
        source,
        course.start,
        course.end,
        record.by_name,
        problem or (Reason.IMPRECISE if course.note else None),
        "; ".join(filter(None, notes)),
        course.last_given,
    )


def _course(record: _Record, concept: Concept, faults: list[str]) -> Course:
    resource, product, over = record.resource, record.product, bool(record.state.over)
    short = any(map(is_short_pack, product.texts))
    if record.kind == "MedicationRequest":
        return course_of_request(resource, record.dosages, over, short, faults)
    if record.kind == "MedicationStatement":
        return course_of_statement(resource, record.dosages, over, short, faults)
    if record.kind == "MedicationDispense":
        return course_of_dispense(resource, faults)
    words = (*product.texts, *product.form_texts, *record.route_texts)
    covers = concept.covers_days if may_be_infusion(record.route_tokens, words) else None
    return course_of_administration(resource, covers, faults)


def _routes(dosages: Sequence[Dosage]) -> Words:
    """Codes and words of the routes of administration."""
    all_tokens: tuple[str, ...] = ()
    all_texts: tuple[str, ...] = ()
    for dosage in dosages:
        if "route" in dosage.element:
            tokens, texts = tokens_and_texts(dosage.element["route"])
            all_tokens += tokens
            all_texts += texts
    return all_tokens, all_texts


def _is_whole(record: _Record) -> bool:
    """Whether no dosage, timing or supply has a modifierExtension, which FHIR forbids to pass over."""
    elements, timings = [each.element for each in record.dosages], map(timing_of, record.dosages)
    parts = (*elements, *timings, mapping(record.resource.get("dispenseRequest")))
    return not any(part.get("modifierExtension") for part in parts)


def _is_left_out(record: _Record) -> bool:
    product = record.product
    words = (*product.texts, *product.form_texts)
    return may_be_placebo((), words) or _acts_locally(record, words)


def _acts_locally(record: _Record, words: tuple[str, ...]) -> bool:
    product = record.product
    directions = [direction for dosage in record.dosages for direction in dosage.directions]
    if is_local(product.tokens, product.texts) or is_local(record.route_tokens, record.route_texts):
        return True
    if is_local(product.form_tokens, product.form_texts) or any(map(is_applied_locally, directions)):
        return True
    if not hints_at_local((), words):
        return False
    tokens = (*product.form_tokens, *record.route_tokens)
    return not is_swallowed_or_injected(tokens, (*words, *record.route_texts, *directions))
