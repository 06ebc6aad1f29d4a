"""Which worksheet a browser may open, and with what it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import g
from werkzeug.wrappers import Response

from cds_service.answering.offers import ClientOffers, Offered
from cds_service.clients.registered import Client
from cds_service.deployment import Deployment
from cds_service.pages.rendering import page_language
from cds_service.signing_in.guard import refuse_existence, refuse_role, to_sign_in
from cds_service.signing_in.sessions import WorksheetAccess, current_sessions
from cds_service.signing_in.staff import Right
from cds_service.smart.landing import shown_trials
from mappings.language import Language


@dataclass(frozen=True, slots=True)
class Opened:
    """A worksheet that this browser may open now. ``account``: by which account, "" after a launch."""

    access: WorksheetAccess = field(repr=False)
    offers: ClientOffers
    offered: Offered
    language: Language

    @property
    def client(self) -> Client:
        return self.offers.client

    @property
    def patient_reference(self) -> str:
        """As resources about the patient name it."""
        return f"Patient/{self.access.subject.patient_id}"


def open_worksheet(deployment: Deployment, ident: str) -> Opened | Response:
    """The worksheet of this id, or the way to the sign-in. Refuses with a page (404, 403).

    One that was opened by a link needs its account still signed in, with what the staff file grants now; one
    that was launched was signed in at the EHR.
    """
    sessions = current_sessions()
    access = sessions.worksheet(ident)
    if access is None:
        refuse_existence()
    if access.via == "link":
        account = sessions.current().account
        if account is None:
            return to_sign_in()
        if account.id != access.user:
            refuse_existence()
        if not account.may(Right.ANSWER, access.trial, access.subject.client):
            refuse_role()
    offers = deployment.offers.get(access.subject.client)
    offered = next((one for one in shown_trials(offers) if one.id == access.trial), None) if offers else None
    if offers is None or offered is None:
        refuse_existence()  # since it was opened the client or the trial was taken out
    g.facts["client"] = offers.client.id
    return Opened(access, offers, offered, page_language(offers.client))
