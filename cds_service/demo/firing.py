"""Fires the hook for every sample patient and compares what came back with what the story expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from cds_service.demo.ehr.chart import full_name
from cds_service.demo.ehr.hooks import Exchange, HookClient
from cds_service.demo.fhir.store import Resource
from cds_service.demo.samples.sample import Sample
from mappings.results import Assessment

Assess = Callable[[list[Resource], date], Sequence[Assessment]]


@dataclass(frozen=True)
class Fired:
    """One sample patient: the hook call, and the assessment that a card alone does not tell.

    ``storied``: the stories were written for this trial, so that they say what is to be expected.
    ``trials``: how many there are, of which the assessment is that of the first. ``name`` is the patient's.
    """

    sample: Sample
    assessment: Assessment
    exchange: Exchange
    storied: bool = True
    trials: int = 1
    name: str = ""

    @property
    def surprises(self) -> list[str]:
        """What differs from the story; empty if all is as expected."""
        sample, found = self.sample, self.assessment
        surprises = list(self.exchange.problems)
        if not self.storied:
            return surprises
        if found.outcome != sample.expected_outcome:
            surprises.append(f"expected {sample.expected_outcome}, found {found.outcome}")
        if found.record_reason != (sample.expected_record_reason or ""):
            surprises.append(f"record reason is {found.record_reason or 'absent'}")
        if bool(self.exchange.cards) != sample.expects_card and not self.exchange.problems:
            surprises.append("a card came" if self.exchange.cards else "no card came")
        return surprises


def fire_all(
    samples: Sequence[Sample], hooks: HookClient, assess: Assess, today: date, *, storied: bool = True
) -> Iterator[Fired]:
    """Open every chart over real HTTP: every other one with prefetch, the rest without."""
    for position, sample in enumerate(samples):
        resources = [entry["resource"] for entry in sample.build(today)["entry"]]
        assessments = assess(resources, today)
        # Each by a clinician of its own: nobody opens so many charts that the fatigue policy minds.
        user = f"Practitioner/demo-{sample.id}"
        exchange = hooks.fire(sample.id, prefetch=position % 2 == 0, user=user)
        patient = next(one for one in resources if one["resourceType"] == "Patient")
        yield Fired(sample, assessments[0], exchange, storied, len(assessments), full_name(patient))
