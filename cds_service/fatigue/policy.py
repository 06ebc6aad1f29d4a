"""The fatigue policy of a trial at a client, as declared. Every number is ours: an interpretation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Days of silence after an answer, and limits on how much is shown. Reasons: docs/fatigue.md.

    ``declined_days`` is also how long a clinician's own lasting no holds, for that clinician.

    ``patients_per_user_and_day``: distinct patients, not renders. When of the cards of the last
    ``back_off_days`` at least ``back_off_after`` were answered and at least ``back_off_rate`` of the answers
    were overrides, one user sees the trial for at most ``backed_off_patients`` distinct patients a day.
    """

    declined_days: int = 365
    not_now_days: int = 30
    other_study_days: int = 180
    patients_per_user_and_day: int = 5
    cards_per_response: int = 3
    back_off_days: int = 90
    back_off_after: int = 20
    back_off_rate: float = 0.9
    backed_off_patients: int = 1
