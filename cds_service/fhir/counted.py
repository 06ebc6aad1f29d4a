"""Whether the Bundles of a search brought as many rows as the server counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    named: frozenset[tuple[str, str]] = frozenset()

    @property
    def brought(self) -> int:
        """How many rows came."""
        return self.unnamed + len(self.named)

    def plus(self, bundles: Iterable[Mapping[str, Any]], kind: str) -> Counted:
        """With the Bundles of one page more of a search for resources of this type; the largest total counts.

        ``kind`` is empty for a search for resources of any type, of which each one is a match.
        """
        total, unnamed, names = self.total, self.unnamed, set(self.named)
        for bundle in bundles:
            total = max(total, _number(bundle.get("total")))
            for row in _matches(entries_of(bundle) or (), kind):
                identity = row.get("id")
                if type(identity) is str and identity:
                    names.add((str(row.get("resourceType")), identity))
                else:
                    unnamed += 1
        return Counted(total, unnamed, frozenset(names))

    @property
    def is_short(self) -> bool:
        """Whether rows are missing; False where the server does not count."""
        return self.brought < self.total


def _number(said: object) -> int:
    """A count as JSON may write it: 3.0 is 3. Words are none."""
    if type(said) is float and said.is_integer():
        return int(said)
    return said if type(said) is int else 0


def _matches(entries: Iterable[Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """The rows that were asked for; where one does not say so, its type does."""
    for entry in entries:
        if type(entry) is not dict or type(resource := entry.get("resource")) is not dict:
            continue
        search, named = entry.get("search"), resource.get("resourceType")
        mode = search.get("mode") if type(search) is dict else None
        if not kind:
            if mode != "outcome" and named not in ("OperationOutcome", "Bundle"):
                yield resource
        elif mode not in _OTHERS and (named == kind or (mode == "match" and named != "OperationOutcome")):
            yield resource


NONE = Counted()
"""Nothing counted, nothing brought."""
