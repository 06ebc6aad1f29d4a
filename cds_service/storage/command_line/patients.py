"""``trialhook forget`` and ``trialhook candidates``: commands that name patients. Both are audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from cds_service.audit.events import new_event, patient_pseudonyms
from cds_service.audit.rows import add_events
from cds_service.clients.reading import ClientsError, load_clients
from cds_service.command_settings import ring_or_usage, settings_or_usage, subject_or_usage
from cds_service.referrals.identity import terms_of
from cds_service.referrals.records import Terms
from cds_service.settings import Settings
from cds_service.storage.command_line.maintenance import opened
from cds_service.storage.database import Database
from cds_service.storage.store import Store
from mappings.definitions import DefinitionError


@click.command("forget")
@click.option("--client", required=True, help="Id of the client (clients.yaml).")
@click.option("--tenant", default="", help="Tenant, if the client's tokens name one.")
@click.option("--fhir-base", default="", help="The client's FHIR base URL, if its calls name one.")
@click.option("--patient", prompt="Patient id", help="Patient id; asked for if it is not given.")
def forget(client: str, tenant: str, fhir_base: str, patient: str) -> None:
    """Delete all that is kept on one patient, but for the audit trail, which holds a pseudonym.

    Snoozes go too: a patient who declined is asked again.
    """
    subject, ring = subject_or_usage(client, tenant, fhir_base, patient), ring_or_usage()
    settings = settings_or_usage()
    with opened(settings) as ours:
        counts = Store(ours, ring, _terms(settings, client)).forget(subject)._asdict()
        _audit(
            ours, "forget", {"client": client, "patients": list(patient_pseudonyms(ring, subject)), **counts}
        )
    click.echo("Deleted: " + ", ".join(f"{count} {name}" for name, count in counts.items()))


def _terms(settings: Settings, client: str) -> dict[str, Terms]:
    """With the client's FHIR base: a page may have named the patient by it where a call named none."""
    if not settings.clients:
        return {}
    try:
        known = load_clients(Path(settings.clients)).by_id(client)
    except (ClientsError, DefinitionError):
        click.echo("The clients cannot be read: run this with and without --fhir-base", err=True)
        return {}
    return {client: terms_of(known)} if known else {}


@click.command("candidates")
@click.option("--client", help="Only of this client.")
@click.option("--trial", help="Only of this trial.")
def candidates(client: str | None, trial: str | None) -> None:
    """Print the candidates of silent trials, for study staff: one JSON object on a line, newest first.

    They are FHIR base URLs and Patient ids: names and values are looked up in the EHR by those who may.
    """
    ring = ring_or_usage()
    with opened(settings_or_usage()) as ours:
        found = Store(ours, ring).silent_candidates(client, trial)
        _audit(
            ours, "candidates", {"client": client or "", "trial": trial or "", "found": len(found.patients)}
        )
    for one in found.patients:
        subject = one.subject
        line = {
            "trial": one.trial,
            "client": subject.client,
            "tenant": subject.tenant,
            "fhir_base": subject.fhir_base,
            "patient": subject.patient_id,
            "first_seen": one.first_seen,
            "last_seen": one.last_seen,
        }
        click.echo(orjson.dumps(line))
    if found.unreadable:
        click.echo(f"{found.unreadable} more were encrypted by a key that is not in TRIALHOOK_KEYS", err=True)


def _audit(database: Database, kind: str, facts: Mapping[str, object]) -> None:
    event = new_event(datetime.now(UTC), kind, {"by": "command line", **facts})
    add_events(database, [event])
