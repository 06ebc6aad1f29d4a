"""Names on the wire: of a worksheet's Questionnaire, of its items, and of what may be answered. All are ours.

A linkId tells what an item is about: ``question/ecog``, ``question/ecog/note``, ``strike/sledai-2k`` and, in
that group, ``strike/sledai-2k/item``. Ids of definitions hold no slash, so that a linkId is never ambiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from mappings.language import message

BASE = "https://trialhook.example/fhir"
QUESTIONNAIRES = f"{BASE}/Questionnaire/"
ANSWER_SYSTEM = f"{BASE}/CodeSystem/worksheet-answer"
CAUSE_SYSTEM = f"{BASE}/CodeSystem/other-cause"
ITEM_SYSTEM = f"{BASE}/CodeSystem/score-item"
RESPONSE_SYSTEM = f"{BASE}/worksheet-response"
"""Of the identifier of a response: a copy in the EHR bears it too, and so is known as the same."""

CAUSES: Mapping[str, str] = {
    "infection": message("infection"),
    "drug": message("effect of a drug"),
    "other-disease": message("another disease"),
    "damage": message("lasting damage, not activity"),
    "other": message("another cause"),
}
"""What an item of a score may come of, other than the disease that the score is about; the list is ours."""
WITHDRAWN = "withdrawn"
"""Stands where a cause would, and takes an earlier strike back."""

ANSWER_WORDS: Mapping[str, str] = {
    "yes": message("yes"),
    "no": message("no"),
    "unsure": message("unsure"),
}
"""Answers in words; a number says itself."""


def worksheet_url(trial_id: str) -> str:
    """The canonical URL of a trial's Questionnaire, without its version."""
    return f"{QUESTIONNAIRES}{trial_id}-worksheet"


def canonical(trial_id: str, version: str) -> str:
    """The canonical URL with the trial's version: an answer is to the questions as they stood."""
    return f"{worksheet_url(trial_id)}|{quote(version)}"


def question_link(question: str) -> str:
    """The linkId of a question."""
    return f"question/{question}"


def note_link(question: str) -> str:
    """The linkId of the free text beside an answer."""
    return f"question/{question}/note"


def strike_link(score: str, part: str = "") -> str:
    """The linkId of the group of strikes of a score, or of one of its parts: item, cause, words."""
    return f"strike/{score}/{part}" if part else f"strike/{score}"
