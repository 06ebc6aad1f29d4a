"""The laboratory's own range beside a result, where there is exactly one and it is in the result's unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mappings.amounts import is_number


class OwnRange(NamedTuple):
    """Its ends in the result's unit; None where it has none. ``unit`` is as the result writes it."""

    low: float | None
    high: float | None
    unit: str


def own_range(resource: Mapping[str, Any]) -> OwnRange | None:
    """The range of an Observation. Of several ranges, or one that is not said to be normal, none is taken."""
    ranges, quantity = resource.get("referenceRange"), resource.get("valueQuantity")
    if not isinstance(ranges, list) or len(ranges) != 1 or not isinstance(quantity, dict):
        return None
    only = ranges[0]
    if not isinstance(only, dict) or only.keys() & {"appliesTo", "age"} or not _is_normal(only.get("type")):
        return None
    low, high = _end(only.get("low"), quantity), _end(only.get("high"), quantity)
    return OwnRange(low, high, _unit(quantity)) if low is not None or high is not None else None


def _is_normal(kind: Any) -> bool:
    """Whether a range says that it is that of healthy people, or nothing of what it is."""
    if not isinstance(kind, dict):
        return kind is None
    codings = kind.get("coding")
    codes = [one.get("code") for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []
    return "normal" in codes


def _end(end: Any, quantity: Mapping[str, Any]) -> float | None:
    if not isinstance(end, dict) or not is_number(end.get("value")):
        return None
    unit = _unit(end)
    return float(end["value"]) if not unit or unit == _unit(quantity) else None


def _unit(quantity: Mapping[str, Any]) -> str:
    unit = quantity.get("code") or quantity.get("unit")
    return unit if isinstance(unit, str) else ""
