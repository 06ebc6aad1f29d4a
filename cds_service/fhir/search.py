"""One search, page after page, with what it found and what it could not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from cds_service.fhir.client import FhirReader
from cds_service.fhir.counted import NONE, Counted
from cds_service.fhir.faults import (
    FEWER,
    LOOP,
    NOT_A_BUNDLE,
    OTHERS,
    REPORTED,
    TOO_MANY_PAGES,
    WRONG_RESOURCE,
    FhirReadError,
)
from cds_service.fhir.wholeness import are_of_another_type, are_of_others, reports_incomplete
from mappings.dates import parse_when
from mappings.needs import Query
from mappings.reading.bundles import entries_of, unwrap
from mappings.reading.servers.apart import is_of_one_server
from mappings.results import Gap


@dataclass(slots=True)
class Found:
    """What a search has brought so far. Filled by one thread; may be looked at by another at any time.

    ``earlier`` are the rows of pages that came another way, before these; ``counted`` begins with them.
    """

    query: Query
    earlier: Sequence[Any] = ()
    counted: Counted = NONE
    resources: list[Any] = field(default_factory=list)
    full_urls: dict[str, str] = field(default_factory=dict)
    gap: Gap | None = None

    def give_up(self, what: str) -> None:
        """Marks the search as not finished, and why."""
        self.gap = gap_for(self.query, what, [*self.earlier, *self.resources])


def gap_for(query: Query, what: str, arrived: Sequence[Any] = ()) -> Gap:
    """A search that did not bring everything, with the rows that did arrive."""
    sorted_rows = query.newest_first and is_newest_first(arrived)
    return Gap(query.resource_type, f"{query.resource_type}: {what}", query.covers, sorted_rows)


def is_newest_first(resources: Sequence[Any]) -> bool:
    """Whether every row is dated and none is later than one before it. False without rows."""
    earliest: int | None = None
    for resource in resources:
        when = parse_when(_date_of(resource))
        if when is None or (earliest is not None and when.first > earliest):
            return False
        earliest = when.last if earliest is None else min(earliest, when.last)
    return earliest is not None


def _date_of(resource: Any) -> object:
    if not isinstance(resource, dict):
        return None
    period = resource.get("effectivePeriod")
    start = period.get("start") if isinstance(period, dict) else None
    return resource.get("effectiveDateTime") or resource.get("effectiveInstant") or start


def path_of(query: Query, patient_id: str) -> str:
    """The path below the base: a read for the Patient, a search for everything else."""
    if query.is_read:
        return f"{query.resource_type}/{quote(patient_id, safe='')}"
    whose = (("patient", patient_id),) if query.by_patient else ()
    parameters = (*whose, *query.parameters)
    return f"{query.resource_type}?{encoded(parameters)}"


def encoded(parameters: Sequence[tuple[str, str]]) -> str:
    """Query parameters with everything encoded that has a meaning in a URL."""
    return "&".join(f"{quote(name, safe='_')}={quote(value, safe=':/,')}" for name, value in parameters)


def run(reader: FhirReader, found: Found, path: str, patient_id: str, page_limit: int) -> None:
    """Fills ``found``. Whatever goes wrong becomes its gap; rows that came before it are kept."""
    try:
        if found.query.is_read:
            found.resources.append(_patient(reader.read(path), patient_id))
        else:
            _pages(reader, found, path, page_limit)
            _check(found, patient_id)
    except FhirReadError as fault:
        found.give_up(str(fault))


def _patient(resource: Any, patient_id: str) -> Mapping[str, Any]:
    ours = isinstance(resource, dict) and resource.get("resourceType") == "Patient"
    if not ours or resource.get("id") != patient_id:
        raise FhirReadError(WRONG_RESOURCE)
    return dict(resource)


def _pages(reader: FhirReader, found: Found, path: str, page_limit: int) -> None:
    seen: set[str] = set()
    pages: list[Mapping[str, Any]] = []
    while path:
        if path in seen:
            raise FhirReadError(LOOP)
        if len(seen) == page_limit:
            raise FhirReadError(TOO_MANY_PAGES.format(pages=page_limit))
        seen.add(path)
        page = reader.read(path)
        is_bundle = isinstance(page, dict) and page.get("resourceType") == "Bundle"
        if not is_bundle or entries_of(page) is None:
            raise FhirReadError(NOT_A_BUNDLE)
        pages.append(page)
        path = _take_page(page, found)
    if not is_of_one_server(found.full_urls):
        whole = unwrap(pages)
        found.resources, found.full_urls = whole.resources, whole.full_urls


def _check(found: Found, patient_id: str) -> None:
    """Leaves a gap where all pages came, and are not what was asked for, or not all of it."""
    rows = [*found.earlier, *found.resources]
    if found.gap is not None:
        return
    if are_of_another_type(rows, found.query):
        found.gap = gap_for(found.query, WRONG_RESOURCE)  # such rows tell nothing of those that are missing
    elif are_of_others(rows, found.query, patient_id):
        found.gap = gap_for(found.query, OTHERS)
    elif found.counted.is_short:
        raise FhirReadError(FEWER)


def _take_page(page: Mapping[str, Any], found: Found) -> str:
    """Keeps the rows of a page and returns the link to the next."""
    unwrapped = unwrap([page])
    found.resources.extend(unwrapped.resources)
    found.full_urls.update(unwrapped.full_urls)
    found.counted = found.counted.plus(unwrapped.bundles, found.query.resource_type)
    if unwrapped.lost_page or reports_incomplete(unwrapped.outcomes, unwrapped.resources):
        found.gap = gap_for(found.query, REPORTED)
    return unwrapped.next_link
