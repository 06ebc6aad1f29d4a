"""Numbers as laboratories report them: exact, censored ("<0.1", ">1280") or a range."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from mappings.verdicts import MET, NOT_MET, UNKNOWN, Verdict

_GREATEST = sys.float_info.max

Comparison = Literal["greater_than", "at_least", "less_than", "at_most"]


class Amount(NamedTuple):
    """An interval of numbers in a concept's canonical unit; an open end is not itself possible."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


class Bound(NamedTuple):
    """One comparison of a rule, in the concept's canonical unit; ``text`` is as the author wrote it."""

    comparison: Comparison
    limit: float
    text: str


HOLDS: Mapping[Comparison, Callable[[float, float], bool]] = {
    "greater_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}
"""The comparisons of exact numbers."""


def is_number(value: object) -> bool:
    """Whether a JSON value is a finite number, not so large that arithmetic fails on it."""
    return isinstance(value, int | float) and type(value) is not bool and abs(value) <= _GREATEST


def exactly(value: float) -> Amount:
    return Amount(value, value)


AS_COMPARATORS: Mapping[str, str] = {"≤": "<=", "≥": ">="}
"""Signs that texts write for FHIR's comparators."""


def censored(comparator: str, value: float) -> Amount | None:
    """A FHIR Quantity.comparator with its value; None for a comparator that is not one."""
    if comparator == "<":
        return Amount(-math.inf, value, True, True)
    if comparator == "<=":
        return Amount(-math.inf, value, True)
    if comparator == ">":
        return Amount(value, math.inf, True, True)
    if comparator == ">=":
        return Amount(value, math.inf, False, True)
    return None


def compare(amount: Amount, bound: Bound) -> Verdict:
    """MET or NOT_MET if every number the amount can be agrees, else UNKNOWN."""
    low, high, low_open, high_open = amount
    limit = bound.limit
    if bound.comparison == "greater_than":
        return _decide(low > limit or (low == limit and low_open), high <= limit)
    if bound.comparison == "at_least":
        return _decide(low >= limit, high < limit or (high == limit and high_open))
    if bound.comparison == "less_than":
        return _decide(high < limit or (high == limit and high_open), low >= limit)
    return _decide(high <= limit, low > limit or (low == limit and low_open))


def _decide(met: bool, not_met: bool) -> Verdict:
    if met:
        return MET
    return NOT_MET if not_met else UNKNOWN
