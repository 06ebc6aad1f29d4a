"""The truth tables, written out rather than derived."""

from __future__ import annotations

import itertools

import pytest

from mappings.verdicts import (
    UNKNOWN_REASON_ORDER,
    Reason,
    Verdict,
    at_least,
    conjunction,
    first_unknown_reason,
    negation,
)

WORDS = {"met": Verdict.MET, "not": Verdict.NOT_MET, "?": Verdict.UNKNOWN}

# a     b      a AND b  a OR b
TABLE = """
met   met    met      met
met   not    not      met
met   ?      ?        met
not   met    not      met
not   not    not      not
not   ?      not      ?
?     met    ?        met
?     not    not      ?
?     ?      ?        ?
"""
ROWS = [tuple(WORDS[word] for word in line.split()) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("a", "b", "both", "either"), ROWS)
def test_and_and_or_follow_the_nine_written_cases(
    a: Verdict, b: Verdict, both: Verdict, either: Verdict
) -> None:
    assert conjunction([a, b]) is both
    assert at_least(1, [a, b]) is either  # what `any` is


def test_the_table_holds_all_nine_pairs() -> None:
    assert {row[:2] for row in ROWS} == set(itertools.product(Verdict, Verdict))


def test_not_leaves_unknown_unknown() -> None:
    assert [negation(v) for v in (Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN)] == [
        Verdict.NOT_MET,
        Verdict.MET,
        Verdict.UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("count", "verdicts", "expected"),
    [
        (2, "met met not", "met"),
        (2, "met ? not", "?"),
        (2, "met not not", "not"),
        (2, "? ? not", "?"),
        (2, "? not not", "not"),
        (1, "not not", "not"),
        (3, "met met met ?", "met"),
    ],
)
def test_k_of_n_is_unknown_only_while_it_can_still_go_both_ways(
    count: int, verdicts: str, expected: str
) -> None:
    assert at_least(count, [WORDS[word] for word in verdicts.split()]) is WORDS[expected]


def test_what_only_a_person_can_say_is_the_last_reason_named_and_contradiction_the_first() -> None:
    assert first_unknown_reason([Reason.NEEDS_JUDGEMENT, Reason.NOT_FOUND]) is Reason.NOT_FOUND
    assert first_unknown_reason([Reason.TOO_OLD, Reason.CONFLICTING]) is Reason.CONFLICTING
    assert UNKNOWN_REASON_ORDER[-1] is Reason.NEEDS_JUDGEMENT


def test_every_reason_is_either_decided_or_has_its_place_in_the_order() -> None:
    decided = {Reason.VALUE, Reason.ATTESTED, Reason.NOT_APPLICABLE, Reason.ABSENT_BY_RULE}
    assert decided | set(UNKNOWN_REASON_ORDER) == set(Reason)
    assert decided.isdisjoint(UNKNOWN_REASON_ORDER)
