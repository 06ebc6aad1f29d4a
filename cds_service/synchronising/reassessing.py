"""Open referrals are held against the record again by the clock, so that what changed is seen unasked.

The record is read as for a hook call, by the access that this service has by itself. Every hour one search
asks whether there are new results; every six hours everything is read in any case, for there is more than
results, and time alone makes a result too old.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.parse import quote
from uuid import uuid4

from sqlalchemy import func, or_, select

from cds_service.clients.registered import Client
from cds_service.deployment import Deployment
from cds_service.failures import describe
from cds_service.fhir.fetching import Access, FhirFetcher
from cds_service.hooks.call import HookCall
from cds_service.hooks.gathering import Gathered, gather
from cds_service.hooks.tailoring import queries_for
from cds_service.oauth.faults import OAuthError
from cds_service.referrals.book import Book
from cds_service.referrals.records import NotFoundError, Referral
from cds_service.referrals.states import OPEN
from cds_service.smart.backend_services import Backend
from cds_service.smart.resources import FhirWriteError, FhirWriter
from cds_service.storage.database import Database
from cds_service.storage.records import Subject
from cds_service.storage.workflow_tables import trial_referral
from cds_service.web.problems import RefusalError
from cds_service.worksheet.kept_answers import KeptAnswers
from mappings.assessment import assess
from mappings.reading.record import read_record
from mappings.results import Assessment
from mappings.trial_definition import TrialDefinition

_LOG = logging.getLogger("trialhook.synchronising")

PEEK_EVERY = timedelta(hours=1)
READ_EVERY = timedelta(hours=6)
AT_ONCE = 3
"""Referrals in one turn. These three are ours."""

SECONDS = 20.0
"""All that reading one record may take; ours, and less than the lease lasts."""

_OVERLAP = timedelta(minutes=5)
"""Our clock and the server's need not agree."""


class Reassessment:
    """Reads and compares. Raises StorageAwayError only; what cannot be read is left for an hour."""

    def __init__(
        self, deployment: Deployment, backend: Backend, database: Database, book: Book, answers: KeptAnswers
    ) -> None:
        settings = replace(deployment.settings, deadline=SECONDS, concurrency=4)
        self._deployment, self._backend, self._book = deployment, backend, book
        self._database, self._answers = database, answers
        self._fetcher = FhirFetcher(settings)  # its own threads and connections: hook calls keep theirs
        self._later: dict[str, datetime] = {}

    def run(self, go_on: Callable[[], bool]) -> None:
        """Re-assesses what is due, a few at a time."""
        now = self._deployment.now("UTC")
        self._later = {ident: when for ident, when in self._later.items() if when > now}
        for ident in self._due(now):
            if not go_on():
                return
            self._later[ident] = now + PEEK_EVERY
            self._one(ident, now)

    def _due(self, now: datetime) -> list[str]:
        clients = [client.id for client in self._deployment.clients if client.backend is not None]
        column = trial_referral.c
        asked = (
            select(column.id)
            .where(column.client.in_(clients), column.state.in_([state.value for state in OPEN]))
            .where(or_(column.assessed.is_(None), column.assessed <= now - PEEK_EVERY))
            .order_by(func.coalesce(column.assessed, column.opened), column.id)
            .limit(AT_ONCE + len(self._later))
        )
        with self._database.autocommit() as connection:
            found = connection.execute(asked).scalars().all()
        return [ident for ident in found if ident not in self._later][:AT_ONCE]

    def _one(self, ident: str, now: datetime) -> None:
        referral = self._book.get(ident)
        client = self._deployment.clients.by_id(referral.client) if referral else None
        if referral is None or client is None or referral.subject is None:
            return
        try:
            access = self._backend.access(client, referral.subject.fhir_base)
            if access is None or not self._is_worth_it(referral, access, now):
                return
            assessment = self._assessed(referral, client, access)
        except (OAuthError, FhirWriteError) as error:
            _LOG.warning("a referral of client %s was not re-assessed: %s", client.id, error.word)
        except RefusalError:
            _LOG.warning("a referral of client %s was not re-assessed: no Patient", client.id)
        else:
            if assessment is not None:
                self._take(referral, assessment, now)

    def _take(self, referral: Referral, assessment: Assessment, now: datetime) -> None:
        try:
            self._book.reassess(referral.id, assessment, now)
        except NotFoundError:
            return

    @staticmethod
    def _is_worth_it(referral: Referral, access: Access, now: datetime) -> bool:
        """Whether there may be something new: after some hours in any case."""
        before, subject = referral.assessed, referral.subject
        if before is None or subject is None or now - before >= READ_EVERY:
            return True
        since = f"{(before - _OVERLAP).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        patient = quote(subject.patient_id, safe="")
        query = f"Observation?patient={patient}&_lastUpdated=ge{since}&_count=1"
        try:
            return bool(FhirWriter(access).search(query).resources)
        except FhirWriteError as error:
            if error.retry:
                raise
            return False  # it does not take the question

    def _assessed(self, referral: Referral, client: Client, access: Access) -> Assessment | None:
        """None if the trial is not offered to the client any more, or its definition failed."""
        offers, subject = self._deployment.offers[client.id], referral.subject
        trial = next((one.trial for one in offers.offered if one.id == referral.trial), None)
        if trial is None or subject is None:
            return None
        call = HookCall(str(uuid4()), subject.patient_id, "", fhir_server=access.base.url, token=access.token)
        abilities = replace(client.abilities, fhirpath_prefetch=False)
        queries = queries_for(offers.needs, abilities)
        gathered = gather(call, queries, self._fetcher, monotonic() + SECONDS, client)
        gathered.resources += self._answers.of(subject)
        try:
            return self._judged(gathered, subject, client, trial)
        except Exception as error:  # noqa: BLE001 -- one record that a definition fails on stops no other
            _LOG.error("trial %s failed: %s", trial.id, describe(error))
            return None

    def _judged(
        self, gathered: Gathered, subject: Subject, client: Client, trial: TrialDefinition
    ) -> Assessment:
        catalog = self._deployment.offers[client.id].catalog
        record = read_record(
            gathered.resources,
            catalog,
            patient_id=subject.patient_id,
            full_urls=gathered.full_urls,
            gaps=gathered.gaps,
        )
        return assess(trial, record, self._deployment.now(client.time_zone).date(), catalog)
