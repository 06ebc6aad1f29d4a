"""An opened row in a browser, and what may be done with it: move, note, look, refer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from cds_service.deployment import Deployment, Records
from cds_service.pages.blueprint import PageBlueprint
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.records import (
    ConflictError,
    Event,
    NoPlaceError,
    NotAllowedError,
    NotFoundError,
    Opening,
    Referral,
    Who,
)
from cds_service.referrals.states import State
from cds_service.signing_in.guard import current_account, needs, refuse_existence, require
from cds_service.signing_in.staff import Account, Right
from cds_service.worklist.candidates import Opened, candidate_of
from cds_service.worklist.opening import words
from cds_service.worklist.opening.keeping import keep_what_was_written
from cds_service.worklist.opening.page import GOES_BY_ITSELF, Draft, RowPages
from cds_service.worklist.opening.posted import LONGEST_NOTE, LONGEST_WHY, Step, cleaned, step_of
from cds_service.worklist.opening.reading import Reading
from cds_service.worklist.scope import scope_of


def add_row_routes(pages: PageBlueprint, deployment: Deployment, records: Records, reading: Reading) -> None:
    """``/worklist/<id>`` and below it, for referrals and for candidates of silent trials."""
    rows = _Rows(deployment, records, RowPages(deployment, records, reading))
    candidates = _Candidates(deployment, records, rows.pages)
    keep_what_was_written(pages)

    @pages.get("/worklist/<ident>")
    @needs(Right.SEE)
    def opened(ident: str) -> AnyResponse:
        account = current_account()
        return rows.pages.referral(account, rows.found(ident, account, Right.SEE))

    @pages.post("/worklist/<ident>/move")
    @needs(Right.MOVE)
    def move(ident: str) -> AnyResponse:
        account = current_account()
        return rows.move(account, rows.found(ident, account, Right.MOVE))

    @pages.post("/worklist/<ident>/note")
    @needs(Right.NOTE)
    def note(ident: str) -> AnyResponse:
        account = current_account()
        return rows.note(account, rows.found(ident, account, Right.NOTE))

    @pages.post("/worklist/<ident>/looked")
    @needs(Right.NOTE)
    def looked(ident: str) -> AnyResponse:
        account = current_account()
        return rows.looked(account, rows.found(ident, account, Right.NOTE))

    @pages.get("/worklist/possible/<ident>")
    @needs(Right.SEE)
    def candidate(ident: str) -> AnyResponse:
        account = current_account()
        return rows.pages.candidate(account, candidates.found(ident, account, Right.SEE))

    @pages.post("/worklist/possible/<ident>/refer")
    @needs(Right.MOVE)
    def refer(ident: str) -> AnyResponse:
        account = current_account()
        return candidates.refer(account, candidates.found(ident, account, Right.MOVE))

    @pages.post("/worklist/possible/<ident>/set-aside")
    @needs(Right.MOVE)
    def set_aside(ident: str) -> AnyResponse:
        account = current_account()
        return candidates.set_aside(account, candidates.found(ident, account, Right.MOVE))


class _Rows:
    def __init__(self, deployment: Deployment, records: Records, pages: RowPages) -> None:
        self._deployment, self._book, self.pages = deployment, records.book, pages

    def found(self, ident: str, account: Account, right: Right) -> Referral:
        """The referral, if it is this account's to do this with; refused otherwise."""
        referral = self._book.get(ident)
        if referral is None or not account.may(Right.SEE, referral.trial, referral.client):
            refuse_existence()
        require(account, right, referral.trial, referral.client)
        return referral

    def move(self, account: Account, referral: Referral) -> AnyResponse:
        """Moves a referral; whatever hinders it is said on its page, with all that was written."""
        step = step_of(request.form)
        fault, since = self._moved(account, referral, step)
        if not fault and not since:
            return _back_to(referral.id)
        current = self._book.get(referral.id)
        if current is None:
            refuse_existence()
        draft = Draft(
            step=f"{step.to or ''}:{step.reason}".rstrip(":"), why=step.why, fault=fault, since=since
        )
        return self.pages.referral(account, current, draft, status=409 if since else 400)

    def _moved(self, account: Account, referral: Referral, step: Step) -> tuple[str, Sequence[Event]]:
        """A message for what hinders the move, and what happened meanwhile; neither if it is done."""
        if step.to is None:
            return words.CHOOSE_STEP, ()
        if len(step.why) > LONGEST_WHY:
            return words.TOO_LONG, ()
        who = who_of(account, Right.MOVE, referral.trial, referral.client)
        try:
            self._book.move(
                referral.id,
                step.version,
                step.to,
                who,
                self.pages.now(),
                reason=step.reason,
                why=step.why,
            )
        except ConflictError as conflict:
            return words.CONFLICT, conflict.since
        except NoPlaceError:
            return words.NO_PLACE, ()
        except NotAllowedError as refused:
            return _NOT_ALLOWED[refused.fault], ()
        except NotFoundError:
            refuse_existence()
        return "", ()

    def note(self, account: Account, referral: Referral) -> AnyResponse:
        """Keeps a note."""
        text = cleaned(request.form.get("note", ""))
        fault = words.TOO_LONG if len(text) > LONGEST_NOTE else "" if text else words.NOTE_EMPTY
        if fault:
            return self.pages.referral(account, referral, Draft(note=text, note_fault=fault), status=400)
        try:
            who = who_of(account, Right.NOTE, referral.trial, referral.client)
            self._book.note(referral.id, text, who, self.pages.now())
        except NotFoundError:
            refuse_existence()
        return _back_to(referral.id, "notes")

    def looked(self, account: Account, referral: Referral) -> AnyResponse:
        """Somebody has looked at what needed it: of what the page showed, not of what came since."""
        asked = set(request.form.getlist("word")) - GOES_BY_ITSELF
        shown = [word for word in referral.attention if word in asked]
        if shown:
            try:
                who = who_of(account, Right.NOTE, referral.trial, referral.client)
                self._book.looked(referral.id, shown, who, self.pages.now())
            except NotFoundError:
                refuse_existence()
        return _back_to(referral.id)


