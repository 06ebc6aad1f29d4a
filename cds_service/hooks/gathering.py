"""A patient's resources for one call: prefetch first, then the FHIR server for what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cds_service.clients.registered import Client
from cds_service.fhir.allow_list import AllowList
from cds_service.fhir.fetching import Access, FhirFetcher, Wanted
from cds_service.fhir.search import Found, gap_for
from cds_service.hooks.call import HookCall
from cds_service.hooks.prefetch import Prefetched, read_prefetch
from cds_service.hooks.request.authorization import Scopes
from cds_service.observing import metrics
from cds_service.web.problems import NO_PATIENT, Problem, RefusalError
from mappings.needs import Query
from mappings.results import Gap

NO_SERVER = "no FHIR server was given"
NOT_ALLOWED = "this FHIR server may not be called"
PLAIN_HTTP = "no token is sent without https"
EXPIRED = "the access token has expired"
NOT_COVERED = "the access token does not cover {kind}"
COVERED_IN_PART = "the access token covers only part of {kind}"


@dataclass(slots=True)
class Gathered:
    """Everything that could be had, and a gap for everything that could not."""

    resources: list[Any]
    full_urls: dict[str, str]
    gaps: list[Gap]
    from_prefetch: int = 0
    fetched: int = 0
    searches: list[Found] = field(default_factory=list)


def gather(
    call: HookCall,
    queries: Sequence[Query],
    fetcher: FhirFetcher,
    until: float,
    client: Client,
    waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Gathered:
    """The resources for a client's call by ``until`` (``time.monotonic``); RefusalError 412 if there is no
    Patient. ``waiting`` surrounds what waits for the network.
    """
    prefetched = read_prefetch(call.prefetch, queries, call.patient_id)
    access, why = access_of(call, client)
    if access is None:
        gathered = _prefetch_only(prefetched, why)
    else:
        wanted = _refuse_uncovered(prefetched, call.scopes)
        access = access._replace(refusal=partial(_refusal, call.scopes))
        with waiting():
            found = fetcher.fetch(access, call.patient_id, wanted, until, prefetched.resources)
        for one in found:
            if one.gap is not None:
                metrics.FHIR_ERRORS.labels(client.id, one.gap.resource_type).inc()
        _note_partly_covered(found, call.scopes)
        gathered = _with_fetched(prefetched, found)
    _require_patient(call, gathered)
    return gathered


def access_of(call: HookCall, client: Client) -> tuple[Access | None, str]:
    """The FHIR server that may be read for this client's call, or why there is none."""
    if call.fhir_server is None:
        return None, NO_SERVER
    if call.token_expired:
        return None, EXPIRED
    server = AllowList(client.fhir_servers).find(call.fhir_server)
    if server is None:
        return None, NOT_ALLOWED
    # A registration declares http for one server, tokens included. Demo mode, whose client has no issuer,
    # allows it for all that it lists.
    if call.token is not None and not (server.base.keeps_secrets or client.issuer):
        return None, PLAIN_HTTP
    return Access.to(server, call.token), ""


def _refuse_uncovered(prefetched: Prefetched, scopes: Scopes) -> list[Wanted]:
    """What is to be fetched; a gap is noted for each query that the token's scopes do not cover at all."""
    wanted: list[Wanted] = []
    for one, gap in prefetched.missing:
        why = _refusal(scopes, one.query)
        if why:
            prefetched.gaps.append(_and(gap, why))
        else:
            wanted.append(one)
    return wanted


def _refusal(scopes: Scopes, query: Query) -> str:
    """Why a query is not sent with this token; "" if it is."""
    return NOT_COVERED.format(kind=query.resource_type) if scopes.reach(query) == "nothing" else ""


def _note_partly_covered(found: Sequence[Found], scopes: Scopes) -> None:
    """Rows that came with a limited scope are real, but those that did not come prove nothing."""
    for one in found:
        if one.gap is None and scopes.reach(one.query) == "part":
            kind = one.query.resource_type
            one.gap = gap_for(one.query, COVERED_IN_PART.format(kind=kind))


def _prefetch_only(prefetched: Prefetched, why: str) -> Gathered:
    unread = [_and(gap, why) for _, gap in prefetched.missing]
    resources = without_repeats(prefetched.resources)
    return Gathered(resources, prefetched.full_urls, [*prefetched.gaps, *unread], len(prefetched.resources))


def _and(gap: Gap, why: str) -> Gap:
    return Gap(gap.resource_type, f"{gap.what}; {why}", gap.codes, gap.newest_first)


def _with_fetched(prefetched: Prefetched, found: Sequence[Found]) -> Gathered:
    rows = [row for one in found for row in one.resources]
    full_urls = dict(prefetched.full_urls)
    for one in found:
        full_urls.update(one.full_urls)
    return Gathered(
        without_repeats([*prefetched.resources, *rows]),
        full_urls,
        [*prefetched.gaps, *(one.gap for one in found if one.gap is not None)],
        len(prefetched.resources),
        len(rows),
        list(found),
    )


def without_repeats(resources: Iterable[Any]) -> list[Any]:
    """Leaves out what came twice, as searches that overlap bring it; different contents both stay."""
    resources = list(resources)
    if _all_differ(resources):
        return resources
    first: dict[tuple[str, str], Any] = {}
    kept: list[Any] = []
    for resource in resources:
        if type(resource) is dict:
            kind, identity = resource.get("resourceType"), resource.get("id")
            if type(kind) is str and type(identity) is str and identity:
                known = first.get((kind, identity))
                if known is None:
                    first[kind, identity] = resource
                elif known == resource:
                    continue
        kept.append(resource)
    return kept


def _all_differ(resources: Sequence[Any]) -> bool:
    """Whether each has a type and id of its own, as nearly always; False as well where that is not clear."""
    try:
        names = {(resource["resourceType"], resource["id"]) for resource in resources}
    except (KeyError, TypeError):  # without type or id, or no resource
        return False
    return len(names) == len(resources)


def _require_patient(call: HookCall, gathered: Gathered) -> None:
    for resource in gathered.resources:
        if (
            isinstance(resource, dict)
            and resource.get("resourceType") == "Patient"
            and resource.get("id") == call.patient_id
        ):
            return
    why = [gap.what.removeprefix("Patient: ") for gap in gathered.gaps if gap.resource_type == "Patient"]
    text = NO_PATIENT.text.format(why="; ".join(why) or "it was not there")
    raise RefusalError(Problem(NO_PATIENT.status, NO_PATIENT.code, text, NO_PATIENT.where))
