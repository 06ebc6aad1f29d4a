"""What lies ahead of one assessment: next steps and near misses, worked out when they are asked for.

Laws that tests hold against the engine itself: if the facts of a set come in as they are wanted, every
criterion is met but those that need a person or time; with one fact of them left out, some is not; and each
fact that could rule the patient out does so, if it comes in that way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from mappings.evaluation.context import Context
from mappings.evaluation.evaluate import plan_of
from mappings.evaluation.plan import Planner
from mappings.next_steps.efforts import Efforts, packaged
from mappings.next_steps.formula import Atom, Formula, Wanted, asked_for, atoms_of, both
from mappings.next_steps.lapsing import Lapses
from mappings.next_steps.near_misses import near_misses
from mappings.next_steps.openings import TREATMENT, Openings
from mappings.next_steps.search import Step, least_effort, reachable, single_facts, step_of
from mappings.reading.code_index import MadeOnce
from mappings.results import (
    ANSWER,
    CriterionResult,
    MissingFact,
    NearMiss,
    NextStep,
    NextSteps,
    NextStepSet,
    Want,
)
from mappings.trial_definition import Catalog, TrialDefinition
from mappings.verdicts import NEEDS_JUDGEMENT, NOT_MET, UNKNOWN

_OF_NO_CONCEPT = {"age": "Age", "sex": "Sex", TREATMENT: "Treatment"}
_PATTERNS = 1024
"""Patterns of open criteria that are kept for a trial. They name no patient and hold no value or date."""

_Open = Mapping[str, Formula]


class _Asked(NamedTuple):
    """An unknown criterion: what could make it met, and not met."""

    id: str
    for_a_person: bool
    met: Formula
    not_met: Formula


class LookingAhead:
    """An Outlook on the record that was assessed, for as long as its assessment is kept."""

    __slots__ = ("_catalog", "_context", "_misses", "_steps", "_trial")

    def __init__(self, trial: TrialDefinition, catalog: Catalog, context: Context) -> None:
        self._trial, self._catalog, self._context = trial, catalog, context
        self._steps: NextSteps | None = None
        self._misses: tuple[NearMiss, ...] | None = None

    def next_steps(self) -> NextSteps:
        """What would settle what is open; nothing for a patient who is ruled out."""
        if self._steps is None:
            self._steps = _settling(self._catalog).of(self._trial).next_steps(self._context)
        return self._steps

    def near_misses(self) -> tuple[NearMiss, ...]:
        """What failed by how much, and when windows close and open."""
        if self._misses is None:
            planner = plan_of(self._trial, self._catalog).planner
            self._misses = near_misses(self._trial.criteria, planner, self._context)
        return self._misses

    def last_days(self) -> Mapping[str, date]:
        """Until when what is on record meets the criteria that are met, by id."""
        return _lapses(self._catalog).of(self._trial).last_days(self._context)


@lru_cache(maxsize=64)
def _lapses(catalog: Catalog) -> MadeOnce[TrialDefinition, Lapses]:
    return MadeOnce(lambda trial: Lapses(trial.criteria, plan_of(trial, catalog).planner), most=512)


@lru_cache(maxsize=64)
def _settling(catalog: Catalog) -> MadeOnce[TrialDefinition, _Settling]:
    return MadeOnce(lambda trial: _Settling(trial, catalog), most=512)


class _Settling:
    """One trial's criteria, ready to be asked what would settle them."""

    def __init__(self, trial: TrialDefinition, catalog: Catalog) -> None:
        self._planner: Planner = plan_of(trial, catalog).planner
        self._efforts: Efforts = packaged()
        self._openings = Openings(trial.criteria, self._planner, self._efforts)
        self._labels = {**_OF_NO_CONCEPT, **{group.id: group.display for group in catalog.groups.values()}}
        self._ids = [criterion.id for criterion in trial.criteria]
        self._kept = lru_cache(maxsize=_PATTERNS)(self._worked_out)

    def next_steps(self, context: Context) -> NextSteps:
        """All of it; criteria of which a record's facts can make nothing are left out and listed."""
        results = [context.criterion(name) for name in self._ids]
        if any(result.verdict is NOT_MET for result in results):
            return NextSteps()
        unknown = [result for result in results if result.verdict is UNKNOWN]
        met = asked_for({result.id: self._openings.met(result.id, context) for result in unknown})
        asked = [
            _Asked(
                result.id,
                result.reason is NEEDS_JUDGEMENT or _is_about_an_answer(result),
                met[result.id],
                self._openings.not_met(result.id, context),
            )
            for result in unknown
        ]
        return self._kept(tuple(asked))

    def _worked_out(self, asked: tuple[_Asked, ...]) -> NextSteps:
        open_ = {one.id: one.met for one in asked if reachable(one.met)}
        closed = [one for one in asked if one.id not in open_]
        found = least_effort(both(open_.values()), self._efforts)
        return NextSteps(
            sets=tuple(self._set(atoms, open_) for atoms in found.sets if atoms),
            more=found.more,
            could_rule_out=self._ruling_out(asked),
            needs_a_person=tuple(one.id for one in closed if one.for_a_person),
            not_yet=tuple(one.id for one in closed if not one.for_a_person),
        )

    def _set(self, atoms: Sequence[Atom], open_: _Open) -> NextStepSet:
        by_step: dict[Step, list[Atom]] = {}
        for atom in atoms:
            by_step.setdefault(step_of(atom, self._efforts), []).append(atom)
        steps = [self._step(step, of_step, open_) for step, of_step in by_step.items()]
        steps.sort(key=lambda step: step.effort)
        return NextStepSet(sum(step.effort for step in steps), tuple(steps))

    def _step(self, step: Step, atoms: Sequence[Atom], open_: _Open) -> NextStep:
        concepts = tuple(dict.fromkeys(atom.concept for atom in atoms))
        criteria = {
            atom: [name for name, formula in open_.items() if atom in atoms_of(formula)] for atom in atoms
        }
        facts = tuple(
            self._fact(of_concept, dict.fromkeys(name for atom in of_concept for name in criteria[atom]))
            for concept in concepts
            for of_concept in [[atom for atom in atoms if atom.concept == concept]]
        )
        test = self._efforts.tests.get(concepts[0])
        label = test.label if test is not None and step.how not in ("chart", "records") else ""
        orders = () if step.how == "chart" else self._efforts.orders(concepts, self._planner.concepts)
        return NextStep(step.how, label, self._efforts.weights[step.how], facts, orders)

    def _ruling_out(self, asked: Sequence[_Asked]) -> tuple[MissingFact, ...]:
        """Single facts that make a criterion fail; one that makes several fail is said once."""
        found: dict[tuple[Atom, ...], list[str]] = {}
        for one in asked:
            for atoms in single_facts(one.not_met):
                found.setdefault(atoms, []).append(one.id)
        by_effort = sorted(found.items(), key=lambda item: self._efforts.weights[item[0][0].how])
        return tuple(self._fact(atoms, criteria) for atoms, criteria in by_effort)

    def _fact(self, atoms: Sequence[Atom], criteria: Iterable[str]) -> MissingFact:
        concept = self._planner.concepts.get(atoms[0].concept)
        name = atoms[0].concept
        label = concept.display if concept is not None else self._labels.get(name, name)
        return MissingFact(name, label, atoms[0].how, wants([a.wanted for a in atoms]), tuple(criteria))


