"""The command ``trialhook``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click
import orjson
from rich.console import Console

from cds_service.assessing import assess_resources, definitions, served_trials
from cds_service.assessment_json import patient_document
from cds_service.audit.commands import audit, keys
from cds_service.clients.commands import clients
from cds_service.clock import today_in
from cds_service.codes.commands import SITE_HELP, codes, site_or_usage
from cds_service.command_settings import (
    Commands,
    Day,
    settings_or_usage,
    trial_or_usage,
    unusable_input_told,
)
from cds_service.drawing.commands import timeline
from cds_service.oauth.commands import signing
from cds_service.recruitment.commands import state
from cds_service.reviewing.commands import trials
from cds_service.screening.files import read_files
from cds_service.screening.patients import PatientResources, Sorted, sort_by_patient
from cds_service.screening.table import print_patient
from cds_service.serving import BadSetUpError, check_set_up, check_workers, run_gunicorn
from cds_service.signing_in.commands import staff
from cds_service.storage.command_line.maintenance import database, purge_command
from cds_service.storage.command_line.patients import candidates, forget
from cds_service.synchronising.commands import sync
from mappings.results import Gap
from mappings.trial_definition import Catalog, TrialDefinition

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True)
_NEW_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="trialhook")
def main() -> None:
    """Flags possible candidates for clinical trials, as a CDS Hooks service and in batch."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(1, 65535))
@click.option("--policy", is_flag=True, help="Hold cards back as the fatigue policy says, also in demo mode.")
def serve(host: str, port: int, policy: bool) -> None:
    """Run the service under gunicorn. WEB_CONCURRENCY sets the number of processes."""
    try:
        check_set_up(settings_or_usage())
        check_workers()
    except BadSetUpError as error:
        raise click.ClickException(str(error)) from None
    run_gunicorn(host, port, policy=policy)


@main.command()
@click.option("--once", is_flag=True, help="Exit after the table.")
@click.option("--policy", is_flag=True, help="Hold cards back as the fatigue policy says.")
@click.option("--trials", "folder", metavar="FOLDER", type=_FOLDER, help="Show the trials of this folder.")
@click.option(
    "--write", "target", metavar="FOLDER", type=_NEW_FOLDER, help="Only write the patients there, as FHIR."
)
def demo(once: bool, policy: bool, folder: Path | None, target: Path | None) -> None:
    """Show the service at work on sample patients. Settings of the environment are left out of account."""
    from cds_service.demo.run import run_demo  # noqa: PLC0415 -- other commands do not need the demo

    if target is not None:
        _write_samples(target)
        return
    raise SystemExit(run_demo(once, policy=policy, trials=folder))


def _write_samples(folder: Path) -> None:
    from cds_service.demo.samples import write_folder  # noqa: PLC0415 -- as above

    try:
        paths = write_folder(folder, today_in(settings_or_usage().time_zone))
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}") from None
    click.echo(f"{len(paths)} patients, as of today: {folder}/*.json")


@main.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--trial", "trial_id", metavar="ID", help="Only this trial.")
@click.option("--as-of", type=Day(), help="Day of the assessment (default: today).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document per patient, a line each.")
@click.option("--site", "site_file", metavar="FILE", type=click.Path(path_type=Path), help=SITE_HELP)
def assess(
    files: Sequence[Path], trial_id: str | None, as_of: datetime | None, as_json: bool, site_file: Path | None
) -> None:
    """Assess the patients in FILEs: FHIR R4 Bundles, resources or NDJSON, together one data set."""
    day = as_of.date() if as_of else today_in(settings_or_usage().time_zone)
    catalog = definitions()
    if site_file:
        catalog = site_or_usage(site_file, catalog).catalog
    wanted = _trials(trial_id)
    with unusable_input_told():
        data = read_files(files)
        everyone = sort_by_patient(data)
    _report_leftovers(everyone)
    console = Console(highlight=False)
    for patient in everyone.patients:
        _assess_one(patient, data.gaps, day, wanted, catalog, None if as_json else console)


def _trials(trial_id: str | None) -> Sequence[TrialDefinition]:
    if trial_id is None:
        return served_trials(definitions(), serve_drafts=True)
    return [trial_or_usage(definitions(), trial_id)]


def _report_leftovers(everyone: Sorted) -> None:
    if everyone.without_patient:
        click.echo(f"{everyone.without_patient} records without a patient were left out", err=True)
    if everyone.not_resources:
        click.echo(f"{everyone.not_resources} entries are not FHIR resources and were left out", err=True)


def _assess_one(
    patient: PatientResources,
    gaps: Sequence[Gap],
    day: date,
    trials: Sequence[TrialDefinition],
    catalog: Catalog,
    console: Console | None,
) -> None:
    """Prints one patient: JSON on a line, or a table where there is a console for it."""
    assessments = assess_resources(
        patient.resources,
        day,
        patient_id=patient.patient_id,
        full_urls=patient.full_urls,
        gaps=gaps,
        trials=trials,
        catalog=catalog,
    )
    reference = f"Patient/{patient.patient_id}"
    if console is not None:
        print_patient(console, reference, assessments)
    else:
        click.echo(orjson.dumps(patient_document(reference, day, assessments)))


trials.add_command(state)
keys.add_command(signing)
for command in (trials, codes, clients, staff, keys, audit, timeline):
    main.add_command(command)
for command in (database, purge_command, candidates, forget, sync):
    main.add_command(command)

if __name__ == "__main__":
    main()
