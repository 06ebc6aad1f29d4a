"""What a clinician answered, as a FHIR R4 QuestionnaireResponse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from mappings.attesting.codes import CAUSES, RESPONSE_SYSTEM, WITHDRAWN, note_link, question_link, strike_link
from mappings.attesting.forms import Form, form_of
from mappings.attesting.questionnaires import answer_coding, cause_coding, item_coding
from mappings.language import ENGLISH, Language
from mappings.reading.fhir_elements import private_line
from mappings.trial_definition import Catalog, TrialDefinition

LONGEST_NOTE = 500
"""Characters of a note or a cause in words that are kept; ours."""

Json = dict[str, Any]


class Answered(NamedTuple):
    """An answer to a question: one of its choices."""

    question: str
    answer: str
    note: str = ""


class Struck(NamedTuple):
    """An item of a score that has another cause; ``withdrawn`` takes an earlier strike back."""

    score: str
    item: str
    cause: str = ""
    words: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Author:
    """Who answers: a reference ("Practitioner/12") or an identifier (issuer and subject), and a name."""

    reference: str = ""
    name: str = ""
    system: str = ""
    value: str = ""

    def as_reference(self) -> Json:
        """The FHIR Reference; empty if nobody is named."""
        named: Json = {"reference": self.reference} if self.reference else {}
        if self.system and self.value:
            named["identifier"] = {"system": self.system, "value": self.value}
        if self.name:
            named["display"] = private_line(self.name)
        return named


@dataclass(frozen=True, slots=True)
class Filled:
    """What is said at one time: by whom, of whom (``Patient/x``), when, and under which id of ours."""

    patient: str
    author: Author
    authored: datetime
    answers: Sequence[Answered] = ()
    strikes: Sequence[Struck] = ()
    identity: str = ""


def response_of(
    trial: TrialDefinition, catalog: Catalog, filled: Filled, language: Language = ENGLISH
) -> Json:
    """The QuestionnaireResponse, which ``read_record`` reads back as the same answers and strikes.

    Only what was said now is in it: an earlier answer to another question stays as it is. Raises ValueError
    for a question, an answer, an item or a cause that there is not, for one that comes twice, if nothing is
    said, and without an author or a zone of the time.
    """
    form, author = form_of(trial, catalog), filled.author.as_reference()
    if not author:
        raise ValueError("nobody is named who answers")
    if filled.authored.tzinfo is None:
        raise ValueError("the time is without a zone")
    items = [*_answers(filled.answers, form, language), *_strikes(filled.strikes, form, language)]
    if not items:
        raise ValueError("nothing is answered")
    response: Json = {"resourceType": "QuestionnaireResponse"}
    if filled.identity:
        response["id"] = filled.identity
        response["identifier"] = {"system": RESPONSE_SYSTEM, "value": filled.identity}
    return {
        **response,
        "language": language.tag,
        "questionnaire": form.canonical,
        "status": "completed",
        "subject": {"reference": filled.patient},
        "authored": filled.authored.isoformat(timespec="milliseconds"),
        "author": author,
        "item": items,
    }


def _answers(answers: Sequence[Answered], form: Form, language: Language) -> list[Json]:
    _check_once([answer.question for answer in answers], "question")
    return [_answer(answer, form, language) for answer in answers]


def _answer(answered: Answered, form: Form, language: Language) -> Json:
    question = form.questions.get(question_link(answered.question))
    if question is None:
        raise ValueError("no such question")
    if answered.answer not in question.choices:
        raise ValueError("no such answer to this question")
    answer: Json = {"valueCoding": answer_coding(answered.answer, language)}
    note = private_line(answered.note, LONGEST_NOTE)
    if note:
        answer["item"] = [{"linkId": note_link(question.id), "answer": [{"valueString": note}]}]
    return {
        "linkId": question_link(question.id),
        "text": language.text(question.text),
        "answer": [answer],
    }


def _strikes(strikes: Sequence[Struck], form: Form, language: Language) -> list[Json]:
    _check_once([f"{struck.score}/{struck.item}" for struck in strikes], "item")
    return [_strike(struck, form, language) for struck in strikes]


def _strike(struck: Struck, form: Form, language: Language) -> Json:
    score, cause = struck.score, WITHDRAWN if struck.withdrawn else struck.cause
    _, items = form.scores.get(strike_link(score), ("", {}))
    item = items.get(struck.item)
    if item is None:
        raise ValueError("no such item that may be struck")
    if cause not in (*CAUSES, WITHDRAWN) or (cause == WITHDRAWN) != struck.withdrawn:
        raise ValueError("no such cause")
    parts: list[Json] = [
        {"linkId": strike_link(score, "item"), "answer": [{"valueCoding": item_coding(item, language)}]},
        {"linkId": strike_link(score, "cause"), "answer": [{"valueCoding": cause_coding(cause, language)}]},
    ]
    words = private_line(struck.words, LONGEST_NOTE)
    if words:
        parts.append({"linkId": strike_link(score, "words"), "answer": [{"valueString": words}]})
    return {"linkId": strike_link(score), "item": parts}


def _check_once(names: Sequence[str], what: str) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"the same {what} comes twice")
