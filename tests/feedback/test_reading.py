"""Feedback bodies: a strict envelope, lenient items, and nothing that raises or quotes what was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.wording import OVERRIDE_REASONS, OVERRIDE_SYSTEM
from cds_service.feedback.reading import LONGEST_COMMENT, MOST_ITEMS, read_feedback, read_timestamp
from cds_service.storage.records import FeedbackItem
from cds_service.web.problems import RefusalError

CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
OTHER = "f6b95768-b1c8-40dc-8385-bf3504b82ffb"
REFER, ORDER = "e56e1945-20b3-4393-8503-a1a20fd73152", "3bbb8e0f-3c02-4c1d-a8a0-0e1f3c0d5d11"
AT = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)

ACCEPTED: dict[str, Any] = {
    "card": CARD,
    "outcome": "accepted",
    "outcomeTimestamp": "2026-06-15T09:30:00Z",
    "acceptedSuggestions": [{"id": REFER}],
}
OVERRIDDEN: dict[str, Any] = {
    "card": CARD,
    "outcome": "overridden",
    "outcomeTimestamp": "2026-06-15T09:30:00Z",
    "overrideReason": {"reason": {"code": "not-now", "system": OVERRIDE_SYSTEM}, "userComment": "in May"},
}


def without(item: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != member}


def read_one(**members: Any) -> tuple[FeedbackItem | None, list[str]]:
    """An override with these members: the item if it was kept, and where there are faults."""
    return read_item({**OVERRIDDEN, **members})


def read_item(item: object) -> tuple[FeedbackItem | None, list[str]]:
    read = read_feedback({"feedback": [item]})
    assert len(read.items) + read.dropped == 1
    return (read.items[0] if read.items else None), [problem.where for problem in read.faults]


# --- what the specification describes


def test_fb4_an_accepted_card_names_its_suggestions() -> None:
    assert read_item(ACCEPTED) == (FeedbackItem(CARD, "accepted", AT, (REFER,)), [])


def test_fb5_an_overridden_card_may_give_a_reason_without_display_and_a_comment() -> None:
    expected = FeedbackItem(CARD, "overridden", AT, (), OVERRIDE_SYSTEM, "not-now", "in May")
    assert read_item(OVERRIDDEN) == (expected, [])
    assert read_item(without(OVERRIDDEN, "overrideReason")) == (FeedbackItem(CARD, "overridden", AT), [])


@pytest.mark.parametrize("code", [code for code, _ in OVERRIDE_REASONS])
def test_fb5_every_reason_that_a_card_offers_can_be_read(code: str) -> None:
    item, faults = read_one(overrideReason={"reason": {"code": code, "system": OVERRIDE_SYSTEM}})
    assert item is not None
    assert (item.reason_system, item.reason_code, faults) == (OVERRIDE_SYSTEM, code, [])


def test_fb6_several_cards_and_repeats_are_kept_in_their_order() -> None:
    read = read_feedback({"feedback": [OVERRIDDEN, {**ACCEPTED, "card": OTHER}, OVERRIDDEN]})
    assert [one.card for one in read.items] == [CARD, OTHER, CARD]
    assert (read.dropped, read.faults) == (0, ())


def test_fb9_one_item_that_cannot_be_used_costs_no_other() -> None:
    read = read_feedback({"feedback": [OVERRIDDEN, {"card": "x"}, None, ACCEPTED]})
    assert [one.outcome for one in read.items] == ["overridden", "accepted"]
    assert read.dropped == 2
    assert [problem.where for problem in read.faults] == [
        *("feedback[1].card", "feedback[1].outcome", "feedback[1].outcomeTimestamp"),
        "feedback[2]",
    ]


def test_an_empty_list_is_feedback_on_nothing() -> None:
    assert read_feedback({"feedback": []}) == ((), 0, ())


def test_members_that_are_not_known_are_ignored() -> None:
    item = {**ACCEPTED, "extension": {"x": [1]}, "acceptedSuggestions": [{"id": REFER, "extension": 1}]}
    assert (
        read_feedback({"feedback": [item], "extension": {}}).items
        == read_feedback({"feedback": [ACCEPTED]}).items
    )


def test_uuids_are_lower_case_afterwards() -> None:
    item = {**ACCEPTED, "card": CARD.upper(), "acceptedSuggestions": [{"id": REFER.upper()}, {"id": REFER}]}
    assert read_item(item) == (FeedbackItem(CARD, "accepted", AT, (REFER,)), [])


# --- the envelope: 400


@pytest.mark.parametrize(
    ("body", "where", "code"),
    [
        ({}, "feedback", "required"),
        ({"feedback": None}, "feedback", "required"),
        ({"feedbacks": [OVERRIDDEN]}, "feedback", "required"),
        ({"feedback": OVERRIDDEN}, "feedback", "structure"),
        ({"feedback": "[]"}, "feedback", "structure"),
        ({"feedback": 0}, "feedback", "structure"),
        ({"feedback": [OVERRIDDEN] * (MOST_ITEMS + 1)}, "feedback", "too-long"),
        ([OVERRIDDEN], "", "structure"),
        (None, "", "structure"),
    ],
)
def test_fb2_a_body_that_is_not_an_object_with_a_list_is_refused(body: object, where: str, code: str) -> None:
    with pytest.raises(RefusalError) as refused:
        read_feedback(body)
    assert refused.value.status == 400
    assert [(one.where, one.code) for one in refused.value.problems] == [(where, code)]
    assert all(one.text for one in refused.value.problems)


def test_as_many_items_as_allowed_are_read() -> None:
    assert len(read_feedback({"feedback": [OVERRIDDEN] * MOST_ITEMS}).items) == MOST_ITEMS


# --- an item that cannot be used


@pytest.mark.parametrize(
    ("item", "where"),
    [
        (without(OVERRIDDEN, "card"), [".card"]),
        (without(OVERRIDDEN, "outcome"), [".outcome"]),
        (without(OVERRIDDEN, "outcomeTimestamp"), [".outcomeTimestamp"]),
        (without(ACCEPTED, "acceptedSuggestions"), [".acceptedSuggestions"]),
        ({**OVERRIDDEN, "card": 7}, [".card"]),
        ({**OVERRIDDEN, "card": f"urn:uuid:{CARD}"}, [".card"]),
        ({**OVERRIDDEN, "card": f"{CARD}\n"}, [".card"]),
        ({**OVERRIDDEN, "outcome": "Overridden"}, [".outcome"]),
        ({**OVERRIDDEN, "outcome": "ignored"}, [".outcome"]),
        ({**OVERRIDDEN, "outcome": ["overridden"]}, [".outcome"]),
        ({**OVERRIDDEN, "outcomeTimestamp": "yesterday"}, [".outcomeTimestamp"]),
        ({**ACCEPTED, "acceptedSuggestions": []}, [".acceptedSuggestions"]),
        ({**ACCEPTED, "acceptedSuggestions": [REFER]}, [".acceptedSuggestions"]),
        ({**ACCEPTED, "acceptedSuggestions": {"id": REFER}}, [".acceptedSuggestions"]),
        ({**ACCEPTED, "acceptedSuggestions": [{"id": "1"}]}, [".acceptedSuggestions"]),
        ({**ACCEPTED, "card": None, "outcomeTimestamp": 1}, [".card", ".outcomeTimestamp"]),
        ([], [""]),
        ("accepted", [""]),
        ({}, [".card", ".outcome", ".outcomeTimestamp"]),
    ],
)
def test_an_item_that_cannot_be_used_is_left_out_with_all_its_faults(item: object, where: list[str]) -> None:
    assert read_item(item) == (None, [f"feedback[0]{member}" for member in where])


# --- an item of which a part cannot be used


def test_one_suggestion_that_can_be_used_is_enough() -> None:
    sent = [{"id": REFER}, {"id": "x"}, None, {"id": ORDER}]
    item, faults = read_item({**ACCEPTED, "acceptedSuggestions": sent})
    assert (item and item.suggestions, faults) == ((REFER, ORDER), ["feedback[0].acceptedSuggestions"])


def test_more_suggestions_than_a_card_can_have_are_cut() -> None:
    sent = [{"id": f"{number:08x}-0000-4000-8000-000000000000"} for number in range(500)]
    item, faults = read_item({**ACCEPTED, "acceptedSuggestions": sent})
    assert item is not None
    assert (len(item.suggestions), len(faults)) == (100, 1)


@pytest.mark.parametrize(
    ("reason", "where"),
    [
        ([], ""),
        ("not-now", ""),
        ({"reason": "not-now"}, ".reason.code"),
        ({"reason": {}}, ".reason.code"),
        ({"reason": {"code": ""}}, ".reason.code"),
        ({"reason": {"code": 5}}, ".reason.code"),
        ({"reason": {"code": "not now"}}, ".reason.code"),
        ({"reason": {"code": "a\x00b"}}, ".reason.code"),
        ({"reason": {"code": "x" * 65}}, ".reason.code"),
        ({"reason": {"code": "not-now", "system": 5}}, ".reason.system"),
        ({"reason": {"code": "not-now", "system": "a b"}}, ".reason.system"),
        ({"reason": {"code": "not-now", "system": "x" * 201}}, ".reason.system"),
        ({"userComment": 5}, ".userComment"),
    ],
)
def test_a_reason_that_cannot_be_read_costs_the_reason_and_not_the_override(
    reason: object, where: str
) -> None:
    assert read_one(overrideReason=reason) == (
        FeedbackItem(CARD, "overridden", AT),
        [f"feedback[0].overrideReason{where}"],
    )


@pytest.mark.parametrize(
    "reason", [None, {}, {"reason": None}, {"userComment": None}, {"userComment": " \n"}]
)
def test_an_override_without_a_reason_is_one(reason: object) -> None:
    assert read_one(overrideReason=reason) == (FeedbackItem(CARD, "overridden", AT), [])


def test_a_code_without_its_system_is_kept_as_such() -> None:
    item, faults = read_one(overrideReason={"reason": {"code": "not-now"}})
    assert (item and (item.reason_system, item.reason_code), faults) == (("", "not-now"), [])


def test_what_belongs_to_the_other_outcome_is_ignored() -> None:
    both = {"acceptedSuggestions": [{"id": REFER}], "overrideReason": {"userComment": "x"}}
    assert read_item({**ACCEPTED, **both}) == (FeedbackItem(CARD, "accepted", AT, (REFER,)), [])
    assert read_item({**OVERRIDDEN, **both}) == (FeedbackItem(CARD, "overridden", AT, comment="x"), [])


def test_fb10_a_comment_is_capped_and_never_shown() -> None:
    item, faults = read_one(overrideReason={"userComment": f" {'ä' * (LONGEST_COMMENT + 5)}"})
    assert item is not None
    assert (item.comment, faults) == ("ä" * LONGEST_COMMENT, [])
    assert "ä" not in repr(item)


# --- timestamps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-15T09:30:00Z", AT),
        ("2026-06-15t09:30:00z", AT),
        ("2026-06-15 09:30:00Z", AT),  # RFC 3339 section 5.6 leaves the separator to be a blank
        ("2026-06-15T15:15:00+05:45", AT),
        ("2026-06-14T21:30:00.000-12:00", AT),
        ("2026-06-15T09:30:00-00:00", AT),
        ("2026-06-15T09:30:00.1Z", AT.replace(microsecond=100_000)),
        ("2026-06-15T09:30:00.123456789Z", AT.replace(microsecond=123_456)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-06-15T09:30:00", None),
        ("2026-06-15", None),
        ("2026-06-15T09:30Z", None),
        ("2026-06-15T24:00:00Z", None),
        ("2026-06-15T09:30:61Z", None),
        ("2026-02-29T09:30:00Z", None),
        ("2026-06-15T09:30:00+24:00", None),
        ("2026-W25-1T09:30:00Z", None),
        ("20260615T093000Z", None),
        ("٢٠٢٦-06-15T09:30:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("2026-06-15T09:30:00Z\n", None),
        ("", None),
        (1781515800, None),
        (None, None),
    ],
)
def test_fb3_a_timestamp_is_rfc_3339_with_any_offset(text: object, expected: datetime | None) -> None:
    assert read_timestamp(text) == expected


@given(st.integers(-60_000_000_000, 250_000_000_000), st.integers(-1439, 1439))
def test_every_second_from_the_year_69_to_9892_is_read_back(seconds: int, offset: int) -> None:
    at = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset)))
    assert read_timestamp(at.isoformat()) == at


# --- whatever is sent

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([CARD, REFER]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "card": st.just(CARD) | JSON,
        "outcome": st.sampled_from(["accepted", "overridden"]) | JSON,
        "outcomeTimestamp": st.just("2026-06-15T09:30:00+02:00")
        | st.from_regex(r"\d{4}-\d\d-\d\dT.*Z")
        | JSON,
        "acceptedSuggestions": st.lists(st.fixed_dictionaries({"id": st.just(REFER) | JSON})) | JSON,
        "overrideReason": JSON
        | st.fixed_dictionaries({}, optional={"reason": JSON, "userComment": st.text() | JSON})
        | st.fixed_dictionaries({"reason": st.fixed_dictionaries({"code": st.text(), "system": JSON})}),
    },
)
BODIES = JSON | st.fixed_dictionaries({"feedback": st.lists(ITEMS | JSON, max_size=6) | JSON})


@given(BODIES)
def test_no_body_raises_anything_but_a_refusal(body: Any) -> None:
    listed = body.get("feedback") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        with pytest.raises(RefusalError):
            read_feedback(body)
        return
    read = read_feedback(body)
    assert len(read.items) + read.dropped == len(body["feedback"])
    assert not read.dropped or read.faults
    for item in read.items:
        assert item.card == item.card.lower()
        assert (item.outcome == "accepted") == bool(item.suggestions)
        assert item.at.utcoffset() == datetime.now(UTC).utcoffset()
        assert len(item.comment) <= LONGEST_COMMENT
        orjson.dumps([item.comment, item.reason_code, item.reason_system])


SECRET = "Jane Marker-7731"


@given(BODIES, st.randoms())
def test_no_fault_quotes_what_was_sent(body: Any, random: Any) -> None:
    """Every text in the body is replaced by a marked one; faults and refusals must not hold it."""

    def marked(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: marked(one) for name, one in value.items()}
        if isinstance(value, list):
            return [marked(one) for one in value]
        return SECRET if isinstance(value, str) and random.random() < 0.5 else value

    try:
        problems = read_feedback(marked(body)).faults
    except RefusalError as refused:
        problems = refused.problems
    assert SECRET not in repr(problems)
