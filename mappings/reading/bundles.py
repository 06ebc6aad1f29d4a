"""Bundles of any kind, taken apart entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.reading.references import reference_of

_TAKEN_APART = ("Bundle", "OperationOutcome")


@dataclass(slots=True)
class Unwrapped:
    """The resources of some bundles.

    ``full_urls`` maps ``Entry.fullUrl`` to ``Type/id``: transaction bundles refer by it. ``outcomes``
    are OperationOutcomes that came among the data. ``next_link`` is set if a page was left out.
    """

    resources: list[Any] = field(default_factory=list)
    full_urls: dict[str, str] = field(default_factory=dict)
    outcomes: list[Mapping[str, Any]] = field(default_factory=list)
    next_link: str = ""


def unwrap(documents: Iterable[Any]) -> Unwrapped:
    """Resources out of bundles and single resources, in their order. Never raises; what is not a
    resource stays in the list, for the reader to report."""
    result = Unwrapped()
    for document in documents:
        if isinstance(document, dict) and document.get("resourceType") == "Bundle":
            _unwrap_bundle(document, result, 0)
        else:
            _add(document, None, result, 0)
    return result


def _unwrap_bundle(bundle: Mapping[str, Any], result: Unwrapped, depth: int) -> None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            result.next_link = link["url"]
    entries, resources = bundle.get("entry"), result.resources
    if not isinstance(entries, list) or _add_plain(entries, result):
        return
    for entry in entries:
        if type(entry) is not dict:
            result.resources.append(entry)
            continue
        resource = entry.get("resource")
        if type(resource) is dict and resource.get("resourceType") not in _TAKEN_APART:
            resources.append(resource)
            if "fullUrl" in entry and type(entry["fullUrl"]) is str:
                result.full_urls[entry["fullUrl"]] = reference_of(resource)
        else:
            _add(resource, entry.get("fullUrl"), result, depth)


def _add_plain(entries: list[Any], result: Unwrapped) -> bool:
    """Takes a Bundle whose entries all hold resources, as nearly every one does; False if this is none."""
    try:
        resources = [entry["resource"] for entry in entries]
        kinds = {resource["resourceType"] for resource in resources}
        if not kinds.isdisjoint(_TAKEN_APART):
            return False
        named = [entry for entry in entries if "fullUrl" in entry]
    except (KeyError, TypeError):  # something else stands among them
        return False
    result.resources += resources
    for entry in named:
        if type(entry["fullUrl"]) is str:
            result.full_urls[entry["fullUrl"]] = reference_of(entry["resource"])
    return True


def _add(resource: Any, full_url: Any, result: Unwrapped, depth: int) -> None:
    if not isinstance(resource, dict):
        result.resources.append(resource)
    elif resource.get("resourceType") == "OperationOutcome":
        result.outcomes.append(resource)
    elif resource.get("resourceType") == "Bundle" and depth < 8:
        _unwrap_bundle(resource, result, depth + 1)
    else:
        result.resources.append(resource)
        if isinstance(full_url, str):
            result.full_urls[full_url] = reference_of(resource)
