"""What must be read to judge some trials: resource types and codes, as searches and prefetch templates.

The same queries fill ``prefetch`` in discovery and fetch from the FHIR server what was not prefetched.
Portable parameters only: equality on references and tokens, ``_sort`` and ``_count``; none is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal
from urllib.parse import quote

from mappings.concept import Concept
from mappings.dates import Window
from mappings.reading.record import gap_tokens, resource_types
from mappings.rules import Finding, Measurement, Rule, Score
from mappings.trial_definition import Catalog, ScoreDefinition, TrialDefinition

URL_LIMIT = 1500
PAGE_SIZE = "500"
LONGEST_ID = 64
TEXT_CATEGORIES = ("survey", "exam", "social-history")
"""A score or a status coded only by text is not found by a search for codes; these categories hold them."""

RESULT_CATEGORIES = ("laboratory", "vital-signs", *TEXT_CATEGORIES)
"""The categories under which an EHR files the results that trials ask for."""

ObservationStyle = Literal["codes", "categories"]

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
_ONE_YEAR = 366
_NAMES_OF_CRITERIA = frozenset({"followed_by", "still_active_by"})


@dataclass(frozen=True, slots=True)
class Query:
    """One search of a patient's record, or the read of the Patient. ``key`` is its prefetch key.

    ``parameters`` leaves the patient out. ``covers`` are the ``system|code`` tokens about which nothing
    is known if the search fails; None: the whole resource type. ``by_patient`` is False where resources
    that belong to no patient are read by their ids. ``within_days``: what is older decides nothing.
    """

    key: str
    resource_type: str
    parameters: tuple[tuple[str, str], ...] = ()
    covers: frozenset[str] | None = None
    by_patient: bool = True
    within_days: int | None = None

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

    @property
    def dated_template(self) -> str:
        """The template for a client that knows the FHIRPath tokens of CDS Hooks 3.0: no old rows."""
        if self.within_days is None:
            return self.template
        return f"{self.template}&date=ge{{{{today() - {self.within_days} days}}}}"


@dataclass(frozen=True, slots=True)
class Needs:
    """The resource types to read, and the codes of the Observations among them.

    ``text_codes`` are those that may also be recorded by text alone, and not as a laboratory test;
    ``other_codes`` those of all results that are not ordered as a laboratory test. ``categories`` hold
    results told by text alone, beside those in which all are looked for. Results of ``recent_codes`` that
    are older than ``recent_days`` decide nothing, for whichever rule asks.
    """

    resource_types: tuple[str, ...]
    observation_codes: tuple[str, ...]
    text_codes: frozenset[str] = frozenset()
    all_codes: frozenset[str] = frozenset()
    other_codes: frozenset[str] = frozenset()
    recent_codes: frozenset[str] = frozenset()
    recent_days: int = 0
    categories: tuple[str, ...] = ()

    def queries(self, style: ObservationStyle = "codes", *, dated: bool = False) -> tuple[Query, ...]:
        """What to search for, the Patient first; always the same for the same definitions.

        ``style``: Observations by lists of codes, or by category, for an EHR that searches them only so and
        files every result under one of RESULT_CATEGORIES. ``dated``: codes of which only recent results
        matter are searched for by themselves (``Query.within_days``).
        """
        searches = [Query(key, kind, _paged(kind)) for key, kind in _KEYS if kind in self.resource_types]
        observations: Sequence[Query] = ()
        if "Observation" in self.resource_types:
            observations = self._by_category() if style == "categories" else self._by_code(dated)
        return (Query("patient", "Patient"), *searches[:1], *observations, *searches[1:])

    def _by_code(self, dated: bool) -> Sequence[Query]:
        recent = self.recent_codes if dated else frozenset()
        always = [code for code in self.observation_codes if code not in recent]
        named = ",".join(dict.fromkeys((*TEXT_CATEGORIES, *self.categories)))
        categories = (("category", named), *_paged("Observation"))
        return (
            *_code_searches("observations", always),
            *_code_searches("observations-recent", sorted(recent), self.recent_days),
            Query("observations-by-category", "Observation", categories, self.text_codes),
        )

    def _by_category(self) -> Sequence[Query]:
        """A search for each category: the failure of one leaves unknown what may be filed there."""
        return [
            Query(
                f"observations-{category}",
                "Observation",
                (("category", category), *_paged("Observation")),
                self.all_codes if category == "laboratory" else self.other_codes | self.text_codes,
            )
            for category in dict.fromkeys((*RESULT_CATEGORIES, *self.categories))
        ]


def _code_searches(key: str, codes: Sequence[str], within_days: int | None = None) -> Iterator[Query]:
    room = len("&date=ge2026-01-01") if within_days else 0
    for number, part in enumerate(_split(codes, room), 1):
        parameters = (("code", ",".join(map(_escaped, part))), *_paged("Observation"))
        yield Query(f"{key}-{number}", "Observation", parameters, frozenset(part), within_days=within_days)


def needs_of(trials: Iterable[TrialDefinition], catalog: Catalog) -> Needs:
    """What the criteria, gates and scores of these trials ask about, and no more."""
    trials = tuple(trials)
    wanted = with_excluded(_with_biopsies(concepts_of(trials, catalog), catalog), catalog)
    concepts = [catalog.concepts[name] for name in sorted(wanted)]
    types = {kind for concept in concepts for kind in resource_types(concept)}
    observed = [concept for concept in concepts if concept.kind in ("measurement", "finding")]
    others = [concept for concept in observed if concept.orderable is None]
    recent, days = _recent(observed, look_backs(trials, catalog))
    return Needs(
        resource_types=tuple(sorted({*types, *_ALWAYS})),
        observation_codes=tuple(sorted(_tokens(observed))),
        text_codes=_in_gaps(one for one in observed if one.filed_under or (one in others and one.names)),
        all_codes=_in_gaps(observed),
        other_codes=_in_gaps(others),
        recent_codes=recent,
        recent_days=days,
        categories=tuple(sorted({category for concept in observed for category in concept.filed_under})),
    )


def _in_gaps(concepts: Iterable[Concept]) -> frozenset[str]:
    return frozenset(token for concept in concepts for token in gap_tokens(concept))


def _recent(observed: Sequence[Concept], days: Mapping[str, int | None]) -> tuple[frozenset[str], int]:
    """The codes of concepts of which only recent results matter, and how old these may be.

    Results of a year more are asked for: a card says how old the latest one is. Biopsies are put together
    from several kinds of resources, so they are left as they are.
    """
    recent = [one for one in observed if days.get(one.id) is not None and not one.pathology]
    codes = _tokens(recent) - _tokens(one for one in observed if one not in recent)
    longest = max((days[one.id] or 0 for one in recent), default=0)
    return frozenset(codes), longest + _ONE_YEAR if codes else 0


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


def look_backs(trials: Iterable[TrialDefinition], catalog: Catalog) -> dict[str, int | None]:
    """How many days back results of a concept can decide anything; None: at any date.

    A concept has a limit only if each rule about it is a plain question within a window, for which a result
    before the window and none at all are the same: unknown.
    """
    found: dict[str, int | None] = {}
    for rule, window in _with_windows(trials, catalog):
        days = _days(window) if window is not None and _is_plain(rule) else None
        asked = rule.of if isinstance(rule, Measurement | Finding) else ""
        for name in filter(None, (value for value in _values(rule) if isinstance(value, str))):
            limit, known = (days if name == asked else None), found.get(name, 0)
            found[name] = None if limit is None or known is None else max(limit, known)
    shown = [name for trial in trials for name in trial.show]
    return {**found, **dict.fromkeys(shown)}


def _with_windows(
    trials: Iterable[TrialDefinition], catalog: Catalog
) -> Iterator[tuple[Rule, Window | None]]:
    """Every rule with its window: its own, or that of the rule that asks for the score it belongs to."""
    waiting: list[tuple[Rule, Window | None]] = []
    for trial in trials:
        rules = [rule for one in trial.criteria for rule in (one.applies_when, one.require)]
        waiting.extend((rule, None) for rule in (trial.show_card_when_met, *rules) if rule is not None)
    while waiting:
        rule, inherited = waiting.pop()
        window = getattr(rule, "within", None) or inherited
        yield rule, window
        waiting.extend((value, inherited) for value in _values(rule) if not isinstance(value, str))
        if isinstance(rule, Score):
            waiting.extend((part, window) for part in _rules_of(catalog.scores[rule.of]))


def _is_plain(rule: Rule) -> bool:
    claims = ("absent_means_not_met", "otherwise_not_met", "older_means_not_met")
    return isinstance(rule, Measurement | Finding) and not any(getattr(rule, name, False) for name in claims)


def _days(window: Window) -> int:
    """The days of a window at their most."""
    return window.length * {"days": 1, "weeks": 7, "months": 31, "years": 366}[window.unit]


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
    return {code.token for concept in concepts for code in concept.observed_codes}


def _paged(kind: str) -> tuple[tuple[str, str], ...]:
    order = (("_sort", "-date"),) if kind in _DATED else ()
    return (*order, ("_count", PAGE_SIZE))


def _escaped(token: str) -> str:
    """A token inside a comma-separated list, as FHIR escapes it; its ``|`` stays."""
    return token.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")


def _split(tokens: Sequence[str], kept_free: int = 0) -> Iterator[list[str]]:
    """Lists of tokens, each short enough for one URL with the longest patient id."""
    rest = "".join(f"&{name}={value}" for name, value in _paged("Observation"))
    room = URL_LIMIT - len(f"Observation?patient={'x' * LONGEST_ID}&code={rest}") - kept_free
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
