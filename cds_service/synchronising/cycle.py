"""One turn of synchronising: what is due is looked at and written, each FHIR server for itself.

Looked at first: what was changed at the EHR is known before anything is written there. A server that is in
trouble is left alone for a while; one that is slow holds up the others for a bounded time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import random
from typing import Protocol

from cds_service.clients.registered import Client, Clients
from cds_service.oauth.faults import OAuthError
from cds_service.observing import metrics
from cds_service.referrals.book import Book
from cds_service.referrals.forms import UnreadableError
from cds_service.referrals.identity import terms_of
from cds_service.referrals.records import NotFoundError
from cds_service.smart.resources import FhirWriteError, FhirWriter
from cds_service.synchronising.back_off import NEVER, next_try, pause
from cds_service.synchronising.cursors import WRITING, Cursor, Cursors, Place
from cds_service.synchronising.exchange.answers import write_answer
from cds_service.synchronising.exchange.looking import Lookout, Spot
from cds_service.synchronising.exchange.subscriptions import LOOKED_AT_EVERY, PREFIX, Wish, look_after
from cds_service.synchronising.exchange.whose import AnotherPatientError
from cds_service.synchronising.exchange.writing import NoTrialError, Scribe
from cds_service.synchronising.faults import ANOTHER_PATIENT, GONE, TroubleError, trouble
from cds_service.synchronising.outbox import Outbox, Writing
from cds_service.worksheet.kept_answers import KeptAnswers

_LOG = logging.getLogger("trialhook.synchronising")

AT_ONCE = 50
"""Most writings in one turn. Ours."""

_SEEN_AS_TROUBLE = 3
"""So many failures in a row that may pass are taken for the server's own. Ours."""

NOT_WRITTEN = "not-written"
_SHOWN_AFTER = 3
"""Failures after which people see that something is not written. Ours."""

NEVER_LOOKED = timedelta(days=1)
"""Without polling, the look that a notification may bring forward. Ours."""

GoOn = Callable[[], bool]
Task = Callable[[FhirWriter], str]


class Servers(Protocol):
    """The FHIR servers that may be written to."""

    def writer(self, client: Client, base: str) -> FhirWriter | None:
        """One of them; None if there is no such access. Raises OAuthError while no token can be had."""

    def forget(self, client: Client, base: str) -> None:
        """Its token is refused."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a turn works with."""

    clients: Clients
    servers: Servers
    book: Book
    answers: KeptAnswers
    outbox: Outbox
    cursors: Cursors
    lookout: Lookout
    scribe: Scribe
    now: Callable[[], datetime]
    wish: Callable[[Client], Wish]


