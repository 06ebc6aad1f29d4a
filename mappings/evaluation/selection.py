"""Which of several dated results is the newest, when dates may be partial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from mappings.dates import When
from mappings.facts import Result


class Known(NamedTuple):
    """The results of a concept up to a day, newest first; those of one day in the order of the record.

    ``newest`` are those of which any could be the newest. ``all_days``: no date is partial.
    """

    results: Sequence[Result]
    newest: Sequence[Result]
    all_days: bool


_KNOWN: Callable[[tuple[Sequence[Result], Sequence[Result], bool]], Known] = partial(tuple.__new__, Known)
NOTHING_KNOWN = Known((), (), True)
_EPOCH = datetime.fromtimestamp(0, UTC)
_Span = tuple[datetime, datetime]


def known_by(recorded: Sequence[Result], today: int) -> Known:
    """The results not dated after the day; facts after the day are ignored.

    Most servers send the newest first and every result with its day: such results are taken as they come.
    """
    later = today
    for result in recorded:
        when = result.when
        first = when.first
        if first > later or first != when.last:
            return _ordered(recorded, today)
        later = first
    if len(recorded) == 1 or recorded[1].when.first < recorded[0].when.first:
        return _KNOWN((recorded, recorded[:1], True))
    return _KNOWN((recorded, _newest(recorded, today, all_days=True), True))


def _ordered(recorded: Sequence[Result], today: int) -> Known:
    results = recorded
    days = [result.when.first for result in results]
    if max(days, default=today) > today:
        results = [result for result in results if result.when.first <= today]
        days = [result.when.first for result in results]
    all_days = days == [result.when.last for result in results]
    results = sorted(results, key=_first_day, reverse=True)
    return Known(results, _newest(results, today, all_days), all_days)


def _first_day(result: Result) -> int:
    return result.when.first


def _newest(results: Sequence[Result], today: int, all_days: bool) -> Sequence[Result]:
    """One result, unless dates are partial or coincide."""
    if len(results) < 2:
        return results
    latest_start = results[0].when.first
    if all_days:
        if results[1].when.first < latest_start:
            return results[:1]
        group = [result for result in results if result.when.first == latest_start]
    else:
        group = [result for result in results if min(result.when.last, today) >= latest_start]
    if len(group) < 2:
        return group
    group = each_once(group)
    spans = [_span(result.when) for result in group]
    latest = max((span for span in spans if span is not None), default=None)
    if latest is None:
        return group
    return [result for result, span in zip(group, spans, strict=True) if not _is_before(span, latest)]


def each_once(results: Sequence[Result]) -> list[Result]:
    """Results without repeats: those of one instant that say the same are one, whatever their ids.

    Of these the one written in the concept's own unit stays, then the first by reference, so that the order
    in which they came does not matter. One that is not final never stands for one that is, nor the other way.
    """
    known: dict[tuple[object, ...], Result] = {}
    for result in results:
        when, words = result.when, () if result.amount is not None else (result.text, result.note)
        said = when.first, when.last, _span(when), result.amount, result.tokens, result.problem, words
        other = known.get(said)
        if other is None or _order(result) < _order(other):
            known[said] = result
    return list(known.values())


def _order(result: Result) -> tuple[bool, str, str]:
    return bool(result.text), result.reference, result.text


def _span(when: When) -> _Span | None:
    """From when to when it was, where that is told to the hour; an instant begins and ends at once."""
    return when.span if when.moment is None else (when.moment, when.moment)


def _is_before(span: _Span | None, latest: _Span) -> bool:
    """Whether it had ended when the one that began last began: those that overlap are in no order."""
    return span is not None and span[1] <= latest[0] and span != latest


def before(known: Known) -> Result | None:
    """The result before the newest ones, to be shown beside a newest one that cannot be used."""
    newest = frozenset(known.newest)
    others = [result for result in known.results if result not in newest]
    return max(others, key=_instant, default=None)


def _instant(result: Result) -> tuple[int, datetime]:
    span = _span(result.when)
    return result.when.first, _EPOCH if span is None else span[1]


def one_instant(results: Sequence[Result]) -> bool:
    """Whether all results are of one known day."""
    return len({(result.when.first, result.when.last) for result in results}) == 1 and results[0].when.is_day
