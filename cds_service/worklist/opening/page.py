"""The page of one row: a referral, or a candidate of a silent trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import Response

from cds_service.audit.events import ViewRecord
from cds_service.deployment import Deployment, Records
from cds_service.pages.rendering import page_language, render
from cds_service.referrals.identity import base_of, resolved
from cds_service.referrals.records import Event, Referral
from cds_service.referrals.states import State
from cds_service.signing_in.staff import Account, Right
from cds_service.storage.records import Subject
from cds_service.worklist import words as list_words
from cds_service.worklist.candidates import Opened
from cds_service.worklist.lines import Wording, code_of
from cds_service.worklist.opening import words
from cds_service.worklist.opening.posted import LONGEST_NOTE, LONGEST_WHY
from cds_service.worklist.opening.reading import NO_KEY, PatientNow, Reading
from cds_service.worklist.opening.view import RowWords, head_of
from cds_service.worklist.opening.written import writings_of
from cds_service.worklist.places import closed_trials
from cds_service.worksheet.kept_answers import KeptAnswers
from mappings.language import Language


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wrote and what hindered it: it is shown again. ``since``: what happened meanwhile."""

    step: str = ""
    why: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    fault: str = ""
    note_fault: str = ""
    since: Sequence[Event] = ()


NO_DRAFT = Draft()

GOES_BY_ITSELF = frozenset({"not-written"})
"""What asks for a look until it is mended, whoever looked at it."""


class RowPages:
    """The pages of rows of one deployment. Each opening is audited before it is answered."""

    def __init__(self, deployment: Deployment, records: Records, reading: Reading) -> None:
        self._deployment, self._records, self._reading = deployment, records, reading
        self._answers = KeptAnswers(records.database, deployment.ring)

    def referral(
        self, account: Account, referral: Referral, draft: Draft = NO_DRAFT, status: int = 200
    ) -> Response:
        """A referral, with the patient as they are now."""
        language, now = page_language(), self.now()
        wording, say = self._wording(language, now), language.text
        told = RowWords(wording, language, self._deployment.ring)
        history = self._records.book.history(referral.id)
        seen = told.seen(
            self._patient(account, referral.subject, referral.trial, "worklist-row"),
            referral.traces,
            referral.trial,
        )
        with self._records.database.autocommit() as connection:
            writings = writings_of(connection, referral.id)
        place = (referral.trial, referral.client)
        return render(
            "worklist/row.html",
            language,
            title=words.PAGE_TITLE,
            status=status,
            words=words,
            list_words=list_words,
            heading=say(words.TITLE).format(code=code_of(referral.id)),
            head=head_of(referral, code_of(referral.id), wording, language),
            attention=wording.attentions(referral.trial, referral.state, referral.attention),
            to_look_at=[word for word in referral.attention if word not in GOES_BY_ITSELF],
            seen=seen,
            read_at=wording.moment(now),
            patient_name=referral.patient_name,
            patient_url=self._patient_url(referral.subject) if seen.now.person else "",
            last_assessed=wording.day(referral.assessed) if referral.assessed else "",
            last_found=told.found(referral),
            steps=told.steps(referral.state),
            history=told.history(history),
            notes=told.notes(history),
            since=told.since(draft.since),
            draft=draft,
            writings=told.writings(writings),
            remotes=self._remotes(referral),
            last_missing=wording.missing_in_a_line(referral.trial, referral.traces),
            may_move=account.may(Right.MOVE, *place),
            may_note=account.may(Right.NOTE, *place),
            longest={"note": LONGEST_NOTE, "why": LONGEST_WHY},
        )

    def candidate(
        self, account: Account, opened: Opened, draft: Draft = NO_DRAFT, status: int = 200
    ) -> Response:
        """A candidate of a silent trial, with the patient as they are now."""
        language, now = page_language(), self.now()
        wording = self._wording(language, now)
        told = RowWords(wording, language, self._deployment.ring)
        row, subject = opened.candidate, self._resolved(opened.subject)
        seen = told.seen(
            self._patient(account, subject, row.trial, "worklist-possible"), row.traces, row.trial
        )
        return render(
            "worklist/possible.html",
            language,
            title=words.PAGE_TITLE,
            status=status,
            words=words,
            list_words=list_words,
            heading=language.text(words.CANDIDATE_TITLE).format(code=row.code),
            line=wording.candidate(row),
            seen=seen,
            read_at=wording.moment(now),
            patient_name="",
            patient_url=self._patient_url(subject) if seen.now.person else "",
            last_assessed=wording.day(row.last_seen) if row.traces else "",
            last_missing=wording.missing_in_a_line(row.trial, row.traces),
            draft=draft,
            leaving=told.steps(State.SUGGESTED).leaving,
            may_refer=account.may(Right.MOVE, row.trial, row.client) and subject is not None,
            longest={"why": LONGEST_WHY},
        )

    def now(self) -> datetime:
        """The moment of a request, in the zone of this service."""
        return self._deployment.now(self._deployment.settings.time_zone)

    def _wording(self, language: Language, now: datetime) -> Wording:
        return Wording(self._deployment.catalog, language, now, closed_trials(self._deployment, now))

    def _patient(self, account: Account, subject: Subject | None, trial: str, page: str) -> PatientNow:
        if subject is None:
            return PatientNow(trouble=NO_KEY)
        client = self._deployment.clients.by_id(subject.client)
        now = self._deployment.now(client.time_zone if client else self._deployment.settings.time_zone)
        self._records.trail.view(
            ViewRecord(now, subject.client, subject.tenant, trial, account.id, subject, page)
        )
        return self._reading.patient_now(subject, trial, now, self._answers.of(subject))

    def _resolved(self, subject: Subject | None) -> Subject | None:
        """With its FHIR base, where the call that named the patient named none and there is but one."""
        client = self._deployment.clients.by_id(subject.client) if subject else None
        return resolved(subject, base_of(client)) if subject and client else subject

    def _remotes(self, referral: Referral) -> list[tuple[str, str]]:
        """The referral's resources at the EHR's FHIR server: what each is, and where."""
        base = referral.subject.fhir_base if referral.subject else ""
        kept = self._records.book.remotes(referral.id) if base else {}
        return [(kind, f"{base}/{kind}/{remote.id}") for kind, remote in kept.items()]

    def _patient_url(self, subject: Subject | None) -> str:
        """The patient's resource on the FHIR server that was read."""
        return f"{subject.fhir_base}/Patient/{subject.patient_id}" if subject and subject.fhir_base else ""
