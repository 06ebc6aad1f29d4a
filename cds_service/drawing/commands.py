"""``trialhook timeline``: when a patient was given which drugs, as a table or a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from cds_service.assessing import definitions, served_trials
from cds_service.clock import today_in
from cds_service.codes.commands import SITE_HELP, site_or_usage
from cds_service.command_settings import Day, settings_or_usage, trial_or_usage, unusable_input_told
from cds_service.drawing.drawn import Drawn, drawn
from cds_service.drawing.svg import svg_of
from cds_service.drawing.table import print_timelines
from cds_service.screening.files import read_files
from cds_service.screening.patients import PatientResources, sort_by_patient
from mappings.reading.record import read_record
from mappings.results import Gap
from mappings.trial_definition import Catalog, TrialDefinition


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--patient", "patient_id", metavar="ID", help="Only this patient.")
@click.option("--trial", "trial_id", metavar="ID", help="Beside the rules of this trial only.")
@click.option("--as-of", type=Day(), help="Day of the timeline (default: today).")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write a picture to this file.")
@click.option("--site", "site_file", metavar="FILE", type=click.Path(path_type=Path), help=SITE_HELP)
def timeline(
    files: Sequence[Path],
    patient_id: str | None,
    trial_id: str | None,
    as_of: datetime | None,
    svg: Path | None,
    site_file: Path | None,
) -> None:
    """Show when which drugs were ordered, stated, given and dispensed, from FHIR in FILEs."""
    day = as_of.date() if as_of else today_in(settings_or_usage().time_zone)
    with unusable_input_told():
        data = read_files(files)
        patients = _asked(sort_by_patient(data).patients, patient_id)
    catalog = site_or_usage(site_file, definitions()).catalog if site_file else definitions()
    trials = (trial_or_usage(catalog, trial_id),) if trial_id else _all_trials(catalog)
    if svg is not None:
        _check_one(patients, trials)
        picture = draw(patients[0], data.gaps, day, catalog, trials).picture
        try:
            svg.write_text(svg_of(picture), encoding="utf-8")
        except OSError as error:
            raise click.UsageError(f"{svg} cannot be written: {error.strerror}") from None
        return
    console = Console(highlight=False)
    for patient in patients:
        beside = partial(draw, patient, data.gaps, day, catalog)
        _print(console, catalog, trials, beside)


def _print(
    console: Console,
    catalog: Catalog,
    trials: Sequence[TrialDefinition],
    drawn_beside: Callable[[Sequence[TrialDefinition]], Drawn],
) -> None:
    """One patient's table, and what each trial says of the drugs in it."""
    drawn = drawn_beside(trials)
    named = [(catalog.concepts[one.concept], one) for one in drawn.timelines]
    several = trials if len(trials) > 1 else ()
    apart = {trial.id: drawn_beside((trial,)).picture for trial in several}
    print_timelines(console, drawn.picture, named, apart)


def draw(
    patient: PatientResources,
    gaps: Sequence[Gap],
    day: date,
    catalog: Catalog,
    trials: Sequence[TrialDefinition] | None = None,
) -> Drawn:
    """The timelines of a patient's drugs up to the day, beside the treatment rules of trials, by default of
    all."""
    record = read_record(
        patient.resources, catalog, patient_id=patient.patient_id, full_urls=patient.full_urls, gaps=gaps
    )
    named = _all_trials(catalog) if trials is None else trials
    return drawn(record, f"Patient/{patient.patient_id}", day, named, catalog)


def _all_trials(catalog: Catalog) -> tuple[TrialDefinition, ...]:
    return served_trials(catalog, serve_drafts=True)


def _check_one(patients: Sequence[PatientResources], trials: Sequence[TrialDefinition]) -> None:
    """A picture is of one patient beside one trial."""
    if len(patients) > 1:
        raise click.UsageError("these files hold several patients: say which with --patient ID")
    if len(trials) > 1:
        known = ", ".join(trial.id for trial in trials)
        raise click.UsageError(f"there are several trials: say which with --trial ID; known: {known}")


def _asked(patients: Sequence[PatientResources], patient_id: str | None) -> Sequence[PatientResources]:
    if patient_id is None:
        return patients
    wanted = patient_id.removeprefix("Patient/")
    found = [patient for patient in patients if patient.patient_id == wanted]
    if not found:
        raise click.UsageError("these files hold no patient with this id")
    return found
