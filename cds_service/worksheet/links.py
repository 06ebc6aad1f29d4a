"""The links on a card that lead here, and what becomes of one that is followed."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn

import orjson
from flask import redirect, url_for
from werkzeug.wrappers import Response

from cards.context import NO_PAGES, PageLinks
from cds_service.answering.worksheets import NOTHING_SAID, Said
from cds_service.clients.registered import Client
from cds_service.deployment import Deployment, Records
from cds_service.pages.refusals import PageRefusalError
from cds_service.referrals.identity import base_of, resolved
from cds_service.signing_in.guard import refuse_role, to_sign_in
from cds_service.signing_in.one_time import OneTime
from cds_service.signing_in.sessions import WorksheetAccess, current_sessions
from cds_service.signing_in.staff import Right
from cds_service.storage.records import StorageAwayError, Subject
from cds_service.worksheet import words
from cds_service.worksheet.kept_answers import KeptAnswers
from cds_service.worksheet.sheets import answers_away

PURPOSE = "worksheet-link"
LIFETIME = timedelta(minutes=15)


class CardLinks:
    """What worksheets give to the cards of a service, and the links once they are followed."""

    def __init__(self, deployment: Deployment, records: Records) -> None:
        settings = deployment.settings
        self._public_url = settings.public_url
        self._staff = bool(settings.staff) or deployment.clients.demo
        self._clock = deployment.now
        self._one_time = OneTime(records.database, deployment.ring)
        self._answers = KeptAnswers(records.database, deployment.ring)

    def links(self, client: Client, subject: Subject, trial: str) -> PageLinks:
        """For one card that is shown: the SMART app, else a worksheet link, else the page about the trial.

        Only the second costs a row in the database. While that is away the card links to the trial's page.
        Without a public address there is none.
        """
        if not self._public_url:
            return NO_PAGES
        if client.smart is not None and client.abilities.smart_links:
            return PageLinks(f"{self._public_url}/smart/launch", _context(subject, trial))
        known = resolved(subject, base_of(client))
        if self._staff and client.backend is not None and known.fhir_base:
            payload = {"subject": list(known), "trial": trial}
            with suppress(StorageAwayError):
                ident = self._one_time.give(PURPOSE, payload, LIFETIME, self._clock("UTC"))
                return PageLinks(worksheet=f"{self._public_url}/worksheet/links/{ident}")
        return PageLinks(trial=f"{self._public_url}/trials/{trial}")

    def said(self, client: Client, subject: Subject) -> Said:
        """What was answered on the patient's worksheets: one query, where there can be any."""
        if client.smart is None and not (self._staff and client.backend is not None):
            return NOTHING_SAID
        try:
            return Said(self._answers.of(resolved(subject, base_of(client))))
        except StorageAwayError:
            return Said(gaps=[answers_away()])

    def peek(self, link: str) -> tuple[Subject, str] | None:
        """Whose worksheet a link is for and of which trial; None if it is over. It is not used up."""
        return _read(self._one_time.peek(PURPOSE, link, self._clock("UTC")))

    def take(self, link: str) -> tuple[Subject, str] | None:
        """The same, once."""
        return _read(self._one_time.take(PURPOSE, link, self._clock("UTC")))


def follow_link(links: CardLinks, link: str) -> Response:
    """Signs in who follows a link, then opens the worksheet that it is for. The link is used up by that."""
    known = links.peek(link)
    if known is None:
        _refuse()
    sessions = current_sessions()
    account = sessions.current().account
    if account is None:
        return to_sign_in()
    subject, trial = known
    if not account.may(Right.ANSWER, trial, subject.client):
        refuse_role()
    if links.take(link) is None:  # somebody was faster
        _refuse()
    access = WorksheetAccess(
        id=secrets.token_urlsafe(24),
        subject=subject,
        user=account.id,
        user_name=account.name,
        trial=trial,
        via="link",
    )
    sessions.put_worksheet(access)
    return redirect(url_for("worksheet.shown", ident=access.id), 303)


def _refuse() -> NoReturn:
    raise PageRefusalError(410, words.LINK_OVER, words.LINK_OVER_TEXT)


def _context(subject: Subject, trial: str) -> str:
    """What the EHR hands over at the launch, as it is. It says nothing of the patient."""
    context = {"trial": trial, **({"tenant": subject.tenant} if subject.tenant else {})}
    return orjson.dumps(context).decode()


def _read(payload: dict[str, object] | None) -> tuple[Subject, str] | None:
    if payload is None:
        return None
    subject, trial = payload["subject"], payload["trial"]
    return Subject(*map(str, subject if isinstance(subject, list) else ())), str(trial)
