"""Which responses count, and that nothing in them breaks the reading."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.attesting.codes import RESPONSE_SYSTEM
from mappings.facts import ReadCounts
from tests.mappings.attesting.desk import Resource, answered, assessed, criterion, patient, read, said, struck

Change = Callable[[Resource], Any]
ANSWER = answered("contraception-agreed", "yes")


def changed(**members: object) -> Resource:
    """The answer with other members; None takes one away."""
    new = {**deepcopy(ANSWER), **members}
    return {name: value for name, value in new.items() if value is not None}


def of_item(change: Change) -> Resource:
    response = deepcopy(ANSWER)
    change(response["item"][0])
    return response


COUNTS = [
    ("as it was written", changed()),
    ("amended", changed(status="amended")),
    ("a day without time", changed(authored="2026-06-10")),
    ("a time without zone", changed(authored="2026-06-10T10:00:00")),
    ("an absolute reference", changed(subject={"reference": "https://ehr.example/fhir/Patient/p"})),
    ("an author with only a name", changed(author={"display": "Dr Chen"})),
    ("an author known by an identifier", changed(author={"identifier": {"system": "i", "value": "chen"}})),
    ("an author in a role", changed(author={"reference": "PractitionerRole/1"})),
    (
        "an author inside the resource",
        changed(
            author={"reference": "#a", "display": "Dr Chen"},
            contained=[{"resourceType": "Practitioner", "id": "a"}],
        ),
    ),
    ("no id", changed(id=None)),
    ("no identifier", changed(identifier=None)),
    ("no texts", of_item(lambda item: item.pop("text"))),
]


@pytest.mark.parametrize("response", [c[1] for c in COUNTS], ids=[c[0] for c in COUNTS])
def test_a_response_counts_with(response: Resource) -> None:
    record = read(response)
    assert [(a.answer, a.settles) for a in record.attestations] == [("yes", "contraception")]
    assert record.unreadable == ()
    assert record.counts == ReadCounts(received=2, read=2)


NO_STATUS, NO_ITEM = "status of the answers not known", "an item that is not on the worksheet"
NOBODY = "nobody is named who answered"
DOUBTFUL = (NO_STATUS, NOBODY, "an answer that is not known")
"""What may well have been answered last: an earlier answer does not stand in for it."""
OTHER_QUESTIONS = "https://ehr.example/Questionnaire/smoking"
LEFT_OUT = [
    # what, response, what is told, how it is counted
    ("entered in error", changed(status="entered-in-error"), "", "read"),
    ("in progress", changed(status="in-progress"), "", "read"),
    ("stopped", changed(status="stopped"), "", "read"),
    ("no status", changed(status=None), NO_STATUS, "unreadable"),
    ("an unknown status", changed(status="done"), NO_STATUS, "unreadable"),
    (
        "a status that is a list",
        changed(status=["completed"]),
        "status of the answers not known",
        "unreadable",
    ),
    ("no date", changed(authored=None), "day of the answers not known", "unreadable"),
    ("only a month", changed(authored="2026-06"), "day of the answers not known", "unreadable"),
    ("only a year", changed(authored="2026"), "day of the answers not known", "unreadable"),
    ("a day that is none", changed(authored="2026-06-31"), "day of the answers not known", "unreadable"),
    ("a date that is a number", changed(authored=20260610), "day of the answers not known", "unreadable"),
    ("no author", changed(author=None), NOBODY, "unreadable"),
    ("an empty author", changed(author={}), NOBODY, "unreadable"),
    (
        "the patient as author",
        changed(author={"reference": "Patient/p", "display": "P"}),
        "not answered by a clinician",
        "unreadable",
    ),
    (
        "a device as author",
        changed(author={"type": "Device", "display": "App"}),
        "not answered by a clinician",
        "unreadable",
    ),
    (
        "an author inside the resource who is a relative",
        changed(author={"reference": "#a"}, contained=[{"resourceType": "RelatedPerson", "id": "a"}]),
        "not answered by a clinician",
        "unreadable",
    ),
    (
        "another version",
        changed(questionnaire=ANSWER["questionnaire"].replace("|1", "|2")),
        "answers another version of the worksheet",
        "unreadable",
    ),
    (
        "no version",
        changed(questionnaire=ANSWER["questionnaire"].partition("|")[0]),
        "answers another version of the worksheet",
        "unreadable",
    ),
    ("another questionnaire", changed(questionnaire=OTHER_QUESTIONS), "", "irrelevant"),
    (
        "the worksheet of a trial that is not here",
        changed(questionnaire=ANSWER["questionnaire"].replace("NCT0692", "NCT0000")),
        "",
        "irrelevant",
    ),
    ("no questionnaire", changed(questionnaire=None), "", "irrelevant"),
    ("a questionnaire that is a list", changed(questionnaire=[ANSWER["questionnaire"]]), "", "irrelevant"),
    ("somebody else", changed(subject={"reference": "Patient/q"}), "", "other_patient"),
    ("nobody", changed(subject=None), "does not say whose it is", "unreadable"),
    ("no items", changed(item=None), "", "read"),
    ("items that are a text", changed(item="yes"), "items that are no list", "unreadable"),
    (
        "an unknown question",
        of_item(lambda item: item.update(linkId="question/mood")),
        "an item that is not on the worksheet",
        "unreadable",
    ),
    (
        "no linkId",
        of_item(lambda item: item.pop("linkId")),
        "an item that is not on the worksheet",
        "unreadable",
    ),
    ("no answer", of_item(lambda item: item.pop("answer")), "", "read"),
    (
        "true as answer",
        of_item(lambda item: item.update(answer=[{"valueBoolean": True}])),
        "an answer that is not known",
        "unreadable",
    ),
    (
        "two answers",
        of_item(lambda item: item["answer"].append(item["answer"][0])),
        "an answer that is not known",
        "unreadable",
    ),
    (
        "an answer of another list",
        of_item(lambda item: item["answer"][0]["valueCoding"].update(system="http://loinc.org")),
        "an answer that is not known",
        "unreadable",
    ),
    (
        "an answer that is none of the choices",
        of_item(lambda item: item["answer"][0]["valueCoding"].update(code="1")),
        "an answer that is not known",
        "unreadable",
    ),
]


@pytest.mark.parametrize(
    ("response", "told", "counted"), [c[1:] for c in LEFT_OUT], ids=[c[0] for c in LEFT_OUT]
)
def test_a_response_does_not_count_with(response: Resource, told: str, counted: str) -> None:
    record = read(response)
    assert [each for each in record.attestations if each.problem is None] == []
    assert [fault.what for fault in record.unreadable] == ([told] if told else [])
    counts = {"read": 1, "irrelevant": 0, "unreadable": 0, "other_patient": 0}
    counts[counted] += 1
    assert record.counts == ReadCounts(2, **counts)
    why = "unreadable" if told in DOUBTFUL else "needs_judgement"
    assert said(criterion(assessed(response), "contraception")) == f"unknown: {why}"
    earlier = answered("contraception-agreed", "yes", 20)
    expected = "unknown: unreadable" if told in DOUBTFUL else "met: attested"
    assert said(criterion(assessed(response, earlier), "contraception")) == expected
    later = answered("contraception-agreed", "yes", 1)
    assert said(criterion(assessed(response, later), "contraception")) == "met: attested"


def test_one_unreadable_item_leaves_the_others() -> None:
    response = deepcopy(ANSWER)
    response["item"].append({"linkId": "question/mood", "answer": [{"valueString": "good"}]})
    record = read(response)
    assert [a.answer for a in record.attestations] == ["yes"]
    assert len(record.unreadable) == 1


STRIKE = struck("pyuria")
BAD_STRIKES = [
    ("item", {"code": "proteinuria"}, "an item that may not be struck"),
    ("item", {"code": "no-such-item"}, "an item that may not be struck"),
    ("item", {"system": "http://loinc.org"}, "an item that may not be struck"),
    ("cause", {"code": "weather"}, "a cause that is not known"),
    ("cause", {"code": None}, "a cause that is not known"),
]


@pytest.mark.parametrize(("part", "change", "told"), BAD_STRIKES)
def test_a_strike_of_what_there_is_not_does_not_count(
    part: str, change: dict[str, object], told: str
) -> None:
    response = deepcopy(STRIKE)
    (group,) = response["item"]
    (item,) = [each for each in group["item"] if each["linkId"].endswith(part)]
    item["answer"][0]["valueCoding"].update(change)
    record = read(response)
    assert [each for each in record.strikes if each.problem is None] == []
    assert [fault.what for fault in record.unreadable] == [told]


def test_what_is_entered_in_error_takes_its_copies_with_it() -> None:
    copy = {**deepcopy(ANSWER), "id": "in-the-ehr", "status": "entered-in-error"}
    assert copy["identifier"]["system"] == RESPONSE_SYSTEM
    for order in ((ANSWER, copy), (copy, ANSWER)):
        assert read(*order).attestations == ()


def test_a_copy_that_was_changed_without_a_new_date_conflicts() -> None:
    copy = {**deepcopy(answered("contraception-agreed", "no")), "id": "in-the-ehr"}
    copy["identifier"] = ANSWER["identifier"]
    assert said(criterion(assessed(ANSWER, copy), "contraception")) == "unknown: conflicting"


def test_names_and_notes_are_one_line_and_short() -> None:
    response = changed(author={"display": "Dr\u202e\n Chen " + "x" * 200})
    (attestation,) = read(response).attestations
    assert attestation.by.startswith("Dr Chen xxx")
    assert len(attestation.by) == 80


def test_a_bundle_entry_s_uuid_names_the_patient() -> None:
    response = changed(subject={"reference": "urn:uuid:p"})
    assert len(read(patient(), response).attestations) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["yes", "completed"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=6), inside, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    member=st.sampled_from(sorted({*ANSWER, "contained", "extension"} - {"resourceType"})),
    value=JSON,
    inside=st.booleans(),
)
def test_any_json_is_read_and_counted_once(member: str, value: object, inside: bool) -> None:
    response = deepcopy(ANSWER)
    if inside:
        response["item"][0][member if member != "item" else "answer"] = value
    else:
        response[member] = value
    record = read(response, STRIKE)
    counts = record.counts
    assert counts.received == 3
    assert counts.read + counts.irrelevant + counts.unreadable + counts.other_patient == 3
    assert len(record.strikes) <= 1
