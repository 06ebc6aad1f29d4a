"""What a clinician said on a worksheet, as evidence."""

from __future__ import annotations

from datetime import date

from mappings.attesting.codes import CAUSES
from mappings.attesting.standing import StandingAnswer, StandingStrike
from mappings.concept import Concept
from mappings.facts import Attestation
from mappings.results import ANSWER, STRIKE, Evidence
from mappings.verdicts import Reason

ANSWERED_BY = "{answer}, answered by {who}"
STRUCK_BY = "{cause}, struck by {who}"
STRUCK_IN_WORDS = "{cause} ({words}), struck by {who}"
TAKEN_BACK = "strike taken back by {who}"
"""Translated where they are shown (mappings/language/record_words.py)."""


def answers_as_evidence(
    standing: StandingAnswer, concept: Concept | None, reason: Reason = Reason.ATTESTED
) -> tuple[Evidence, ...]:
    """The answers that stand, under the concept of which they are a result, if they are one."""
    window, until = str(standing.question.counts_for), standing.until
    return tuple(_answer(answer, concept, reason, until, window) for answer in standing.answers)


def _answer(
    answer: Attestation, concept: Concept | None, reason: Reason, until: date | None, window: str
) -> Evidence:
    number = float(answer.answer) if answer.answer.isdecimal() else None
    if answer.problem is not None:
        reason, number = answer.problem, None
    readable = answer.problem is None
    return Evidence(
        concept=concept.id if concept is not None else ANSWER,
        label=concept.display if concept is not None else "Answer",
        reason=reason,
        text=ANSWERED_BY.format(answer=answer.answer, who=answer.by) if readable else "",
        value=(answer.answer if number is None else number) if readable else None,
        unit=concept.unit if concept is not None and number is not None else "",
        date=answer.when.text,
        reference=answer.reference,
        counts_until=until,
        note=answer.note,
        window=window,
    )


def strike_as_evidence(standing: StandingStrike, item_label: str) -> Evidence:
    """A strike, or that it was taken back, beside the item's name."""
    strike = standing.strike
    if strike.problem is not None:
        text = ""
    elif strike.withdrawn:
        text = TAKEN_BACK.format(who=strike.by)
    else:
        template = STRUCK_IN_WORDS if strike.words else STRUCK_BY
        text = template.format(cause=CAUSES[strike.cause], words=strike.words, who=strike.by)
    return Evidence(
        concept=STRIKE,
        label="Other cause",
        reason=strike.problem or Reason.ATTESTED,
        text=text,
        value=(strike.cause or None) if strike.problem is None else None,
        date=strike.when.text,
        reference=strike.reference,
        counts_until=standing.until,
        note=item_label,
    )
