"""The patient of a row as the FHIR server has them now, read by Backend Services under a deadline.

The page comes whatever the server does: what could not be read is said in its place.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from cds_service.answering.offers import ClientOffers
from cds_service.deployment import Deployment
from cds_service.failures import describe
from cds_service.fhir.fetching import Access, FhirFetcher, Wanted
from cds_service.hooks.gathering import without_repeats
from cds_service.hooks.tailoring import queries_for
from cds_service.oauth.faults import OAuthError
from cds_service.storage.records import Subject
from cds_service.worklist.opening.person import Person, person_of
from mappings.assessment import assess
from mappings.needs import needs_of
from mappings.reading.record import read_record
from mappings.results import Assessment
from mappings.trial_definition import TrialDefinition

SECONDS = 6.0
"""How long a page waits for a FHIR server: an interpretation."""

NO_ACCESS, AWAY, NO_PATIENT, NO_KEY = "no-access", "away", "no-patient", "no-key"
NOT_SERVED, FAILED = "not-served", "failed"

_LOG = logging.getLogger("trialhook.worklist")


class PatientNow(NamedTuple):
    """What could be read. ``trouble``: a closed word for why something is missing, or ""."""

    person: Person | None = None
    assessment: Assessment | None = None
    gaps: tuple[str, ...] = ()
    trouble: str = ""


class Reading:
    """Reads patients for one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.fetcher = FhirFetcher(replace(deployment.settings, deadline=SECONDS))

    def access(self, client_id: str, fhir_base: str) -> tuple[Access | None, str]:
        """Access to a FHIR server of a client, or why there is none."""
        client = self._deployment.clients.by_id(client_id)
        if client is None:
            return None, NO_ACCESS
        try:
            access = self._deployment.backend.access(client, fhir_base)
        except OAuthError as error:
            _LOG.warning("no access to the FHIR server of %s: %s", client_id, error.word)
            return None, AWAY
        return access, "" if access is not None else NO_ACCESS

    def patient_now(
        self, subject: Subject, trial: str, now: datetime, stored: Sequence[dict[str, Any]] = ()
    ) -> PatientNow:
        """Reads a patient and assesses the trial. ``stored``: answers of clinicians that are kept here."""
        until = monotonic() + SECONDS
        access, trouble = self.access(subject.client, subject.fhir_base)
        if access is None:
            return PatientNow(trouble=trouble)
        offers = self._deployment.offers[subject.client]
        definition = next((one for one in offers.catalog.trials if one.id == trial), None)
        needs = needs_of([definition], offers.catalog) if definition else offers.needs
        queries = queries_for(needs, offers.client.abilities)
        wanted = [Wanted(query) for query in queries if definition or query.is_read]
        found = self.fetcher.fetch(access, subject.patient_id, wanted, until)
        rows = without_repeats(row for one in found for row in one.resources)
        patient = next((row for row in rows if _is_patient(row, subject.patient_id)), None)
        if patient is None:
            return PatientNow(trouble=_why_no_patient([one.gap.what for one in found if one.gap]))
        gaps = [one.gap for one in found if one.gap is not None]
        now_read = PatientNow(person_of(patient), None, tuple(gap.what for gap in gaps))
        if definition is None:
            return now_read._replace(trouble=NOT_SERVED)
        full_urls = {url: name for one in found for url, name in one.full_urls.items()}
        record = (offers, [*rows, *stored], full_urls, gaps)
        return self._assessed(now_read, definition, subject, record, now)

    @staticmethod
    def _assessed(
        read: PatientNow,
        trial: TrialDefinition,
        subject: Subject,
        record: tuple[ClientOffers, list[Any], dict[str, str], list[Any]],
        now: datetime,
    ) -> PatientNow:
        offers, resources, full_urls, gaps = record
        try:
            facts = read_record(
                resources, offers.catalog, patient_id=subject.patient_id, full_urls=full_urls, gaps=gaps
            )
            return read._replace(assessment=assess(trial, facts, now.date(), offers.catalog))
        except Exception as error:  # noqa: BLE001 -- the page comes, and says that this is missing
            _LOG.error("trial %s failed: %s", trial.id, describe(error))
            return read._replace(trouble=FAILED)


def _is_patient(row: object, patient_id: str) -> bool:
    return isinstance(row, dict) and row.get("resourceType") == "Patient" and row.get("id") == patient_id


def _why_no_patient(gaps: Sequence[str]) -> str:
    """Gone for good, or not to be had just now."""
    return NO_PATIENT if any("404" in gap or "410" in gap for gap in gaps) else AWAY
