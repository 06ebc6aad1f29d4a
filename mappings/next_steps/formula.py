"""What has to be found for a requirement to hold: facts joined by and, or, and points to reach.

A formula only grows: a fact more never makes it false. It holds nothing of a patient but which facts are
missing and how they are had, so that what was worked out for one pattern can be kept for the next patient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from mappings.amounts import Bound
from mappings.results import How


class Wanted(NamedTuple):
    """What a fact has to say. ``one_of`` empty: any answer that is not in ``none_of``.

    ``several``: one result may give several answers, as a biopsy of class IV + V does.
    ``present`` is about events: None for results.
    """

    bounds: tuple[Bound, ...] = ()
    one_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()
    present: bool | None = None
    several: bool = False


class Atom(NamedTuple):
    """A missing fact: the concept, what it has to say, and how it is had.

    ``beside``: nobody would ask for it, as the record has an answer; if the concept is asked for in another
    place, the new answer serves here as well.
    """

    concept: str
    wanted: Wanted
    how: How
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts; of none, it holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of the parts; of none, it cannot hold."""

    parts: tuple[Formula, ...]


class Counted(NamedTuple):
    """Something worth points; of a domain only the highest counts. ``needed``: of the group of which one must
    hold."""

    points: int
    domain: str
    needed: bool
    formula: Formula


@dataclass(frozen=True, slots=True)
class Points:
    """Points to reach: ``reached`` has those already there by domain; ``has_needed``: so is the group."""

    threshold: int
    reached: tuple[tuple[str, int], ...]
    has_needed: bool
    items: tuple[Counted, ...]


Formula = Atom | Both | Either | Points
TRUE = Both(())
FALSE = Either(())


def both(parts: Iterable[Formula]) -> Formula:
    """And, without what holds anyway."""
    kept = tuple(dict.fromkeys(part for part in parts if part != TRUE))
    if FALSE in kept:
        return FALSE
    return kept[0] if len(kept) == 1 else Both(kept)


def either(parts: Iterable[Formula]) -> Formula:
    """Or, without what cannot hold."""
    kept = tuple(dict.fromkeys(part for part in parts if part != FALSE))
    if TRUE in kept:
        return TRUE
    return kept[0] if len(kept) == 1 else Either(kept)


def atoms_of(formula: Formula) -> tuple[Atom, ...]:
    """Every atom once, in the order of the definition."""
    found: dict[Atom, None] = {}
    waiting: list[Formula] = [formula]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Atom):
            found[part] = None
        elif isinstance(part, Points):
            waiting.extend(item.formula for item in reversed(part.items))
        else:
            waiting.extend(reversed(part.parts))
    return tuple(found)


def holds(formula: Formula, known: Collection[Atom]) -> bool:
    """Whether it holds once these facts are known."""
    if isinstance(formula, Atom):
        return formula in known
    if isinstance(formula, Both):
        return all(holds(part, known) for part in formula.parts)
    if isinstance(formula, Either):
        return any(holds(part, known) for part in formula.parts)
    return _enough(formula, known)


def _enough(formula: Points, known: Collection[Atom]) -> bool:
    best, needed = dict(formula.reached), formula.has_needed
    total = sum(best.values())
    for item in formula.items:
        more = item.points - best.get(item.domain, 0)
        if (more > 0 or (item.needed and not needed)) and holds(item.formula, known):
            needed = needed or item.needed
            if more > 0:
                best[item.domain] = item.points
                total += more
        if total >= formula.threshold and needed:
            return True
    return total >= formula.threshold and needed


def rewritten(formula: Formula, change: Callable[[Atom], Formula]) -> Formula:
    """The formula with another in the place of each atom."""
    if isinstance(formula, Atom):
        return change(formula)
    if isinstance(formula, Both):
        return both(rewritten(part, change) for part in formula.parts)
    if isinstance(formula, Either):
        return either(rewritten(part, change) for part in formula.parts)
    left = [item._replace(formula=rewritten(item.formula, change)) for item in formula.items]
    return replace(formula, items=tuple(item for item in left if item.formula != FALSE))


def asked_for(formulas: Mapping[str, Formula]) -> dict[str, Formula]:
    """The formulas with atoms ``beside`` made plain, or left out where nobody asks for the concept."""
    atoms = [atom for formula in formulas.values() for atom in atoms_of(formula)]
    hows = {atom.concept: atom.how for atom in reversed(atoms) if not atom.beside}

    def change(atom: Atom) -> Formula:
        if not atom.beside:
            return atom
        return Atom(atom.concept, atom.wanted, hows[atom.concept]) if atom.concept in hows else FALSE

    return {name: rewritten(formula, change) for name, formula in formulas.items()}


def worths(formula: Formula) -> dict[Atom, int]:
    """The most points that each atom of a score can help to; atoms outside scores are left out."""
    found: dict[Atom, int] = {}
    waiting: list[Formula] = [formula]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Points):
            for item in part.items:
                for atom in atoms_of(item.formula):
                    found[atom] = max(item.points, found.get(atom, 0))
        elif not isinstance(part, Atom):
            waiting.extend(part.parts)
    return found


def compatible(wanted: Collection[Wanted]) -> bool:
    """Whether one fact can say all of it."""
    if not _some_number([bound for one in wanted for bound in one.bounds]):
        return False
    if len({one.present for one in wanted}) > 1:
        return False
    refused = frozenset[str]().union(*(one.none_of for one in wanted))
    asked = [one.one_of for one in wanted if one.one_of]
    if any(one.several for one in wanted):
        return all(answers - refused for answers in asked)
    return not asked or bool(frozenset.intersection(*asked) - refused)


def _some_number(bounds: Collection[Bound]) -> bool:
    low, high, low_open, high_open = -math.inf, math.inf, False, False
    for bound in bounds:
        if bound.comparison in ("greater_than", "at_least"):
            is_open = bound.comparison == "greater_than"
            low, low_open = max((low, low_open), (bound.limit, is_open))
        else:
            is_open = bound.comparison == "less_than"
            high, closed = min((high, not high_open), (bound.limit, not is_open))
            high_open = not closed
    return low < high or (low == high and not low_open and not high_open)
