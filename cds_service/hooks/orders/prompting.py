"""Which draft orders bear on a trial: they order what the trial's own criteria ask about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cds_service.hooks.orders.drafts import Orders, Resource
from cds_service.hooks.orders.reasons import shown_because
from mappings.concept import Concept
from mappings.language import ENGLISH, Language
from mappings.reading.code_index import CodeIndex, normalised
from mappings.reading.drugs import read_exposures
from mappings.reading.fhir_elements import items, tokens_and_texts
from mappings.reading.pathology.questions import questions_of
from mappings.rules import All, AnyOf, AtLeast, DrugRule, Finding, Measurement, ProcedureRule, Rule, Treatment
from mappings.trial_definition import Catalog, TrialDefinition

_DRUG_ORDERS = frozenset({"MedicationRequest", "MedicationOrder", "MedicationPrescription"})
_OTHER_ORDERS = frozenset({"ServiceRequest", "ProcedureRequest", "DiagnosticOrder", "DiagnosticRequest"})
"""In FHIR R4, and as STU3, DSTU2 and DSTU1 called them."""


def prompting_concepts(trial: TrialDefinition, catalog: Catalog) -> tuple[str, ...]:
    """The ids of the concepts whose order bears on a trial, out of what its criteria require.

    Drugs that a ``treatment`` or ``drug`` rule counts; the procedures of ``procedure`` rules; kidney biopsies
    where a result of one is asked for; tests of ``measurement`` rules that can be ordered. What a criterion
    excludes, shows, or asks of a score prompts nothing: a blood count would, for every patient.
    """
    found: dict[str, None] = {}
    for criterion in trial.criteria:
        for rule in _required(criterion.require):
            found.update(dict.fromkeys(_ordered_for(rule, catalog)))
    return tuple(found)


def _required(rule: Rule) -> Iterator[Rule]:
    """The rules inside a rule that speak for the patient where they hold."""
    if isinstance(rule, All | AnyOf | AtLeast):
        for part in rule.of:
            yield from _required(part)
    else:
        yield rule


def _ordered_for(rule: Rule, catalog: Catalog) -> Sequence[str]:
    if isinstance(rule, Treatment):
        return (*rule.of, *rule.together_with)
    if isinstance(rule, ProcedureRule | DrugRule):
        return rule.of
    if not isinstance(rule, Measurement | Finding):
        return ()
    concept = catalog.concepts[rule.of]
    if concept.pathology:
        return [one.id for one in catalog.concepts.values() if _is_biopsy(one)]
    return (concept.id,) if isinstance(rule, Measurement) and concept.orderable else ()


def _is_biopsy(concept: Concept) -> bool:
    return concept.pathology and concept.kind == "procedure"


class OrderPrompts:
    """What the orders of a call have to do with some trials. Made once for the trials that are served."""

    def __init__(self, trials: Iterable[TrialDefinition], catalog: Catalog) -> None:
        self._by_trial = {trial.id: prompting_concepts(trial, catalog) for trial in trials}
        wanted = {name for names in self._by_trial.values() for name in names}
        self._concepts = [catalog.concepts[name] for name in sorted(wanted)]
        self._drugs = tuple(one for one in self._concepts if one.kind == "drug")
        self._tests = _TestIndex([one for one in self._concepts if one.kind != "drug"], catalog)

    def reasons(self, orders: Orders, language: Language = ENGLISH) -> dict[str, str]:
        """The trials on which some order bears, by id, each with the sentence that says so. Never raises.

        The sentence names concepts by their own labels; nothing in it comes from a draft.
        """
        named = self.concepts_in(orders)
        found: dict[str, str] = {}
        for trial, prompting in self._by_trial.items():
            bearing = [concept for concept in named if concept.id in prompting]
            if bearing:
                found[trial] = shown_because(bearing, language)
        return found

    def concepts_in(self, orders: Orders) -> list[Concept]:
        """The concepts that the orders name, each once, in the order of the orders."""
        found = {concept.id: concept for draft in orders.about for concept in self._ordered(draft, orders)}
        return list(found.values())

    def _ordered(self, draft: Resource, orders: Orders) -> Sequence[Concept]:
        kind = draft.get("resourceType")
        if not isinstance(kind, str):
            return ()
        if kind in _DRUG_ORDERS:
            exposures = read_exposures([_in_force(draft)], orders.medications, self._drugs, [], [])
            return [drug for drug in self._drugs if drug.id in exposures]
        return list(self._tests.named_by(draft)) if kind in _OTHER_ORDERS else ()


def _in_force(draft: Resource) -> Resource:
    """A drug order as the reader of drug records takes it, which tells forms for skin or eye apart.

    ``medication`` is R5's, a CodeableReference. A list, or words alone, are taken for the CodeableConcept.
    """
    medication = draft.get("medication")
    later = medication if isinstance(medication, dict) else {}
    drug = draft.get("medicationCodeableConcept") or later.get("concept")
    reference = draft.get("medicationReference") or later.get("reference")
    return {
        **draft,
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _codeable(drug),
        "medicationReference": reference,
    }


def _codeable(value: object) -> object:
    if isinstance(value, str):
        return {"text": value}
    return next(iter(items(value)), None)


class _TestIndex:
    """Tests and procedures by what an order calls them."""

    def __init__(self, concepts: Sequence[Concept], catalog: Catalog) -> None:
        self._biopsies = [one for one in concepts if _is_biopsy(one)]
        plain = [one for one in concepts if not _is_biopsy(one)]
        self._codes = CodeIndex(plain)
        self._questions = questions_of(catalog.concepts)
        self._phrases = [(_phrase(name), one) for one in plain for name in one.names]

    def named_by(self, draft: Resource) -> Iterator[Concept]:
        """The concepts that an order asks for: by its codes, else by a name among its words."""
        for code in _codes_of(draft):
            found = self._codes.concepts(code) or self._in_words(code)
            yield from found
            if not found and self._biopsies and self._questions.asked_by(code) is not None:
                yield from self._biopsies

    def _in_words(self, code: Any) -> list[Concept]:
        """Orders are worded more freely than results: a name may stand inside ("UPCR, spot urine")."""
        _, texts = tokens_and_texts(code)
        plain = [normalised(text[:_LONGEST]) for text in texts]
        found = {one.id: one for text in plain for phrase, one in self._phrases if phrase.search(text)}
        return list(found.values())


_LONGEST = 300


def _phrase(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^ ]){re.escape(normalised(name))}(?![^ ])")


def _codes_of(draft: Resource) -> Iterator[Mapping[str, Any]]:
    """What is ordered: ``code``, R5's ``code.concept``, and the ``item`` of DSTU2's DiagnosticOrder."""
    for holder in (draft, *items(draft.get("item"))):
        code = holder.get("code")
        for one in [{"text": code}] if isinstance(code, str) else items(code):
            concept = one.get("concept")
            yield concept if isinstance(concept, dict) else one