class _Candidates:
    def __init__(self, deployment: Deployment, records: Records, pages: RowPages) -> None:
        self._deployment, self._records, self._pages = deployment, records, pages

    def found(self, ident: str, account: Account, right: Right) -> Opened:
        """The candidate, if it is this account's to do this with; refused otherwise."""
        with self._records.database.autocommit() as connection:
            opened = candidate_of(connection, self._deployment.ring, scope_of(account), ident)
        if opened is None:
            refuse_existence()
        require(account, right, opened.candidate.trial, opened.candidate.client)
        return opened

    def refer(self, account: Account, opened: Opened) -> AnyResponse:
        """Opens the referral of a candidate; once, however often it is asked for.

        It takes the right to move, not that to refer alone: a clinician refers from a worksheet.
        """
        why = cleaned(request.form.get("why", ""))
        fault = words.TOO_LONG if len(why) > LONGEST_WHY else ""
        opening = self._opening(account, opened)
        if fault or opening is None:
            return self._pages.candidate(account, opened, Draft(why=why, fault=fault), status=400)
        referral = self._records.book.open(replace(opening, was_suggested=True, why=why))
        return _back_to(referral.id)

    def set_aside(self, account: Account, opened: Opened) -> AnyResponse:
        """Says for which reason a candidate is not referred.

        That is two steps of a referral. If the second fails, there is one that was only suggested: it is
        listed as such, and can be set aside there.
        """
        step = step_of(request.form)
        fault, opening = _not_set_aside(step), self._opening(account, opened)
        if fault or opening is None or step.to is None:
            draft = Draft(step=f"{step.to or ''}:{step.reason}", why=step.why, fault=fault)
            return self._pages.candidate(account, opened, draft, status=400)
        book, now = self._records.book, self._pages.now()
        referral = book.open(replace(opening, state=State.SUGGESTED))
        with suppress(ConflictError, NotAllowedError):  # it was referred meanwhile: its page says so
            book.move(
                referral.id, referral.version, step.to, opening.who, now, reason=step.reason, why=step.why
            )
        return _back_to(referral.id)

    def _opening(self, account: Account, opened: Opened) -> Opening | None:
        """A referral of the candidate by this account; None without the patient: there is nobody to refer."""
        candidate, subject = opened
        if subject is None:
            return None
        who = who_of(account, Right.MOVE, candidate.trial, candidate.client)
        now, traces = self._pages.now(), candidate.traces
        return Opening(subject, candidate.trial, who, "worklist", now, traces=traces)


def _not_set_aside(step: Step) -> str:
    """A message for what is missing, "" if nothing is."""
    reasons = {one.code: one for one in reasons_for(State.SUGGESTED, step.to)} if step.to else {}
    reason = reasons.get(step.reason)
    if reason is None:
        return words.CHOOSE_STEP
    if len(step.why) > LONGEST_WHY:
        return words.TOO_LONG
    return words.WORDS_MISSING if reason.needs_words and not step.why else ""


def who_of(account: Account, right: Right, trial: str, client: str) -> Who:
    """Somebody as they stand in a history: by the role that lets them do this."""
    role = account.role_for(right, trial, client)
    return Who(account.id, account.name, role.value if role else "")


def _back_to(ident: str, place: str = "") -> AnyResponse:
    """To the row, so that a page that is loaded again does nothing again."""
    return redirect(url_for("worklist.opened", ident=ident, _anchor=place or None), 303)


_NOT_ALLOWED = {
    "move": words.NOT_ALLOWED,
    "reason": words.CHOOSE_STEP,
    "words": words.WORDS_MISSING,
}
