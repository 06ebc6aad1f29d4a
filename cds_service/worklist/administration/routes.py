"""The administrator's page, and having failed writings tried again."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from cards.wording import VALUES
from cds_service.deployment import Deployment, Records
from cds_service.pages.blueprint import NavigationEntry, page_blueprint
from cds_service.pages.rendering import page_language, render
from cds_service.signing_in.guard import needs
from cds_service.signing_in.staff import Right
from cds_service.synchronising.back_off import NEVER
from cds_service.synchronising.cursors import BEGINNING, Cursor
from cds_service.synchronising.faults import in_words
from cds_service.synchronising.outbox import Outbox, Stuck
from cds_service.worklist import words as list_words
from cds_service.worklist.administration import words
from cds_service.worklist.administration.state import MOST_STUCK, Trial, state_of
from cds_service.worklist.lines import code_of
from mappings.language import Language


class StuckLine(NamedTuple):
    """A failed writing in words."""

    code: str
    client: str
    kind: str
    fault: str
    attempts: int
    next_try: str


class TrialLine(NamedTuple):
    """A trial in words."""

    id: str
    status: str
    cards: str
    places: str
    as_of: str


class PollLine(NamedTuple):
    """What is known of a kind of resource at a server."""

    client: str
    kind: str
    since: str
    due: str
    fault: str


def administration_routes(deployment: Deployment) -> Blueprint:
    """``/administration``."""
    records = deployment.records
    assert records is not None  # noqa: S101 -- there are no pages without a database
    pages = page_blueprint(
        "administration",
        __name__,
        navigation=[NavigationEntry("administration.state", words.TITLE, (Right.ADMINISTER,))],
    )

    @pages.get("/administration")
    @needs(Right.ADMINISTER)
    def state() -> Response:
        return _page(deployment, records)

    @pages.post("/administration/retry")
    @needs(Right.ADMINISTER)
    def retry() -> AnyResponse:
        again = Outbox(records.database).retry(deployment.now("UTC"))
        return redirect(url_for("administration.state", again=again), 303)

    return pages


def _page(deployment: Deployment, records: Records) -> Response:
    language = page_language()
    now = deployment.now(deployment.settings.time_zone)
    state = state_of(deployment, records, now)
    told = _Words(language, now)
    waiting = sum(one.queued for one in state.waiting.values())
    given_up = sum(one.failed for one in state.waiting.values())
    return render(
        "worklist/administration.html",
        language,
        title=words.TITLE,
        words=words,
        list_words=list_words,
        state=state,
        trials=[told.trial(one) for one in state.trials],
        waiting=waiting,
        given_up=given_up,
        stuck=[told.stuck(one) for one in state.stuck],
        most_stuck=MOST_STUCK,
        leases=[(one, told.moment(one.until)) for one in state.leases],
        polls=[told.poll(one) for one in state.cursors],
        again=_number(request.args.get("again", "")),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1


class _Words:
    def __init__(self, language: Language, now: datetime) -> None:
        self._language, self._now = language, now

    def moment(self, at: datetime) -> str:
        """12 Feb 2026, 14:05; a dash for what is not yet."""
        if at in (BEGINNING, NEVER):
            return "–"
        local = at.astimezone(self._now.tzinfo)
        return f"{self._language.short_date(local.date())}{self._language.between(VALUES)}{local:%H:%M}"

    def trial(self, one: Trial) -> TrialLine:
        """One trial."""
        say = self._language.text
        cards = say(words.SILENT) if one.silent else say(words.OPEN)
        if one.why:
            why = say(words.WHY_CLOSED.get(one.why, one.why))
            cards = f"{say(words.NOT_SHOWN)}{say(list_words.COLON)}{why}"
        places = "–"
        if one.places is not None:
            places = say(words.PLACES_TAKEN).format(taken=one.enrolled, places=one.places)
        return TrialLine(one.id, say(words.STATES.get(one.status, one.status)), cards, places, one.as_of)

    def stuck(self, one: Stuck) -> StuckLine:
        """One failed writing."""
        say = self._language.text
        next_try = say(words.ON_DEMAND) if one.given_up else self.moment(one.next_at)
        code = code_of(one.referral_id) if one.referral_id else "–"
        # The word itself as well: docs/synchronising.md explains each.
        why = f"{say(in_words(one.fault))}{say(list_words.OPENING)}{one.fault}{say(list_words.CLOSING)}"
        return StuckLine(code, one.client, one.kind, why, one.attempts, next_try)

    def poll(self, one: Cursor) -> PollLine:
        """How far one kind of resource is known."""
        fault = self._language.text(in_words(one.fault)) if one.fault else ""
        place = one.place
        return PollLine(place.client, place.kind, self.moment(one.since), self.moment(one.due), fault)
