"""What a resource says that was just read at its FHIR server: our own write, or a change made there.

Whatever is read twice, late or in any order changes nothing: a version that was seen before, or an older one,
is passed over, and that a version was seen is noted in the transaction that takes it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cds_service.observing import metrics
from cds_service.referrals import reasons
from cds_service.referrals.book import Book
from cds_service.referrals.identity import REFERRAL_SYSTEM
from cds_service.referrals.records import Learned, Referral
from cds_service.referrals.records import Remote as RemoteResource
from cds_service.referrals.states import State, state_of_task
from cds_service.synchronising.exchange.merging import (
    changed_business_status,
    code_of,
    code_of_state,
    own_business_status,
    state_of_other,
)
from cds_service.synchronising.exchange.remotes import Remote, Remotes
from cds_service.synchronising.exchange.whose import names_another, names_patient
from mappings.reading.fhir_elements import private_line

_MOST_WORDS = 1000
"""Characters of a reason in words that are taken over. Ours."""


def identifiers_of(resource: Mapping[str, Any]) -> list[str]:
    """The values of our identifiers on a resource."""
    held = resource.get("identifier")
    return [
        str(one.get("value", ""))
        for one in (held if isinstance(held, list) else [held])
        if isinstance(one, dict) and one.get("system") == REFERRAL_SYSTEM
    ]


def seen(resource: Mapping[str, Any], version: str = "") -> Remote:
    """A resource as it was read; its state is not known yet."""
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return Remote(
        str(resource.get("id", "")),
        str(meta.get("versionId", "")) or version,
        str(meta.get("lastUpdated", "")),
        code_of(resource),
    )


class Learner:
    """Takes in what was read. ``StorageAwayError`` while the database is away: then nothing was taken in."""

    def __init__(self, book: Book, remotes: Remotes) -> None:
        self._book, self._remotes = book, remotes

    def take(self, referral: Referral, resource: Mapping[str, Any], now: datetime) -> Referral:
        """The referral as it stands with what the resource says."""
        kind, found = str(resource["resourceType"]), seen(resource)
        known = self._remotes.get(referral.id, kind)
        if known is None or not known.id:
            if not names_patient(resource, referral.subject):
                return referral  # the write that is waiting tells people
            known = self._adopt(referral, kind, found, known or Remote(), now)
        elif known.id != found.id or _is_old(found, known):
            return referral
        foreign = names_another(resource, referral.subject)
        if not foreign and not self._is_change(referral, kind, found, known):
            self._remotes.keep(referral.id, kind, _noted(found, known, referral), now)
            return referral
        return self._learn(referral, resource, found, known, now)

    def _adopt(self, referral: Referral, kind: str, found: Remote, known: Remote, now: datetime) -> Remote:
        """It is there: made by us, whose answer was lost, or by the EHR from our card."""
        self._book.wrote(referral.id, RemoteResource(kind, found.id, "", None, now), now)
        adopted = replace(known, id=found.id)
        self._remotes.keep(referral.id, kind, adopted, now)
        return adopted

    def _is_change(self, referral: Referral, kind: str, found: Remote, known: Remote) -> bool:
        """Whether somebody at the EHR did something to how far the referral is."""
        if found.code == known.code or found.code in known.tried:
            return False
        if known.code or known.tried:
            return True
        if kind == "ServiceRequest" and found.code == "open":
            return False
        # Ours, but not in our notes: a key was taken out of the ring, or a backup was restored.
        return found.code not in self._codes_of_the_past(referral, kind)

    def _codes_of_the_past(self, referral: Referral, kind: str) -> set[str]:
        """What we may have written so far; what was refused never stood here."""
        known = [one for one in self._book.history(referral.id) if one.kind != "refused"]
        moved = [(one.from_state, one.to_state) for one in known if one.to_state]
        return {code_of_state(kind, to, start) for start, to in moved}

    def _still_says_what_was_refused(self, referral: Referral, resource: Mapping[str, Any]) -> bool:
        """Whether a Task's status came back to ours, beside a business status that never was ours."""
        known = [one for one in self._book.history(referral.id) if one.kind != "refused"]
        return own_business_status(resource) not in {"", *(one.to_state for one in known)}

    def _learn(
        self,
        referral: Referral,
        resource: Mapping[str, Any],
        found: Remote,
        known: Remote,
        now: datetime,
    ) -> Referral:
        foreign = names_another(resource, referral.subject)
        state = None if foreign else _state(referral, resource, known)
        if state is referral.state and self._still_says_what_was_refused(referral, resource):
            state = None
        noted = replace(found, state=state or "", tried=known.tried)
        kind = str(resource["resourceType"])
        reason, words = _reason(resource)
        learned = Learned(kind, found.id, found.version, state, reason=reason, words=words)
        happened = self._book.learned(referral.id, learned, now)
        self._remotes.keep(referral.id, kind, noted, now)
        metrics.SYNC_LEARNED.labels(referral.client, kind, happened.what).inc()
        return happened.referral


def _is_old(found: Remote, known: Remote) -> bool:
    """Whether this version was seen before, or comes before one that was."""
    if found.version and found.version == known.version:
        return True
    if found.version.isdecimal() and known.version.isdecimal():
        return int(found.version) < int(known.version)
    return bool(found.stamp and known.stamp) and found.stamp < known.stamp


def _noted(found: Remote, known: Remote, referral: Referral) -> Remote:
    """What is kept of a version in which nothing is news."""
    if found.code == known.code:
        return replace(found, state=known.state, tried=known.tried)
    return replace(found, state=referral.state, tried=known.tried)


def _state(referral: Referral, resource: Mapping[str, Any], known: Remote) -> State | None:
    if resource["resourceType"] != "Task":
        return state_of_other(resource)
    business = changed_business_status(resource, known.code)
    status = str(resource.get("status", ""))
    return state_of_task(business, status, referral.state, referral.left_from)


def _reason(resource: Mapping[str, Any]) -> tuple[str, str]:
    """Why, as a code of ours and in words, as far as a Task says it."""
    concept = resource.get("statusReason")
    if not isinstance(concept, dict):
        return "", ""
    codings = concept.get("coding")
    codes = [
        str(one.get("code", ""))
        for one in (codings if isinstance(codings, list) else ())
        if isinstance(one, dict) and one.get("system") == reasons.SYSTEM
    ]
    words = concept.get("text")
    return (codes[0] if codes else ""), (private_line(words, _MOST_WORDS) if isinstance(words, str) else "")
