"""Which product a drug record names: by a code of its own, a contained or a referenced Medication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mappings.reading.fhir_elements import Words, items, mapping, text_of, tokens_and_texts
from mappings.reading.laboratory.qualifiers import MODIFIED
from mappings.reading.references import contained_in, local_reference

NOT_READ = "Medication not read, name from the reference"
IN_ERROR = "Medication entered in error"

Medications = Mapping[str, Mapping[str, Any]]


class Product(NamedTuple):
    """Codes and words of a product and its ingredients, and those of its dose form.

    ``note`` says where the product is known only by the words of a reference. ``own_tokens`` are codes that
    one CodeableConcept has for the whole product, which must mean one thing.
    """

    tokens: tuple[str, ...]
    texts: tuple[str, ...]
    form_tokens: tuple[str, ...] = ()
    form_texts: tuple[str, ...] = ()
    note: str = ""
    own_tokens: tuple[str, ...] = ()


def product_of(
    resource: Mapping[str, Any], medications: Medications, faults: list[str], unresolved: list[str]
) -> Product | None:
    """The product of a drug record; None, with the fault, if it names none.

    A reference that leads nowhere goes to ``unresolved``; its display, if any, still names the product.
    """
    reference = resource.get("medicationReference")
    tokens, texts = tokens_and_texts(resource.get("medicationCodeableConcept"))
    if tokens or texts:
        return Product(tokens, texts, own_tokens=tokens)
    if isinstance(reference, dict):
        return _referenced(reference, resource, medications, faults, unresolved)
    faults.append("names no medication")
    return None


def _referenced(
    reference: Mapping[str, Any],
    resource: Mapping[str, Any],
    medications: Medications,
    faults: list[str],
    unresolved: list[str],
) -> Product | None:
    link, display = text_of(reference.get("reference")), text_of(reference.get("display"))
    medication = _find(link, resource, medications)
    if medication is not None and text_of(medication.get("status")).lower() == "entered-in-error":
        faults.append(IN_ERROR)
        return None
    if medication is not None and not _is_whole(medication):
        faults.append(MODIFIED)
        return None
    if medication is not None:
        return _described(medication, display, medications)
    if link.startswith("#"):
        faults.append("contained Medication is missing")
    elif link and link not in unresolved:
        unresolved.append(link)
    elif not link and not display:
        faults.append("names no medication")
    return Product((), (display,), note=NOT_READ) if display else None


def _is_whole(medication: Mapping[str, Any]) -> bool:
    parts = (medication, *items(medication.get("ingredient")))
    return not any(part.get("modifierExtension") for part in parts)


def _find(link: str, resource: Mapping[str, Any], medications: Medications) -> Mapping[str, Any] | None:
    if not link:
        return None
    if link.startswith("#"):
        return contained_in(resource, link)
    found = medications.get(link)
    return found if found is not None else medications.get(local_reference(link))


def _described(medication: Mapping[str, Any], display: str, medications: Medications) -> Product:
    own, texts = tokens_and_texts(medication.get("code"))
    tokens = own
    for ingredient in items(medication.get("ingredient")):
        if ingredient.get("isActive") is not False:
            more_tokens, more_texts = _ingredient(ingredient, medication, medications)
            tokens += more_tokens
            texts += more_texts
    form_tokens, form_texts = tokens_and_texts(medication.get("form"))
    if not texts and display:
        texts = (display,)
    return Product(tokens, texts, form_tokens, form_texts, own_tokens=own)


def _ingredient(
    ingredient: Mapping[str, Any], medication: Mapping[str, Any], medications: Medications
) -> Words:
    """An ingredient's codes and words, its own or, one step away, those of a Substance or Medication."""
    tokens, texts = tokens_and_texts(ingredient.get("itemCodeableConcept"))
    if tokens or texts:
        return tokens, texts
    reference = mapping(ingredient.get("itemReference"))
    item = _find(text_of(reference.get("reference")), medication, medications)
    if item is not None:
        return tokens_and_texts(item.get("code"))
    display = text_of(reference.get("display"))
    return (), (display,) if display else ()
