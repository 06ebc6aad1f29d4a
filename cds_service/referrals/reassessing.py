"""Whether a referred patient still meets what made them a candidate, and what has changed since.

Pure but for ``reassess_at``. Compared is with the assessment before: a criterion that was met or open and is
not met now; and the gate, if it was met. What was not retrieved proves nothing: it changes nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals import changes, rows
from cds_service.referrals.changes import WORDS, Change, Reading, said, words_for
from cds_service.referrals.identity import resolved
from cds_service.referrals.records import SERVICE_ROLE, Terms
from cds_service.referrals.rows import Row
from cds_service.referrals.states import OPEN
from cds_service.storage.people import digests, patient
from cds_service.storage.records import CallRecord
from cds_service.storage.shown import read_traces, written_traces
from cds_service.storage.tables import pseudonym
from cds_service.storage.workflow_tables import trial_referral
from mappings.results import Assessment, Evidence
from mappings.verdicts import Reason, Verdict

__all__ = ["Before", "Reading", "ceased", "reading_of", "reassess_at", "reassess_calls", "said"]

MEETS_AGAIN = "meets-again"
_NOT_MET, _MET, _UNKNOWN = Verdict.NOT_MET.value, Verdict.MET.value, Verdict.UNKNOWN.value
_OPEN_OF = (
    select(trial_referral.c.id, trial_referral.c.trial, pseudonym.c.digest)
    .join(pseudonym, pseudonym.c.id == trial_referral.c.patient_id)
    .where(
        pseudonym.c.digest.in_(bindparam("digests", expanding=True)), trial_referral.c.state.in_(sorted(OPEN))
    )
    .order_by(trial_referral.c.id)  # so that two transactions never wait for each other in a circle
)
_SAID = frozenset({Reason.VALUE, Reason.ATTESTED, Reason.ABSENT_BY_RULE})


def reading_of(assessment: Assessment, traces: Sequence[CriterionTrace]) -> Reading:
    """What of an assessment is compared with the one before."""
    facts = assessment.trial
    if assessment.record_reason:
        record = Change("record", assessment.record_reason, _NOT_MET)
        return Reading(facts.id, assessment.outcome, "", (), (record,), True)
    failing = [
        _change("criterion", one.id, one.label, _NOT_MET, one.evidence)
        for one in assessment.criteria
        if one.verdict is Verdict.NOT_MET
    ]
    if assessment.gate is not Verdict.MET:
        failing.append(_change("gate", "", "", assessment.gate.value, assessment.gate_evidence))
    complete = not assessment.not_retrieved
    gate = assessment.gate.value
    return Reading(facts.id, assessment.outcome, gate, tuple(traces), tuple(failing), complete)


def _change(what: changes.What, ident: str, label: str, verdict: str, evidence: Sequence[Evidence]) -> Change:
    """The fact behind it is the first that decided, or the newest where none did. A score has no day of its
    own: then it is that of the next fact, such as the total that a clinician recorded.
    """
    known = [each for each in evidence if each.text or each.value is not None]
    if verdict == _UNKNOWN:
        known.sort(key=lambda each: each.date, reverse=True)
    elif said := [each for each in known if each.reason in _SAID]:
        known = said
    if not known:
        return Change(what, ident, verdict, label)
    fact = known[0]
    day = next((each.date for each in known if each.date), "")
    return Change(what, ident, verdict, label, fact.label, _value(fact), day)


def _value(fact: Evidence) -> str:
    if fact.text or fact.value is None:
        return fact.text
    number = f"{fact.value:g}" if isinstance(fact.value, int | float) else fact.value
    return f"{number} {fact.unit}".strip()


class Before(NamedTuple):
    """What the assessment before said, and what had ceased to be met by then."""

    gate: str
    traces: tuple[CriterionTrace, ...]
    changes: tuple[Change, ...]


def ceased(before: Before, now: Reading) -> tuple[Change, ...]:
    """What was so once and is not now, in the trial's order; what is not met since before stays named."""
    if not now.traces and not now.gate:
        return now.failing
    named = {(change.what, change.id) for change in before.changes}
    verdicts = {trace.id: trace.verdict for trace in before.traces}
    found = []
    for change in now.failing:
        if change.what == "criterion":
            if (change.what, change.id) in named or verdicts.get(change.id) in {_MET, _UNKNOWN}:
                found.append(change)
        elif before.gate == _MET or (change.what, change.id) in named:
            if change.verdict == _NOT_MET or now.complete:
                found.append(change)
            else:
                found += [one for one in before.changes if one.what == "gate"]
    return tuple(found)


def reassess_at(connection: Connection, ring: KeyRing, row: Row, now: Reading, at: datetime) -> None:
    """Notes an assessment of a ``locked`` referral; one that says something new stands in its history.

    Nothing is written to the EHR for it, and it makes no new version: nobody has moved the referral.
    """
    content = rows.private(ring, row.secret)
    if content is None or (row.assessed is not None and row.assessed > at):
        return
    known = changes.read(content.get("changes"))
    found = ceased(Before(row.gate, read_traces(row.traces), known), now)
    values: rows.Values = {"assessed": at, "outcome": now.outcome}
    if now.traces:
        values["traces"] = written_traces(now.traces)
    if now.gate and (now.complete or now.gate != _UNKNOWN):
        values["gate"] = now.gate
    if found != known:
        values["attention"] = rows.written_attention(_attention(rows.attention_in(row), known, found))
        values["secret"] = rows.sealed(ring, {**content, "changes": changes.written(found)})
    rows.change(connection, row.id, values)
    if found != known:
        event = {
            "version": row.version,
            "at": at,
            "kind": "assessed",
            "from_state": row.state,
            "to_state": row.state,
            "reason": next(iter(words_for(found)), MEETS_AGAIN),
            "staff_id": None,
            "role": SERVICE_ROLE,
        }
        rows.tell(connection, ring, row.id, event, {"changes": changes.written(found)})


def _attention(words: Sequence[str], known: Sequence[Change], found: Sequence[Change]) -> tuple[str, ...]:
    others = [word for word in words if word not in {*WORDS, MEETS_AGAIN}]
    again = (MEETS_AGAIN,) if known and not found else ()
    return (*others, *words_for(found), *again)


def reassess_calls(
    connection: Connection, ring: KeyRing, calls: Sequence[CallRecord], terms: Mapping[str, Terms]
) -> None:
    """Compares what hook calls found with the open referrals of their patients: of most patients none."""
    about: dict[str, list[CallRecord]] = {}
    for call in calls:
        if any(trial.reading for trial in call.trials):
            subject = resolved(call.subject, terms.get(call.client, Terms()).base)
            for digest in digests(ring, patient(subject)):
                about.setdefault(digest, []).append(call)
    if not about:
        return
    for found in connection.execute(_OPEN_OF, {"digests": list(about)}).all():
        readings = [
            (call.at, trial.reading)
            for call in about[found.digest]
            for trial in call.trials
            if trial.reading is not None and trial.trial == found.trial
        ]
        row = rows.locked(connection, found.id) if readings else None
        if row is not None and row.state in OPEN:
            at, reading = max(readings, key=lambda one: one[0])
            reassess_at(connection, ring, row, reading, at)
