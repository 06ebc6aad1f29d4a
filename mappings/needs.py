"""What must be read to judge some trials: resource types and codes, as searches and prefetch templates.

The same queries fill ``prefetch`` in discovery and fetch from the FHIR server what was not prefetched.
Portable parameters only: equality on references and tokens, ``_sort`` and ``_count``; none is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote

from mappings.concept import Concept
from mappings.reading.record import gap_tokens, resource_types
from mappings.rules import Rule, Score
from mappings.trial_definition import Catalog, ScoreDefinition, TrialDefinition

URL_LIMIT = 1500
PAGE_SIZE = "500"
LONGEST_ID = 64
TEXT_CATEGORIES = "survey,exam,social-history"
"""A score or a status coded only by text is not found by a search for codes; these categories hold them."""

_KEYS: tuple[tuple[str, str], ...] = (
    ("conditions", "Condition"),
    ("medication-requests", "MedicationRequest"),
    ("medication-statements", "MedicationStatement"),
    ("medication-administrations", "MedicationAdministration"),
    ("medication-dispenses", "MedicationDispense"),
    ("procedures", "Procedure"),
    ("diagnostic-reports", "DiagnosticReport"),
    ("consents", "Consent"),
    ("research-subjects", "ResearchSubject"),
)
_ALWAYS = ("Patient", "ResearchSubject")
_DATED = frozenset({"Observation", "DiagnosticReport"})
_NAMES_OF_CRITERIA = frozenset({"followed_by", "still_active_by"})


@dataclass(frozen=True, slots=True)
class Query:
    """One search of a patient's record, or the read of the Patient. ``key`` is its prefetch key.

    ``parameters`` leaves the patient out. ``covers`` are the ``system|code`` tokens about which nothing
    is known if the search fails; None: the whole resource type. ``by_patient`` is False where resources
    that belong to no patient are read by their ids.
    """

    key: str
    resource_type: str
    parameters: tuple[tuple[str, str], ...] = ()
    covers: frozenset[str] | None = None
    by_patient: bool = True

    @property
    def is_read(self) -> bool:
        return self.resource_type == "Patient"

    @property
    def newest_first(self) -> bool:
        """Whether the rows were asked for with the latest first."""
        return ("_sort", "-date") in self.parameters

    @property
    def template(self) -> str:
        """The prefetch template of CDS Hooks 2.0."""
        if self.is_read:
            return "Patient/{{context.patientId}}"
        rest = "".join(f"&{name}={value}" for name, value in self.parameters)
        return f"{self.resource_type}?patient={{{{context.patientId}}}}{rest}"


@dataclass(frozen=True, slots=True)
class Needs:
    """The resource types to read, and the codes of the Observations among them.

    ``text_codes`` are those that may also be recorded by text alone, and not as a laboratory test.
    """

    resource_types: tuple[str, ...]
    observation_codes: tuple[str, ...]
    text_codes: frozenset[str] = frozenset()

    def queries(self) -> tuple[Query, ...]:
        """What to search for, the Patient first; always the same for the same definitions."""
        searches = [Query(key, kind, _paged(kind)) for key, kind in _KEYS if kind in self.resource_types]
        observations = self._observations() if "Observation" in self.resource_types else ()
        return (Query("patient", "Patient"), *searches[:1], *observations, *searches[1:])

    def _observations(self) -> tuple[Query, ...]:
        by_code = [
            Query(
                f"observations-{number}",
                "Observation",
                (("code", ",".join(map(_escaped, codes))), *_paged("Observation")),
                frozenset(codes),
            )
            for number, codes in enumerate(_split(self.observation_codes), 1)
        ]
        categories = (("category", TEXT_CATEGORIES), *_paged("Observation"))
        return (*by_code, Query("observations-by-category", "Observation", categories, self.text_codes))


def needs_of(trials: Iterable[TrialDefinition], catalog: Catalog) -> Needs:
    """What the criteria, gates and scores of these trials ask about, and no more."""
    wanted = with_excluded(_with_biopsies(concepts_of(trials, catalog), catalog), catalog)
    concepts = [catalog.concepts[name] for name in sorted(wanted)]
    types = {kind for concept in concepts for kind in resource_types(concept)}
    observed = [concept for concept in concepts if concept.kind in ("measurement", "finding")]
    by_text = [concept for concept in observed if concept.names and concept.orderable is None]
    return Needs(
        tuple(sorted({*types, *_ALWAYS})),
        tuple(sorted(_tokens(observed))),
        frozenset(token for concept in by_text for token in gap_tokens(concept)),
    )


def concepts_of(trials: Iterable[TrialDefinition], catalog: Catalog) -> frozenset[str]:
    """The ids of all concepts that the trials name, those of their scores included."""
    names: set[str] = set()
    scores: set[str] = set()
    rules: list[Rule] = []
    for trial in trials:
        names.update(trial.show)
        rules.append(trial.show_card_when_met)
        for criterion in trial.criteria:
            rules.extend(rule for rule in (criterion.applies_when, criterion.require) if rule is not None)
    while rules:
        rule = rules.pop()
        if isinstance(rule, Score) and rule.of not in scores:
            scores.add(rule.of)
            score = catalog.scores[rule.of]
            names.add(score.recorded_as)
            rules.extend(_rules_of(score))
        for value in _values(rule):
            if isinstance(value, str):
                names.add(value)
            else:
                rules.append(value)
    return frozenset(names & catalog.concepts.keys())


def _rules_of(score: ScoreDefinition) -> list[Rule]:
    return [*(item.require for item in score.items), *([score.entry] if score.entry is not None else [])]


def _values(rule: Rule) -> Iterator[Any]:
    """The words and the rules in a rule's members. Works for a kind of rule that is added later."""
    for member in fields(rule):
        value = getattr(rule, member.name)
        if member.name in _NAMES_OF_CRITERIA or value is None:
            continue
        for part in value if isinstance(value, tuple | frozenset) else (value,):
            if isinstance(part, str) or _is_rule(part):
                yield part


def _is_rule(value: object) -> bool:
    return isinstance(value, Rule)


def _with_biopsies(names: frozenset[str], catalog: Catalog) -> frozenset[str]:
    """The class and the indices are also read out of biopsy reports, whatever code these have."""
    if not any(catalog.concepts[name].pathology for name in names):
        return names
    return names | {concept.id for concept in catalog.concepts.values() if concept.pathology}


def with_excluded(names: Iterable[str], catalog: Catalog) -> frozenset[str]:
    """Adds the concepts whose codes take a wanted concept away."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in catalog.concepts:
            found.add(name)
            waiting.extend(catalog.concepts[name].excluding)
    return frozenset(found)


def _tokens(concepts: Iterable[Concept]) -> set[str]:
    return {code.token for concept in concepts for code in concept.codes}


def _paged(kind: str) -> tuple[tuple[str, str], ...]:
    order = (("_sort", "-date"),) if kind in _DATED else ()
    return (*order, ("_count", PAGE_SIZE))


def _escaped(token: str) -> str:
    """A token inside a comma-separated list, as FHIR escapes it; its ``|`` stays."""
    return token.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")


def _split(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Lists of tokens, each short enough for one URL with the longest patient id."""
    rest = "".join(f"&{name}={value}" for name, value in _paged("Observation"))
    room = URL_LIMIT - len(f"Observation?patient={'x' * LONGEST_ID}&code={rest}")
    part: list[str] = []
    used = 0
    for token in tokens:
        length = len(quote(_escaped(token), safe=":/")) + len(",")
        if part and used + length > room:
            yield part
            part, used = [], 0
        part.append(token)
        used += length
    if part:
        yield part
