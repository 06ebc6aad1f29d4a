"""Decimal numbers converted as fractions: 113.12 mg/mmol is 1 g/g, and not a hair above it.

A number in JSON is a decimal number. Python holds it as the nearest binary one, from which ``repr`` gives the
decimal back, so nothing is lost up to 15 significant digits.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

_MOST_DIGITS = 15
"""So many significant digits survive in a binary number, whatever they are (IEEE 754 double precision)."""
_SHORT = 17
_SIMPLE = 10**4
_CLOSE = 1e-12


class Conversion(NamedTuple):
    """(value x ``numerator`` + ``offset``) / ``denominator``; only temperatures have an offset.

    ``power`` is set where this only moves the decimal point.
    """

    numerator: int
    denominator: int
    offset: int = 0
    power: int | None = None

    @property
    def factor(self) -> float:
        """By what a value is multiplied, rounded."""
        return self.numerator / self.denominator

    def of(self, value: float) -> float:
        """The value converted, so that it compares with a limit as the exact fraction would.

        That holds for values and limits of up to 15 significant digits. What becomes too large is endless.
        Raises ValueError or OverflowError for what is no finite number.
        """
        if self.power is not None:
            text = repr(value)
            if len(text) < _SHORT and "e" not in text:
                return float(f"{text}e{self.power}")
        top, bottom = Decimal(repr(value)).as_integer_ratio()
        return nearest(top * self.numerator + self.offset * bottom, bottom * self.denominator)


def conversion_by(factor: Fraction, offset: Fraction = Fraction(0)) -> Conversion:
    """The conversion that multiplies by a factor, and then adds an offset."""
    bottom = math.lcm(factor.denominator, offset.denominator)
    top = factor.numerator * (bottom // factor.denominator)
    added = offset.numerator * (bottom // offset.denominator)
    if factor == 1 and not added:
        return IDENTITY
    return Conversion(top, bottom, added, None if added else _power_of_ten(top, bottom))


def _power_of_ten(top: int, bottom: int) -> int | None:
    digits = len(str(max(top, bottom))) - 1
    if min(top, bottom) != 1 or max(top, bottom) != 10**digits:
        return None
    return digits if bottom == 1 else -digits


def nearest(top: int, bottom: int) -> float:
    """The fraction as a binary number: itself if that is what it stands for, else on its side of it.

    The number nearest to 0.99999999999999999 is 1.0, which would be "at least 1": the next lower is taken.
    """
    try:
        near = top / bottom
    except OverflowError:
        return math.inf if top > 0 else -math.inf
    shown = Decimal(repr(near))
    if len(shown.as_tuple().digits) > _MOST_DIGITS:
        return near
    shown_top, shown_bottom = shown.as_integer_ratio()
    exact, rounded = top * shown_bottom, shown_top * bottom
    if exact == rounded:
        return near
    return math.nextafter(near, math.inf if exact > rounded else -math.inf)


def quotient(above: float, below: float) -> float:
    """One decimal number by another, exactly, then as ``nearest`` does. ``below`` is not zero."""
    top, top_bottom = Decimal(repr(above)).as_integer_ratio()
    bottom, bottom_bottom = Decimal(repr(below)).as_integer_ratio()
    if bottom < 0:
        top, bottom = -top, -bottom
    return nearest(top * bottom_bottom, bottom * top_bottom)


def product(number: float, other: float) -> float:
    """Two decimal numbers multiplied exactly, then as ``nearest`` does. What is endless stays so."""
    if math.isinf(number):
        return number
    top, top_bottom = Decimal(repr(number)).as_integer_ratio()
    more, more_bottom = Decimal(repr(other)).as_integer_ratio()
    return nearest(top * more, top_bottom * more_bottom)


def simplest(number: float) -> Fraction:
    """The fraction that a computed number must have been: 0.041666666666666664 is 1/24.

    The UCUM library computes in binary numbers, while the factors between units are ratios of small numbers
    and powers of ten. What is near no such ratio is taken as the decimal number it shows.
    """
    if not number:
        return Fraction(0)
    shift = Fraction(10) ** math.floor(math.log10(abs(number)))
    whole = Fraction(repr(number)) / shift
    simple = whole.limit_denominator(_SIMPLE)
    return (simple if abs(simple - whole) <= _CLOSE else whole) * shift


IDENTITY = Conversion(1, 1, 0, 0)
