"""The command ``trialhook sync``."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from cds_service.command_settings import settings_or_usage
from cds_service.deployment import Deployment, deploy
from cds_service.observing import logs
from cds_service.serving import BadSetUpError, check_set_up
from cds_service.settings import Settings
from cds_service.storage.command_line.maintenance import opened
from cds_service.storage.engines.backend import UnusableDatabaseError
from cds_service.storage.records import StorageAwayError
from cds_service.synchronising.back_off import NEVER
from cds_service.synchronising.cursors import BEGINNING, Cursor, Cursors
from cds_service.synchronising.outbox import Outbox, Stuck, Waiting
from cds_service.synchronising.starting import Synchronising, is_wanted, synchronising_of
from mappings.units import load_ucum

_NOTHING = "Nothing to synchronise: no registered client has `backend` access (docs/synchronising.md)."


@click.group(invoke_without_command=True)
@click.pass_context
def sync(context: click.Context) -> None:
    """Keep referrals and the EHRs' FHIR servers alike, until it is stopped.

    For a process of its own, with TRIALHOOK_SYNC=0 where the service runs; else its workers do it.
    """
    if context.invoked_subcommand is None:
        logs.to_stderr()
        with _running() as everything:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: everything.loop.stop())
            everything.loop.run()


@sync.command()
def once() -> None:
    """Do what is due now, once, and say what is left. Fails if another process is at it."""
    with _running() as everything:
        try:
            if not everything.lease.take():
                raise click.ClickException("Another process is synchronising: it does the same.")
            everything.turn(everything.lease.still_ours)
            everything.lease.give_back()
            left = everything.outbox.waiting()
        except StorageAwayError:
            raise click.ClickException("The database cannot be used now.") from None
    waits = sum(one.queued for one in left.values())
    click.echo(f"{waits} waiting, {sum(one.failed for one in left.values())} refused for good.")


@sync.command()
def status() -> None:
    """Show what waits, what was refused, and when each FHIR server was looked at. Nobody is named."""
    with opened(settings_or_usage()) as database:
        waiting, stuck, cursors = (
            Outbox(database).waiting(),
            Outbox(database).stuck(),
            Cursors(database).all(),
        )
    console = Console(highlight=False)
    console.print(_waiting_table(waiting))
    if stuck:
        console.print(_failed_table(stuck))
    console.print(_server_table(cursors))


@sync.command()
@click.option("--client", help="Only what failed for this client.")
@click.option("--row", type=int, help="Only this row, as `trialhook sync status` numbers it.")
def retry(client: str | None, row: int | None) -> None:
    """Have what failed tried again at once, what was refused for good included."""
    with opened(settings_or_usage()) as database:
        count = Outbox(database).retry(datetime.now(UTC), row=row, client=client)
    click.echo(f"{count} to be tried again.")


@contextmanager
def _running() -> Iterator[Synchronising]:
    """Everything that synchronises, with the settings of the service."""
    settings = settings_or_usage()
    try:
        check_set_up(settings)
        deployment = _deployed(replace(settings, sync=False))
    except (BadSetUpError, UnusableDatabaseError) as error:
        raise click.ClickException(str(error)) from None
    if not is_wanted(deployment):
        deployment.close()
        raise click.ClickException(_NOTHING)
    everything = synchronising_of(deployment)
    try:
        yield everything
    finally:
        everything.close()
        deployment.close()


def _deployed(settings: Settings) -> Deployment:
    load_ucum()
    return deploy(settings)


def _waiting_table(waiting: Mapping[str, Waiting]) -> Table:
    table = Table("client", "waiting", "refused", "oldest since (UTC)", title="To be written")
    for client, one in sorted(waiting.items()):
        oldest = _minute(one.oldest) if one.oldest else ""
        table.add_row(client, str(one.queued), str(one.failed), oldest)
    return table


def _failed_table(stuck: Sequence[Stuck]) -> Table:
    table = Table("row", "client", "what", "since (UTC)", "tries", "why", "next try (UTC)", title="Failed")
    for one in stuck:
        then = "only on demand" if one.given_up else _minute(one.next_at)
        tries = str(one.attempts)
        table.add_row(str(one.row), one.client, one.kind, _minute(one.made), tries, one.fault, then)
    return table


def _server_table(cursors: Sequence[Cursor]) -> Table:
    table = Table("client", "what", "known until (UTC)", "next (UTC)", "failed", "why", title="FHIR servers")
    for one in cursors:
        when = (_minute(one.since), _minute(one.due), str(one.attempts or ""), one.fault)
        table.add_row(one.place.client, one.place.kind, *when)
    return table


def _minute(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if BEGINNING < when < NEVER else "never"
