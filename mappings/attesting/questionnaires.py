"""A trial's worksheet as a FHIR R4 Questionnaire, for whoever keeps or shows its answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mappings.attesting.codes import (
    ANSWER_SYSTEM,
    ANSWER_WORDS,
    CAUSE_SYSTEM,
    CAUSES,
    ITEM_SYSTEM,
    WITHDRAWN,
    canonical,
    note_link,
    question_link,
    strike_link,
    worksheet_url,
)
from mappings.attesting.forms import strikable
from mappings.language import ENGLISH, Language, message
from mappings.trial_definition import Catalog, Question, ScoreItem, TrialDefinition

_TITLE = message("Worksheet: {trial}")
_NOTE = message("Note")
_STRIKES = message("{score}: items that have another cause")
_ITEM = message("Item")
_CAUSE = message("Cause")
_WORDS = message("Cause, in words")
_TAKEN_BACK = message("not another cause after all")
_STATUS: Mapping[str, str] = {"draft": "draft", "closed": "retired"}
"""A definition that is reviewed or active is an active Questionnaire."""

Json = dict[str, Any]


def questionnaire_of(trial: TrialDefinition, catalog: Catalog, language: Language = ENGLISH) -> Json:
    """The Questionnaire of a trial; linkIds and codes are the same in every language."""
    facts = trial.facts
    title = language.text(_TITLE).format(trial=language.text(facts.short_title))
    items = [_question(question, language) for question in trial.worksheet.questions]
    for score, struck in strikable(trial, catalog).items():
        items.append(_strikes(score, catalog.scores[score].label, struck, language))
    questionnaire: Json = {
        "resourceType": "Questionnaire",
        "language": language.tag,
        "url": worksheet_url(trial.id),
        "version": canonical(trial.id, facts.version).partition("|")[2],
        "title": title,
        "status": _STATUS.get(facts.status, "active"),
        "subjectType": ["Patient"],
    }
    return {**questionnaire, "item": items} if items else questionnaire


def answer_coding(answer: str, language: Language = ENGLISH) -> Json:
    """An answer as a Coding."""
    return _coding(ANSWER_SYSTEM, answer, language.text(ANSWER_WORDS.get(answer, answer)))


def cause_coding(cause: str, language: Language = ENGLISH) -> Json:
    """A cause, or that there is none after all, as a Coding."""
    return _coding(CAUSE_SYSTEM, cause, language.text(CAUSES.get(cause, _TAKEN_BACK)))


def item_coding(item: ScoreItem, language: Language = ENGLISH) -> Json:
    """An item of a score as a Coding."""
    return _coding(ITEM_SYSTEM, item.id, language.text(item.label))


def _coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def _options(codings: Iterable[Json]) -> list[Json]:
    return [{"valueCoding": coding} for coding in codings]


def _question(question: Question, language: Language) -> Json:
    note = {"linkId": note_link(question.id), "text": language.text(_NOTE), "type": "string"}
    return {
        "linkId": question_link(question.id),
        "text": language.text(question.text),
        "type": "choice",
        "answerOption": _options(answer_coding(choice, language) for choice in question.choices),
        "item": [note],
    }


def _strikes(score: str, label: str, items: Iterable[ScoreItem], language: Language) -> Json:
    say = language.text
    item, cause, words = (strike_link(score, part) for part in ("item", "cause", "words"))
    causes = [cause_coding(code, language) for code in (*CAUSES, WITHDRAWN)]
    parts = [
        {
            "linkId": item,
            "text": say(_ITEM),
            "type": "choice",
            "required": True,
            "answerOption": _options(item_coding(each, language) for each in items),
        },
        {
            "linkId": cause,
            "text": say(_CAUSE),
            "type": "choice",
            "required": True,
            "answerOption": _options(causes),
        },
        {"linkId": words, "text": say(_WORDS), "type": "string"},
    ]
    return {
        "linkId": strike_link(score),
        "text": say(_STRIKES).format(score=say(label)),
        "type": "group",
        "repeats": True,
        "item": parts,
    }
