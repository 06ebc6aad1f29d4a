"""Telling FHIR DSTU2 from R4. The public sandbox's own server speaks DSTU2."""

from __future__ import annotations

from collections.abc import Iterable

_GONE_SINCE = frozenset({"MedicationOrder", "DiagnosticOrder"})


def is_dstu2(resources: Iterable[object]) -> bool:
    """Whether resources of a record are DSTU2's, which this service cannot read.

    Signs that R4 never has: a family name that is a list, a Condition with ``patient`` and no ``subject``,
    and resource types that are no more. What is said of such a record would be wrong, so nothing is.
    """
    for one in resources:
        # Observations, by far the most, say nothing about it.
        if type(one) is dict and (kind := one.get("resourceType")) != "Observation" and _is_old(kind, one):
            return True
    return False


def _is_old(kind: object, resource: dict[str, object]) -> bool:
    if kind == "Condition":
        return "subject" not in resource and "patient" in resource
    if kind == "Patient":
        names = resource.get("name")
        return isinstance(names, list) and any(
            isinstance(name, dict) and isinstance(name.get("family"), list) for name in names
        )
    return isinstance(kind, str) and kind in _GONE_SINCE
