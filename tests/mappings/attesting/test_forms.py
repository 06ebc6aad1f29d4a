"""The worksheet as FHIR: valid, the same in every language, and read back as it was answered."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.attesting.codes import CAUSES, canonical, worksheet_url
from mappings.attesting.forms import strikable
from mappings.attesting.questionnaires import questionnaire_of
from mappings.attesting.responses import LONGEST_NOTE, Answered, Author, Filled, Struck, response_of
from mappings.facts import Attestation, Strike
from mappings.language import LANGUAGES, language
from mappings.trial_definition import UNSURE
from tests.mappings.attesting.desk import CATALOG, CHEN, TRIAL, at, read

QUESTIONS = {question.id: question for question in TRIAL.worksheet.questions}
ITEMS = [(name, item.id) for name, items in strikable(TRIAL, CATALOG).items() for item in items]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_questionnaire_is_valid_r4_in_every_language(tag: str) -> None:
    questionnaire = questionnaire_of(TRIAL, CATALOG, language(tag))
    Questionnaire.model_validate(questionnaire)
    assert questionnaire["url"] == "https://trialhook.example/fhir/Questionnaire/NCT06920433-worksheet"
    assert questionnaire["version"] == TRIAL.facts.version
    assert questionnaire["status"] == "draft"


def link_ids(items: list[Any]) -> list[str]:
    return [link for item in items for link in (item["linkId"], *link_ids(item.get("item", [])))]


def test_link_ids_and_codes_are_the_same_in_every_language() -> None:
    forms = [questionnaire_of(TRIAL, CATALOG, language(tag)) for tag in LANGUAGES]
    links = [link_ids(form["item"]) for form in forms]
    assert links[0] == links[1]
    assert len(set(links[0])) == len(links[0])


def test_every_question_offers_its_choices_and_that_one_is_unsure() -> None:
    items = {item["linkId"]: item for item in questionnaire_of(TRIAL, CATALOG)["item"]}
    for name, question in QUESTIONS.items():
        options = [option["valueCoding"]["code"] for option in items[f"question/{name}"]["answerOption"]]
        assert tuple(options) == question.choices
        assert options[-1] == UNSURE
    assert QUESTIONS["ecog"].choices == ("0", "1", "2", "3", "4", "5", "unsure")


def test_a_version_with_a_blank_makes_a_canonical_without_one() -> None:
    assert canonical("T-1", "2 beta") == worksheet_url("T-1") + "|2%20beta"


texts = st.text(max_size=LONGEST_NOTE + 40)
answers = st.lists(
    st.sampled_from(sorted(QUESTIONS)).flatmap(
        lambda name: st.builds(Answered, st.just(name), st.sampled_from(QUESTIONS[name].choices), texts)
    ),
    unique_by=lambda answer: answer.question,
    max_size=7,
)


def strike_of(item: tuple[str, str]) -> st.SearchStrategy[Struck]:
    causes = st.sampled_from(sorted(CAUSES))
    made = st.builds(lambda cause, words: Struck(*item, cause, words), causes, texts)
    return made | st.builds(lambda words: Struck(*item, words=words, withdrawn=True), texts)


strikes = st.lists(
    st.sampled_from(ITEMS).flatmap(strike_of),
    unique_by=lambda strike: (strike.score, strike.item),
    max_size=5,
)
authors = st.builds(
    Author,
    reference=st.sampled_from(["Practitioner/1", "PractitionerRole/x"]),
    name=st.sampled_from(["", "Dr Chen", "陈医生", "O'Brien, Siobhán"]),
) | st.builds(
    Author, name=st.sampled_from(["Dr Chen", ""]), system=st.just("https://idp"), value=st.just("7")
)
moments = st.datetimes(
    at(530).replace(tzinfo=None),
    at(0).replace(tzinfo=None),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
)
filled = st.builds(
    Filled,
    patient=st.just("Patient/p"),
    author=authors,
    authored=moments,
    answers=answers,
    strikes=strikes,
    identity=st.sampled_from(["", "7f3a-00"]),
).filter(lambda form: form.answers or form.strikes)


@settings(max_examples=120, deadline=None)
@given(form=filled, tag=st.sampled_from(LANGUAGES))
def test_what_was_answered_is_valid_r4_and_is_read_back_the_same(form: Filled, tag: str) -> None:
    response = response_of(TRIAL, CATALOG, form, language(tag))
    QuestionnaireResponse.model_validate(response)
    record = read(response)
    assert record.unreadable == ()
    assert [(a.question, a.answer) for a in record.attestations] == [tuple(a[:2]) for a in form.answers]
    said = [(s.score, s.item, s.cause, s.withdrawn) for s in record.strikes]
    assert said == [(s.score, s.item, s.cause, s.withdrawn) for s in form.strikes]
    for attestation in record.attestations:
        check_source(attestation, form)
    for strike in record.strikes:
        check_source(strike, form)
    again = response_of(TRIAL, CATALOG, refilled(record.attestations, record.strikes, form), language(tag))
    assert again == response


def check_source(fact: Attestation | Strike, form: Filled) -> None:
    assert fact.trial == TRIAL.id
    assert fact.by == (form.author.name or form.author.reference or form.author.value)
    assert fact.when.text == form.authored.date().isoformat()
    assert fact.when.moment == form.authored.replace(microsecond=form.authored.microsecond // 1000 * 1000)


def refilled(attestations: tuple[Attestation, ...], strikes: tuple[Strike, ...], form: Filled) -> Filled:
    """The form filled in again with what was read: nothing more was in it."""
    return Filled(
        form.patient,
        form.author,
        form.authored,
        [Answered(a.question, a.answer, a.note) for a in attestations],
        [Struck(s.score, s.item, s.cause, s.words, s.withdrawn) for s in strikes],
        form.identity,
    )


YES = Answered("contraception-agreed", "yes")
REFUSED = [
    ("nothing is answered", {}),
    ("nobody is named who answers", {"author": Author(), "answers": [YES]}),
    ("the time is without a zone", {"authored": at(3).replace(tzinfo=None), "answers": [YES]}),
    ("no such question", {"answers": [Answered("mood", "yes")]}),
    ("no such answer to this question", {"answers": [Answered("ecog", "6")]}),
    ("no such answer to this question", {"answers": [Answered("contact-agreed", "1")]}),
    ("no such answer to this question", {"answers": [Answered("contact-agreed", "")]}),
    ("the same question comes twice", {"answers": [YES, YES]}),
    ("no such item that may be struck", {"strikes": [Struck("sledai-2k", "proteinuria", "drug")]}),
    ("no such item that may be struck", {"strikes": [Struck("no-score", "pyuria", "drug")]}),
    ("no such cause", {"strikes": [Struck("sledai-2k", "pyuria")]}),
    ("no such cause", {"strikes": [Struck("sledai-2k", "pyuria", "withdrawn")]}),
    ("the same item comes twice", {"strikes": [Struck("sledai-2k", "pyuria", "drug")] * 2}),
]


@pytest.mark.parametrize(("message", "members"), REFUSED)
def test_what_cannot_be_said_is_refused(message: str, members: dict[str, Any]) -> None:
    form = Filled(**{"patient": "Patient/p", "author": CHEN, "authored": at(1), **members})
    with pytest.raises(ValueError, match=message):
        response_of(TRIAL, CATALOG, form)
