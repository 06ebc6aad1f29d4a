"""What trends are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from mappings.dates import add_months
from mappings.facts import PatientRecord, Result
from mappings.language import Language
from mappings.trial_definition import Catalog, TrialDefinition

MONTHS = 24
"""How far back trends go: a drawing choice."""


class Charted(NamedTuple):
    """What trends are drawn from. ``resources`` by their references, for what typed facts leave out."""

    record: PatientRecord
    resources: Mapping[str, Any]
    trial: TrialDefinition
    catalog: Catalog
    day: date
    language: Language

    @property
    def first(self) -> date:
        """The first day that is shown."""
        return add_months(self.day, -MONTHS)

    def results(self, concept: str) -> list[Result]:
        """The results of a concept up to the day, the oldest first; those without a known day come first."""
        known = self.record.results.get(concept, ())
        return sorted((r for r in known if r.when.first <= self.day.toordinal()), key=lambda r: r.when.last)
