"""Searches in parallel under one deadline. Whatever does not come in time is a gap, never an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

from cds_service.clients.registered import FhirServer
from cds_service.fhir import referenced, search
from cds_service.fhir.allow_list import FhirBase
from cds_service.fhir.client import FhirReader
from cds_service.fhir.counted import NONE, Counted
from cds_service.fhir.faults import DEADLINE
from cds_service.fhir.search import Found
from cds_service.fhir.transport import ByteBudget, Transport
from cds_service.outbound.resolving import Resolver
from cds_service.outbound.sessions import PUBLIC, Rule, Sessions
from cds_service.settings import Settings
from mappings.needs import Query

_GRACE = 0.05
"""Seconds after the deadline in which a search that has just noticed it may still hand over its rows."""


class Wanted(NamedTuple):
    """A query to run, or to go on with from the ``next`` link of pages whose rows are here already.

    ``counted`` are those rows.
    """

    query: Query
    next_link: str = ""
    earlier: Sequence[Any] = ()
    counted: Counted = NONE


class Access(NamedTuple):
    """The FHIR server that a hook call may read, with its token if it has one, and where it may be."""

    base: FhirBase
    token: str | None = None
    rule: Rule = PUBLIC
    refusal: Callable[[Query], str] = lambda _query: ""

    @classmethod
    def to(cls, server: FhirServer, token: str | None = None) -> Access:
        """Access to a server as a client's registration describes it."""
        return cls(server.base, token, Rule(server.networks, server.insecure_http, server.ca_file))

    def __repr__(self) -> str:
        return f"Access({self.base.url})"


class FhirFetcher:
    """One per process: its threads and its connections are shared by all hook calls.

    What may be called comes with each call (``Access``); servers of different rules share no connection.
    """

    def __init__(self, settings: Settings, resolver: Resolver | None = None) -> None:
        self._settings = settings
        self._sessions = Sessions(resolver, settings.concurrency)
        self._threads = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="fhir")

    def fetch(
        self,
        access: Access,
        patient_id: str,
        wanted: Iterable[Wanted],
        until: float,
        at_hand: Sequence[object] = (),
    ) -> list[Found]:
        """Runs all queries at once, and reads what their drug and study records refer to.

        ``until`` is a time of ``time.monotonic``; ``at_hand`` are resources that came another way.
        """
        call = _Call(self, access, patient_id, until)
        for one in wanted:
            call.start(*one)
        call.follow_references(at_hand)
        return call.results()

    def reader(self, access: Access, until: float, budget: ByteBudget) -> FhirReader:
        """A reader for one search of a hook call."""
        transport = Transport(self._sessions, access.rule, access.token, until, budget)
        return FhirReader(access.base, transport, self._settings.deadline)

    def submit(self, reader: FhirReader, found: Found, path: str, patient_id: str) -> Future[None]:
        """Starts one search in a thread of its own."""
        limit = self._settings.page_limit
        return self._threads.submit(search.run, reader, found, path, patient_id, limit)

    @property
    def seconds(self) -> float:
        return self._settings.deadline

    @property
    def bytes_limit(self) -> int:
        return self._settings.bytes_limit


class _Call:
    """The searches of one hook call while they run."""

    def __init__(self, fetcher: FhirFetcher, access: Access, patient_id: str, until: float) -> None:
        self._fetcher, self._access, self._patient_id, self._until = fetcher, access, patient_id, until
        self._bytes = ByteBudget(fetcher.bytes_limit)
        self._running: list[tuple[Found, Future[None]]] = []

    def start(
        self, query: Query, next_link: str = "", earlier: Sequence[Any] = (), counted: Counted = NONE
    ) -> None:
        """Starts a search, from its beginning or from a link to a later page."""
        found = Found(query, earlier, counted)
        path = next_link or search.path_of(query, self._patient_id)
        # Nothing works without the Patient: no flood elsewhere may use up the bytes for that read.
        budget = ByteBudget(self._fetcher.bytes_limit) if query.is_read else self._bytes.quarter()
        reader = self._fetcher.reader(self._access, self._until, budget)
        self._running.append((found, self._fetcher.submit(reader, found, path, self._patient_id)))

    def follow_references(self, at_hand: Sequence[object]) -> None:
        """Starts to read what resources refer to, as soon as the search that brings them is done."""
        references = referenced.References(self._access.base)
        referring = {
            future: found
            for found, future in self._running
            if found.query.resource_type in referenced.REFERRING
        }
        for query in references.missing(at_hand):
            self._follow(query)
        with suppress(TimeoutError):
            for future in as_completed(referring, timeout=self._time_left()):
                for query in references.missing(referring[future].resources):
                    self._follow(query)

    def _follow(self, query: Query) -> None:
        """Reads what is referred to; where the access token does not cover it, a gap instead of a call."""
        why = self._access.refusal(query)
        if not why:
            self.start(query)
            return
        refused, done = Found(query), Future[None]()
        refused.give_up(why)
        done.set_result(None)
        self._running.append((refused, done))

    def results(self) -> list[Found]:
        """What all searches brought by the deadline."""
        wait([future for _, future in self._running], timeout=self._time_left())
        return [self._result(found, future) for found, future in self._running]

    def _time_left(self) -> float:
        return max(0.0, self._until + _GRACE - monotonic())

    def _result(self, found: Found, future: Future[None]) -> Found:
        if future.done() and not future.cancelled():
            future.result()
            return found
        future.cancel()
        so_far = Found(
            found.query, found.earlier, found.counted, list(found.resources), dict(found.full_urls)
        )
        so_far.give_up(DEADLINE.format(seconds=self._fetcher.seconds))
        return so_far
