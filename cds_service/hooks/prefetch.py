"""What a client prefetched: data, "nothing on record", or not satisfied (CDS Hooks, prefetch semantics)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cds_service.fhir.counted import NONE, Counted
from cds_service.fhir.faults import OTHERS, REPORTED
from cds_service.fhir.fetching import Wanted
from cds_service.fhir.search import gap_for
from cds_service.fhir.wholeness import are_of_another_type, are_of_others, reports_incomplete
from cds_service.hooks.call import patients_in
from mappings.needs import Query
from mappings.reading.bundles import Unwrapped, entries_of, unwrap_each
from mappings.results import Gap

ABSENT = "not in the prefetch"
BROKEN = "prefetched as neither resource nor Bundle"
OTHER_KIND = "another resource prefetched"
ANOTHER = "another search prefetched"
FAILED = "the EHR could not prefetch it"
FIRST_PAGE = "only the first page prefetched"
FEWER = "fewer prefetched than the EHR counts"


@dataclass(slots=True)
class Prefetched:
    """The usable part of a prefetch, and what is still to be had, each with the reason why."""

    resources: list[Any] = field(default_factory=list)
    full_urls: dict[str, str] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    missing: list[tuple[Wanted, Gap]] = field(default_factory=list)

    def lacks(self, query: Query, why: str, rows: Sequence[Any] = ()) -> None:
        """Notes a query to be run, with the gap that it leaves if it cannot be."""
        self.missing.append((Wanted(query, "", rows), gap_for(query, why, rows)))

    def goes_on(self, query: Query, next_link: str, rows: Sequence[Any], counted: Counted) -> None:
        """Notes a query of which the first page is here."""
        self.missing.append((Wanted(query, next_link, rows, counted), gap_for(query, FIRST_PAGE, rows)))


def read_prefetch(prefetch: Mapping[str, Any], queries: Sequence[Query], patient_id: str) -> Prefetched:
    """Decides, key by key, what arrived. Keys that were not declared are ignored."""
    result = Prefetched()
    searched = [query.key for query in queries if not query.is_read]
    bundles = {key: prefetch[key] for key in searched if _is_bundle(prefetch.get(key))}
    pages = dict(zip(bundles, unwrap_each(bundles.values()), strict=True))
    for query in queries:
        if query.is_read:
            _read_patient(prefetch.get(query.key), query, patient_id, result)
        elif query.key not in prefetch:
            result.lacks(query, ABSENT)
        elif query.key in pages:
            _read_bundle(pages[query.key], query, patient_id, result)
        else:
            _read_other(prefetch[query.key], query, result)
    return result


def _read_patient(value: object, query: Query, patient_id: str, result: Prefetched) -> None:
    for patient in patients_in(value):
        if patient.get("id") == patient_id:
            result.resources.append(patient)
            return
    result.lacks(query, "its id is missing" if patients_in(value) else _unusable(value))


def _unusable(value: object) -> str:
    """Why a value cannot be used; a Bundle here has no entry of what was asked for."""
    entries = entries_of(value) if isinstance(value, dict) else None
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if value is None or (kind == "Bundle" and entries == []):
        return ABSENT
    if not isinstance(kind, str) or (kind == "Bundle" and entries is None):
        return BROKEN
    return FAILED if kind == "OperationOutcome" else OTHER_KIND


def _is_bundle(value: object) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "Bundle" and entries_of(value) is not None


def _read_other(value: object, query: Query, result: Prefetched) -> None:
    if value is None:
        return  # nothing on record
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if kind == "OperationOutcome":
        result.gaps.append(gap_for(query, FAILED))
    elif kind == query.resource_type:
        result.resources.append(value)
    else:
        result.lacks(query, _unusable(value))


def _read_bundle(page: Unwrapped, query: Query, patient_id: str, result: Prefetched) -> None:
    result.resources.extend(page.resources)
    result.full_urls.update(page.full_urls)
    counted = NONE
    # Nobody counts in vain: a call brings hundreds of rows.
    if page.next_link or any("total" in each for each in page.bundles):
        counted = counted.plus(page.bundles, query.resource_type)
    if reports_incomplete(page.outcomes, page.resources):
        result.gaps.append(gap_for(query, REPORTED))
    elif are_of_another_type(page.resources, query):
        result.lacks(query, ANOTHER)
    elif are_of_others(page.resources, query, patient_id):
        result.lacks(query, OTHERS)
    elif page.lost_page:
        result.lacks(query, FIRST_PAGE, page.resources)
    elif page.next_link:
        result.goes_on(query, page.next_link, page.resources, counted)
    elif counted.is_short:
        result.lacks(query, FEWER, page.resources)