class Cycle:
    """Turns of synchronising. Raises StorageAwayError only."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._failures: dict[Place, int] = {}

    def run(self, go_on: GoOn) -> None:
        """Does what is due, as long as it may."""
        for client, base in self._places():
            for kind in _kinds(client):
                if go_on():
                    self._by_clock(client, base, kind)
        for writing in self._parts.outbox.due(self._parts.now(), AT_ONCE):
            if not go_on():
                return
            self._write(writing)
        self._measure()

    def _places(self) -> Iterator[tuple[Client, str]]:
        for client in self._parts.clients:
            if client.backend is not None:
                for server in client.fhir_servers:
                    yield client, server.base.url

    def _by_clock(self, client: Client, base: str, kind: str) -> None:
        """Looks for changes, or after a Subscription, if it is time."""
        parts, now = self._parts, self._parts.now()
        cursor = parts.cursors.get(Place.at(client.id, base, kind), now)
        if cursor.due > now:
            return
        try:
            after, wait = self._looked(client, base, cursor, now)
        except TroubleError as error:
            self._put_off(client, base, cursor, error)
            metrics.SYNC_LOOKS.labels(client.id, kind, error.word).inc()
        else:
            metrics.SYNC_LOOKS.labels(client.id, kind, "ok").inc()
            parts.cursors.keep(replace(after, due=now + wait, attempts=0, fault=""), was=cursor)

    def _looked(self, client: Client, base: str, cursor: Cursor, now: datetime) -> tuple[Cursor, timedelta]:
        parts = self._parts
        fhir = self._writer(client, base)
        try:
            if cursor.place.kind.startswith(PREFIX):
                return look_after(fhir, cursor, parts.wish(client), now), LOOKED_AT_EVERY
            after = parts.lookout.look(Spot(client, base, fhir), cursor, now)
        except FhirWriteError as error:
            raise trouble(error) from None
        return after, timedelta(seconds=client.referral.poll_seconds) or NEVER_LOOKED

    def _put_off(self, client: Client, base: str, cursor: Cursor, error: TroubleError) -> None:
        """Leaves a place alone for a while."""
        if error.token_refused:
            self._parts.servers.forget(client, base)
        attempts = cursor.attempts + 1
        due = self._parts.now() + pause(attempts, random(), error.retry_after)  # noqa: S311 -- no secret
        _LOG.warning("%s for client %s: %s", cursor.place.kind, client.id, error.fault)
        self._parts.cursors.keep(replace(cursor, due=due, attempts=attempts, fault=error.fault))

    def _writer(self, client: Client, base: str) -> FhirWriter:
        try:
            fhir = self._parts.servers.writer(client, base)
        except OAuthError as error:
            raise trouble(error) from None
        if fhir is None:
            raise TroubleError("no_access")
        return fhir

    # --- writing

    def _write(self, writing: Writing) -> None:
        parts, now = self._parts, self._parts.now()
        client = parts.clients.by_id(writing.client)
        wanted = self._wanted(writing, client, now) if client else None
        if client is None or wanted is None:
            parts.outbox.done(writing, now)  # nobody wants it to be written any more
            return
        base, task = wanted
        cursor = parts.cursors.get(Place.at(client.id, base, WRITING), now)
        if cursor.due > now:
            return
        try:
            outcome = self._tried(client, base, task)
        except NotFoundError:  # forgotten meanwhile
            return
        except TroubleError as error:
            self._failed(writing, client, error, now)
            self._server_failed(client, base, cursor, error)
        else:
            self._done(writing, now)
            metrics.SYNC_WRITES.labels(client.id, writing.kind, outcome).inc()
            self._server_works(cursor)

    def _wanted(self, writing: Writing, client: Client, now: datetime) -> tuple[str, Task] | None:
        """At which base what is to be done; None if nothing is."""
        parts = self._parts
        if writing.answer:
            kept = parts.answers.get(writing.answer)
            if kept is None or client.backend is None:
                return None
            return _base(kept.subject.fhir_base, client), partial(write_answer, kept)
        referral = parts.book.get(writing.referral_id)
        if referral is None or writing.kind not in terms_of(client).kinds:
            return None
        base = referral.subject.fhir_base if referral.subject else ""
        return _base(base, client), partial(parts.scribe.write, writing, referral, now=now)

    def _tried(self, client: Client, base: str, task: Task) -> str:
        fhir = self._writer(client, base)
        try:
            return task(fhir)
        except FhirWriteError as error:
            raise trouble(error) from None
        except UnreadableError:
            raise TroubleError("no_keys") from None
        except NoTrialError:
            raise TroubleError("no_trial") from None
        except AnotherPatientError:
            raise TroubleError(ANOTHER_PATIENT) from None

    def _done(self, writing: Writing, now: datetime) -> None:
        if writing.answer:
            self._parts.answers.written(writing.answer, now)
        elif not self._parts.outbox.others_fail(writing):
            self._parts.book.attend(writing.referral_id, NOT_WRITTEN, False, "", now)
        self._parts.outbox.done(writing, now)

    def _failed(self, writing: Writing, client: Client, error: TroubleError, now: datetime) -> None:
        attempts = writing.attempts + 1
        wait = pause(attempts, random(), error.retry_after)  # noqa: S311 -- no secret
        for_good = not error.retry
        given_up = NEVER if error.word == GONE else None  # only a person can say what to do
        again = given_up or next_try(now, attempts, for_good=for_good, wait=wait)
        self._parts.outbox.failed(writing, error.fault, again)
        metrics.SYNC_WRITES.labels(client.id, writing.kind, error.word).inc()
        _LOG.warning("writing a %s for client %s: %s", writing.kind, client.id, error.fault)
        if writing.referral_id and (for_good or attempts >= _SHOWN_AFTER):
            self._parts.book.attend(writing.referral_id, NOT_WRITTEN, True, error.word, now)

    def _server_failed(self, client: Client, base: str, cursor: Cursor, error: TroubleError) -> None:
        """Leaves the server alone for a while if it is in trouble."""
        if error.token_refused:
            self._parts.servers.forget(client, base)
        count = self._failures[cursor.place] = self._failures.get(cursor.place, 0) + 1
        if error.of_server or (error.retry and count >= _SEEN_AS_TROUBLE):
            self._put_off(client, base, cursor, error)

    def _server_works(self, cursor: Cursor) -> None:
        self._failures.pop(cursor.place, None)
        if cursor.attempts:
            self._parts.cursors.keep(replace(cursor, attempts=0, fault=""))

    def _measure(self) -> None:
        waiting, now = self._parts.outbox.waiting(), self._parts.now()
        for client in self._parts.clients:
            if client.backend is not None:
                one = waiting.get(client.id)
                oldest = (now - one.oldest).total_seconds() if one and one.oldest else 0.0
                metrics.SYNC_QUEUED.labels(client.id).set(one.queued if one else 0)
                metrics.SYNC_FAILED.labels(client.id).set(one.failed if one else 0)
                metrics.SYNC_OLDEST.labels(client.id).set(max(0.0, oldest))


def _kinds(client: Client) -> list[str]:
    """What is done by the clock for a client."""
    kinds: list[str] = list(terms_of(client).kinds)
    if client.referral.subscription:
        return [*(f"{PREFIX}{kind}" for kind in kinds), *kinds]
    return kinds if client.referral.poll_seconds else []


def _base(named: str, client: Client) -> str:
    """The FHIR base of a patient: the one that was named, else the only one that the client has."""
    bases = {server.base.url for server in client.fhir_servers}
    return named or (bases.pop() if len(bases) == 1 else "")
