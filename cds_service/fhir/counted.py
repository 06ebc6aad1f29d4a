"""Whether the Bundles of a search brought as many rows as the server counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mappings.reading.bundles import entries_of

_OTHERS = ("include", "outcome")


class Counted(NamedTuple):
    """The rows of a search so far: how many the server says that there are, and how many came.

    ``Bundle.total`` counts matches over all pages, and neither what was included nor outcomes (FHIR R4).
    What a server says of rows that it withholds or cuts off is just this number. A row that comes again
    (a chart that changes while its pages are asked for) is one: ``named`` are those with an id.
    """

    total: int = 0
    unnamed: int = 0
    named: frozenset[str] = frozenset()

    @property
    def brought(self) -> int:
        """How many rows came."""
        return self.unnamed + len(self.named)

    def plus(self, bundles: Iterable[Mapping[str, Any]], kind: str) -> Counted:
        """With the Bundles of one page more of a search for resources of this type; the largest total counts.

        ``kind`` is empty for a search for resources of any type, of which each one is a match.
        """
        total, rows = self.total, list[str | None]()
        for bundle in bundles:
            total = max(total, _number(bundle.get("total")))
            rows += _matches(entries_of(bundle) or (), kind)
        named = self.named.union(filter(None, rows))
        return Counted(total, self.unnamed + rows.count(None), named)

    @property
    def is_short(self) -> bool:
        """Whether rows are missing; False where the server does not count."""
        return self.brought < self.total


def _number(said: object) -> int:
    """A count as JSON may write it: 3.0 is 3. Words are none."""
    if type(said) is float and said.is_integer():
        return int(said)
    return said if type(said) is int else 0


def _matches(entries: Iterable[Any], kind: str) -> list[str | None]:
    """The rows that were asked for, None for one without id; where one does not say so, its type does."""
    found: list[str | None] = []
    for entry in entries:
        if type(entry) is not dict or type(resource := entry.get("resource")) is not dict:
            continue
        search, named = entry.get("search"), resource.get("resourceType")
        mode = search.get("mode") if type(search) is dict else None
        if (mode not in _OTHERS and named == kind) or _is_match(mode, named, kind):
            identity = resource.get("id")
            if type(identity) is not str or not identity:
                found.append(None)
            else:
                found.append(identity if named == kind else f"{named}/{identity}")
    return found


def _is_match(mode: object, named: object, kind: str) -> bool:
    if not kind:
        return mode != "outcome" and named not in ("OperationOutcome", "Bundle")
    return mode not in _OTHERS and (named == kind or (mode == "match" and named != "OperationOutcome"))


NONE = Counted()
"""Nothing counted, nothing brought."""
