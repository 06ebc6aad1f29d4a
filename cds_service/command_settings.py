"""What commands read from the environment and from options, with faults as usage errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cds_service.audit.key_ring import KeyRing, KeyRingError
from cds_service.clients.reading import ClientsError, demo_clients, load_clients
from cds_service.clients.registered import Client, Clients
from cds_service.fhir.allow_list import AllowList, parse_base
from cds_service.screening.files import UnusableInputError
from cds_service.settings import Settings, SettingsError
from cds_service.storage.records import Subject
from mappings.definitions import DefinitionError
from mappings.definitions.faults import suggestion
from mappings.trial_definition import Catalog, TrialDefinition

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200

ANYWAY = click.option(
    "--anyway",
    is_flag=True,
    help="Also for a client, tenant or FHIR base that is registered no more.",
)


class Commands(click.Group):
    """All commands: a bad definition, or output for which there is no room, is told without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DefinitionError as error:
            tell_faults(error)
            raise SystemExit(1) from None
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise click.ClickException(f"output cannot be written: {error.strerror}") from None


def tell_faults(error: DefinitionError) -> None:
    """What is wrong with definitions or with a site, a line each."""
    for fault in error.faults:
        click.echo(str(fault), err=True)


class Day(click.DateTime):
    """A day as an option. Far from our time there is nothing to ask for, and no look-back to reckon."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        day: datetime = super().convert(value, param, ctx)
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            self.fail(f"{value!r} is not a day of the years {_FIRST_YEAR} to {_LAST_YEAR}", param, ctx)
        return day


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


def registered_or_usage(
    client: str, tenant: str = "", fhir_base: str = "", *, anyway: bool = False
) -> Client | None:
    """The registered client that options name: a misspelt one would be answered "nothing is kept".

    None where that cannot be known, which is said, and with ``anyway``.
    """
    settings = settings_or_usage()
    try:
        registered = load_clients(Path(settings.clients)) if settings.clients else demo_clients(settings)
    except (ClientsError, DefinitionError):
        click.echo("The clients cannot be read: run this with and without --fhir-base", err=True)
        return None
    found = registered.by_id(client)
    fault = _no_client(client, registered) if found is None else _not_its_own(found, tenant, fhir_base)
    if fault and registered.demo:
        click.echo("TRIALHOOK_CLIENTS is not set: what names the client was not checked", err=True)
    elif fault and not anyway:
        raise click.UsageError(f"{fault}\n--anyway asks for one that is registered no more.")
    return found


def _no_client(client: str, registered: Clients) -> str:
    known = suggestion(client, [one.id for one in registered], "registered")
    return f"no client {client!r} is registered in TRIALHOOK_CLIENTS{known}"


def _not_its_own(client: Client, tenant: str, fhir_base: str) -> str:
    """What of a client's is not as registered, "" if it all is."""
    if tenant and client.tenants and tenant not in client.tenants:
        return f"client {client.id!r} has no tenant {tenant!r}{suggestion(tenant, client.tenants)}"
    if fhir_base and AllowList(client.fhir_servers).find(fhir_base) is None:
        bases = ", ".join(server.base.url for server in client.fhir_servers) or "none"
        return f"--fhir-base is no FHIR server of client {client.id!r}; registered: {bases}"
    return ""
