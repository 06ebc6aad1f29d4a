"""What commands read from the environment and from options, with faults as usage errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from cds_service.audit.key_ring import KeyRing, KeyRingError
from cds_service.fhir.allow_list import parse_base
from cds_service.screening.files import UnusableInputError
from cds_service.settings import Settings, SettingsError
from cds_service.storage.records import Subject
from mappings.trial_definition import Catalog, TrialDefinition


def settings_or_usage() -> Settings:
    """The settings of the environment."""
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise click.UsageError("\n".join(error.faults)) from None


def trial_or_usage(catalog: Catalog, trial_id: str) -> TrialDefinition:
    """The trial with this id."""
    try:
        return catalog.trial(trial_id)
    except KeyError as error:
        raise click.UsageError(str(error.args[0])) from None


@contextmanager
def unusable_input_told() -> Iterator[None]:
    """Ends the command, with exit status 2, where the files of a block cannot be used."""
    try:
        yield
    except UnusableInputError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(2) from None


def ring_or_usage() -> KeyRing:
    """The keys of the environment, without which nobody can be found."""
    keys = settings_or_usage().keys
    if not keys:
        raise click.UsageError("TRIALHOOK_KEYS is not set: without its keys nobody can be found")
    try:
        return KeyRing.parse(keys)
    except KeyRingError as error:
        raise click.UsageError(f"TRIALHOOK_KEYS cannot be used: {error}") from None


def subject_or_usage(client: str, tenant: str, fhir_base: str, patient: str) -> Subject:
    """The patient that options name, as the client's calls name it."""
    base = parse_base(fhir_base) if fhir_base else None
    if fhir_base and base is None:
        raise click.UsageError("--fhir-base must be a URL such as https://ehr.example/fhir/r4")
    return Subject(client, tenant, base.url if base else "", patient.removeprefix("Patient/"))
