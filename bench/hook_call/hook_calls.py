"""Hook calls with everything prefetched, over real HTTP: the service, the floor, and HealthChain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from http.client import HTTPConnection

from bench.charts import Json, candidate, with_resources
from bench.hook_call import load, servers
from bench.hook_call.client import HOST
from bench.hook_call.hook_request import prefetched, queries_of
from bench.hook_call.load import Rounds, Target
from bench.results import Part, Row, prose
from bench.timing import ratios, spread
from cds_service.web.discovery import SERVICE_ID
from mappings.trial_definition import Catalog

OURS, FLOOR, HEALTHCHAIN = "service", "Flask + orjson", "HealthChain 0.16.1"
OF_FLOOR = 0.35
_ROUNDS = 5
PATH = f"/cds-services/{SERVICE_ID}"
A_CARD, _NO_CARD = '"cards":[{', '"cards":[]'


_METHOD = prose(
    f"""
    Each server is one process: the service and the floor under gunicorn with the service's own
    settings (one gthread worker, 4 threads), HealthChain under uvicorn with an empty handler and
    without log. {load.CONNECTIONS} keep-alive connections on loopback, each a raw socket in a
    process of its own, send the same call without a pause: {load.WARM_UP:g} s that do not count,
    then {load.SECONDS:g} s; {_ROUNDS} rounds in which the servers take turns. Clients and server
    share the cores. Every answer is checked: those of the service hold a card, those of the others
    none.
    """
)


def with_prefetch(catalog: Catalog, today: date) -> Part:
    """Requests a second for a patient who gets a card, against what is done at least and by others."""
    calls = {
        "300 Observations": candidate(300, today),
        "500 resources": with_resources(500, today),
    }
    with ExitStack() as running:
        targets, missing = _start(running)
        rows = [row for name, chart in calls.items() for row in _compare(name, chart, catalog, targets)]
    return Part("Hook call with prefetch", _METHOD, [*rows, *missing])


def _start(running: ExitStack) -> tuple[dict[str, Target], list[Row]]:
    targets = {
        FLOOR: Target(running.enter_context(servers.floor()), PATH, _NO_CARD),
        OURS: Target(running.enter_context(servers.service()), PATH, A_CARD),
    }
    try:
        port = running.enter_context(servers.healthchain())
        targets[HEALTHCHAIN] = Target(port, _healthchain_path(port), _NO_CARD)
    except (RuntimeError, OSError) as error:
        return targets, [Row(f"{HEALTHCHAIN} was not measured", str(error))]
    return targets, []


def _healthchain_path(port: int) -> str:
    """Where HealthChain takes calls, from its own discovery and description."""
    description = _get(port, "/openapi.json")
    discovery = next(path for path in description["paths"] if path.endswith("cds-discovery"))
    identity = _get(port, discovery)["services"][0]["id"]
    return str(next(path for path in description["paths"] if path.endswith(f"/{identity}")))


def _get(port: int, path: str) -> Json:
    connection = HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request("GET", path)
        document: Json = json.loads(connection.getresponse().read())
        return document
    finally:
        connection.close()


def _compare(name: str, chart: list[Json], catalog: Catalog, targets: Mapping[str, Target]) -> list[Row]:
    body = prefetched(chart, queries_of(catalog))
    file = servers.BUILD / "bench-call.json"
    file.write_bytes(body)
    measured = load.in_turn(targets, file, _ROUNDS)
    size = f"{name}, {len(body) / 1000:.0f} kB"
    rows = [_row(size, measured, FLOOR, f"at least {OF_FLOOR:g}", OF_FLOOR)]
    if HEALTHCHAIN in measured:
        rows.append(_row(size, measured, HEALTHCHAIN, "above 1", 1.0))
    middle = spread(measured[OURS].milliseconds).shown(1)
    return [*rows, Row(f"{size}: time of one call among {load.CONNECTIONS}", f"{middle} ms")]


def _row(size: str, measured: Mapping[str, Rounds], other: str, bar: str, least: float) -> Row:
    ours, theirs = measured[OURS].rates, measured[other].rates
    ratio = ratios(ours, theirs)
    return Row(
        f"{size}",
        f"{spread(ours).shown(0)} requests/s",
        f"{other} {spread(theirs).shown(0)} requests/s",
        ratio.shown(),
        bar,
        ratio.median >= least,
    )
