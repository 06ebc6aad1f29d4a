"""Search results among files: what they say of rows that are missing, and of which types those are."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cds_service.fhir.counted import NONE
from cds_service.fhir.faults import FEWER, NOT_A_BUNDLE, REPORTED
from cds_service.fhir.wholeness import reports_incomplete
from mappings.reading.bundles import Unwrapped, entries_of, links_of
from mappings.results import Gap

FIRST_PAGES = "the files hold only the first pages of a search"
READ = frozenset(
    {
        *("Observation", "Condition", "Procedure", "DiagnosticReport", "Consent", "ResearchSubject"),
        *("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
        *("Specimen", "Medication", "ResearchStudy"),
    }
)
"""The types of which a record is read, the Patient apart."""
_BATCH = ("batch-response", "transaction-response")
Json = Mapping[str, Any]


def gaps_of(documents: Sequence[Unwrapped]) -> list[Gap]:
    """A gap for each type of which rows are missing by what a search among the documents says.

    Where it does not say for which type it asked, rows of every type may be missing.
    """
    bundles = [bundle for document in documents for bundle in document.bundles]
    found: list[Gap] = []
    for document in documents:
        if document.lost_page or reports_incomplete(document.outcomes, document.resources):
            found.extend(_gaps(_search(document), REPORTED))
    for bundle in bundles:
        if entries_of(bundle) is None:
            found.extend(_gaps([bundle], NOT_A_BUNDLE))
    present = {_link(bundle, "self"): bundle for bundle in bundles}
    followed = {_link(bundle, "next") for bundle in bundles} - {""}
    for bundle in bundles:
        if _link(bundle, "self") not in followed:
            found.extend(_gaps_of_search(_pages(bundle, present), present))
    return list(dict.fromkeys(found))


def _search(document: Unwrapped) -> Sequence[Json]:
    """The Bundles of a search; none for a batch, in which the part that failed does not say what it was."""
    is_batch = any(bundle.get("type") in _BATCH for bundle in document.bundles)
    return [] if is_batch else document.bundles


def _pages(first: Json, present: Mapping[str, Json]) -> Sequence[Json]:
    """A Bundle with the pages among the files to which its ``next`` links lead."""
    pages, seen = [first], {"", _link(first, "self")}
    while (following := _link(pages[-1], "next")) not in seen and following in present:
        pages.append(present[following])
        seen.add(following)
    return pages


def _gaps_of_search(pages: Sequence[Json], present: Container[str]) -> Iterable[Gap]:
    following = _link(pages[-1], "next")
    if following and following not in present:
        return _gaps(pages, FIRST_PAGES)
    if not any("total" in page and page.get("type") == "searchset" for page in pages):
        return ()
    kinds = _kinds(pages)
    counted = NONE.plus(pages, kinds[0] if len(kinds) == 1 else "")
    return _gaps(pages, FEWER) if counted.is_short else ()


def _gaps(pages: Sequence[Json], why: str) -> Iterator[Gap]:
    for kind in _kinds(pages) or sorted(READ):
        yield Gap(kind, f"{kind}: {why}")


def _kinds(pages: Sequence[Json]) -> list[str]:
    """The one type that a search asked for, by its links or else its rows; none if that is not clear."""
    for page in pages:
        for link in (_link(page, "self"), _link(page, "next")):
            asked = link.partition("?")[0].rstrip("/").rpartition("/")[2]
            if asked in READ:
                return [asked]
    matches = {kind for page in pages for kind, included in _rows(page) if not included}
    others = {kind for page in pages for kind, included in _rows(page) if included}
    if len(matches) != 1 or (matches == {"Patient"} and others):  # of whole records, it may be anything
        return []
    return list(matches)


def _rows(page: Json) -> Iterator[tuple[str, bool]]:
    """The types of a page's rows, and whether they only came along."""
    for entry in entries_of(page) or ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if isinstance(kind, str) and kind not in ("OperationOutcome", "Bundle"):
            search = entry.get("search")
            yield kind, isinstance(search, dict) and search.get("mode") == "include"


def _link(bundle: Json, relation: str) -> str:
    return next(iter(links_of(bundle, relation)), "") if "link" in bundle else ""
