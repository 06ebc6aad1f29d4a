"""Whether the answer to a search is whole, beside what it counts: an answer that is not proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mappings.needs import Query
from mappings.reading.fhir_elements import items
from mappings.reading.references import local_reference

_INCOMPLETE = frozenset({"incomplete", "timeout", "too-costly", "throttled", "transient"})
# R4 on "suppressed": "information was not or might not have been returned". Epic writes it beside most
# searches, for kinds of rows that an app was not registered for; so beside rows it is no sign.
_WITHHELD = frozenset({"suppressed", "forbidden", "security"})
_SUBJECTS = ("subject", "patient", "individual")


def reports_incomplete(outcomes: Iterable[Mapping[str, Any]], rows: Sequence[Any]) -> bool:
    """Whether OperationOutcomes among some rows say that rows are missing; other warnings do not.

    Where nothing came, a warning that something may have been withheld is enough.
    """
    codes = _INCOMPLETE if rows else _INCOMPLETE | _WITHHELD
    for outcome in outcomes:
        for issue in items(outcome.get("issue")):
            severity, code = issue.get("severity"), issue.get("code")
            if severity in ("error", "fatal") or (isinstance(code, str) and code in codes):
                return True
    return False


def are_of_another_type(rows: Iterable[Any], query: Query) -> bool:
    """Whether resources came, but none of the type that was asked for: another search's answer."""
    some = False
    for row in rows:
        if isinstance(row, dict):
            if row.get("resourceType") == query.resource_type:
                return False
            some = True
    return some


def are_of_others(rows: Iterable[Any], query: Query, patient_id: str) -> bool:
    """Whether rows of the type came, and each of them names another patient."""
    some = False
    for row in rows if query.by_patient else ():
        if isinstance(row, dict) and row.get("resourceType") == query.resource_type:
            if not _names_another(row, patient_id):
                return False
            some = True
    return some


def _names_another(row: Mapping[str, Any], patient_id: str) -> bool:
    subject = next((row[member] for member in _SUBJECTS if member in row), None)
    named = local_reference(subject.get("reference")) if isinstance(subject, dict) else ""
    return named.startswith("Patient/") and named != f"Patient/{patient_id}"
