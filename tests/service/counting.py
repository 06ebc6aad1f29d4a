"""Pages of a search for MedicationRequests, and whether rows are missing by the server's own count.

``Bundle.total`` counts matches over all pages, never what was included or an outcome (FHIR R4).
"""

from __future__ import annotations

from typing import Any

from tests.service.charts import bundle, medication, order, outcome

Entry = dict[str, Any]


def entry(resource: Any, mode: Any = "match") -> Entry:
    return {"resource": resource, **({"search": {"mode": mode}} if mode is not ... else {})}


def page(*entries: Any, **members: Any) -> Entry:
    """A page with these very entries."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **members}


def batch(*entries: Any) -> Entry:
    """What a FHIR batch answers, of which one part is what was asked for."""
    return {"resourceType": "Bundle", "type": "batch-response", "entry": list(entries)}


_ONE, _OTHER = order("m1"), order("m2")
_NAMELESS = {name: value for name, value in _ONE.items() if name != "id"}

_WARNING = outcome("warning", "suppressed")

ONE_PAGE: list[tuple[str, Entry, bool]] = [
    ("one of three", bundle(_ONE, total=3), True),
    ("none of three", bundle(total=3), True),
    ("one of three, and two drugs included", page(
        entry(_ONE), entry(medication("d1"), "include"), entry(medication("d2"), "include"), total=3), True),
    ("one of two, and an order included", page(entry(_ONE), entry(_OTHER, "include"), total=2), True),
    ("one of two, and a warning that rows were left out", page(
        entry(_ONE), entry(_WARNING, "outcome"), total=2), True),
    ("one of two, and a warning that calls itself a match", bundle(_ONE, _WARNING, total=2), True),
    ("one of two, and a drug that does not say why it is there", page(
        entry(_ONE, ...), entry(medication(), ...), total=2), True),
    ("one of two, and an entry without a resource", page(
        entry(_ONE), {"fullUrl": "urn:uuid:1", "search": {"mode": "match"}}, total=2), True),
    ("all", bundle(_ONE, _OTHER, total=2), False),
    ("none of none", bundle(total=0), False),
    ("all, with the drugs that they name (HAPI)", page(
        entry(_ONE), entry(_OTHER), entry(medication(), "include"), total=2), False),
    ("all, with a warning (HAPI)", page(entry(_ONE), entry(_WARNING, "outcome"), total=1), False),
    ("all, without search", page(entry(_ONE, ...), entry(_OTHER, ...), total=2), False),
    ("all, with a mode that there is not", page(entry(_ONE, 7), entry(_OTHER, ["match"]), total=2), False),
    ("uncounted (HAPI, while it still counts)", bundle(_ONE), False),
    ("more than the server counts", bundle(_ONE, _OTHER, total=1), False),
    ("counted in words", bundle(_ONE, total="3"), False),
    ("one of three, counted with a point", bundle(_ONE, total=3.0), True),
    ("all, counted with a point", bundle(_ONE, _OTHER, total=2.0), False),
    ("one of three, three times", bundle(_ONE, _ONE, _ONE, total=3), True),
    ("two of two without ids", bundle(_NAMELESS, _NAMELESS, total=2), False),
    ("one of three, in a batch", batch({"resource": bundle(_ONE, total=3)}), True),
    ("all, in a batch", batch({"resource": bundle(_ONE, total=1)}), False),
    ("one of three, not in a list", {**page(total=3), "entry": entry(_ONE)}, True),
    ("all, not in a list", {**page(total=1), "entry": entry(_ONE)}, False),
    ("counted as true", bundle(total=True), False),
]  # fmt: skip
"""A name, the page, and whether it is short of rows."""

NAMES = [name for name, _, _ in ONE_PAGE]
