"""Which of several dated results is the newest, when dates may be partial."""

from __future__ import annotations

from collections.abc import Sequence

from mappings.facts import Result


def known_by(results: Sequence[Result], today: int) -> list[Result]:
    """Results not dated after the day; facts after the day are ignored."""
    return [result for result in results if result.when.first <= today]


def newest(results: Sequence[Result], today: int) -> list[Result]:
    """The results of which any could be the newest: one, unless dates are partial or coincide."""
    if len(results) < 2:
        return list(results)
    latest_start = max(result.when.first for result in results)
    group = [result for result in results if min(result.when.last, today) >= latest_start]
    if len(group) < 2:
        return group
    return [result for result in group if not any(_is_before(result, other) for other in group)]


def _is_before(result: Result, other: Result) -> bool:
    """Whether both are of one known day and instants say that ``result`` came first."""
    mine, its = result.when, other.when
    return (
        mine.moment is not None
        and its.moment is not None
        and mine.is_day
        and its.is_day
        and mine.first == its.first
        and mine.moment < its.moment
    )


def before(results: Sequence[Result], group: Sequence[Result]) -> Result | None:
    """The result before the newest ones, to be shown beside a newest one that cannot be used."""
    others = [result for result in results if result not in group]
    return max(others, key=lambda result: (result.when.first, result.when.moment or 0), default=None)


def one_instant(results: Sequence[Result]) -> bool:
    """Whether all results are of one known day."""
    return len({(result.when.first, result.when.last) for result in results}) == 1 and results[0].when.is_day