def _is_about_an_answer(result: CriterionResult) -> bool:
    """Whether it is open because what a clinician answered is too old, or contradicts itself."""
    return bool(result.evidence) and result.evidence[0].concept == ANSWER


def wants(wanted: Sequence[Wanted]) -> tuple[Want, ...]:
    """All that a fact has to say, in the fewest words: the strictest limits, the answers that suit all."""
    found: dict[str, Want] = {}
    for lower in (True, False):
        kinds = ("greater_than", "at_least") if lower else ("less_than", "at_most")
        bounds = [bound for one in wanted for bound in one.bounds if bound.comparison in kinds]
        if bounds:
            strict = sorted(bounds, key=lambda b: (b.limit if lower else -b.limit, b.comparison == kinds[0]))[
                -1
            ]
            found[strict.comparison] = Want(strict.comparison, strict.text)
    refused = frozenset[str]().union(*(one.none_of for one in wanted))
    asked = [one.one_of - refused for one in wanted if one.one_of]
    if asked:
        suiting = frozenset.intersection(*asked) or asked[0]
        found["one_of"] = Want("one_of", answers=_coarse(suiting))
    elif refused:
        found["none_of"] = Want("none_of", answers=_coarse(refused))
    present = [one.present for one in wanted if one.present is not None]
    if present:  # an event may also have to be of a status
        found["present"] = Want("present" if present[0] else "absent")
    return tuple(found.values())


def _coarse(answers: Iterable[str]) -> tuple[str, ...]:
    """III and IV for III, III(A), III(A/C), IV and so on."""
    return tuple(sorted({answer.partition("(")[0] for answer in answers}))
