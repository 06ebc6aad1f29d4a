"""Runs the demo: sample patients, a FHIR server with an EHR page, and the real service beside it."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType

from rich.console import Console

from cds_service.assessing import assess_resources, served_trials
from cds_service.clock import today_in
from cds_service.demo import report, samples
from cds_service.demo.ehr.hooks import HookClient
from cds_service.demo.ehr_page import Ehr, page
from cds_service.demo.fhir.client import FhirClient
from cds_service.demo.fhir_server import create_fhir_server, store_of
from cds_service.demo.firing import Assess, Fired, fire_all
from cds_service.demo.servers import (
    HOST,
    NotStartedError,
    choosing_ports,
    free_ports,
    in_thread,
    service_process,
)
from cds_service.demo.smart import launch_apps
from mappings.definitions import load_catalog

WORKLIST = "/worklist"


@dataclass(frozen=True)
class Running:
    """A demo that is up."""

    service: str
    ehr: str
    hooks: HookClient

    @property
    def study_team(self) -> str:
        """Where the study team signs in."""
        return f"{self.service}{WORKLIST}"


def run_demo(
    once: bool, console: Console | None = None, *, policy: bool = False, trials: Path | None = None
) -> int:
    """Fire the hook for every sample patient, print what came of it, and keep serving the EHR page.

    With `once`, leave after the table: 0, or 1 if any outcome is not what the story expects. With `policy`
    the service remembers what was shown and answered, and is quiet where the fatigue policy says so.
    ``trials``: a folder of definitions in place of those that come with the service; TRIALHOOK_TRIALS is left
    out of account like every other setting. Raises DefinitionError.
    """
    console = console or Console()
    today = today_in("")
    try:
        assess = _assess(trials)
        with (
            _ended_by_sigterm(),
            tempfile.TemporaryDirectory(prefix="trialhook-demo-") as folder,
            running(Path(folder), today, policy=policy, trials=trials) as demo,
        ):
            rows = _fire(demo, assess, today, console, storied=trials is None)
            surprised = any(row.surprises for row in rows)
            if not once:
                _keep_serving(demo, rows, console)
    except NotStartedError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 0
    return int(surprised)


@contextmanager
def running(
    folder: Path, today: date, *, policy: bool = False, trials: Path | None = None
) -> Iterator[Running]:
    """The FHIR server with the page, and the service, on the next free ports; down again after the block."""
    patients = folder / "patients"
    samples.write_folder(patients, today)
    app = create_fhir_server(patients)
    with ExitStack() as started:
        with choosing_ports():
            service_port, ehr_port = free_ports(2)
            base = f"http://{HOST}:{ehr_port}/fhir"
            fhir = started.enter_context(closing(FhirClient(base)))
            service_url = f"http://{HOST}:{service_port}"
            hooks = started.enter_context(closing(HookClient(service_url, base, fhir.get)))
            app.extensions["ehr"] = Ehr(
                store_of(app),
                fhir,
                hooks,
                samples.ALL,
                today,
                launch=launch_apps(app, service_url),
                study_team=f"{service_url}{WORKLIST}",
            )
            app.register_blueprint(page)
            ehr = started.enter_context(in_thread(app, ehr_port))
            log = folder / "service.log"
            service = started.enter_context(
                service_process(service_port, base, log, policy=policy, trials=trials)
            )
        yield Running(service, ehr, hooks)


def _assess(trials: Path | None) -> Assess:
    """As the demo's service assesses: by these definitions, whatever is set in the shell."""
    catalog = load_catalog([trials] if trials else None)
    if not served_trials(catalog, serve_drafts=True):
        raise NotStartedError("None of these trials is open: their status is closed.")
    return partial(assess_resources, catalog=catalog)


def _fire(demo: Running, assess: Assess, today: date, console: Console, *, storied: bool) -> list[Fired]:
    with console.status("Opening every chart ..."):
        rows = list(fire_all(samples.ALL, demo.hooks, assess, today, storied=storied))
    console.print(report.table(rows, console.width))
    card = report.first_card(rows)
    if card is not None:
        console.print(card)
    console.print(report.surprises(rows))
    return rows


def _keep_serving(demo: Running, rows: Sequence[Fired], console: Console) -> None:
    console.print("\nOpen the EHR page and pick a patient:", f"[bold cyan]{demo.ehr}/[/]")
    console.print(report.flow(rows, demo.study_team), highlight=False, markup=False)
    console.print(
        f"CDS service {demo.service}/cds-services, FHIR server {demo.ehr}/fhir. Ctrl-C ends it.", style="dim"
    )
    Event().wait()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Within the block SIGTERM ends the demo as Ctrl-C does, so that the service never outlives it."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
