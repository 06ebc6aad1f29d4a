"""A hook call without prefetch on a HAPI server, against a bare client that fetches the same URLs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from statistics import median

import orjson
import requests

from bench.charts import PATIENT, bundle, candidate
from bench.hook_call import servers
from bench.hook_call.bare_client import BareClient
from bench.hook_call.client import HOST
from bench.hook_call.hook_request import body, queries_of
from bench.results import Part, Row, prose
from bench.timing import ratios, seconds, spread
from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.referenced import REFERRING, References
from cds_service.fhir.search import path_of
from cds_service.web.discovery import SERVICE_ID
from mappings.needs import Query
from mappings.reading.bundles import unwrap
from mappings.trial_definition import Catalog
from tests.hapi.run_data import load_bundle, new_run_tag
from tests.hapi.servers import start_hapi

AT_MOST = 1.2
_OBSERVATIONS = 300
_WARM_UP = 30
_PAIRS = 40
_SINGLES = 7
_CONCURRENCY = 32
_TITLE = "Hook call without prefetch, on HAPI"


_METHOD = prose(
    f"""
    HAPI FHIR JPA in memory (tests/hapi) holds the clear candidate with {_OBSERVATIONS}
    Observations. One caller; the service (one gthread worker, 4 threads) runs its searches in
    parallel, and so does the bare client ({_CONCURRENCY} threads on a `requests` session), which
    knows all URLs beforehand and does nothing with what comes. {_PAIRS} pairs, in turns, after
    {_WARM_UP} pairs that do not count. A single search is the median of {_SINGLES}, alone. The
    server takes the same cores as the client.
    """
)


def on_hapi(catalog: Catalog, today: date) -> Part:
    """The call against the same fetches, and against the slowest of them alone."""
    try:
        with start_hapi() as base_url:
            return Part(_TITLE, _METHOD, _on(base_url, catalog, today))
    except (OSError, RuntimeError) as error:
        return Part(_TITLE, _METHOD, [Row("not measured", str(error).splitlines()[0])])


def _on(base_url: str, catalog: Catalog, today: date) -> list[Row]:
    chart = bundle(candidate(_OBSERVATIONS, today))
    patient = load_bundle(base_url, chart, new_run_tag()).patients[PATIENT]
    client = BareClient(_CONCURRENCY)
    urls = _urls(base_url, patient, queries_of(catalog), client)
    with servers.service(base_url) as port:
        call = _hook_call(port, base_url, patient)
        ours, bare = _in_turn(call, lambda: client.fetch_all(urls))
    _same_number_of_searches(len(urls))
    singles = [_alone(client, url) for url in urls]
    return _rows(ours, bare, singles)


def _urls(base_url: str, patient: str, queries: Sequence[Query], client: BareClient) -> list[str]:
    """What the service fetches: its queries, and what their drug and study records refer to."""
    base = parse_base(base_url)
    if base is None:
        raise RuntimeError(f"{base_url} is not a base URL")
    first = {query: f"{base_url}/{path_of(query, patient)}" for query in queries}
    referring = [url for query, url in first.items() if query.resource_type in REFERRING]
    pages = [orjson.loads(page) for url in referring for page in client.pages(url)]
    further = References(base).missing(unwrap(pages).resources)
    return [*first.values(), *(f"{base_url}/{path_of(query, patient)}" for query in further)]


def _hook_call(port: int, base_url: str, patient: str) -> Callable[[], None]:
    session = requests.Session()
    session.trust_env = False
    call = body(fhirServer=base_url)
    call["context"]["patientId"] = patient
    sent, url = orjson.dumps(call), f"http://{HOST}:{port}/cds-services/{SERVICE_ID}"

    def send() -> None:
        answer = session.post(url, data=sent, headers={"Content-Type": "application/json"}, timeout=60)
        if not answer.ok or not answer.json()["cards"]:
            raise RuntimeError(f"no card: {answer.status_code} {answer.text[:300]}")

    return send


def _in_turn(call: Callable[[], object], bare: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Seconds of each; who goes first changes from pair to pair."""
    ours, theirs = [], []
    for number in range(-_WARM_UP, _PAIRS):
        first = seconds(call) if number % 2 else seconds(bare)
        second = seconds(bare) if number % 2 else seconds(call)
        if number >= 0:
            ours.append(first if number % 2 else second)
            theirs.append(second if number % 2 else first)
    return ours, theirs


def _same_number_of_searches(expected: int) -> None:
    """The service says in its log how many it ran."""
    log = (servers.BUILD / "bench-service.log").read_text(encoding="utf-8")
    last = [line[line.index("{") :] for line in log.splitlines() if '"searches"' in line][-1]
    searches = json.loads(last)["searches"]
    if searches != expected:
        raise RuntimeError(f"the service ran {searches} searches, the bare client {expected}")


def _alone(client: BareClient, url: str) -> float:
    return median(seconds(lambda: client.fetch(url)) for _ in range(_SINGLES))


def _rows(ours: Sequence[float], bare: Sequence[float], singles: Sequence[float]) -> list[Row]:
    ratio, slowest = ratios(ours, bare), max(singles)
    middle = f"{spread(ours).shown(0, 1000)} ms"
    return [
        Row(
            f"{_OBSERVATIONS} Observations, {len(singles)} searches",
            middle,
            f"bare client {spread(bare).shown(0, 1000)} ms",
            ratio.shown(),
            f"at most {AT_MOST:g}",
            ratio.median <= AT_MOST,
        ),
        Row(
            "against the slowest single search",
            middle,
            f"{slowest * 1000:.0f} ms",
            f"{median(ours) / slowest:.2f}",
        ),
        Row("against all searches one after the other", middle, f"{sum(singles) * 1000:.0f} ms"),
    ]
