"""The closed set of rule kinds. A new kind is a class here, an evaluator, a spec table and a paragraph.

Concept names in ``of`` are already checked and groups already expanded when a rule is built, to ``Named``;
amounts are already in the concept's canonical unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mappings.amounts import Bound
from mappings.dates import Window

Pick = Literal["latest", "any"]


class Named(tuple[str, ...]):
    """The concepts that a rule names, groups replaced by their members.

    ``written`` keeps the author's own names, groups among them, for people: a rule is called what its author
    called it, never by a group that happens to have the same members.
    """

    written: tuple[str, ...]

    def __new__(cls, concepts: Iterable[str] = (), written: Iterable[str] | None = None) -> Named:
        made = super().__new__(cls, concepts)
        made.written = tuple(made if written is None else written)
        return made


def written_in(names: Iterable[str]) -> tuple[str, ...]:
    """The names as the author wrote them."""
    return names.written if isinstance(names, Named) else tuple(names)


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold."""

    of: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must hold. With a judgement among the parts, whatever does not hold for sure is for a person
    to judge: UNKNOWN, ``needs_judgement``, unless something was not retrieved.

    With ``conflicting_when_older_by``: if the part that holds rests on a result older by more than this
    than a result on which another part fails, the verdict is UNKNOWN, conflicting.
    With ``passing_over_absent``: parts that are UNKNOWN only because nothing is there (not found or too
    old) do not keep the others from deciding; if nothing is there for any part it stays UNKNOWN.
    """

    of: tuple[Rule, ...]
    conflicting_when_older_by: Window | None = None
    passing_over_absent: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    of: Rule


@dataclass(frozen=True, slots=True)
class AtLeast:
    """``count`` of the parts must hold."""

    count: int
    of: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Age:
    """Complete years on the day."""

    bounds: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class Sex:
    """Administrative gender. For female and male, "other", "unknown" and absence are UNKNOWN;
    "not_stated" holds for just these."""

    is_: Literal["female", "male", "not_stated"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Results of one concept against bounds, all of which must hold.

    ``after_last``: only results after the last exposure to these drugs, or after the last Condition,
    Procedure or result of these concepts, count; others are too old.
    ``absent_means_not_met``: the author's visible claim that no record means no.
    """

    of: str
    bounds: tuple[Bound, ...]
    within: Window | None = None
    pick: Pick = "latest"
    after_last: tuple[str, ...] = ()
    absent_means_not_met: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Coded answers of one concept: holds if the answer is one of ``is_``.

    ``is_`` may hold "recorded": any result at all on record.
    ``otherwise_not_met`` (pick any, no window): if answers exist and none is in ``is_``, NOT_MET.
    ``unless_followed_by``: a fact of these concepts dated on or after the result ends it (NOT_MET).
    ``older_means_not_met``: the author's visible claim that a result before the window no longer says so.
    """

    of: str
    is_: frozenset[str]
    within: Window | None = None
    pick: Pick = "latest"
    after_last: tuple[str, ...] = ()
    absent_means_not_met: bool = False
    otherwise_not_met: bool = False
    unless_followed_by: tuple[str, ...] = ()
    older_means_not_met: bool = False


@dataclass(frozen=True, slots=True)
class ConditionRule:
    """A confirmed Condition of one of the concepts.

    ``clinical_status``: FHIR codes that count; empty means any but inactive and resolved, and with
    ``ever`` any at all. ``within`` is about onset or recurrence, ``recorded_within`` about recordedDate.
    ``onset_age_at_least``: complete years at onset; an earlier or unknown onset is UNKNOWN.
    ``followed_by``: criteria that must be MET by evidence dated after the Condition's date.
    ``unless_followed_by``: a fact of these concepts (any kind) dated on or after it ends it (NOT_MET).
    ``older_means_not_met``: the author's visible claim that an onset before the window no longer counts.
    """

    of: tuple[str, ...]
    clinical_status: frozenset[str] = frozenset()
    ever: bool = False
    within: Window | None = None
    recorded_within: Window | None = None
    onset_age_at_least: int | None = None
    followed_by: tuple[str, ...] = ()
    unless_followed_by: tuple[str, ...] = ()
    absent_means_not_met: bool = False
    older_means_not_met: bool = False


@dataclass(frozen=True, slots=True)
class ProcedureRule:
    """A completed Procedure of one of the concepts, ever or within a window."""

    of: tuple[str, ...]
    within: Window | None = None
    absent_means_not_met: bool = False


@dataclass(frozen=True, slots=True)
class DrugRule:
    """A drug of one of the concepts was given, on any day or on one of a window, and may still be.

    ``older_means_not_met``: the author's visible claim that where only older records of these drugs are, none
    of them was given since.
    """

    of: tuple[str, ...]
    within: Window | None = None
    absent_means_not_met: bool = False
    older_means_not_met: bool = False


@dataclass(frozen=True, slots=True)
class Treatment:
    """Drug exposure, ongoing on the day, for more than a period, then shown not to have worked.

    MET if some drug of ``of`` and, when given, some drug of ``together_with`` (changing between them
    does not restart the clock) have both been given without a break up to the day for strictly more than
    ``for_more_than``, and, when given, one criterion of ``still_active_by`` is MET by evidence dated
    after that period had passed. ``also_show`` concepts are shown as evidence and never counted.
    """

    of: tuple[str, ...]
    together_with: tuple[str, ...] = ()
    for_more_than: Window | None = None
    still_active_by: tuple[str, ...] = ()
    also_show: tuple[str, ...] = ()
    absent_means_not_met: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """A score reaches a threshold (see ScoreDefinition)."""

    of: str
    at_least: int
    within: Window | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Only a person can say: always UNKNOWN, with the latest results of ``show`` beside the question."""

    question: str
    show: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CriterionRef:
    """The verdict of another criterion of the same trial."""

    id: str


Rule = (
    All
    | AnyOf
    | Not
    | AtLeast
    | Age
    | Sex
    | Measurement
    | Finding
    | ConditionRule
    | ProcedureRule
    | DrugRule
    | Treatment
    | Score
    | Judgement
    | CriterionRef
)
