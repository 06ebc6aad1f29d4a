"""How each fact is had and what that costs: the table ``efforts.yaml``, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from mappings.concept import SYSTEMS, Concept
from mappings.results import How, Orderable

HOWS: tuple[How, ...] = get_args(How)
_FILE = Path(__file__).with_name("efforts.yaml")
_OF_EVENTS = frozenset({"condition", "procedure", "drug", "consent"})


@dataclass(frozen=True, slots=True)
class Test:
    """What one sample or procedure gives together. ``order`` is the concept and token of its own order."""

    id: str
    label: str
    gives: tuple[str, ...]
    also_order: tuple[str, ...] = ()
    order: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Efforts:
    """The weights, how concepts are had, and the tests that give several of them. All of it is ours."""

    weights: Mapping[How, int]
    by_concept: Mapping[str, How]
    tests: Mapping[str, Test]
    said_by: Mapping[str, str]

    def fact(self, concept_id: str) -> str:
        """The concept whose fact is asked for: another one, where that says the same."""
        return self.said_by.get(concept_id, concept_id)

    def how(self, concept_id: str, concept: Concept | None) -> How:
        """How a fact about a concept is had: by its own word, by the table, else by its kind."""
        if concept is not None and concept.effort:
            return cast(How, concept.effort)
        known = self.by_concept.get(concept_id)
        if known is not None:
            return known
        if concept is None or concept.kind in _OF_EVENTS:
            return "records"
        return "blood" if concept.orderable is not None else "bedside"

    def orders(self, concept_ids: Sequence[str], concepts: Mapping[str, Concept]) -> tuple[Orderable, ...]:
        """What is ordered to have these facts, with what is always ordered beside them."""
        wanted: dict[str, None] = {}
        found: dict[str, Orderable] = {}
        for concept_id in concept_ids:
            test = self.tests.get(concept_id)
            if test is not None and test.order is not None:
                found.update(_own_order(test, concepts))
            beside = test.also_order if test is not None and concept_id in test.also_order else ()
            wanted.update(dict.fromkeys((concept_id, *beside)))
        return (*found.values(), *(order for name in wanted if (order := orderable(concepts.get(name)))))


def orderable(concept: Concept | None) -> Orderable | None:
    """The test to order for a concept, if one can be."""
    if concept is None or concept.orderable is None:
        return None
    code = concept.orderable
    return Orderable(concept.id, concept.display, code.system, code.code, code.display)


def _own_order(test: Test, concepts: Mapping[str, Concept]) -> dict[str, Orderable]:
    name, token = test.order or ("", "")
    concept = concepts.get(name)
    codes = [code for code in concept.codes if code.token == token] if concept is not None else []
    if not codes:
        return {}
    return {name: Orderable(name, test.label, codes[0].system, codes[0].code, codes[0].display)}


@lru_cache(maxsize=1)
def packaged() -> Efforts:
    """The table that comes with the definitions. Raises ValueError if it contradicts itself."""
    return read_efforts(_FILE.read_text(encoding="utf-8"))


def read_efforts(text: str) -> Efforts:
    """A table as it is written. Raises ValueError for what it may not say."""
    source: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (scalars stay text, no objects)
    weights = {how: int(source["efforts"][how]) for how in HOWS}
    if set(source["efforts"]) != set(HOWS) or min(weights.values()) < 1:
        raise ValueError(f"efforts: each of {', '.join(HOWS)} needs a weight of 1 or more, and nothing else")
    by_concept: dict[str, How] = {}
    for how, names in source["by"].items():
        if how not in weights:
            raise ValueError(f"by: {how!r} is no effort")
        for name in names:
            if name in by_concept:
                raise ValueError(f"by: {name} stands under {by_concept[name]} and {how}")
            by_concept[name] = how
    said_by = {name: says for says, names in source["says_too"].items() for name in names}
    return Efforts(weights, by_concept, _tests(source["tests"], by_concept), said_by)


def _tests(source: Sequence[Any], by_concept: Mapping[str, How]) -> dict[str, Test]:
    tests: dict[str, Test] = {}
    for one in source:
        test = Test(
            one["id"], one["label"], tuple(one["gives"]), tuple(one.get("also_order", ())), _order(one)
        )
        if len({by_concept.get(name) for name in test.gives}) != 1:
            raise ValueError(f"tests: what {test.id} gives is not had in one way")
        if not set(test.also_order) <= set(test.gives):
            raise ValueError(f"tests: {test.id} orders what it does not give")
        for name in test.gives:
            if tests.setdefault(name, test) is not test:
                raise ValueError(f"tests: {name} is given by {tests[name].id} and {test.id}")
    return tests


def _order(one: Mapping[str, Any]) -> tuple[str, str] | None:
    """The ``order`` of a test as concept and token."""
    source = one.get("order")
    if source is None:
        return None
    ((system, code),) = [(key, value) for key, value in source.items() if key != "of"]
    return source["of"], f"{SYSTEMS[system]}|{code}"
