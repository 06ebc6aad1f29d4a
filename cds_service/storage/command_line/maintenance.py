"""The commands ``trialhook database`` and ``trialhook purge``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click
from sqlalchemy import func, select

from cds_service.audit.rows import purge_audit
from cds_service.command_settings import settings_or_usage
from cds_service.settings import Settings
from cds_service.storage.database import Database
from cds_service.storage.engines.backend import UnusableDatabaseError
from cds_service.storage.engines.location import database_url
from cds_service.storage.purging import due, purge
from cds_service.storage.records import StorageAwayError
from cds_service.storage.tables import audit_event

_PATIENCE = 60.0  # seconds for one statement: nobody's chart waits for it


@click.group()
def database() -> None:
    """Look after the database."""


@database.command("upgrade")
def upgrade() -> None:
    """Make or upgrade the tables, as the service does by itself when it starts."""
    with opened(settings_or_usage()) as ours:
        ours.upgrade()
        click.echo(f"{ours.name}: ready")


@click.command("purge")
@click.option(
    "--older-than", type=click.IntRange(0, 36_500), metavar="DAYS", help="Default: the retention time."
)
@click.option("--dry-run", is_flag=True, help="Only say how much it would be.")
def purge_command(older_than: int | None, dry_run: bool) -> None:
    """Delete what was recorded longer ago than the retention time (TRIALHOOK_RETENTION_DAYS)."""
    settings = settings_or_usage()
    now = datetime.now(UTC)
    before = now - timedelta(days=settings.retention_days if older_than is None else older_than)
    with opened(settings) as ours:
        ours.upgrade()
        counts = _due(ours, before, now) if dry_run else _purged(ours, before, now)
    click.echo(f"Recorded before {before:%Y-%m-%d %H:%M} UTC, {'to be deleted' if dry_run else 'deleted'}:")
    for name, count in counts.items():
        click.echo(f"{count:10,}  {name}")


def _due(ours: Database, before: datetime, now: datetime) -> dict[str, int]:
    old_events = select(func.count()).select_from(audit_event).where(audit_event.c.at < before)
    with ours.autocommit() as connection:
        counts = due(connection, before, now)._asdict()
        del counts["people"]
        return counts | {"audit events": connection.execute(old_events).scalar_one()}


def _purged(ours: Database, before: datetime, now: datetime) -> dict[str, int]:
    return purge(ours, before, now)._asdict() | {"audit events": purge_audit(ours, before, now)}


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of the settings; what is wrong with it is said in one sentence."""
    try:
        ours = Database(database_url(settings), wait=_PATIENCE)
    except UnusableDatabaseError as error:
        raise click.ClickException(str(error)) from None
    try:
        yield ours
    except UnusableDatabaseError as error:
        raise click.ClickException(str(error)) from None
    except StorageAwayError:
        raise click.ClickException(
            f"{ours.name} cannot be used now ({ours.trouble}). TRIALHOOK_DATABASE and TRIALHOOK_STATE_DIR "
            "say where it is: are they those of the service?"
        ) from None
    finally:
        ours.close()
