"""``trialhook trials``: check, print, sign and compare definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path

import click
import orjson

from cds_service.clock import today_in
from cds_service.codes.commands import SITE_HELP
from cds_service.command_settings import settings_or_usage, trial_or_usage
from cds_service.reviewing.page import review_page
from cds_service.settings import trial_folders
from cds_service.whole_files import beside, put
from mappings.attesting.questionnaires import questionnaire_of
from mappings.definitions import load_catalog
from mappings.definitions.loading import Definitions, load_definitions
from mappings.definitions.review.doubts import doubts_about
from mappings.definitions.review.sheet import describe
from mappings.definitions.signing.changes import Change, changes_between
from mappings.definitions.signing.signature import (
    Signature,
    fault_of_name,
    signature_path,
    signature_text,
)
from mappings.definitions.sites import load_site
from mappings.language import LANGUAGES, Language, language
from mappings.results import TrialFacts
from mappings.trial_definition import Catalog, TrialDefinition

SHORTEST_DIGEST = len("sha256:") + 12
_LONGEST_VALUE = 200
_TRIAL = click.argument("trial_id", metavar="ID")


def _questionnaire(trial: TrialDefinition, catalog: Catalog, language: Language) -> str:
    document = questionnaire_of(trial, catalog, language)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


_FORMS: Mapping[str, Callable[[TrialDefinition, Catalog, Language], str]] = {
    "markdown": describe,
    "html": review_page,
    "questionnaire": _questionnaire,
}


@click.group()
def trials() -> None:
    """Check, print and sign trial definitions, and see whether trials take patients."""


@trials.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--site", "site_file", metavar="FILE", type=click.Path(path_type=Path), help=SITE_HELP)
def check(path: Path | None, site_file: Path | None) -> None:
    """Check definitions: a trial file, a folder of them, or a folder with trials, concepts and scores.

    They are loaded as TRIALHOOK_TRIALS would load them: beside the concepts and scores that come with it.
    What is no fault and yet worth another look stands below each trial.
    """
    catalog = _checked(path)
    if site_file:
        catalog = load_site(site_file, catalog).catalog
    for trial in catalog.trials:
        facts = trial.facts
        count = f"{len(trial.criteria)} criteria"
        click.echo(f"{facts.id} version {facts.version}, {facts.status}, {_signed(facts)}, {count}: ok")
        for doubt in doubts_about(trial):
            click.echo(f"  look again: {doubt}")
    if catalog.site is not None:
        click.echo(f"with the site {catalog.site.name}, {catalog.site.digest}: ok")


def _checked(path: Path | None) -> Catalog:
    if path is None:
        return load_catalog(trial_folders())
    if not path.exists():
        raise click.UsageError(f"{path} does not exist")
    return load_catalog([path])


def _signed(facts: TrialFacts) -> str:
    if facts.reviewed_on is None:
        return "not signed"
    return f"signed by {facts.reviewed_by} on {facts.reviewed_on.isoformat()}"


@trials.command("print")
@_TRIAL
@click.option("--format", "form", type=click.Choice(list(_FORMS)), default="markdown", show_default=True)
@click.option("--language", "tag", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
def print_trial(trial_id: str, form: str, tag: str, output: Path | None) -> None:
    """Print the review sheet of a trial: what the physician who signs it has to read.

    As `questionnaire` its worksheet as a FHIR R4 Questionnaire, for a server that keeps the answers.
    """
    definitions = _definitions()
    trial = trial_or_usage(definitions.catalog, trial_id)
    sheet = _FORMS[form](trial, definitions.catalog, language(tag))
    if output is None:
        click.echo(sheet, nl=False)
    else:
        _write(output, sheet)
        what = "worksheet" if form == "questionnaire" else "review sheet"
        click.echo(f"{output}: the {what} of {trial.id}, {trial.facts.digest}")


@trials.command("sign")
@_TRIAL
@click.option("--reviewer", required=True, help="The physician who has read and signed the review sheet.")
@click.option(
    "--digest", required=True, help="The digest on the sheet that was signed, at least its first 12 digits."
)
@click.option(
    "--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day of the signature (default: today)."
)
@click.option("--replace", is_flag=True, help="Put it in the place of a signature that still holds.")
def sign(trial_id: str, reviewer: str, digest: str, day: datetime | None, replace: bool) -> None:
    """Record that a physician has signed what a definition says now."""
    definitions = _definitions()
    trial = trial_or_usage(definitions.catalog, trial_id)
    signature = Signature(trial.id, reviewer.strip(), _day(day), definitions.contents[trial.id])
    fault = fault_of_name(signature.reviewed_by)
    if fault:
        raise click.UsageError(f"--reviewer {fault}")
    _check_digest(digest, signature.digest)
    replaced = _replaced(definitions, signature, asked=replace)
    path = signature_path(definitions.files[trial.id], trial.id)
    _write(path, signature_text(signature))
    if replaced:
        click.echo(replaced, err=True)
    click.echo(f"{path}: {trial.id} signed by {_by(signature)}")
    click.echo(f"{signature.digest}")
    if trial.facts.status == "draft":
        click.echo(
            f"Its status is still draft; set it to active in {definitions.files[trial.id]} to serve it."
        )


def _replaced(definitions: Definitions, new: Signature, *, asked: bool) -> str:
    """What the new signature takes the place of; empty if of none. One that holds goes only if asked for."""
    damaged = definitions.damaged.get(new.trial)
    if damaged is not None:
        return f"This takes the place of a signature that could not be used: {damaged.message}"
    old = definitions.signatures.get(new.trial)
    if old is None or old == new:
        return ""
    who = f"the signature by {_by(old)}"
    if old.digest != new.digest:
        return f"This takes the place of {who}, on an earlier text of the definition ({old.digest})."
    if not asked:
        raise click.ClickException(
            f"{new.trial} as it is now holds {who}; --replace puts this one in its place"
        )
    return f"This takes the place of {who}."


def _by(signature: Signature) -> str:
    return f"{signature.reviewed_by} on {signature.reviewed_on.isoformat()}"


def _day(day: datetime | None) -> date:
    today = today_in(settings_or_usage().time_zone)
    signed_on = day.date() if day else today
    if signed_on > today:
        raise click.UsageError("--on is a day to come")
    return signed_on


def _check_digest(given: str, digest: str) -> None:
    """What is signed must be what was read: the digest printed on the sheet says which that was."""
    text = given.strip().lower()
    text = text if text.startswith("sha256:") else f"sha256:{text}"
    if len(text) < SHORTEST_DIGEST:
        raise click.UsageError("--digest must have at least 12 digits of the digest on the review sheet")
    if not digest.startswith(text):
        raise click.ClickException(
            "what was signed is not the definition as it is now: print the sheet again and have it read again"
        )


@trials.command("diff")
@_TRIAL
def diff(trial_id: str) -> None:
    """Show what has changed in a definition since it was signed. Exits with 1 if anything has."""
    definitions = _definitions()
    trial = trial_or_usage(definitions.catalog, trial_id)
    signature = definitions.signatures.get(trial.id)
    if trial.id in definitions.damaged:
        raise click.ClickException(str(definitions.damaged[trial.id]))
    if signature is None:
        raise click.ClickException(f"{trial.id} has not been signed, so there is nothing to compare it with")
    changes = changes_between(signature.content, definitions.contents[trial.id])
    who = _by(signature)
    if not changes:
        click.echo(f"{trial.id} is what was signed by {who}.")
        return
    click.echo(f"{trial.id}: changed in {len(changes)} places since it was signed by {who}")
    for change in changes:
        click.echo(_change_words(change))
    raise SystemExit(1)


def _change_words(change: Change) -> str:
    place = " > ".join(change.place)
    if change.signed is None:
        return f"\n{place}\n  + {_capped(change.now)}"
    if change.now is None:
        return f"\n{place}\n  - {_capped(change.signed)}"
    return f"\n{place}\n  - {_capped(change.signed)}\n  + {_capped(change.now)}"


def _capped(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _definitions() -> Definitions:
    return load_definitions(trial_folders(), to_be_signed=True)


def _write(path: Path, text: str) -> None:
    """All of it or nothing."""
    try:
        path.parent.mkdir(exist_ok=True)
        with beside(path, text) as draft:
            put(draft, path)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None
