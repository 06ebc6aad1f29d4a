"""A stop of the service finishes what is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

from flask import Flask

from cds_service.demo import samples
from cds_service.demo.fhir_server import create_fhir_server
from cds_service.demo.servers import in_thread
from tests.deployment.running import chart, service, until


class _Held:
    """A FHIR server that answers when it is told to."""

    def __init__(self, folder: Path) -> None:
        samples.write_folder(folder, date.today())  # noqa: DTZ011 -- the service goes by the real day
        self.app: Flask = create_fhir_server(folder)
        self.asked, self.go_on = Event(), Event()
        self._answer: Any = self.app.wsgi_app
        self.app.wsgi_app = self._when_told  # type: ignore[assignment, method-assign]

    def _when_told(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.set()
        assert self.go_on.wait(60)
        answer: Iterable[bytes] = self._answer(environ, start)
        return answer


def test_a_stop_answers_the_call_that_is_under_way_and_records_it(tmp_path: Path) -> None:
    ehr = _Held(tmp_path / "charts")
    with (
        in_thread(ehr.app, 0) as ehr_url,
        service(tmp_path, f"{ehr_url}/fhir", TRIALHOOK_DEADLINE="60") as running,
        ThreadPoolExecutor() as threads,
    ):
        under_way = threads.submit(running.call, chart(f"{ehr_url}/fhir"))
        assert ehr.asked.wait(30)
        stopped = threads.submit(running.stop)
        for _ in until("the service takes no new call"):
            try:
                running.get("/healthz", seconds=3)
            except OSError:
                break
        assert not stopped.done()
        ehr.go_on.set()
        answer = under_way.result(30)
        assert answer.status_code == 200
        assert len(answer.json()["cards"]) == 1
        log = stopped.result(60)
        exported = running.run("audit", "export").stdout
    assert running.process.returncode == 0
    assert '"cards":1' in log
    assert "Traceback" not in log
    assert answer.json()["cards"][0]["uuid"] in exported
