"""Drug records as an EHR writes them, for tables of cases. Dates are texts; the day is 1 November 2025."""

from __future__ import annotations

from datetime import date
from typing import Any

from mappings.concept import Concept
from mappings.facts import Exposure
from mappings.reading.drugs import read_exposures

TODAY = date(2025, 11, 1)
CONCEPTS = (
    Concept("prednisone", "Prednisone", "drug", names=("prednisone",)),
    Concept("mycophenolate", "Mycophenolate", "drug", names=("mycophenolate",)),
    Concept("azathioprine", "Azathioprine", "drug", names=("azathioprine",)),
    Concept("rituximab", "Rituximab", "drug", names=("rituximab",), covers_days=180),
)


def _record(kind: str, drug: str, status: str, **more: Any) -> dict[str, Any]:
    identity = "-".join([drug, *(str(value) for value in more.values() if isinstance(value, str))])
    return {
        "resourceType": kind,
        "id": identity,
        "status": status,
        "medicationCodeableConcept": {"text": drug},
        **more,
    }


def order(
    start: str | None, end: str | None = None, *, drug: str = "prednisone", status: str = "active"
) -> dict[str, Any]:
    period = {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": end}}}}]} if end else {}
    return _record("MedicationRequest", drug, status, intent="order", authoredOn=start, **period)


def statement(
    start: str | None, end: str | None = None, *, drug: str = "prednisone", status: str = "active"
) -> dict[str, Any]:
    return _record(
        "MedicationStatement", drug, status, effectivePeriod={"start": start, **({"end": end} if end else {})}
    )


def dispense(
    day: str, days: int | None, *, drug: str = "prednisone", status: str = "completed"
) -> dict[str, Any]:
    supply = {"daysSupply": {"value": days, "code": "d"}} if days else {}
    return _record("MedicationDispense", drug, status, whenHandedOver=day, **supply)


def dose(day: str | None, *, drug: str = "rituximab", status: str = "completed") -> dict[str, Any]:
    return _record("MedicationAdministration", drug, status, effectiveDateTime=day)


def exposures(*records: dict[str, Any]) -> list[Exposure]:
    """What the reader makes of the records."""
    found = read_exposures(records, {}, CONCEPTS, [], [])
    return [exposure for known in found.values() for exposure in known]
