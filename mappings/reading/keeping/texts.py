"""Results that are kept for texts that come again, such as "IV + V" or "oral tablet".

What a text says does not depend on the patient, but a long one may be a sentence about a patient: a report's
conclusion, an instruction. Those are kept only while their record is read, and then forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

T = TypeVar("T")
LONGEST = 60
"""Characters. Names of classes, indices, drugs, forms and routes are shorter, as we have seen them."""

_of_this_record: dict[tuple[object, ...], Any] = {}


def kept(most: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Keeps what a pure function says of a text: of ``most`` short ones, and of long ones till forgotten."""

    def keeping(function: Callable[..., T]) -> Callable[..., T]:
        short = lru_cache(maxsize=most)(function)

        @wraps(function)
        def call(text: str, *further: Any, **named: Any) -> T:
            if len(text) <= LONGEST:
                return short(text, *further, **named)
            key = (function, text, *further, *named.items())
            if key in _of_this_record:
                found: T = _of_this_record[key]
                return found
            result = _of_this_record[key] = function(text, *further, **named)
            return result

        return call

    return keeping


def kept_for_words(most: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """The same for a function of codes and texts; one long text among them, and nothing is kept."""

    def keeping(function: Callable[..., T]) -> Callable[..., T]:
        short = lru_cache(maxsize=most)(function)

        @wraps(function)
        def call(tokens: tuple[str, ...], texts: tuple[str, ...]) -> T:
            for text in texts:
                if len(text) > 2 * LONGEST:
                    return function(tokens, texts)
            return short(tokens, texts)

        return call

    return keeping


def forget() -> None:
    """Called when a record has been read."""
    _of_this_record.clear()
