"""Drug records: prescribed, taken, given and dispensed; each ordered, stated or done at its dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from tests.trials.chart_parts import SUBJECT, Resource, add_dates
from tests.trials.chart_results import quantity
from tests.trials.chart_words import find


def prescription(what: str, clauses: Sequence[str]) -> Resource:
    statuses = ("active", "completed", "stopped", "on-hold", "cancelled", "draft", "entered-in-error")
    status = find(clauses[0], statuses, "status of a prescription") if clauses else "active"
    return {"resourceType": "MedicationRequest", "status": status, "intent": "order", "subject": SUBJECT}


def statement(what: str, clauses: Sequence[str]) -> Resource:
    statuses = ("active", "completed", "stopped", "on-hold", "not-taken", "intended", "unknown")
    status = find(clauses[0], statuses, "status of a statement") if clauses else "active"
    return {"resourceType": "MedicationStatement", "status": status, "subject": SUBJECT}


def administration(what: str, clauses: Sequence[str]) -> Resource:
    status = find(clauses[0], ("completed", "not-done", "stopped"), "status") if clauses else "completed"
    return {"resourceType": "MedicationAdministration", "status": status, "subject": SUBJECT}


def dispense(what: str, clauses: Sequence[str]) -> Resource:
    resource = {"resourceType": "MedicationDispense", "status": "completed", "subject": SUBJECT}
    supply = re.search(r" for (\d+) days$", what)
    return resource | ({"daysSupply": quantity(supply[1], "d")} if supply else {})


def _date_prescription(resource: Resource, dates: tuple[str, str]) -> None:
    add_dates(resource, (dates[0], ""), start="authoredOn")
    if dates[1]:
        bounds = {"boundsPeriod": {"start": dates[0], "end": dates[1]}}
        resource["dosageInstruction"] = [{"timing": {"repeat": bounds}}]


def _date_statement(resource: Resource, dates: tuple[str, str]) -> None:
    period = {key: day for key, day in zip(("start", "end"), dates, strict=True) if day}
    if period:
        resource["effectivePeriod"] = period


DRUG_DATES: Mapping[str, Callable[[Resource, tuple[str, str]], None]] = {
    "MedicationRequest": _date_prescription,
    "MedicationStatement": _date_statement,
    "MedicationAdministration": lambda made, dates: add_dates(made, dates, start="effectiveDateTime"),
    "MedicationDispense": lambda made, dates: add_dates(made, dates, start="whenHandedOver"),
}
