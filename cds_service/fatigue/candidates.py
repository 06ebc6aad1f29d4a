"""What may be shown in one answer: possible candidates, before the policy has its say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cds_service.clients.registered import Client, TrialOffer
from cds_service.fatigue.history import CriterionTrace
from cds_service.recruitment.states import TrialState
from mappings.results import Assessment
from mappings.verdicts import Reason, Verdict

MET, UNKNOWN = Verdict.MET.value, Verdict.UNKNOWN.value
_NOT_APPLICABLE = Reason.NOT_APPLICABLE.value


class Candidate(NamedTuple):
    """A trial of which the open chart's patient is a possible candidate.

    ``closed`` is why the trial takes nobody now ("paused", "full", ...), "" if it does. ``silent``: by its
    state of recruitment; an offer may be silent as well. ``enrolled``: the patient is on this study.
    """

    trial: str
    traces: tuple[CriterionTrace, ...]
    closed: str = ""
    silent: bool = False
    enrolled: bool = False


def candidate_of(
    assessment: Assessment, traces: tuple[CriterionTrace, ...], state: TrialState
) -> Candidate | None:
    """The candidate that an assessment makes; None unless its outcome is possible-candidate."""
    if assessment.outcome != "possible-candidate":
        return None
    closed = "" if state.open else state.why
    return Candidate(assessment.trial.id, traces, closed, state.silent, bool(assessment.enrolment))


def offers_for(client: Client, trials: Iterable[str]) -> dict[str, TrialOffer]:
    """What a client is offered of these trials; all of them where its registration lists none."""
    if client.trials is None:
        return {trial: TrialOffer(trial) for trial in trials}
    listed: Mapping[str, TrialOffer] = {offer.trial: offer for offer in client.trials}
    return {trial: listed[trial] for trial in trials if trial in listed}


def is_met(trace: CriterionTrace) -> bool:
    """Met by the record. What does not apply is counted nowhere."""
    return trace.verdict == MET and trace.reason != _NOT_APPLICABLE


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Most criteria met, then fewest unknown, then by the trial's id: the same order every time."""

    def key(candidate: Candidate) -> tuple[int, int, str]:
        met = sum(is_met(trace) for trace in candidate.traces)
        unknown = sum(trace.verdict == UNKNOWN for trace in candidate.traces)
        return -met, unknown, candidate.trial

    return sorted(candidates, key=key)
