"""Resources to assessments: what the hook, the command line and the demo share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, partial
from typing import TypeVar

from cds_service.failures import describe
from cds_service.settings import trial_folders
from mappings.assessment import assess
from mappings.definitions import load_catalog
from mappings.facts import PatientRecord
from mappings.reading.bundles import unwrap
from mappings.reading.record import read_record
from mappings.results import Assessment, Gap
from mappings.trial_definition import Catalog, TrialDefinition

T = TypeVar("T")
_LOG = logging.getLogger("trialhook.assessing")


@cache
def definitions() -> Catalog:
    """The definitions of this deployment, loaded and checked once per process. Raises DefinitionError."""
    return load_catalog(trial_folders())


def assess_resources(  # noqa: PLR0913 -- all but two have defaults
    resources: Sequence[object],
    today: date,
    *,
    patient_id: str | None = None,
    gaps: Sequence[Gap] = (),
    full_urls: Mapping[str, str] | None = None,
    trials: Sequence[TrialDefinition] | None = None,
    catalog: Catalog | None = None,
) -> list[Assessment]:
    """One patient's FHIR resources, or Bundles of them, against trials (default: all that are open).

    ``full_urls`` maps bundle entries' fullUrl to ``Type/id`` where bundles were taken apart before.
    ``catalog`` has the concepts by which they are read (default: those of this deployment).
    Raises LookupError if there is no Patient (with this id) among them.
    """
    catalog = catalog or definitions()
    everything = unwrap(resources)
    record = read_record(
        everything.resources,
        catalog,
        patient_id=patient_id,
        full_urls={**everything.full_urls, **(full_urls or {})},
        gaps=gaps,
    )
    wanted = served_trials(catalog, serve_drafts=True) if trials is None else trials
    return assess_each(wanted, record, today, catalog, Failures(len(wanted)))


def served_trials(catalog: Catalog, serve_drafts: bool) -> tuple[TrialDefinition, ...]:
    """The trials that calls are checked against: the active ones, and on wish drafts and reviewed ones."""
    statuses = {"active", "reviewed", "draft"} if serve_drafts else {"active"}
    return tuple(trial for trial in catalog.trials if trial.facts.status in statuses)


class Failures:
    """Trials that failed. One never takes down the others; if all do, it is a fault of the whole service."""

    def __init__(self, trials: int) -> None:
        self._trials = trials
        self.count = 0

    def attempt(self, trial_id: str, action: Callable[[], T]) -> T | None:
        """What the action gives. If it raises: None, and the class in the log, unless no trial is left."""
        try:
            return action()
        except Exception as error:
            self.count += 1
            _LOG.error("trial %s failed: %s", trial_id, describe(error))
            if self.count >= self._trials:
                raise
            return None


def assess_each(
    trials: Sequence[TrialDefinition],
    record: PatientRecord,
    today: date,
    catalog: Catalog,
    failures: Failures,
) -> list[Assessment]:
    """The assessments of a record, in the order of the trials, without those that failed."""
    attempts = [
        failures.attempt(trial.id, partial(assess, trial, record, today, catalog)) for trial in trials
    ]
    return [assessment for assessment in attempts if assessment is not None]
