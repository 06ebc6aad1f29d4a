"""Answers and strikes out of QuestionnaireResponses. Nothing here raises, whatever the JSON holds.

A response counts if it answers the worksheet of a trial as it is now, is completed or amended, and tells the
day and which clinician answered. If only its status or its author is not told, or an answer cannot be read,
nothing is made of that, but it stands before what was answered earlier. One that is entered in error never
counts, nor does any copy of it: copies bear the same identifier of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mappings.attesting.codes import (
    ANSWER_SYSTEM,
    CAUSE_SYSTEM,
    CAUSES,
    ITEM_SYSTEM,
    QUESTIONNAIRES,
    RESPONSE_SYSTEM,
    WITHDRAWN,
    note_link,
    strike_link,
)
from mappings.attesting.forms import Form, forms_of
from mappings.attesting.responses import LONGEST_NOTE
from mappings.dates import When, parse_when
from mappings.facts import Attestation, Strike
from mappings.reading.fhir_elements import items, mapping, private_line, text_of
from mappings.reading.references import contained_in, local_reference, reference_of
from mappings.results import Unreadable
from mappings.trial_definition import Catalog, Question
from mappings.verdicts import Reason

_COUNTS = frozenset({"completed", "amended"})
_IN_ERROR = "entered-in-error"
_NEVER = frozenset({"in-progress", "stopped", _IN_ERROR})
_CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})
_LONGEST_NAME = 80

Json = Mapping[str, Any]


class Said(NamedTuple):
    """What clinicians said; ``faulty``: the number of responses in which something could not be read."""

    attestations: tuple[Attestation, ...] = ()
    strikes: tuple[Strike, ...] = ()
    faulty: int = 0


_NOTHING_SAID = Said()


def answers_worksheet(resource: Json, catalog: Catalog) -> bool:
    """Whether a QuestionnaireResponse answers the worksheet of a trial of ours, of whichever version."""
    return _form_of(resource, forms_of(catalog)) is not None


def read_answers(responses: Sequence[Json], catalog: Catalog, unreadable: list[Unreadable]) -> Said:
    """The answers in responses to our worksheets about one patient; faults go into ``unreadable``."""
    if not responses:
        return _NOTHING_SAID
    found = _Found(unreadable)
    in_error = {name for each in responses if each.get("status") == _IN_ERROR for name in _names_of(each)}
    faulty = 0
    for response in responses:
        form, before = _form_of(response, forms_of(catalog)), len(unreadable)
        if form is not None and in_error.isdisjoint(_names_of(response)):
            _read(response, form, found)
        faulty += len(unreadable) > before
    return Said(tuple(found.attestations), tuple(found.strikes), faulty)


class _Found:
    """What has been read so far."""

    def __init__(self, unreadable: list[Unreadable]) -> None:
        self.unreadable = unreadable
        self.attestations: list[Attestation] = []
        self.strikes: list[Strike] = []


def _form_of(resource: Json, forms: Mapping[str, Form]) -> Form | None:
    named = resource.get("questionnaire")
    if type(named) is not str or not named.startswith(QUESTIONNAIRES):
        return None
    return forms.get(named.partition("|")[0])


def _read(response: Json, form: Form, found: _Found) -> None:
    status = response.get("status")
    if type(status) is str and status in _NEVER:
        return
    when, by = parse_when(response.get("authored")), _author(response)
    fault = ""
    if response.get("questionnaire") != form.canonical:
        fault = "answers another version of the worksheet"
    elif when is None or not when.is_day:
        fault = "day of the answers not known"
    elif by is None:
        fault = "not answered by a clinician"
    if fault or when is None or by is None:
        found.unreadable.append(Unreadable(reference_of(response), fault))
        return
    doubt = _doubt(status, by)
    if doubt:
        found.unreadable.append(Unreadable(reference_of(response), doubt))
    source = _Source(form, when, reference_of(response), by, Reason.UNREADABLE if doubt else None)
    _OneResponse(source, found).read(response)


def _doubt(status: object, by: str) -> str:
    """Why answers of which the day is known cannot be used, though they may well be the latest."""
    if type(status) is not str or status not in _COUNTS:
        return "status of the answers not known"
    return "" if by else "nobody is named who answered"


class _Source(NamedTuple):
    """What all answers of one response share. ``problem``: why none of them can be used."""

    form: Form
    when: When
    reference: str
    by: str
    problem: Reason | None


class _OneResponse:
    """One response of a known day."""

    def __init__(self, source: _Source, found: _Found) -> None:
        self._of, self._found = source, found

    def read(self, response: Json) -> None:
        listed = response.get("item")
        if listed is not None and not isinstance(listed, list | dict):
            self._fault("items that are no list")
        for item in items(listed):
            link = text_of(item.get("linkId"))
            question, score = self._of.form.questions.get(link), self._of.form.scores.get(link)
            if question is not None:
                self._answer(item, question)
            elif score is not None:
                self._strike(item, *score)
            else:
                self._fault("an item that is not on the worksheet")

    def _fault(self, what: str) -> None:
        self._found.unreadable.append(Unreadable(self._of.reference, what))

    def _answer(self, item: Json, question: Question) -> None:
        given = item.get("answer")
        if not given:
            return
        answers = items(given)
        answer = _code(answers[0], ANSWER_SYSTEM) if len(answers) == 1 else ""
        known = answer in question.choices
        if not known:
            self._fault("an answer that is not known")
        attestation = Attestation(
            trial=self._of.form.trial.id,
            question=question.id,
            settles=question.settles,
            answer=answer if known else "",
            when=self._of.when,
            reference=self._of.reference,
            by=self._of.by,
            note=_text(_part(items(answers[0].get("item")), note_link(question.id))) if known else "",
            problem=self._of.problem if known else Reason.UNREADABLE,
        )
        self._found.attestations.append(attestation)

    def _strike(self, group: Json, score: str, known: Mapping[str, object]) -> None:
        parts = items(group.get("item"))
        if not parts:
            return
        item = _code(_part(parts, strike_link(score, "item")), ITEM_SYSTEM)
        cause = _code(_part(parts, strike_link(score, "cause")), CAUSE_SYSTEM)
        if item not in known:
            self._fault("an item that may not be struck")
            return
        understood = cause in (*CAUSES, WITHDRAWN)
        if not understood:
            self._fault("a cause that is not known")
        strike = Strike(
            trial=self._of.form.trial.id,
            score=score,
            item=item,
            cause=cause if cause in CAUSES else "",
            when=self._of.when,
            reference=self._of.reference,
            by=self._of.by,
            words=_text(_part(parts, strike_link(score, "words"))),
            withdrawn=cause == WITHDRAWN,
            problem=self._of.problem if understood else Reason.UNREADABLE,
        )
        self._found.strikes.append(strike)


def _names_of(response: Json) -> Iterator[str]:
    """What a response and its copies are known by: our identifier, and the id."""
    for identifier in items(response.get("identifier")):
        value = text_of(identifier.get("value"))
        if value and text_of(identifier.get("system")) == RESPONSE_SYSTEM:
            yield value
    reference = reference_of(response)
    if "/" in reference:
        yield reference


def _author(response: Json) -> str | None:
    """The name of the clinician who answered; empty if nobody is named, None if somebody else answered."""
    author = mapping(response.get("author"))
    reference = text_of(author.get("reference"))
    if _type_of(reference, author, response) not in (*_CLINICIANS, ""):
        return None
    value = mapping(author.get("identifier")).get("value")
    named = text_of(author.get("display")) or local_reference(reference) or text_of(value)
    return private_line(named, _LONGEST_NAME)


def _type_of(reference: str, author: Json, response: Json) -> str:
    """The type of resource that a reference is to, as far as it tells."""
    if reference.startswith("#"):
        inside = contained_in(response, reference)
        return "unknown" if inside is None else text_of(inside.get("resourceType"))
    kind, slash, _ = local_reference(reference).partition("/")
    return kind if slash and kind.isalpha() else text_of(author.get("type"))


def _part(parts: Sequence[Json], link: str) -> Json:
    """The one answer to a part of an item; nothing if there is none, or more than one."""
    found = [part for part in parts if text_of(part.get("linkId")) == link]
    answers = items(found[0].get("answer")) if len(found) == 1 else ()
    return answers[0] if len(answers) == 1 else {}


def _code(answer: Json, system: str) -> str:
    coding = mapping(answer.get("valueCoding"))
    return text_of(coding.get("code")) if coding.get("system") == system else ""


def _text(answer: Json) -> str:
    return private_line(text_of(answer.get("valueString")), LONGEST_NOTE)
