"""References between resources of several servers, each of them followed on its own server.

FHIR R4, Bundle, "Resolving references in Bundles": a relative reference is of the server that the fullUrl of
its entry names. So ``Medication/7`` of one server is never that of another. Exempt is the Patient
(Interpretation): who joins the records of several servers leaves ``Patient/1`` in what came from all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mappings.reading.references import local_reference, reference_of, server_of
from mappings.reading.servers.apart import Held, Names, away

_DEEPEST = 40
_TYPE_AND_ID = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


def placed(held: Held, names: Names) -> Mapping[str, Any]:
    """The resource under the name by which it is known, with its references; itself if nothing changes."""
    server = server_of(held.full_url)
    resource: Mapping[str, Any] = _linked(held.resource, lambda text: _followed(text, server, names))
    name = names.of(held)
    if name == reference_of(resource):
        return resource
    return {**resource, "id": name.partition("/")[2]}


def _followed(text: str, server: str, names: Names) -> str:
    """A reference of a resource on some server, as it leads to what it is about, or else to nothing."""
    name, server = local_reference(text), server_of(text) or server
    if not _TYPE_AND_ID.fullmatch(name):  # such as a urn:uuid
        return names.by_address.get(text, text)
    if not server:
        return text
    known = names.by_address.get(f"{server}/{name}")
    if known is not None:
        return text if known == name else known
    elsewhere = name in names.on_servers and name not in names.anywhere
    return away(name, server) if elsewhere and not name.startswith("Patient/") else text


def _linked(element: Any, follow: Callable[[str], str], depth: int = 0) -> Any:
    if depth > _DEEPEST:
        return element
    if type(element) is list:
        moved = [_linked(each, follow, depth + 1) for each in element]
        same = all(new is old for new, old in zip(moved, element, strict=True))
        return element if same else moved
    if type(element) is not dict:
        return element
    changed = {}
    for key, value in element.items():
        is_text = key == "reference" and type(value) is str
        new = follow(value) if is_text else _linked(value, follow, depth + 1)
        if new is not value:
            changed[key] = new
    return {**element, **changed} if changed else element
