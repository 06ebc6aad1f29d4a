"""What an assessment says: verdicts with their evidence. The only types that ``cards`` may read."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

from mappings.verdicts import Reason, Verdict

RecordReason = Literal["", "deceased", "inactive", "merged"]
Outcome = Literal["possible-candidate", "needs-data", "ruled-out"]
CriterionKind = Literal["inclusion", "exclusion"]


class Evidence(NamedTuple):
    """One fact behind a verdict, or the statement that there is none.

    ``concept`` is a concept id and ``label`` its words; ``text`` is the value as a clinician writes it
    ("1.4 g/g", "class IV + V", "prednisone, ordered"). ``reference`` is a FHIR reference such as
    ``Observation/12``. ``counts_until`` is the last day on which a dated fact still counts.
    ``value``, ``text`` and ``note`` may hold words from the record: escape before showing.
    """

    concept: str
    label: str
    reason: Reason
    text: str = ""
    value: float | str | None = None
    unit: str = ""
    date: str = ""
    reference: str = ""
    counts_until: datetime.date | None = None
    note: str = ""
    window: str = ""


EVIDENCE: Callable[[tuple[Any, ...]], Evidence] = partial(tuple.__new__, Evidence)
"""Evidence from all its parts at once, in a third of the time: an assessment makes dozens."""


ANSWER, STRIKE = "answer", "strike"
"""Concepts of evidence that is what a clinician said on a worksheet: an answer, and another cause."""


class CriterionResult(NamedTuple):
    """One criterion's verdict. ``not_applicable`` criteria are MET and left out of every count.

    ``label`` is the criterion's short name ("Proteinuria"), ``protocol`` the source's own words.
    ``to_settle`` lists the concepts whose result could decide an unknown, orderable ones first.
    An exclusion (``kind``) is MET where it does not exclude the patient.
    """

    id: str
    label: str
    verdict: Verdict
    reason: Reason
    evidence: tuple[Evidence, ...] = ()
    protocol: str = ""
    interpretation: tuple[str, ...] = ()
    to_settle: tuple[str, ...] = ()
    kind: CriterionKind = "inclusion"

    @property
    def applies(self) -> bool:
        return self.reason is not Reason.NOT_APPLICABLE


CRITERION_RESULT: Callable[[tuple[Any, ...]], CriterionResult] = partial(tuple.__new__, CriterionResult)


class ScoreItemResult(NamedTuple):
    """One descriptor of a score. ``settled_by`` is "laboratory" or "examination"."""

    id: str
    label: str
    points: int
    verdict: Verdict
    settled_by: str
    may_have_other_cause: bool = False
    evidence: tuple[Evidence, ...] = ()

    @property
    def struck(self) -> Evidence | None:
        """Who said that the item has another cause, and which, if that is why it does not count."""
        return self.evidence[0] if self.is_disputed and self.verdict is Verdict.NOT_MET else None

    @property
    def is_disputed(self) -> bool:
        """Whether a clinician said that it has another cause, or something that cannot be read."""
        return bool(self.evidence) and self.evidence[0].concept == STRIKE


SCORE_ITEM_RESULT: Callable[[tuple[Any, ...]], ScoreItemResult] = partial(tuple.__new__, ScoreItemResult)


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """A score as the interval from what the record shows to what it could be.

    ``undecided`` holds item ids, those that a laboratory can settle first. ``entry`` is None for a
    score without an entry criterion. ``basis`` is "recorded" if a clinician's total decided.
    ``threshold`` is the number that the trial asks for. ``recorded`` is the evidence of a recorded total.
    """

    id: str
    label: str
    at_least: int
    at_most: int
    basis: Literal["recorded", "computed"]
    undecided: tuple[str, ...]
    items: tuple[ScoreItemResult, ...]
    entry: Verdict | None = None
    threshold: int | None = None
    recorded: Evidence | None = None


class WorksheetAnswer(NamedTuple):
    """The latest answer to a question of the worksheet: the question's id and words, the criterion that it
    settles or "", and the answer as evidence; several if those of one instant differ."""

    question: str
    text: str
    settles: str
    state: Literal["current", "unsure", "conflicting", "unreadable", "too_old"]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not read. What was not read proves nothing.

    ``codes`` limits the gap to ``system|code`` tokens (None: the whole resource type).
    ``newest_first``: the rows that did arrive are complete down to the oldest of them.
    ``what`` says it for people ("Observation: deadline of 2 s reached").
    """

    resource_type: str
    what: str
    codes: frozenset[str] | None = None
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A resource or value that could not be read; ``what`` names the fault, never the value."""

    reference: str
    what: str


@dataclass(frozen=True, slots=True)
class Orderable:
    """A test that can be ordered for a concept: what a ServiceRequest needs."""

    concept: str
    label: str
    system: str
    code: str
    display: str


How = Literal[
    "chart", "bedside", "urine", "blood", "records", "urine-24h", "imaging", "examination", "biopsy"
]
"""How a missing fact is had: a second look at what the chart holds; asked or measured at the bedside; a urine
or blood sample; records of other places; a collection over 24 hours; imaging; an examination; a biopsy."""

WantKind = Literal[
    "greater_than", "at_least", "less_than", "at_most", "one_of", "none_of", "present", "absent"
]


class Want(NamedTuple):
    """What a fact has to say. ``limit`` is that of a comparison, as the author wrote it ("1.0 g/g");
    ``answers`` are those of ``one_of`` and ``none_of``, without the finer grades of a class."""

    kind: WantKind
    limit: str = ""
    answers: tuple[str, ...] = ()


class MissingFact(NamedTuple):
    """One fact that the record lacks: about which concept, what it would have to say (all of ``wanted``), how
    it is had, and the ids of the criteria that it bears on."""

    concept: str
    label: str
    how: How
    wanted: tuple[Want, ...]
    criteria: tuple[str, ...]


class NextStep(NamedTuple):
    """What is done in one go: a look, a question, a sample, a biopsy.

    ``label`` is empty unless several facts come of one test ("Urine sediment"). ``orders`` are the tests to
    order for it, with those always ordered beside them; none if nothing can be ordered, or need be.
    """

    how: How
    label: str
    effort: int
    facts: tuple[MissingFact, ...]
    orders: tuple[Orderable, ...] = ()


class NextStepSet(NamedTuple):
    """Steps that together could make every computable criterion met; without any of them they could not."""

    effort: int
    steps: tuple[NextStep, ...]


class NextSteps(NamedTuple):
    """What would settle an assessment that rules nobody out.

    ``sets``: the least effort first, no two by the same steps; ``more`` if there are others.
    ``could_rule_out``: facts any one of which, if it said so, would rule the patient out. ``needs_a_person``:
    ids of the unknown criteria that only a person can judge; ``not_yet``: of those that no fact of today can
    make met.
    """

    sets: tuple[NextStepSet, ...] = ()
    more: bool = False
    could_rule_out: tuple[MissingFact, ...] = ()
    needs_a_person: tuple[str, ...] = ()
    not_yet: tuple[str, ...] = ()


NearMissKind = Literal["short_of", "over", "reached_on", "counts_until", "counted_until", "rules_out_until"]


class NearMiss(NamedTuple):
    """By how much a value misses a limit, or when time alone changes what counts.

    ``short_of`` and ``over``: ``amount`` in ``unit`` is missing to, or beyond, the ``limit``. ``reached_on``:
    the first day on which the limit is reached. ``counts_until``, ``counted_until``: the last day on which a
    fact counts, or counted. ``rules_out_until``: the last day on which a fact speaks against the patient.
    ``text`` is the value as written and may hold words from the record: escape before showing.
    """

    criterion: str
    kind: NearMissKind
    concept: str
    label: str
    text: str = ""
    limit: str = ""
    amount: float | None = None
    unit: str = ""
    date: datetime.date | None = None


class Outlook(Protocol):
    """What lies ahead of an assessment; worked out when it is asked for."""

    def next_steps(self) -> NextSteps:
        """What would settle what is open; nothing for a patient who is ruled out."""

    def near_misses(self) -> tuple[NearMiss, ...]:
        """What failed by how much, and when windows close and open, in the order of the criteria."""

    def last_days(self) -> Mapping[str, datetime.date]:
        """By id, the last day on which a met criterion still is by what is on record; none, no entry."""


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """What people need to know of the trial beside its criteria.

    ``reviewed_by`` and ``reviewed_on`` are of a signature on what the definition says now; a signature on
    anything else does not show.
    """

    id: str
    title: str
    short_title: str
    status: str
    version: str
    digest: str
    registry_url: str
    registry_copy_of: datetime.date
    reviewed_by: str = ""
    reviewed_on: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """The overlay of a site's own codes and units with which was assessed: its name, and what it adds."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """One trial and one patient on one day.

    ``gate_evidence`` is what the gate rests on. ``enrolment`` is the R4 ResearchSubject status if the
    patient is already a subject of this study; ``other_studies`` describes other interventional studies.
    ``orderable`` maps concept ids that could settle an unknown to the test to order. ``site`` is None
    where the definitions were used as they are. ``answers`` are what clinicians answered on the trial's
    worksheet, whether or not it settles a criterion. ``outlook`` answers ``next_steps`` and
    ``near_misses``, on the very record that was assessed.
    """

    trial: TrialFacts
    patient: str
    as_of: datetime.date
    outcome: Outcome
    criteria: tuple[CriterionResult, ...] = ()
    record_reason: RecordReason = ""
    gate: Verdict = Verdict.UNKNOWN
    gate_evidence: tuple[Evidence, ...] = ()
    scores: tuple[ScoreResult, ...] = ()
    not_encoded: tuple[str, ...] = ()
    not_retrieved: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    enrolment: str = ""
    other_studies: tuple[str, ...] = ()
    shown: tuple[Evidence, ...] = ()
    orderable: Mapping[str, Orderable] = field(default_factory=dict)
    outlook: Outlook | None = field(default=None, compare=False, repr=False)
    site: SiteFacts | None = None
    answers: tuple[WorksheetAnswer, ...] = ()

    @property
    def next_steps(self) -> NextSteps:
        """The sets of missing facts that could make every computable criterion met."""
        return NextSteps() if self.outlook is None else self.outlook.next_steps()

    @property
    def near_misses(self) -> tuple[NearMiss, ...]:
        """What failed by how much, and when windows close and open."""
        return () if self.outlook is None else self.outlook.near_misses()

    @property
    def last_days(self) -> Mapping[str, datetime.date]:
        """The last day on which a met criterion still is by what is on record, by id, where it has one."""
        return {} if self.outlook is None else self.outlook.last_days()

    def counts(self) -> tuple[int, int, int]:
        """Met, unknown and not met among the criteria that apply."""
        verdicts = [criterion.verdict for criterion in self.criteria if criterion.applies]
        return (
            verdicts.count(Verdict.MET),
            verdicts.count(Verdict.UNKNOWN),
            verdicts.count(Verdict.NOT_MET),
        )
