"""``trialhook forget`` and ``trialhook candidates``: commands that name patients. Both are audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import click
import orjson

from cds_service.audit.events import new_event, patient_pseudonyms
from cds_service.audit.rows import add_events
from cds_service.command_settings import (
    ANYWAY,
    registered_or_usage,
    ring_or_usage,
    settings_or_usage,
    subject_or_usage,
)
from cds_service.referrals.identity import terms_of
from cds_service.storage.command_line.maintenance import opened
from cds_service.storage.database import Database
from cds_service.storage.store import Store


@click.command("forget")
@click.option("--client", required=True, help="Id of the client (clients.yaml).")
@click.option("--tenant", default="", help="Tenant, if the client's tokens name one.")
@click.option("--fhir-base", default="", help="The client's FHIR base URL, if its calls name one.")
@click.option("--patient", prompt="Patient id", help="Patient id; asked for if it is not given.")
@ANYWAY
def forget(client: str, tenant: str, fhir_base: str, patient: str, anyway: bool) -> None:
    """Delete all that is kept on one patient, but for the audit trail, which holds a pseudonym.

    Snoozes go too: a patient who declined is asked again.
    """
    subject, ring = subject_or_usage(client, tenant, fhir_base, patient), ring_or_usage()
    known = registered_or_usage(client, tenant, fhir_base, anyway=anyway)
    # With the client's FHIR base: a page may have named the patient by it where a call named none.
    terms = {client: terms_of(known)} if known else {}
    with opened(settings_or_usage()) as ours:
        counts = Store(ours, ring, terms).forget(subject)._asdict()
        _audit(
            ours, "forget", {"client": client, "patients": list(patient_pseudonyms(ring, subject)), **counts}
        )
    click.echo("Deleted: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    if not any(counts.values()):
        click.echo("Nothing was kept on this patient under this client, tenant and FHIR base.", err=True)


@click.command("candidates")
@click.option("--client", help="Only of this client.")
@click.option("--trial", help="Only of this trial.")
@ANYWAY
def candidates(client: str | None, trial: str | None, anyway: bool) -> None:
    """Print the candidates of silent trials, for study staff: one JSON object on a line, newest first.

    They are FHIR base URLs and Patient ids: names and values are looked up in the EHR by those who may.
    """
    ring = ring_or_usage()
    if client:
        registered_or_usage(client, anyway=anyway)
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
