"""The commands ``trialhook database`` and ``trialhook purge``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import func, select

from cds_service.audit.rows import purge_audit
from cds_service.command_settings import settings_or_usage
from cds_service.settings import Settings
from cds_service.storage.database import Database
from cds_service.storage.engines.backend import UnusableDatabaseError, parse_url
from cds_service.storage.engines.location import database_url
from cds_service.storage.purging import due, purge
from cds_service.storage.records import StorageAwayError
from cds_service.storage.tables import audit_event

_EXPIRING = ("tokens", "early_feedback", "sessions")
"""What has a time of its own, which has nothing to do with the retention time."""
_PATIENCE = 60.0  # seconds for one statement: nobody's chart waits for it


@click.group()
def database() -> None:
    """Look after the database."""


@database.command("upgrade")
def upgrade() -> None:
    """Make or upgrade the tables, as the service does by itself when it starts."""
    with opened(settings_or_usage(), make=True) as ours:
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
        counts = _due(ours, before, now) if dry_run else _purged(ours, before, now)
    deleted = "to be deleted" if dry_run else "deleted"
    click.echo(f"Recorded before {before:%Y-%m-%d %H:%M} UTC, {deleted}:")
    _echo(counts, [name for name in counts if name not in _EXPIRING])
    click.echo(f"Of no more use by now, whenever recorded, {deleted}:")
    _echo(counts, [name for name in counts if name in _EXPIRING])


def _echo(counts: Mapping[str, int], names: Iterable[str]) -> None:
    for name in names:
        click.echo(f"{counts[name]:10,}  {name}")


def _due(ours: Database, before: datetime, now: datetime) -> dict[str, int]:
    old_events = select(func.count()).select_from(audit_event).where(audit_event.c.at < before)
    with ours.autocommit() as connection:
        counts = due(connection, before, now)._asdict()
        del counts["people"]
        return counts | {"audit events": connection.execute(old_events).scalar_one()}


def _purged(ours: Database, before: datetime, now: datetime) -> dict[str, int]:
    ours.upgrade()
    return purge(ours, before, now)._asdict() | {"audit events": purge_audit(ours, before, now)}


@contextmanager
def opened(settings: Settings, *, make: bool = False) -> Iterator[Database]:
    """The database of the settings, closed after the block; what is wrong with it is said in one sentence.

    One that is not there is refused: an empty new one would answer that nothing is due and nobody is known.
    ``make``: it may be made in the block.
    """
    url = database_url(settings)
    try:
        ours = Database(url, wait=_PATIENCE)
    except UnusableDatabaseError as error:
        raise click.ClickException(str(error)) from None
    if not make:
        _must_exist(url)
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


def _must_exist(url: str) -> None:
    """A server is asked when it is used; a file can be missed before."""
    parsed = parse_url(url)
    if parsed.drivername == "sqlite" and not Path(parsed.database or "").exists():
        raise click.ClickException(
            f"There is no database {parsed.database}. "
            "Set TRIALHOOK_DATABASE or TRIALHOOK_STATE_DIR as for the service."
        )
