"""The least effort that could make a formula hold: exact, and the same for the same formula.

Steps are what is chosen: what is done in one go and may give several facts. Every set of steps is minimal:
without any one of them the formula could not hold; so is the set of facts that is then asked of the steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, product
from typing import NamedTuple

from mappings.next_steps.by_step import FALSE, TRUE, Node, by_step, decided, steps_in
from mappings.next_steps.efforts import Efforts
from mappings.next_steps.formula import Atom, Formula, atoms_of, compatible, holds, worths
from mappings.results import How

SETS = 5
"""Interpretation: as many sets as people will read; there may be hundreds."""
_BRANCHES = 4000
"""Branches looked at before the search ends with the best that it has; patients need some hundreds."""
_WORLDS = 16
_DECIDES_ALONE = 1000
_SAMPLED = frozenset({"urine", "blood", "urine-24h", "imaging"})

World = frozenset[Atom]


class Step(NamedTuple):
    """What is done in one go: a kind of effort, and for a sample the test or concept it is for."""

    how: How
    test: str


class Found(NamedTuple):
    """Sets of atoms, the least effort first; ``more`` if there are others."""

    sets: tuple[tuple[Atom, ...], ...]
    more: bool


def step_of(atom: Atom, efforts: Efforts) -> Step:
    """The step that an atom comes of: a sample is taken for each test, other things are done in one go."""
    if atom.how not in _SAMPLED:
        return Step(atom.how, "")
    test = efforts.tests.get(atom.concept)
    return Step(atom.how, test.id if test is not None else atom.concept)


def reachable(formula: Formula) -> bool:
    """Whether facts that can be true together make it hold."""
    return any(holds(formula, world) for world in _worlds(atoms_of(formula)))


def least_effort(formula: Formula, efforts: Efforts, limit: int = SETS) -> Found:
    """The minimal sets of facts with the least effort, no two by the same steps."""
    search = _Search(formula, efforts, limit + 1)
    sets = search.sets()
    facts = [_fewest(formula, search.facts_of(chosen), efforts) for chosen in sets[:limit]]
    return Found(tuple(facts), len(sets) > limit)


def single_facts(formula: Formula) -> tuple[tuple[Atom, ...], ...]:
    """Facts about one concept, each of which by itself makes the formula hold, as their atoms."""
    found = []
    by_concept: dict[tuple[str, How], list[Atom]] = {}
    for atom in atoms_of(formula):
        by_concept.setdefault((atom.concept, atom.how), []).append(atom)
    for atoms in by_concept.values():
        world = next((world for world in _worlds(atoms) if holds(formula, world)), None)
        if world is not None:
            found.append(_irredundant(formula, world, atoms))
    return tuple(found)


class _Search:
    """Branch and bound over steps: the costliest that still matters is left out first, then taken."""

    def __init__(self, formula: Formula, efforts: Efforts, limit: int) -> None:
        self._formula, self._limit = formula, limit
        numbers: dict[Step, int] = {}
        self._number: dict[Atom, int] = {}
        for atom in atoms_of(formula):
            self._number[atom] = numbers.setdefault(step_of(atom, efforts), len(numbers))
        self._weights = [efforts.weights[step.how] for step in numbers]
        self._worlds = tuple(_worlds(tuple(self._number)))
        self._best: dict[frozenset[int], tuple[int, int, tuple[int, ...]]] = {}
        self._bound, self._left = math.inf, _BRANCHES

    def sets(self) -> list[frozenset[int]]:
        """Minimal sets of steps, the least effort first; of one effort the fewest steps first."""
        for world in self._worlds:
            steps = {atom: number for atom, number in self._number.items() if atom in world}
            self._branch(by_step(self._formula, steps), frozenset(), 0)
        return sorted(self._best, key=self._best.__getitem__)[: self._limit]

    def facts_of(self, steps: frozenset[int]) -> World:
        """All facts that these steps can give and that make the formula hold."""
        return next(world for world in self._given(steps) if holds(self._formula, world))

    def _given(self, steps: frozenset[int]) -> Iterator[World]:
        for world in self._worlds:
            yield frozenset(atom for atom in world if self._number[atom] in steps)

    def _branch(self, left: Node, chosen: frozenset[int], effort: int) -> None:
        self._left -= 1
        if left is TRUE:
            self._keep(chosen, effort)
        if left in (TRUE, FALSE) or self._left < 0:
            return
        steps = set(steps_in(left))
        if effort + min(self._weights[step] for step in steps) > self._bound:
            return
        step = max(steps, key=lambda number: (self._weights[number], number))
        self._branch(decided(left, step, taken=False), chosen, effort)
        self._branch(decided(left, step, taken=True), chosen | {step}, effort + self._weights[step])

    def _keep(self, chosen: frozenset[int], effort: int) -> None:
        """Only if nothing of it can be left out; with enough of them, costlier ones need not be looked at."""
        if effort > self._bound or any(self._suffices(chosen - {step}) for step in chosen):
            return
        self._best[chosen] = (effort, len(chosen), tuple(sorted(chosen)))
        if len(self._best) >= self._limit:
            self._bound = sorted(self._best.values())[self._limit - 1][0]

    def _suffices(self, steps: frozenset[int]) -> bool:
        return any(holds(self._formula, world) for world in self._given(steps))


def _worlds(atoms: Sequence[Atom]) -> Iterator[World]:
    """The largest sets of atoms that can be true together: one, unless they ask one fact for two answers."""
    by_concept: dict[str, list[Atom]] = {}
    for atom in atoms:
        by_concept.setdefault(atom.concept, []).append(atom)
    choices = [_together(asked) for asked in by_concept.values()]
    for chosen in islice(product(*choices), _WORLDS):
        yield frozenset(chain.from_iterable(chosen))


def _together(atoms: Sequence[Atom]) -> list[list[Atom]]:
    if len(atoms) == 1 or compatible([atom.wanted for atom in atoms]):
        return [list(atoms)]
    found: list[list[Atom]] = []
    for first in atoms:
        kept = [first]
        for atom in atoms:
            if atom is not first and compatible([*(one.wanted for one in kept), atom.wanted]):
                kept.append(atom)
        if not any(set(kept) <= set(other) for other in found):
            found.append(kept)
    return found


def _fewest(formula: Formula, known: World, efforts: Efforts) -> tuple[Atom, ...]:
    """As few facts as are needed: kept are those that can be ordered and, of a score, those worth most."""
    worth: Mapping[Atom, int] = worths(formula)
    ordered = {name for test in efforts.tests.values() for name in test.also_order}
    in_order = [atom for atom in atoms_of(formula) if atom in known]
    kept_first = sorted(in_order, key=lambda a: (a.concept not in ordered, -worth.get(a, _DECIDES_ALONE)))
    return _irredundant(formula, known, kept_first)


def _irredundant(formula: Formula, known: World, kept_first: Sequence[Atom]) -> tuple[Atom, ...]:
    """Leaves out what is not needed, from the last on: all said of a concept, then each thing said."""
    for concept in reversed(dict.fromkeys(atom.concept for atom in kept_first)):
        fewer = frozenset(atom for atom in known if atom.concept != concept)
        known = fewer if holds(formula, fewer) else known
    for atom in reversed(kept_first):
        fewer = known - {atom}
        known = fewer if holds(formula, fewer) else known
    return tuple(atom for atom in atoms_of(formula) if atom in known)
