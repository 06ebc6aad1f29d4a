"""A formula whose leaves are steps, in the short form in which a search can rewrite it some hundred times.

Facts that come of one step come together, so a formula of fifty facts has some ten steps. A node is TRUE or
FALSE, the number of a step, or a tuple that begins with its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.next_steps.formula import Atom, Both, Formula, Points

Node = Any
TRUE, FALSE = "true", "false"
_AND, _OR, _POINTS = "and", "or", "points"


def by_step(formula: Formula, step_of: Mapping[Atom, int]) -> Node:
    """The formula with each atom's step in its place; atoms without a step are never known."""
    if isinstance(formula, Atom):
        return step_of.get(formula, FALSE)
    if isinstance(formula, Points):
        return _counted(formula, step_of)
    parts = [by_step(part, step_of) for part in formula.parts]
    return _and(parts) if isinstance(formula, Both) else _or(parts)


def decided(node: Node, step: int, taken: bool) -> Node:
    """What is left once a step is taken, or left out."""
    if node.__class__ is int:
        if node != step:
            return node
        return TRUE if taken else FALSE
    if node.__class__ is str:
        return node
    kind = node[0]
    if kind is _POINTS:
        items = [
            (points, domain, needed, decided(one, step, taken)) for points, domain, needed, one in node[4]
        ]
        return _points(node[1], node[2], node[3], items)
    parts = [decided(part, step, taken) for part in node[1]]
    return _and(parts) if kind is _AND else _or(parts)


def steps_in(node: Node) -> Iterator[int]:
    """The steps that it still depends on; one may come several times."""
    if node.__class__ is int:
        yield node
    elif node.__class__ is not str:
        inner = [item[3] for item in node[4]] if node[0] is _POINTS else node[1]
        for part in inner:
            yield from steps_in(part)


def _and(parts: Sequence[Node]) -> Node:
    kept: dict[Node, None] = {}
    for part in parts:
        if part is FALSE:
            return FALSE
        if part is not TRUE:
            kept[part] = None
    if len(kept) < 2:
        return next(iter(kept), TRUE)
    return (_AND, tuple(kept))


def _or(parts: Sequence[Node]) -> Node:
    kept: dict[Node, None] = {}
    for part in parts:
        if part is TRUE:
            return TRUE
        if part is not FALSE:
            kept[part] = None
    if len(kept) < 2:
        return next(iter(kept), FALSE)
    return (_OR, tuple(kept))


def _counted(formula: Points, step_of: Mapping[Atom, int]) -> Node:
    """Items of one step that share their domain with no other item are added up."""
    domains = [name for name, _ in formula.reached] + [item.domain for item in formula.items]
    added: dict[tuple[Node, bool], int] = {}
    items: list[tuple[int, str, bool, Node]] = []
    for item in formula.items:
        node = by_step(item.formula, step_of)
        if domains.count(item.domain) > 1:
            items.append((item.points, item.domain, item.needed, node))
        else:
            added[node, item.needed] = added.get((node, item.needed), 0) + item.points
    for number, ((node, needed), points) in enumerate(added.items()):
        items.append((points, f"+{number}", needed, node))
    return _points(formula.threshold, formula.reached, formula.has_needed, items)


def _points(
    threshold: int,
    reached: Sequence[tuple[str, int]],
    has_needed: bool,
    items: Sequence[tuple[int, str, bool, Node]],
) -> Node:
    best = dict(reached)
    open_ = []
    for item in items:
        points, domain, needed, node = item
        if node is TRUE:
            best[domain] = max(points, best.get(domain, 0))
            has_needed = has_needed or needed
        elif node is not FALSE:
            open_.append(item)
    total, most, group = sum(best.values()), dict(best), has_needed
    if total >= threshold and has_needed:
        return TRUE
    kept = []
    for item in open_:
        points, domain, needed, _ = item
        more = points > best.get(domain, 0)
        if more or (needed and not has_needed):
            kept.append(item)
            group = group or needed
            most[domain] = max(points, most.get(domain, 0))
    if sum(most.values()) < threshold or not group:
        return FALSE
    return (_POINTS, threshold, tuple(best.items()), has_needed, tuple(kept))
