"""Damage to a chart: members dropped, doubled, retyped, moved, nested, filled with strange values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from tests.fuzz.changing.strange_values import DATES, NUMBERS, nested, retyped, strange
from tests.fuzz.charts import Chart, resource_of

Slot = tuple[Any, Any]
"""A list or an object, and the index or key in it."""


def damaged(chart: Chart, random: Random) -> Chart:
    """The chart with one resource, or one entry, damaged in one way."""
    if not chart.entries:
        return chart
    number = random.randrange(len(chart.entries))
    resource = resource_of(chart.entries[number])
    if random.random() < 0.04 or not resource:
        return _damaged_entries(chart, number, random)
    if resource.get("resourceType") == "Patient" and random.random() < 0.7:
        return chart  # without its Patient a record says nothing
    copy = copied(resource)
    _at_one_place(copy, resource, random)
    if random.random() < 0.05:
        copy["id"] = resource_of(random.choice(chart.entries)).get("id")
    return chart.instead(number, copy)


def _damaged_entries(chart: Chart, number: int, random: Random) -> Chart:
    entries: list[Any] = list(chart.entries)
    kind = random.randrange(4)
    if kind == 0:
        entries[number] = strange(random)
    elif kind == 1:
        entries.insert(random.randrange(len(entries) + 1), entries[number])
    elif kind == 2:
        entries[number] = {"fullUrl": strange(random), "resource": strange(random)}
    else:
        inner = {"resourceType": "Bundle", "entry": [entries[number]]}
        entries[number] = {"resource": inner}
    return chart.with_entries(entries)


def _at_one_place(copy: dict[str, Any], original: Mapping[str, Any], random: Random) -> None:
    slots = slots_of(copy)
    if not slots:
        return
    container, key = random.choice(slots)
    way = random.choice(_WAYS)
    way(container, key, slots, random)
    if "resourceType" not in copy and random.random() < 0.8:
        copy["resourceType"] = original.get("resourceType")


def _drop(container: Any, key: Any, _slots: Sequence[Slot], _random: Random) -> None:
    del container[key]


def _double(container: Any, key: Any, _slots: Sequence[Slot], _random: Random) -> None:
    if isinstance(container, list):
        container.insert(key, copied(container[key]))
    else:
        container[key] = [container[key], copied(container[key])]


def _retype(container: Any, key: Any, _slots: Sequence[Slot], random: Random) -> None:
    container[key] = retyped(container[key], random)


def _nest(container: Any, key: Any, _slots: Sequence[Slot], random: Random) -> None:
    container[key] = nested(container[key], random)


def _strange(container: Any, key: Any, _slots: Sequence[Slot], random: Random) -> None:
    """A strange value, of the kind that hurts most where it stands."""
    value = container[key]
    if isinstance(value, (int, float)) and random.random() < 0.7:
        container[key] = random.choice(NUMBERS)
    elif isinstance(value, str) and value[:2] in ("19", "20") and random.random() < 0.7:
        container[key] = random.choice(DATES)
    else:
        container[key] = strange(random)


def _move(container: Any, key: Any, slots: Sequence[Slot], random: Random) -> None:
    """Two values change places. Not into one another: JSON has no circles."""
    other, other_key = random.choice(slots)
    mine, its = container[key], other[other_key]
    if isinstance(mine, (dict, list)) or isinstance(its, (dict, list)):
        mine, its = copied(mine), copied(its)
    container[key], other[other_key] = its, mine


def _rename(container: Any, key: Any, _slots: Sequence[Slot], random: Random) -> None:
    if isinstance(container, dict):
        container[random.choice((f"_{key}", key.upper(), "", "value", "extension"))] = container.pop(key)


def _reorder(container: Any, key: Any, _slots: Sequence[Slot], random: Random) -> None:
    value = container[key]
    if isinstance(value, list):
        random.shuffle(value)
    elif isinstance(value, dict):
        members = list(value.items())
        random.shuffle(members)
        container[key] = dict(members)


_WAYS: Sequence[Callable[[Any, Any, Sequence[Slot], Random], None]] = (
    *(_drop, _drop, _double, _retype, _retype, _nest, _strange, _strange, _strange, _move, _rename),
    _reorder,
)


def slots_of(document: Any) -> list[Slot]:
    """Every place in a document that holds a value."""
    found: list[Slot] = []
    waiting = [document]
    while waiting:
        each = waiting.pop()
        keys: Sequence[Any] = (
            list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        )
        found.extend((each, key) for key in keys)
        waiting.extend(each[key] for key in keys if isinstance(each[key], (dict, list)))
    return found


def copied(document: Any) -> Any:
    """A copy that shares no list and no object with the document."""
    if isinstance(document, dict):
        return {key: copied(value) for key, value in document.items()}
    return [copied(value) for value in document] if isinstance(document, list) else document
