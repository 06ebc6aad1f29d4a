"""Bundles of any kind, taken apart entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.reading.fhir_elements import items
from mappings.reading.references import reference_of
from mappings.reading.servers.apart import Held, is_of_one_server, names_apart
from mappings.reading.servers.links import placed

_TAKEN_APART = ("Bundle", "OperationOutcome")
_WITH_RESPONSES = ("batch-response", "transaction-response", "history")
_FAILED: Mapping[str, Any] = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception"}],
}


@dataclass(slots=True)
class Unwrapped:
    """The resources of some bundles.

    ``full_urls`` maps ``Entry.fullUrl`` to ``Type/id``: transaction bundles refer by it. ``outcomes``
    are OperationOutcomes that came among the data, one as well for each part of a batch that failed.
    ``next_link`` is set if a page was left out; ``lost_page`` if there is one that nobody can ask for.
    ``bundles`` are all that were taken apart, those inside of others too.
    """

    resources: list[Any] = field(default_factory=list)
    full_urls: dict[str, str] = field(default_factory=dict)
    outcomes: list[Mapping[str, Any]] = field(default_factory=list)
    next_link: str = ""
    lost_page: bool = False
    bundles: list[Mapping[str, Any]] = field(default_factory=list)


def unwrap(documents: Iterable[Any]) -> Unwrapped:
    """Resources out of bundles and single resources, in their order. Never raises; what is not a
    resource stays in the list, for the reader to report. Resources of several servers that have one id
    are told apart by another one."""
    result = _unwrapped(documents)
    _keep_apart((result,))
    return result


def unwrap_each(documents: Iterable[Any]) -> list[Unwrapped]:
    """As ``unwrap``, each document by itself, with what has one id in several of them told apart."""
    parts = [_unwrapped((document,)) for document in documents]
    _keep_apart(parts)
    return parts


def _unwrapped(documents: Iterable[Any]) -> Unwrapped:
    result = Unwrapped()
    for document in documents:
        if isinstance(document, dict) and document.get("resourceType") == "Bundle":
            _unwrap_bundle(document, result, 0)
        else:
            _add(document, None, result, 0)
    return result


def _keep_apart(parts: Sequence[Unwrapped]) -> None:
    """Names resources by their servers, where these are several, or where two have one id."""
    full_urls = parts[0].full_urls if len(parts) == 1 else {}
    for part in parts if len(parts) > 1 else ():
        full_urls.update(part.full_urls)
    if is_of_one_server(full_urls):
        return
    held = [list(_held(part)) for part in parts]
    names = names_apart([one for of_part in held for one in of_part if one is not None])
    for part, of_part in zip(parts, held, strict=True):
        part.full_urls.update(
            (one.full_url, names.of(one)) for one in of_part if one is not None and one.full_url
        )
        part.resources = [
            resource if one is None else placed(one, names)
            for resource, one in zip(part.resources, of_part, strict=True)
        ]


def _held(part: Unwrapped) -> Iterator[Held | None]:
    """Each of the resources with its fullUrl; None for what is no resource."""
    entries = [
        entry for bundle in part.bundles for entry in entries_of(bundle) or () if isinstance(entry, dict)
    ]
    urls = {id(entry.get("resource")): entry.get("fullUrl") for entry in entries}
    for resource in part.resources:
        url = urls.get(id(resource))
        yield Held(resource, url if isinstance(url, str) else "") if isinstance(resource, dict) else None


def entries_of(bundle: Mapping[str, Any]) -> list[Any] | None:
    """``entry`` of a Bundle, empty where there is none; None if it is no list.

    One object is a list of one: gateways that make JSON of XML write a single row so.
    """
    entries = bundle.get("entry")
    if entries is None:
        return []
    return [entries] if isinstance(entries, dict) else entries if isinstance(entries, list) else None


def links_of(bundle: Mapping[str, Any], relation: str) -> list[str]:
    """The addresses of a Bundle's links of this kind; "" for a link without one."""
    links = items(bundle.get("link"))
    found = [link.get("url") for link in links if str(link.get("relation")).casefold() == relation]
    return [url if isinstance(url, str) else "" for url in found]


def _unwrap_bundle(bundle: Mapping[str, Any], result: Unwrapped, depth: int) -> None:
    result.bundles.append(bundle)
    for url in links_of(bundle, "next") if "link" in bundle else ():
        result.lost_page = result.lost_page or url != (result.next_link or url) or not url
        result.next_link = result.next_link or url
    entries, resources = entries_of(bundle), result.resources
    if entries is None or (bundle.get("type") not in _WITH_RESPONSES and _add_plain(entries, result)):
        return
    for entry in entries:
        if type(entry) is not dict:
            result.resources.append(entry)
            continue
        _note_response(entry.get("response"), result)
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
    full_urls = result.full_urls
    for entry in named:
        url, resource = entry["fullUrl"], entry["resource"]
        if type(url) is str:
            kind, identity = resource["resourceType"], resource.get("id")
            plain = type(identity) is str and type(kind) is str and identity
            full_urls[url] = f"{kind}/{identity}" if plain else reference_of(resource)
    return True


def _note_response(response: Any, result: Unwrapped) -> None:
    """Keeps what a batch or transaction says of one of its parts, if that is more than that it went well."""
    if not isinstance(response, dict):
        return
    status, outcome = response.get("status"), response.get("outcome")
    if isinstance(status, str | int) and not str(status).strip().startswith("2"):
        result.outcomes.append(_FAILED)
    if isinstance(outcome, dict):
        result.outcomes.append(outcome)


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
