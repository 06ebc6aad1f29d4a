"""What a referral is to whoever works with it. What names a person or a value is left out of every repr."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals.changes import Change
from cds_service.referrals.states import State
from cds_service.storage.people import Person, user_of
from cds_service.storage.records import Subject

Source = Literal["card", "worksheet", "worklist", "ehr"]
EventKind = Literal["moved", "asked", "noted", "assessed", "looked", "written", "learned", "refused"]
EVENTS: tuple[EventKind, ...] = (
    "moved",  # somebody here moved it, or opened it
    "asked",  # somebody referred a patient whose referral had been left
    "noted",  # a note
    "assessed",  # a re-assessment said something else than the one before
    "looked",  # somebody looked at what needed a look, and it does not any more
    "written",  # the EHR has it now
    "learned",  # it was moved because of a change made at the EHR
    "refused",  # a change made at the EHR that may not follow, or what the EHR did not take
)
ResourceKind = Literal["ServiceRequest", "Task", "ResearchSubject"]
KINDS: tuple[ResourceKind, ...] = ("ServiceRequest", "Task", "ResearchSubject")

ATTENTION = (
    "no-longer-meets",  # a criterion is not met any more, or the patient is dead, merged or inactive
    "needs-data",  # what made the patient a candidate is not known any more: too old, say
    "meets-again",  # one of these was so, and is not any more
    "asked-again",  # referred again after it was left
    "changed-in-ehr",  # moved by a change made at the EHR
    "differs-in-ehr",  # changed at the EHR to what may not follow here
    "not-written",  # could not be written to the EHR for a while
    "gone-in-ehr",  # what was written there has been deleted there
    "trial-full",
    "trial-closed",
    "trial-paused",
)
"""Every word that asks for a look, in the order in which they are told. The last three are never stored."""

SERVICE_ROLE, EHR_ROLE, CLINICIAN_ROLE = "service", "ehr", "clinician"

_PRACTITIONER = re.compile(r"(?:Practitioner|PractitionerRole)/[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Who:
    """Who changes something. ``account_id`` is that of an account of ours ("issuer|subject", "local|name"),
    or the reference by which an EHR names its user ("Practitioner/7"), or "" where nobody is known.
    """

    account_id: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    role: str = SERVICE_ROLE

    def person(self, client: str, tenant: str) -> Person | None:
        """As whom the database knows them; the same as in the feedback of cards for a user of an EHR."""
        if not self.account_id:
            return None
        if "|" in self.account_id:
            return ("staff", self.account_id)
        return user_of(client, tenant, self.account_id)

    @property
    def practitioner(self) -> str:
        """Their FHIR reference on the patient's server, if they are a clinician there; else ""."""
        return self.account_id if _PRACTITIONER.fullmatch(self.account_id) else ""


SERVICE = Who()


@dataclass(frozen=True, slots=True)
class Opening:
    """A referral to be made. ``state`` is SUGGESTED only for a candidate who is set aside without one.

    ``was_suggested``: the patient was a silent candidate. ``traces``, ``gate`` and ``outcome`` are those of
    the assessment that it rests on, if there was one. ``patient_name`` is shown to study staff, if known.
    """

    subject: Subject = field(repr=False)
    trial: str
    who: Who
    source: Source
    at: datetime
    state: Literal[State.SUGGESTED, State.REFERRED] = State.REFERRED
    was_suggested: bool = False
    why: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    traces: tuple[CriterionTrace, ...] = ()
    gate: str = ""
    outcome: str = ""
    assessed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """One patient's referral to one trial, as it stands.

    ``id`` is random and stands in our URLs, ``identifier`` ties the FHIR resources together. ``version``
    counts moves. ``entered``: when it came into its state; ``changed``: when somebody last did something.
    ``left_from``: the state in which it was left. ``attention`` holds what is stored of ``ATTENTION``.
    ``subject`` is None if the key that encrypted it is no longer in the ring: then nothing else of the
    patient is known either. ``changes``: what a re-assessment found no longer met. ``referrer``: who
    referred, as a FHIR reference on the patient's server, or "".
    """

    id: str
    identifier: str
    client: str
    tenant: str
    trial: str
    state: State
    version: int
    source: str
    opened: datetime
    entered: datetime
    changed: datetime
    left_from: State | None = None
    reason: str = ""
    attention: tuple[str, ...] = ()
    assessed: datetime | None = None
    outcome: str = ""
    gate: str = ""
    traces: tuple[CriterionTrace, ...] = ()
    subject: Subject | None = field(default=None, repr=False)
    patient_name: str = field(default="", repr=False)
    referrer: str = field(default="", repr=False)
    changes: tuple[Change, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a referral's history. ``version``: the referral's after it; only a move makes a new one.

    ``readable``: whether the key that encrypted ``name``, ``why`` and ``changes`` is still in the ring.
    """

    number: int
    version: int
    at: datetime
    kind: EventKind
    from_state: str
    to_state: str
    reason: str
    role: str
    name: str = field(default="", repr=False)
    why: str = field(default="", repr=False)
    changes: tuple[Change, ...] = field(default=(), repr=False)
    readable: bool = True


class Terms(NamedTuple):
    """What of a referral is kept at a client's FHIR server, and that server's base where there is but one."""

    kinds: tuple[ResourceKind, ...] = ()
    base: str = ""


@dataclass(frozen=True, slots=True)
class Remote:
    """A resource of a referral at its FHIR server. ``state``: that for which it stood when it was last seen,
    None if that could not be said.
    """

    kind: str
    id: str = field(repr=False)
    version: str
    state: State | None
    seen: datetime


@dataclass(frozen=True, slots=True)
class Learned:
    """A resource as it was just read at its server. ``state``: what it stands for (``states.state_of_task``);
    None if that cannot be said. ``who``, ``reason`` (a code of ours) and ``words`` as far as it says them.
    """

    kind: str
    id: str = field(repr=False)
    version: str
    state: State | None
    who: str = field(default="", repr=False)
    reason: str = ""
    words: str = field(default="", repr=False)


class Happened(NamedTuple):
    """What came of something learned: ``nothing`` new, ``moved``, ``differs`` (a person has to look), or
    ``ours`` is newer and is still to be written.
    """

    what: Literal["nothing", "moved", "differs", "ours"]
    referral: Referral


class ReferralRecord(NamedTuple):
    """A change of a referral, for the audit trail."""

    at: datetime
    client: str
    tenant: str
    trial: str
    referral: str
    kind: str
    from_state: str
    to_state: str
    who: Who
    subject: Subject | None


class ReferralError(Exception):
    """A change that is refused. Says nothing of the patient."""


class NotFoundError(ReferralError):
    """There is no such referral (any more)."""


class NotAllowedError(ReferralError):
    """A move that may not follow, or one without a reason or the words that it needs."""

    def __init__(self, fault: Literal["move", "reason", "words"], state: State, to: State) -> None:
        self.fault, self.state, self.to = fault, state, to
        super().__init__(f"{fault}: {state} to {to}")


class NoPlaceError(ReferralError):
    """The trial has no place left: ``enrolled`` of ``places`` are taken."""

    def __init__(self, places: int, enrolled: int) -> None:
        self.places, self.enrolled = places, enrolled
        super().__init__(f"{enrolled} of {places} places are taken")


class ConflictError(ReferralError):
    """Somebody else moved it meanwhile: ``current`` is how it stands, ``since`` what happened in between."""

    def __init__(self, current: Referral, since: tuple[Event, ...]) -> None:
        self.current, self.since = current, since
        super().__init__(f"changed meanwhile, {len(since)} times")
