"""``trialhook clients``: look at the registration of EHRs."""

from __future__ import annotations

from pathlib import Path

import click

from cds_service.assessing import definitions
from cds_service.clients.reading import SANDBOX, ClientsError, load_clients
from cds_service.clients.registered import FROM_REQUEST, Client, SmartApp


@click.group()
def clients() -> None:
    """Look at the registered EHRs."""


@clients.command("check")
@click.argument("path", required=False, envvar="TRIALHOOK_CLIENTS", type=click.Path(path_type=Path))
def check(path: Path | None) -> None:
    """Check a registration of clients (default: the file that TRIALHOOK_CLIENTS names)."""
    if path is None:
        raise click.UsageError("name a file, or set TRIALHOOK_CLIENTS")
    try:
        registered = load_clients(path)
    except ClientsError as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise SystemExit(1) from None
    if not any(trial.facts.status == "active" for trial in definitions().trials):
        click.echo(
            "  warning: no definition has been reviewed by a physician and made active, so no card comes "
            "unless TRIALHOOK_SERVE_DRAFTS=1",
            err=True,
        )
    for client in registered:
        click.echo(in_one_line(client))
        if client.issuer == SANDBOX:
            click.echo(
                f"  warning: the sandbox's private key is public: anybody can call as {client.id}. "
                "Test data only.",
                err=True,
            )


def in_one_line(client: Client) -> str:
    """What a client may do, in words."""
    tokens = f"tokens of {client.issuer}, {' or '.join(client.algorithms)} with {_keys(client)}"
    parts = [
        f"{tokens}, {client.token_lifetime} s at most",
        _tenants(client),
        _fhir_servers(client),
        _trials(client),
        _abilities(client),
        *([f"site {client.site.name}, {client.site.facts.digest}"] if client.site else []),
        *([_smart(client.smart)] if client.smart else []),
        *([f"served in the background as {client.backend.client_id}"] if client.backend else []),
        *([_referral(client)] if client.backend else []),
        *([f"pages of {', '.join(client.origins)}"] if client.origins else []),
        *([f"cards in {client.language}"] if client.language != FROM_REQUEST else []),
        *([f"days in {client.time_zone}"] if client.time_zone else []),
        *([f"{client.calls_per_minute} calls a minute"] if client.calls_per_minute else []),
    ]
    return f"{client.id}: {'; '.join(parts)}"


def _smart(app: SmartApp) -> str:
    proof = ", which signs" if app.signs else ", which has a secret" if app.secret else ""
    return f"launches the worksheet as {app.client_id}{proof}"


def _referral(client: Client) -> str:
    terms = client.referral
    kept = [
        *([] if terms.request == "none" else [f"a ServiceRequest ({terms.request})"]),
        *(["a Task"] if terms.task else []),
        *(["a ResearchSubject"] if terms.research_subject else []),
    ]
    return f"keeps of a referral {', '.join(kept) or 'nothing'}"


def _keys(client: Client) -> str:
    if client.keys.inline is not None:
        count = len(client.keys.inline["keys"])
        return "1 key given here" if count == 1 else f"{count} keys given here"
    within = f" within {', '.join(map(str, client.keys.networks))}" if client.keys.networks else ""
    return f"keys of {client.keys.url}{within}"


def _tenants(client: Client) -> str:
    return f"tenants {', '.join(client.tenants)}" if client.tenants else "any tenant"


def _fhir_servers(client: Client) -> str:
    if not client.fhir_servers:
        return "no FHIR server (prefetch only)"
    servers = []
    for server in client.fhir_servers:
        within = f" within {', '.join(map(str, server.networks))}" if server.networks else ""
        servers.append(server.base.url + (" (NOT ENCRYPTED)" if server.insecure_http else "") + within)
    return f"reads {', '.join(servers)}"


def _trials(client: Client) -> str:
    if client.trials is None:
        return "every trial, without a local contact"
    if not client.trials:
        return "no trial"
    offers = [
        offer.trial
        + (" silently" if offer.silent else "")
        + ("" if offer.contact else " without a local contact")
        for offer in client.trials
    ]
    return f"trials {', '.join(offers)}"


def _abilities(client: Client) -> str:
    can = client.abilities
    actions = f"suggestions that {', '.join(sorted(can.action_types)) or 'act on nothing'}"
    words = [
        f"CDS Hooks {can.cds_hooks}",
        actions if can.suggestions else "no suggestions",
        *(["SMART links"] if can.smart_links else []),
        "no prefetch" if can.prefetch == "none" else f"prefetch by {can.prefetch}",
        *(["FHIRPath in prefetch"] if can.fhirpath_prefetch else []),
        *(["action selection"] if can.action_selection else []),
        *(["context may be missing"] if can.context_may_be_missing else []),
    ]
    return ", ".join(words)
