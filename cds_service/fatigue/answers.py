"""What each answer to a card means: whom it silences the trial for, how long, and whether news lifts it.

One table, for a clinician to read beside docs/fatigue.md. The reasons are those of the card
(``cards.wording.OVERRIDE_REASONS``); a test holds the two lists and the page together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from cds_service.fatigue.history import Answer

Whom = Literal["tenant", "user"]
Lasts = Literal["declined_days", "not_now_days", "other_study_days", "same_evidence", "for_good"]

NOT_ELIGIBLE = "not-eligible"


class Meaning(NamedTuple):
    """What one kind of answer does. ``word`` is the closed word that records and metrics use.

    ``final``: neither new evidence nor a later acceptance lifts it. It is the patient's own word, or the
    patient is with the study team already.
    """

    word: str
    whom: Whom
    lasts: Lasts
    final: bool = False


REASONS: Mapping[str, Meaning] = {
    # The patient's own no, and what the study team already has in hand: for all, and nothing lifts it.
    "patient-declined": Meaning("declined", "tenant", "declined_days", final=True),
    "already-referred": Meaning("referred", "tenant", "for_good", final=True),
    # Facts about the patient, which a colleague would find as well: for all, until there is news.
    NOT_ELIGIBLE: Meaning("not_eligible", "tenant", "same_evidence"),
    "other-study": Meaning("other_study", "tenant", "other_study_days"),
    # One clinician's judgement: it binds nobody else, and is not asked for again soon.
    "too-burdensome": Meaning("too_burdensome", "user", "declined_days"),
    "out-of-reach": Meaning("out_of_reach", "user", "declined_days"),
    "not-advised": Meaning("not_advised", "user", "declined_days"),
    "not-now": Meaning("not_now", "user", "not_now_days"),
}
NO_REASON = Meaning("no_reason", "user", "not_now_days")
OTHER_REASON = Meaning("other_reason", "user", "not_now_days")
REFERRED = REASONS["already-referred"]
TESTS_ORDERED = Meaning("tests_ordered", "user", "not_now_days")
"""A test was ordered from the card: quiet while it is under way, back when a result settles a criterion."""

MEANINGS: tuple[Meaning, ...] = (*REASONS.values(), NO_REASON, OTHER_REASON, TESTS_ORDERED)


def meaning_of(answer: Answer) -> Meaning:
    """What an answer does. A reason that is not the card's own says no more than "not now"."""
    if answer.outcome == "accepted":
        return REFERRED if answer.referred else TESTS_ORDERED
    if not answer.reason:
        return NO_REASON
    return REASONS.get(answer.reason, OTHER_REASON)
