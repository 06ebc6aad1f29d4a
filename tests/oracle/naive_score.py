"""What a naive score answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.oracle.naive_reading import Answer


class NaiveScore(NamedTuple):
    """The interval, whether the threshold is reached, what each item is, and the entry criterion if any."""

    at_least: int
    at_most: int
    reached: Answer
    items: Mapping[str, Answer]
    entry: Answer = None
