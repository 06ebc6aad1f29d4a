"""``trialhook trials state``: look at states of recruitment and change them while the service runs."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from cds_service.assessing import definitions
from cds_service.clock import today_in
from cds_service.command_settings import Day, settings_or_usage, trial_or_usage
from cds_service.recruitment.reading import STATES, RecruitmentError
from cds_service.recruitment.states import CHECK_EVERY, RecruitmentStates, TrialState
from cds_service.recruitment.writing import BusyError, Change, change_entry
from mappings.trial_definition import Catalog, TrialDefinition

_DAY = Day()


@click.command("state")
@click.argument("trial_id", metavar="[ID]", required=False)
@click.option("--set", "state", type=click.Choice(STATES), help="paused shows no card until set otherwise.")
@click.option("--until", type=_DAY, metavar="DATE", help="Last day on which the trial recruits.")
@click.option("--silent/--not-silent", default=None, help="Whether cards are held back but recorded.")
def state(trial_id: str | None, state: str | None, until: datetime | None, silent: bool | None) -> None:
    """Show, or change without a restart, whether trials take patients."""
    settings = settings_or_usage()
    catalog, day = definitions(), today_in(settings.time_zone)
    path = Path(settings.recruitment) if settings.recruitment else None
    changing = state is not None or until is not None or silent is not None
    trials = catalog.trials if trial_id is None else (trial_or_usage(catalog, trial_id),)
    if changing:
        _change(path, trial_id, catalog, Change(state, until.date() if until else None, silent=silent), day)
    states = _states(path, catalog)
    for trial in trials:
        click.echo(_line(trial, states.of(trial, day)))
    if changing:
        click.echo(f"The running service follows within {CHECK_EVERY:.0f} s.")


def _change(path: Path | None, trial_id: str | None, catalog: Catalog, change: Change, day: date) -> None:
    if trial_id is None:
        raise click.UsageError("Say which trial: trialhook trials state ID --set STATE")
    if path is None:
        raise click.UsageError("Set TRIALHOOK_RECRUITMENT to the file that holds the states.")
    if change.last is not None and change.state not in (None, "recruiting"):
        raise click.UsageError(
            "--until is the last day on which a trial recruits. "
            f"{change.state} lasts until you set another state."
        )
    if change.state is not None:
        change = change._replace(as_of=day)
    try:
        change_entry(path, trial_id, change, [trial.id for trial in catalog.trials])
    except RecruitmentError as error:
        raise click.ClickException(f"Nothing was changed. Correct first:\n{error}") from None
    except BusyError:
        raise click.ClickException("Nothing was changed: somebody else is changing the file.") from None
    except OSError as error:
        raise click.ClickException(
            f"Nothing was changed: the file could not be replaced ({error.strerror}). "
            "Its folder must be writable."
        ) from None


def _states(path: Path | None, catalog: Catalog) -> RecruitmentStates:
    if path is not None and not path.exists():
        path = None  # it is made by the first change
    try:
        return RecruitmentStates(path, trials=[trial.id for trial in catalog.trials])
    except RecruitmentError as error:
        raise click.ClickException(str(error)) from None


def _line(trial: TrialDefinition, state: TrialState) -> str:
    """NCT06920433  recruiting, as of 2025-11-14, 18 places"""
    recruitment = state.recruitment
    words = [f"no cards: {state.why.replace('_', ' ')}" if not state.open else _open_words(state)]
    if state.silent:
        words.append("silent: recorded, not shown")
    if recruitment is not None:
        words.append(f"as of {recruitment.as_of}")
        if recruitment.places is not None:
            words.append(f"{recruitment.places} places")
    return f"{trial.id}  {', '.join(words)}"


def _open_words(state: TrialState) -> str:
    return state.recruitment.status if state.recruitment else "recruitment not known"
