"""Which records are of one biopsy and when it was, held against the rules as one would say them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.dates import When
from mappings.reading.pathology.episodes import episodes_of
from mappings.reading.pathology.records import BiopsyRecord
from tests.counted_work import calls_made_by

MARCH = 739_676
"""The ordinal of 1 March 2026."""

Dated = tuple[int, When]


def some_days(first: int, length: int = 0) -> When:
    return When(MARCH + first, MARCH + first + length, f"day {first:02} and {length} more")


def biopsy_record(name: str, *dates: Dated, links: Sequence[str] = ()) -> BiopsyRecord:
    return BiopsyRecord(name, (), dates, None, frozenset({name, *links}), confirmed=True)


DATES = st.tuples(
    st.integers(0, 2), st.builds(some_days, st.integers(0, 60), st.sampled_from([0, 0, 0, 3, 27]))
)
LINKS = st.lists(st.sampled_from("abcdefgh"), max_size=2)


@given(st.lists(LINKS, min_size=1, max_size=12))
def test_undated_records_are_of_one_biopsy_if_a_chain_of_links_leads_from_one_to_the_other(
    links: list[list[str]],
) -> None:
    groups: list[tuple[set[str], set[str]]] = []
    for number, named in enumerate(links):
        names, members = {f"r{number}", *named}, {f"r{number}"}
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, members = names | group[0], members | group[1]
        groups.append((names, members))
    records = [biopsy_record(f"r{number}", links=named) for number, named in enumerate(links)]
    found = [frozenset(each.reference for each in episode.records) for episode in episodes_of(records)]
    assert sorted(map(sorted, found)) == sorted(sorted(members) for _, members in groups)


@given(st.lists(DATES, min_size=1, max_size=9))
def test_a_biopsy_was_on_its_best_date_and_of_a_month_and_a_day_in_it_on_the_day(dates: list[Dated]) -> None:
    records = [biopsy_record(f"r{i}", dated, links="x") for i, dated in enumerate(dates)]
    (episode,) = episodes_of(records)
    best = [when for rank, when in dates if rank == min(rank for rank, _ in dates)]
    narrow = [
        when
        for when in best
        if not any(when.first <= o.first and o.last <= when.last and o[:2] != when[:2] for o in best)
    ]
    assert episode.when == min(narrow, key=lambda when: when[:3])


@settings(max_examples=200)
@given(st.lists(st.tuples(DATES, LINKS), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(
    told: list[tuple[Dated, list[str]]], random: Random
) -> None:
    records = [biopsy_record(f"r{i}", dated, links=links) for i, (dated, links) in enumerate(told)]
    shuffled = list(records)
    random.shuffle(shuffled)
    one, other = episodes_of(records), episodes_of(shuffled)
    assert {(e.when, frozenset(e.records)) for e in one} == {(e.when, frozenset(e.records)) for e in other}


@pytest.mark.parametrize(
    "linked", [pytest.param(False, id="collected about one day"), pytest.param(True, id="linked in a chain")]
)
def test_twice_as_many_records_of_one_biopsy_take_about_twice_as_much_work(linked: bool) -> None:
    """A chart may hold thousands (by mistake, or on purpose), and other hospitals' calls wait meanwhile."""

    def some(number: int) -> list[BiopsyRecord]:
        chain = [(f"link{i}", f"link{i + 1}") if linked else () for i in range(number)]
        return [
            biopsy_record(f"r{i}", (i % 2, some_days(i % 9, i % 3)), links=links)
            for i, links in enumerate(chain)
        ]

    few, many = (calls_made_by(partial(episodes_of, some(number))) for number in (250, 500))
    assert many < 2.5 * few
