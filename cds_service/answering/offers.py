"""What one client is offered: trials with its own contact, its own codes, and its own day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from cards.context import CardContext
from cards.wording import recruitment_line
from cds_service.assessing import served_trials
from cds_service.clients.registered import Client, TrialOffer
from cds_service.hooks.call import HookCall
from cds_service.hooks.orders.prompting import OrderPrompts
from cds_service.recruitment.states import TrialState
from mappings.language import ENGLISH, Language
from mappings.needs import Needs, needs_of
from mappings.trial_definition import Catalog, TrialDefinition


@dataclass(frozen=True, slots=True)
class Offered:
    """A trial, and how this client is offered it."""

    trial: TrialDefinition
    offer: TrialOffer

    @property
    def id(self) -> str:
        return self.trial.id


@dataclass(frozen=True, slots=True)
class ClientOffers:
    """Everything that is the same for all calls of one client."""

    client: Client
    catalog: Catalog
    offered: tuple[Offered, ...]
    needs: Needs
    prompts: OrderPrompts


def offers_of(client: Client, catalog: Catalog, serve_drafts: bool) -> ClientOffers:
    """What a client is offered of the trials that are served.

    ``catalog`` has the definitions with which the client was registered; its site's stand over them.
    """
    if client.site is not None:
        catalog = client.site.catalog
    served = {trial.id: trial for trial in served_trials(catalog, serve_drafts)}
    wanted = [TrialOffer(trial) for trial in served] if client.trials is None else client.trials
    offered = tuple(Offered(served[offer.trial], offer) for offer in wanted if offer.trial in served)
    trials = [one.trial for one in offered]
    return ClientOffers(client, catalog, offered, needs_of(trials, catalog), OrderPrompts(trials, catalog))


def card_context(
    offered: Offered,
    state: TrialState,
    call: HookCall,
    today: date,
    openings: Sequence[str] = (),
    language: Language = ENGLISH,
) -> CardContext:
    """What a card says of the trial's state and of whom to contact: the local contact first.

    ``openings`` are in the language of the card already.
    """
    recruitment = state.recruitment
    context = CardContext(
        call.patient_id, today, call.encounter_id, call.user, openings=tuple(openings), language=language
    )
    contacts = (offered.offer.contact,) if offered.offer.contact else ()
    if recruitment is None:
        return replace(context, contacts=contacts)
    return replace(
        context,
        recruitment_line=recruitment_line(
            recruitment.status,
            date.fromisoformat(recruitment.as_of),
            offered.trial.facts.registry_copy_of,
            language,
        ),
        sites=recruitment.sites,
        contacts=(*contacts, *recruitment.contacts),
    )
