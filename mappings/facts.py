"""Typed facts of a patient record. Nothing downstream sees FHIR JSON.

Named tuples rather than frozen dataclasses: equally immutable, and several times cheaper to make, which
is what a record of some thousand results needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mappings.amounts import Amount
from mappings.dates import When
from mappings.results import Gap, Unreadable
from mappings.verdicts import Reason


class Result(NamedTuple):
    """One result: an Observation, a component of one, or what a pathology report says.

    ``amount`` is in the concept's canonical unit, ``tokens`` are answers ("positive", "low", "IV").
    ``problem`` is set where the result exists but cannot be used as it stands, and then says why.
    ``text`` is the value as written, with its unit; empty for a plain number, whose words are made only for
    the few results that are shown.
    """

    concept: str
    when: When
    reference: str
    text: str
    amount: Amount | None = None
    tokens: frozenset[str] = frozenset()
    unit: str = ""
    problem: Reason | None = None
    note: str = ""


class Diagnosis(NamedTuple):
    """A Condition. ``confirmed``: None if provisional, differential or not said for an inactive one.

    ``begun``: when it began, where its code or name tells how long it had lasted by its date, else None.
    """

    concept: str
    reference: str
    text: str
    clinical_status: str
    confirmed: bool | None
    onset: When | None
    abatement: When | None
    recorded: When | None
    note: str = ""
    begun: When | None = None


class Performed(NamedTuple):
    """A Procedure. ``done``: None if it is not known to be completed."""

    concept: str
    reference: str
    text: str
    when: When
    done: bool | None
    note: str = ""


class Exposure(NamedTuple):
    """One drug record. ``end`` is None while it is ongoing or open.

    ``source``: how it is known; ordered is not taken, and the evidence says which. ``by_name``: the
    ingredient was recognised by name in a text, not by a code. ``last_given``: when the last of what was
    given over some time was, without the days for which it works on; None if all was given at the start.
    """

    concept: str
    reference: str
    text: str
    source: Literal["ordered", "stated", "given", "dispensed"]
    start: When
    end: When | None
    by_name: bool = False
    problem: Reason | None = None
    note: str = ""
    last_given: When | None = None


class StudyParticipation(NamedTuple):
    """A ResearchSubject: the study's identifiers and references, and the R4 status."""

    reference: str
    study: frozenset[str]
    status: str
    label: str


class Attestation(NamedTuple):
    """A clinician's answer to a question of a trial's worksheet.

    ``answer`` is "yes", "no", a whole number as text, or "unsure", which takes an earlier answer back.
    ``settles`` is the criterion that the question is about, or empty. ``by`` names who answered; ``note`` is
    free text of theirs. ``problem`` is set where something was answered that cannot be used, and says why; it
    still stands before an earlier answer.
    """

    trial: str
    question: str
    settles: str
    answer: str
    when: When
    reference: str
    by: str
    note: str = ""
    problem: Reason | None = None


class Strike(NamedTuple):
    """A clinician's word that an item of a score has another cause, for one trial.

    ``cause`` is a code of ours (mappings/attesting/codes.py), ``words`` free text beside it. ``withdrawn``
    takes an earlier strike of the same item back. ``problem``: as of an Attestation.
    """

    trial: str
    score: str
    item: str
    cause: str
    when: When
    reference: str
    by: str
    words: str = ""
    withdrawn: bool = False
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """The Patient resource. ``deceased`` is a day (or an undated one) if the patient died."""

    reference: str
    birth: When | None
    gender: str
    deceased: When | None = None
    inactive: bool = False
    merged: bool = False
    birth_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """What became of the entries that came in; the four add up to ``received``."""

    received: int = 0
    read: int = 0
    irrelevant: int = 0
    unreadable: int = 0
    other_patient: int = 0


def _nothing(_concept: str) -> Gap | None:
    return None


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """Typed facts by concept id, plus what was not retrieved and what could not be read.

    ``hints`` are diagnoses known only as the reason for a drug: shown, never counted. ``attestations`` and
    ``strikes`` are what clinicians said on worksheets, of all trials and days.
    ``gap`` answers, for a concept, whether something that it needs was not (all) read.
    Lists are in the order of the input; evaluators sort.
    """

    patient: PatientFacts
    results: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    diagnoses: Mapping[str, tuple[Diagnosis, ...]] = field(default_factory=dict)
    procedures: Mapping[str, tuple[Performed, ...]] = field(default_factory=dict)
    exposures: Mapping[str, tuple[Exposure, ...]] = field(default_factory=dict)
    participations: tuple[StudyParticipation, ...] = ()
    hints: Mapping[str, tuple[Diagnosis, ...]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    counts: ReadCounts = ReadCounts()
    gap: Callable[[str], Gap | None] = _nothing
    attestations: tuple[Attestation, ...] = ()
    strikes: tuple[Strike, ...] = ()
