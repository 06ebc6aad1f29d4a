"""What the YAML says, validated: trials, their criteria, and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mappings.concept import Concept, ConceptGroup
from mappings.dates import Window
from mappings.results import CriterionKind, SiteFacts, TrialFacts
from mappings.rules import Rule


@dataclass(frozen=True, slots=True)
class Criterion:
    """One requirement: the protocol's words, our reading of them, and the rule that encodes it.

    ``applies_when`` with ``require`` is implication: where it does not apply the criterion is MET,
    ``not_applicable``. ``kind``: under which heading the protocol has it; the contrary of what an exclusion
    criterion excludes stands in ``require``, so that every verdict is about what is required.
    """

    id: str
    label: str
    protocol: str
    interpretation: tuple[str, ...]
    require: Rule
    applies_when: Rule | None = None
    kind: CriterionKind = "inclusion"


YES, NO, UNSURE = "yes", "no", "unsure"
"""Answers to a question. To be unsure takes an earlier answer back."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a clinician is asked on the worksheet, since no record says it.

    ``settles`` is the criterion that an answer decides where the record leaves it unknown; empty if none.
    ``counts_for``: how long an answer counts, the day it was given included. ``least`` and ``most`` are the
    ends of a whole number; None for yes or no.
    """

    id: str
    text: str
    counts_for: Window
    least: int | None = None
    most: int | None = None
    settles: str = ""
    interpretation: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.least is not None

    @property
    def choices(self) -> tuple[str, ...]:
        """Every answer that there is, in the order in which they are offered."""
        if self.least is None or self.most is None:
            return YES, NO, UNSURE
        return *map(str, range(self.least, self.most + 1)), UNSURE


@dataclass(frozen=True, slots=True)
class Worksheet:
    """What a trial asks of a clinician. ``interpretation`` is how we read strikes of score items.

    ``strikes_count_for``: how long a strike counts in a score that is asked for without a look-back; in one
    with a look-back it counts for as long as a result does.
    """

    questions: tuple[Question, ...] = ()
    strikes_count_for: Window | None = None
    interpretation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recruitment:
    """Per deployment, beside what was signed: may change without touching the definition."""

    status: Literal["recruiting", "full", "closed", "unknown"]
    as_of: str
    sites: tuple[str, ...]
    contacts: tuple[str, ...]
    places: int | None = None


@dataclass(frozen=True, slots=True)
class TrialDefinition:
    """A whole trial. ``definitions`` are named rules already put in their places in the rules."""

    facts: TrialFacts
    criteria: tuple[Criterion, ...]
    show_card_when_met: Rule
    not_encoded: tuple[str, ...]
    gate_interpretation: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    recruitment: Recruitment | None = None
    worksheet: Worksheet = Worksheet()

    @property
    def id(self) -> str:
        return self.facts.id


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """One descriptor: its points, the domain in which only the highest counts, and its rule."""

    id: str
    label: str
    points: int
    domain: str
    group: str
    settled_by: Literal["laboratory", "examination"]
    require: Rule
    may_have_other_cause: bool = False
    interpretation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreDefinition:
    """A score: items, how they add up, its entry criterion, and where a recorded total is read.

    ``needs_group``: a threshold is reached only with at least one MET item of this group.
    Rules without ``within`` inside a score take the window of the rule that asks for the score; they
    pick any result.
    """

    id: str
    label: str
    maximum: int
    items: tuple[ScoreItem, ...]
    entry: Rule | None = None
    needs_group: str = ""
    recorded_as: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All definitions, loaded once and checked. Compared by identity, so that it can key a cache.

    ``site`` names the overlay of a site that is laid over the concepts, if one is.
    """

    trials: tuple[TrialDefinition, ...]
    concepts: Mapping[str, Concept]
    groups: Mapping[str, ConceptGroup]
    scores: Mapping[str, ScoreDefinition]
    site: SiteFacts | None = None

    def trial(self, trial_id: str) -> TrialDefinition:
        """The trial with this id; KeyError with the known ids if there is none."""
        for trial in self.trials:
            if trial.id == trial_id:
                return trial
        known = ", ".join(trial.id for trial in self.trials)
        raise KeyError(f"no trial {trial_id!r}; known: {known}")
