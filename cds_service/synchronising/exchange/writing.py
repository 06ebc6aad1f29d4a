"""Brings one resource at its FHIR server to the present state of its referral.

Before it writes it reads: a change made there is learnt first, and what turns out to be about another patient
is not touched. What it is about to write is noted before it is sent, and the version after it is answered, so
that a process may die between any two steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from cds_service.referrals.book import Book
from cds_service.referrals.identity import REFERRAL_SYSTEM
from cds_service.referrals.learning import DIFFERS
from cds_service.referrals.records import Referral
from cds_service.referrals.records import Remote as RemoteResource
from cds_service.smart.resources import FhirWriteError, FhirWriter, Written
from cds_service.synchronising.exchange.learning import Learner, seen
from cds_service.synchronising.exchange.merging import code_of, merged
from cds_service.synchronising.exchange.remotes import Remote, Remotes
from cds_service.synchronising.exchange.whose import (
    AnotherPatientError,
    names_another,
    names_patient,
    query_of,
)
from cds_service.synchronising.faults import ANOTHER_PATIENT
from cds_service.synchronising.outbox import Writing

Resource = dict[str, Any]
Form = Callable[[str, Referral, Mapping[str, Remote]], Resource]
"""The resource of a kind for a referral; it may refer to the others, of which these are there already."""


class NoTrialError(Exception):
    """The trial is not served any more: what would be written of it is not known."""


Outcome = Literal["created", "updated", "same"]
_ROUNDS = 3
"""How often it is read and written again at once when somebody else was faster. Ours."""

_SOMEBODY_WAS_FASTER = frozenset({"changed", "conflict"})
"""To an If-Match of an older version some servers answer 409 and not 412, HAPI among them."""

_WHO = "requester"
"""Who referred. Left out where a server refuses it: many take no reference to somebody whom they do not hold,
and the user of a hook call need not be a resource. Here it stays known."""


class _There(NamedTuple):
    """What is there now; None if nothing is and it has to be made, unless ``condition`` finds one."""

    resource: Resource | None
    condition: str = ""


class Scribe:
    """Writes referrals. Raises FhirWriteError where the server does not take one, and AnotherPatientError
    where it would be written into another patient's record.
    """

    def __init__(self, book: Book, remotes: Remotes, learner: Learner, form: Form) -> None:
        self._book, self._remotes, self._learner, self._form = book, remotes, learner, form

    def write(self, writing: Writing, referral: Referral, fhir: FhirWriter, now: datetime) -> Outcome:
        """Makes or changes the resource; ``same`` if it says already what we would say."""
        named = True
        for _ in range(_ROUNDS):
            there = self._there(writing, referral, fhir, now)
            if there.resource is not None:
                referral = self._learner.take(referral, there.resource, now)
            ours = self._ours(writing.kind, referral, named=named)
            try:
                outcome = self._sent(ours, there, referral, fhir, now)
            except FhirWriteError as error:
                if named and error.word == "invalid" and _names_somebody(ours, there.resource):
                    named = False
                elif error.word not in _SOMEBODY_WAS_FASTER:
                    raise
            else:
                if outcome is not None:
                    return outcome
        raise FhirWriteError("conflict")

    def _sent(
        self, ours: Resource, there: _There, referral: Referral, fhir: FhirWriter, now: datetime
    ) -> Outcome | None:
        """None if it has been there all the time, and the search did not find it."""
        theirs = there.resource
        if theirs is None:
            return "created" if self._create(ours, there.condition, referral, fhir, now) else None
        both = merged(theirs, ours)
        if both is theirs:
            self._confirm(ours["resourceType"], referral, seen(theirs), now)
            return "same"
        self._update(both, referral, fhir, now)
        return "updated"

    def _there(self, writing: Writing, referral: Referral, fhir: FhirWriter, now: datetime) -> _There:
        known = self._remotes.get(referral.id, writing.kind)
        if known is None or not known.id:
            return self._found(writing.kind, referral, fhir, now)
        try:
            theirs = fhir.read(f"{writing.kind}/{known.id}")
        except FhirWriteError as error:
            if error.word not in ("gone", "not_found"):
                raise
            if not writing.anew:
                raise FhirWriteError("gone") from None
        else:
            if names_another(theirs, referral.subject):
                raise AnotherPatientError
            return _There(theirs)
        self._remotes.drop(referral.id, writing.kind)
        return self._found(writing.kind, referral, fhir, now)

    def _found(self, kind: str, referral: Referral, fhir: FhirWriter, now: datetime) -> _There:
        """The patient's oldest one with our identifier: made by us, whose answer was lost, or from our card.

        Asked before the first write as well: not every server knows If-None-Exist. What bears our identifier
        and does not name the patient is passed over, and people are told.
        """
        query = _query(referral)
        rows = fhir.search(f"{kind}?{query}").resources
        rows = tuple(row for row in rows if row.get("resourceType") == kind and row.get("id"))
        mine = [row for row in rows if names_patient(row, referral.subject)]
        if len(mine) < len(rows) and referral.subject is not None:
            self._book.attend(referral.id, DIFFERS, True, ANOTHER_PATIENT, now)
            query = f"{query}&{query_of(referral.subject)}"
        oldest = min(mine, key=lambda row: (seen(row).stamp, str(row["id"])), default=None)
        return _There(oldest, query)

    def _ours(self, kind: str, referral: Referral, *, named: bool) -> Resource:
        ours = self._form(kind, referral, self._remotes.all_of(referral.id))
        return ours if named else {name: value for name, value in ours.items() if name != _WHO}

    def _create(
        self, ours: Resource, condition: str, referral: Referral, fhir: FhirWriter, now: datetime
    ) -> bool:
        """False if it was there, and the search did not find it."""
        kind = ours["resourceType"]
        self._try(kind, referral, ours, now)
        written = fhir.create(ours, if_none_exist=condition)
        if written.created:
            self._wrote(kind, referral, ours, written, now)
            return True
        theirs = fhir.read(f"{kind}/{written.id}")
        if not names_patient(theirs, referral.subject):
            raise AnotherPatientError
        self._learner.take(referral, theirs, now)
        return False

    def _update(self, ours: Resource, referral: Referral, fhir: FhirWriter, now: datetime) -> None:
        kind = ours["resourceType"]
        self._try(kind, referral, ours, now)
        written = fhir.update(ours, if_match=seen(ours).version)
        self._wrote(kind, referral, ours, written, now)

    def _try(self, kind: str, referral: Referral, ours: Resource, now: datetime) -> None:
        """Notes what is about to be sent: if no answer comes, this is how it is known again."""
        known, code = self._remotes.get(referral.id, kind) or Remote(), code_of(ours)
        if code not in known.tried:
            self._remotes.keep(referral.id, kind, replace(known, tried=(*known.tried, code)), now)

    def _wrote(self, kind: str, referral: Referral, ours: Resource, written: Written, now: datetime) -> None:
        there = seen(written.resource or {**ours, "meta": {}})
        there = replace(there, id=written.id, version=written.version or there.version)
        sent = RemoteResource(kind, there.id, there.version, referral.state, now)
        self._book.wrote(referral.id, sent, now)
        self._confirm(kind, referral, there, now)

    def _confirm(self, kind: str, referral: Referral, there: Remote, now: datetime) -> None:
        self._remotes.keep(referral.id, kind, replace(there, state=referral.state, tried=()), now)


def _names_somebody(ours: Resource, theirs: Resource | None) -> bool:
    """Whether it is we who name a person there, and not those at the EHR."""
    return _WHO in ours and _WHO not in (theirs or {})


def _query(referral: Referral) -> str:
    return f"identifier={quote(f'{REFERRAL_SYSTEM}|{referral.identifier}', safe='')}"
