"""The commands ``trialhook keys`` and ``trialhook audit``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from cds_service.audit.events import (
    new_event,
    patient_pseudonyms,
    staff_pseudonyms,
    user_pseudonyms,
)
from cds_service.audit.fhir_export import audit_event_line
from cds_service.audit.key_ring import KeyRing, KeyRingError
from cds_service.audit.rows import add_events, read_events
from cds_service.audit.spool import SPOOL_FOLDER, Spool
from cds_service.command_settings import (
    ANYWAY,
    Day,
    registered_or_usage,
    ring_or_usage,
    settings_or_usage,
    subject_or_usage,
)
from cds_service.storage.command_line.maintenance import opened
from cds_service.storage.engines.location import state_folder

_SETTING = "TRIALHOOK_KEYS"

_FIRST = """\
Set this where the service, `trialhook purge` and `trialhook audit` are started, and keep a copy apart from
the backups of the database. Without it nobody can say whom the audit trail is about or read what was
encrypted, and patients who declined are asked again."""

_NEXT = """\
The new key stands in front: it makes what is written from now on. The others only recognize and decrypt.
Put the line in place of the old one and restart every process (a process that still has the old line does not
recognize what the new key made). Take the last key out when all that it made is past retention
(TRIALHOOK_RETENTION_DAYS) - or, if it leaked, now: its snoozes and silent candidates are lost then."""


@click.group()
def keys() -> None:
    """Keys for pseudonyms and encryption."""


@keys.command("new")
def new() -> None:
    """Make a key, and print the line to set: the keys set now follow it, which is how keys are rotated."""
    present = os.environ.get(_SETTING, "").strip()
    try:
        ring = KeyRing.parse(present) if present else None
    except KeyRingError as error:
        raise click.ClickException(f"{_SETTING} is set, but cannot be used: {error}") from None
    entries = [KeyRing.new_key_text(ring.next_id()), present] if ring else [KeyRing.new_key_text()]
    click.echo(f'{_SETTING}="{",".join(entries)}"')
    click.echo(_NEXT if ring else _FIRST, err=True)


_DAY = Day()


@click.group()
def audit() -> None:
    """Read the audit trail."""


@audit.command("export")
@click.option("--since", type=_DAY, help="First day, in UTC (default: from the beginning).")
@click.option("--until", type=_DAY, help="Last day, in UTC (default: until now).")
def export(since: datetime | None, until: datetime | None) -> None:
    """Print the trail as FHIR R4 AuditEvent resources, one on a line, oldest first.

    Patients and users appear as pseudonyms. An event that waited while the database was away comes in late,
    under the time at which it happened: let the days of two exports overlap. An event keeps its id.
    """
    _print_events("export", *_span(since, until))


@audit.command("find")
@click.option("--client", required=True, help="Id of the client (clients.yaml).")
@click.option("--tenant", default="", help="Tenant, if the client's tokens name one.")
@click.option("--fhir-base", default="", help="The client's FHIR base URL, if its calls name one.")
@click.option("--patient", prompt="Patient id", help="Patient id; asked for if it is not given.")
@click.option("--since", type=_DAY, help="First day, in UTC.")
@click.option("--until", type=_DAY, help="Last day, in UTC.")
@ANYWAY
def find(
    client: str, tenant: str, fhir_base: str, patient: str, anyway: bool, **days: datetime | None
) -> None:
    """Print the events about one patient, as `export` does: who asked, when, and what was answered.

    Needs the keys (TRIALHOOK_KEYS) under which they were written.
    """
    subject, span = subject_or_usage(client, tenant, fhir_base, patient), _span(**days)
    patients = patient_pseudonyms(ring_or_usage(), subject)
    registered_or_usage(client, tenant, fhir_base, anyway=anyway)
    if not _print_events("find", *span, patients=patients):
        click.echo("No event is about this patient under this client, tenant and FHIR base.", err=True)


@audit.command("by")
@click.option("--client", default="", help="Id of the client whose user it is. Without it: study staff.")
@click.option("--tenant", default="", help="Tenant, if the client's tokens name one.")
@click.option(
    "--person",
    prompt="User or account",
    help="A user as the EHR names them (Practitioner/7), or with us ISSUER|SUBJECT; asked for if not given.",
)
@click.option("--since", type=_DAY, help="First day, in UTC.")
@click.option("--until", type=_DAY, help="Last day, in UTC.")
@ANYWAY
def by(client: str, tenant: str, person: str, anyway: bool, **days: datetime | None) -> None:
    """Print the events of one person, as `export` does: what they opened, answered, moved or exported.

    Of a user of an EHR (with --client), or of one of the study staff by their account. Needs the keys
    (TRIALHOOK_KEYS) under which the events were written.
    """
    if not client and "|" not in person:
        raise click.UsageError("study staff are named ISSUER|SUBJECT; a user of an EHR needs --client")
    ring, span = ring_or_usage(), _span(**days)
    if client:
        registered_or_usage(client, tenant, anyway=anyway)
        found = _print_events("find", *span, users=user_pseudonyms(ring, client, tenant, person))
    else:
        found = _print_events("find", *span, accounts=staff_pseudonyms(ring, person))
    if not found:
        click.echo("No event is by this person under this client and tenant.", err=True)


def _span(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime]:
    """Whole days in UTC; never past now."""
    if since is not None and until is not None and since > until:
        raise click.UsageError("--since is a later day than --until")
    now = datetime.now(UTC)
    end = now if until is None else min(now, until.replace(tzinfo=UTC) + timedelta(days=1))
    return None if since is None else since.replace(tzinfo=UTC), end


def _print_events(kind: str, since: datetime | None, until: datetime, **sought: Sequence[str]) -> int:
    """Prints what is found, and says how many; that somebody looked is an event as well.

    ``sought``: pseudonyms, one of which each event mentions, by what they stand for; without, all events.
    """
    settings = settings_or_usage()
    if Spool(state_folder(settings) / SPOOL_FOLDER).size():
        click.echo("Some events wait in the spool for the database, and are not among these yet.", err=True)
    facts: dict[str, object] = {"by": "command line", **{whom: list(names) for whom, names in sought.items()}}
    mentioning = [name for names in sought.values() for name in names]
    found = 0
    with opened(settings) as database:
        add_events(database, [new_event(datetime.now(UTC), kind, facts)])
        for event in read_events(database, since, until, mentioning):
            click.echo(audit_event_line(event), nl=False)
            found += 1
    return found
