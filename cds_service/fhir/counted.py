"""Whether the Bundles of a search brought as many rows as the server counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_OTHERS = ("include", "outcome")


class Counted(NamedTuple):
    """The rows of a search so far: how many the server says that there are, and how many came.

    ``Bundle.total`` counts matches over all pages, and neither what was included nor outcomes (FHIR R4).
    What a server says of rows that it withholds or cuts off is just this number.
    """

    total: int = 0
    brought: int = 0

    def plus(self, page: Mapping[str, Any], kind: str) -> Counted:
        """With one page more of a search for resources of this type; the largest total counts."""
        said, entries = page.get("total"), page.get("entry")
        total = said if type(said) is int else 0
        brought = _matches(entries, kind) if isinstance(entries, list) else 0
        return Counted(max(self.total, total), self.brought + brought)

    @property
    def is_short(self) -> bool:
        """Whether rows are missing; False where the server does not count."""
        return self.brought < self.total


def _matches(entries: list[Any], kind: str) -> int:
    """How many entries are rows that were asked for; where one does not say so, its type does."""
    found = 0
    for entry in entries:
        if type(entry) is not dict or type(resource := entry.get("resource")) is not dict:
            continue
        search, named = entry.get("search"), resource.get("resourceType")
        mode = search.get("mode") if type(search) is dict else None
        if mode not in _OTHERS and (named == kind or (mode == "match" and named != "OperationOutcome")):
            found += 1
    return found


NONE = Counted()
"""Nothing counted, nothing brought."""
