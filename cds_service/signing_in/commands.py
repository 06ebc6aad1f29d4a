"""``trialhook staff``: look at who may sign in."""

from __future__ import annotations

from pathlib import Path

import click

from cds_service.assessing import definitions
from cds_service.clients.reading import ClientsError, load_clients
from cds_service.signing_in.staff import RIGHTS, Grant, Right, Staff
from cds_service.signing_in.staff_file import StaffError, load_staff


@click.group()
def staff() -> None:
    """Look at who may sign in, and what they may see."""


@staff.command("check")
@click.argument("path", required=False, envvar="TRIALHOOK_STAFF", type=click.Path(path_type=Path))
@click.option(
    "--clients",
    envvar="TRIALHOOK_CLIENTS",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The registration that its clients are compared with. Default: that of TRIALHOOK_CLIENTS.",
)
def check(path: Path | None, clients: Path | None) -> None:
    """Check a staff file (default: the file that TRIALHOOK_STAFF names).

    Its clients are compared with those that are registered. Nobody's name is printed.
    """
    if path is None:
        raise click.UsageError("name a file, or set TRIALHOOK_STAFF")
    try:
        catalog = definitions()
        known = [one.id for one in load_clients(clients, catalog)] if clients else None
        read = load_staff(path, [trial.id for trial in catalog.trials], known)
    except (StaffError, ClientsError) as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise SystemExit(1) from None
    for line in in_words(read):
        click.echo(line)
    if not clients and any(grant.clients for grant in _everybodys(read)):
        click.echo(
            "  warning: the clients were not compared with those that are registered; "
            "set TRIALHOOK_CLIENTS, or name the registration with --clients",
            err=True,
        )


def in_words(read: Staff) -> list[str]:
    """Who may sign in, counted, and what they may do."""
    provider = read.provider
    lines = [f"sign-in at {provider.issuer} as {provider.client_id}"] if provider else []
    if provider and provider.insecure_http:
        lines.append("  warning: the sign-in is not encrypted. Test data only.")
    grants = [grant for person in read.people for grant in person.grants]
    listed = "1 person" if len(read.people) == 1 else f"{len(read.people)} people"
    lines.append(f"{listed} by name: {_counted(grants) or 'nobody'}")
    lines += [f"group {name}: {', '.join(map(_grant, given))}" for name, given in read.groups.items()]
    if not any(Right.SEE in RIGHTS[grant.role] for grant in _everybodys(read)):
        lines.append("  warning: nobody may see the worklist")
    return lines


def _everybodys(read: Staff) -> list[Grant]:
    given = (*(person.grants for person in read.people), *read.groups.values())
    return [grant for grants in given for grant in grants]


def _counted(grants: list[Grant]) -> str:
    kinds = dict.fromkeys(map(_grant, grants))
    return "; ".join(f"{[_grant(one) for one in grants].count(kind)} x {kind}" for kind in kinds)


def _grant(grant: Grant) -> str:
    trials = "all trials" if grant.trials is None else " and ".join(sorted(grant.trials))
    clients = "all clients" if grant.clients is None else " and ".join(sorted(grant.clients))
    return f"{grant.role.value} for {trials} at {clients}"
