"""The worklist with ten thousand referrals: how long a page takes at the median."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from bench.hook_call import servers
from bench.hook_call.client import HOST
from bench.results import Part, Row, prose
from bench.timing import Spread, seconds, spread
from cds_service.audit.key_ring import KeyRing
from cds_service.storage.database import Database
from mappings.trial_definition import Catalog
from tests.worklist.seeding import Seeds

REFERRALS, CARDS = 10_000, 30_000
LONGEST = 0.2
"""Seconds for a page of the list, at the median on this machine: the bar of the product's plan."""

_ROUNDS = 25
_PAGES = (
    ("the list as it opens", "/worklist", LONGEST),
    ("its last page", "/worklist?show=all&page=200", LONGEST),
    ("by state, all", "/worklist?show=all&sort=state", LONGEST),
    ("one trial, older than 30 days, needs a look", "/worklist?trial={trial}&age=30&attention=any", LONGEST),
    ("possible, not yet referred", "/worklist?show=possible", LONGEST),
    ("the funnel of 12 months", "/worklist/funnel", None),
    ("the funnel of all time", "/worklist/funnel?period=all", None),
    ("the export of all rows", "/worklist/export.csv?show=all", None),
)
_METHOD = prose(
    f"""
    `trialhook serve` in demo mode (one gthread worker with 4 threads, SQLite), {REFERRALS:,} referrals
    of two trials at five sites with their history and {CARDS:,} cards that were shown; a coordinator of
    all of them is signed in. Each page is fetched whole over one connection, {_ROUNDS} times in turns
    with the others; median, least and greatest. No FHIR server is asked: a list shows no names.
    """
)


def with_many_referrals(catalog: Catalog, _today: date) -> Part:
    """Pages of the list against the bar, and what has none."""
    trial = catalog.trials[0].id
    with tempfile.TemporaryDirectory(prefix="trialhook-bench-") as folder:
        url, keys = f"sqlite:///{Path(folder) / 'trialhook.db'}", KeyRing.new_key_text()
        _seed(url, keys, catalog)
        port = servers.free_port()
        settings = {
            "TRIALHOOK_DATABASE": url,
            "TRIALHOOK_KEYS": keys,
            "TRIALHOOK_STATE_DIR": folder,
            "TRIALHOOK_SERVE_DRAFTS": "1",
            "WEB_CONCURRENCY": "1",
        }
        with servers.serving("worklist", port, settings):
            taken = _fetched(_Reader(port), trial)
    return Part("The worklist", _METHOD, [_row(what, bar, taken[what]) for what, _, bar in _PAGES])


def _row(what: str, bar: float | None, taken: Spread) -> Row:
    shown = f"{taken.shown(0, 1000)} ms"
    if bar is None:
        return Row(what, shown)
    return Row(what, shown, bar=f"under {bar * 1000:.0f} ms", passed=taken.median < bar)


def _seed(url: str, keys: str, catalog: Catalog) -> None:
    database = Database(url, wait=60.0)
    database.upgrade()
    first = catalog.trials[0]
    places = [(first.id, "demo"), ("NCT00000000", "demo"), *((first.id, f"site-{n}") for n in range(4))]
    seeds = Seeds(KeyRing.parse(keys), datetime.now(UTC), places, "https://ehr.example/fhir")
    seeds.put(database, REFERRALS, [one.id for one in first.criteria], cards=CARDS)
    database.close()


def _fetched(reader: _Reader, trial: str) -> dict[str, Spread]:
    taken: dict[str, list[float]] = {what: [] for what, _, _ in _PAGES}
    for number in range(_ROUNDS + 1):
        for what, path, _ in _PAGES:
            time = seconds(reader.fetching(path.format(trial=trial)))
            if number:  # the first round fills caches
                taken[what].append(time)
    return {what: spread(times) for what, times in taken.items()}


class _Reader:
    """One browser that is signed in as the demo's coordinator."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=60)
        self._cookies: dict[str, str] = {}
        page = self._asked("GET", "/sign-in")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        self._asked("POST", "/sign-in/local", urlencode({"account": "coordinator", "csrf_token": token[1]}))

    def fetching(self, path: str) -> Callable[[], object]:
        """Fetches a page, which must come whole."""
        return lambda: self._asked("GET", path)

    def _asked(self, method: str, path: str, body: str = "") -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                pair = value.partition(";")[0]
                self._cookies[pair.partition("=")[0]] = pair.partition("=")[2]
        text = answer.read().decode()
        if answer.status not in (200, 303):
            raise RuntimeError(f"{path}: {answer.status}")
        return text
