"""Several worker processes count together, and go on when one of them is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from tests.deployment.running import SERVICE, Service, chart, service, until

CALLS = 'trialhook_requests_total{client="try-it",service="trial-match-patient-view",status="200"}'
CARDS = 'trialhook_cards_total{client="try-it",trial="NCT06920433"}'
REPLAYED = 'trialhook_refused_total{cause="replayed"}'
TIMED = 'trialhook_request_seconds_count{service="trial-match-patient-view"}'


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    folder = tmp_path / "metrics"
    folder.mkdir()
    return folder


@pytest.fixture
def running(tmp_path: Path, metrics: Path) -> Iterator[Service]:
    with service(tmp_path, PROMETHEUS_MULTIPROC_DIR=str(metrics)) as one:
        yield one


def who_counted(metrics: Path) -> set[int]:
    """The processes that have counted something."""
    return {int(path.stem.rpartition("_")[2]) for path in metrics.glob("counter_*.db")}


def both_workers(running: Service, without: int = 0) -> list[int]:
    """Their process ids, once both are there."""
    for _ in until("two workers are there"):
        workers = running.workers()
        if len(workers) == 2 and without not in workers:
            return workers
    raise AssertionError


def open_charts(running: Service, times: int) -> None:
    with ThreadPoolExecutor(times) as threads:
        answers = list(threads.map(lambda _: running.call(chart()), range(times)))
    assert [answer.status_code for answer in answers] == [200] * times
    assert [len(answer.json()["cards"]) for answer in answers] == [1] * times


def test_what_any_worker_counted_is_in_the_metrics_also_after_one_was_killed(
    running: Service, metrics: Path
) -> None:
    first, second = both_workers(running)
    sent = 0
    for _ in until("both workers have answered", 60):
        open_charts(running, 4)
        sent += 4
        if {first, second} <= who_counted(metrics):
            break
    for line in (CALLS, CARDS, TIMED):
        assert running.metric(line) == sent, line

    os.kill(first, signal.SIGKILL)
    both_workers(running, without=first)
    open_charts(running, 4)
    for line in (CALLS, CARDS, TIMED):
        assert running.metric(line) == sent + 4, line
    assert running.metric("trialhook_database_up") == 1


def test_a_token_is_good_for_one_call_whichever_worker_gets_it(running: Service) -> None:
    token = running.token()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: running.call(chart(), token=token), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 7]
    assert running.metric(REPLAYED) == 7


def test_a_card_of_one_worker_is_answered_at_any(running: Service) -> None:
    path = f"{SERVICE}/feedback"
    statuses = []
    for _ in range(6):
        card = running.call(chart()).json()["cards"][0]
        reason = {name: card["overrideReasons"][0][name] for name in ("code", "system")}
        item = {
            "card": card["uuid"],
            "outcome": "overridden",
            "overrideReason": {"reason": {**reason, "code": "not-now"}},
            "outcomeTimestamp": "2026-06-15T10:00:00Z",
        }
        unknown = {**item, "card": str(uuid4())}
        statuses.append(running.call({"feedback": [item, unknown]}, path).status_code)
    assert statuses == [200] * 6
    running.stop()
    kept = running.run("audit", "export").stdout
    assert kept.count('{"type":"kept","valueString":"1"}') == 6
    assert kept.count('{"type":"unknown","valueString":"1"}') == 6
