"""A referral from the worksheet: once for a patient and a trial, however often somebody clicks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from cds_service.deployment import Deployment, Records
from cds_service.fatigue.tracing_evidence import traces_of
from cds_service.recruitment.states import TrialState
from cds_service.referrals.forms import service_request
from cds_service.referrals.identity import REFERRAL_SYSTEM
from cds_service.referrals.records import CLINICIAN_ROLE, Opening, Referral, Who
from cds_service.referrals.states import DISPLAY, LEFT, OPEN, State
from cds_service.signing_in.sessions import current_sessions
from cds_service.signing_in.staff import Right
from cds_service.storage.records import StorageAwayError
from cds_service.worksheet import words
from cds_service.worksheet.opening import Opened
from cds_service.worksheet.sheets import Sheet, Sheets
from cds_service.worksheet.view.page import WorksheetView
from cds_service.worksheet.view.person import name_of
from cds_service.worksheet.writing import Writing
from mappings.language import Language

Done = Literal["referred", "referred_here", "again", "noted", "asked"]
"""``referred_here``: made, but the EHR did not take the order, and nobody else writes it. ``noted``: referred
already, and what was typed is kept as a note.
"""


class ReferralView(NamedTuple):
    """The box about the referral. ``state`` "" if there is none; ``offered``: there is a button."""

    state: str
    opened: str
    entered: str
    left: bool
    offered: bool
    takes_nobody: str
    unanswered: tuple[str, ...]
    ruled_out: bool


class Referring:
    """Refers patients of worksheets, and says how their referrals stand."""

    def __init__(self, deployment: Deployment, records: Records, sheets: Sheets, writing: Writing) -> None:
        self._deployment, self._book = deployment, records.book
        self._sheets, self._writing = sheets, writing

    def of(self, opened: Opened) -> Referral | None:
        """The patient's referral to the trial of the worksheet, if there is one."""
        known = self._book.of_patient(self._sheets.subject(opened))
        return next((one for one in known if one.trial == opened.offered.id), None)

    def state_of(self, opened: Opened) -> TrialState:
        """Whether the trial takes patients today."""
        today = self._deployment.now(opened.client.time_zone).date()
        return self._deployment.states.of(opened.offered.trial, today)

    def view(self, opened: Opened, page: WorksheetView | None) -> ReferralView:
        """The box, while the database is away too: then without a button."""
        try:
            referral, away = self.of(opened), False
        except StorageAwayError:
            referral, away = None, True
        state, language = self.state_of(opened), opened.language
        is_open = referral is not None and referral.state not in (*LEFT, State.SUGGESTED)
        left = referral is not None and referral.state in LEFT
        # What the record says of the study after a referral has ended is how it ended: we wrote it there.
        in_study = page is not None and bool(page.enrolment) and not left
        unanswered = tuple(one.text for one in page.questions if one.wanted) if page else ()
        return ReferralView(
            state=language.text(DISPLAY[referral.state]) if referral else "",
            opened=language.long_date(self._day(opened, referral.opened)) if referral else "",
            entered=language.long_date(self._day(opened, referral.entered)) if referral else "",
            left=left,
            offered=state.open and not is_open and not away and not in_study,
            takes_nobody="" if state.open else _why_closed(state, language),
            unanswered=unanswered,
            ruled_out=page is not None and page.outcome_state == "ruled-out",
        )

    def _day(self, opened: Opened, at: datetime) -> date:
        """The day on which something was, where the patient is."""
        return at.astimezone(self._deployment.now(opened.client.time_zone).tzinfo).date()

    def refer(self, opened: Opened, why: str) -> Done:
        """Makes the referral, or finds the one there is. StorageAwayError: nothing was made."""
        before = self.of(opened)
        if before is not None and (before.state in OPEN or before.state is State.ENROLLED):
            return "noted" if self._noted(opened, before, why) else "again"
        sheet = self._sheets.sheet(opened)
        name = name_of(sheet.chart.patient)
        referral = self._book.open(self._opening(opened, sheet, name, why))
        self._noted(opened, referral, why)
        if before is not None and referral.state in LEFT:
            return "asked"
        return "referred" if self._write(opened, referral) else "referred_here"

    def _noted(self, opened: Opened, referral: Referral, why: str) -> bool:
        """Keeps what somebody typed where no other entry of the history has it, as with a second click."""
        if not why or why in {event.why for event in self._book.history(referral.id)}:
            return False
        self._book.note(referral.id, why, _who(opened), self._deployment.now(opened.client.time_zone))
        return True

    def _opening(self, opened: Opened, sheet: Sheet, name: str, why: str) -> Opening:
        now, ring = self._deployment.now(opened.client.time_zone), self._deployment.ring
        opening = Opening(
            subject=self._sheets.subject(opened),
            trial=opened.offered.id,
            who=_who(opened),
            source="worksheet",
            at=now,
            why=why,
            patient_name=name,
        )
        if sheet.assessed is None:
            return opening
        assessment = sheet.assessed.assessment
        return replace(
            opening,
            traces=traces_of(assessment, ring),
            gate=assessment.gate.value,
            outcome=assessment.outcome,
            assessed=now,
        )

    def _write(self, opened: Opened, referral: Referral) -> bool:
        """At once by the clinician's own token, where nothing else will write it to the EHR.

        False if the EHR did not take what was to be written.
        """
        terms = opened.client.referral
        if opened.client.backend is not None or terms.request == "none":
            return True
        resource = service_request(referral, opened.offered.trial.facts, terms, opened.language)
        patient = opened.patient_reference  # a copy in another chart bears the identifier too
        condition = f"identifier={REFERRAL_SYSTEM}|{referral.identifier}&patient={patient}"
        return self._writing.create(opened, resource, condition)


def _why_closed(state: TrialState, language: Language) -> str:
    return language.text(words.TAKES_NOBODY[state.why])


def _who(opened: Opened) -> Who:
    access = opened.access
    account = current_sessions().current().account if access.via == "link" else None
    role = account.role_for(Right.REFER, opened.offered.id, opened.client.id) if account else None
    return Who(access.user, access.user_name, role.value if role else CLINICIAN_ROLE)
