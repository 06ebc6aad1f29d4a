"""A resource of the chart as it was read: what stands behind a piece of evidence, for who wants to check it.

It is looked up in the patient's chart, read anew, and nowhere else: by Backend Services whole populations
could be read, and an address is easily changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.audit.key_ring import KeyRing
from cds_service.worksheet.charts import Chart
from cds_service.worksheet.opening import Opened

MOST_LETTERS, MOST_MEMBERS, MOST_LEVELS = 2000, 200, 16
"""How much of one element is shown; ours. An attached file is not for reading."""
_MORE = "\u2026"
_WORKSHEET_MARK = "worksheet resource"


def mark_of(ring: KeyRing, worksheet: str, reference: str) -> str:
    """What an address says in place of a resource's id: a keyed hash, another one for each worksheet."""
    return ring.pseudonym(_WORKSHEET_MARK, worksheet, reference).digest


def references_of(resources: Iterable[Any]) -> frozenset[str]:
    """``Type/id`` of each resource."""
    return frozenset(_reference(one) for one in resources if isinstance(one, dict))


def marked(ring: KeyRing, opened: Opened, chart: Chart, mark: str) -> Mapping[str, Any] | None:
    """The resource of the chart that a mark stands for; None if it is none of this worksheet's."""
    for one in chart.resources:
        if isinstance(one, dict) and mark_of(ring, opened.access.id, _reference(one)) == mark:
            return one
    return None


def shortened(value: Any, levels: int = MOST_LEVELS) -> Any:
    """The same with every text, list and depth bounded, and whatever is no text written as JSON writes it."""
    if isinstance(value, (dict, list)) and not levels:
        return _MORE
    if isinstance(value, dict):
        members = list(value.items())[:MOST_MEMBERS]
        return {str(name): shortened(part, levels - 1) for name, part in members}
    if isinstance(value, list):
        parts = [shortened(part, levels - 1) for part in value[:MOST_MEMBERS]]
        return [*parts, _MORE] if len(value) > MOST_MEMBERS else parts
    if isinstance(value, str):
        return value if len(value) <= MOST_LETTERS else value[:MOST_LETTERS] + _MORE
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _reference(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"
