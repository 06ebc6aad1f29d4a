"""How one plain fact is read: above or below a limit, low or raised, inside a look-back. Slow on purpose.

Every question has three answers: True, False, or None where the fact cannot tell.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from fractions import Fraction

from tests.oracle.facts import Illness, Lab

Answer = bool | None

# Clinical reference, section 4: 1 g/g is exactly 113.12 mg/mmol.
TO_G_PER_G = {
    "g/g": Fraction(1),
    "mg/mg": Fraction(1),
    "mg/g": Fraction(1, 1000),
    "mg/mmol": 1 / Fraction("113.12"),
    "g/mmol": 1000 / Fraction("113.12"),
}
TO_G_PER_DAY = {
    "g/d": Fraction(1),
    "g/(24.h)": Fraction(1),
    "mg/d": Fraction(1, 1000),
    "mg/(24.h)": Fraction(1, 1000),
}
TO_BILLIONS_PER_L = {
    "10*9/L": Fraction(1),
    "10*3/uL": Fraction(1),
    "10*6/L": Fraction(1, 1000),
    "/uL": Fraction(1, 1000),
}
PER_FIELD = {"/[HPF]": Fraction(1)}
CARDIOLIPIN = {
    "[GPL'U]/mL": Fraction(1),
    "[GPL'U]": Fraction(1),
    "[MPL'U]/mL": Fraction(1),
    "[MPL'U]": Fraction(1),
}
KEPT_DESPITE_CORRECTION = ("final", "amended", "corrected")


def days_of(text: str) -> tuple[date, date]:
    """The first and the last day that a FHIR date can mean; "" may be any day."""
    if not text:
        return date(1, 1, 1), date(9999, 12, 31)
    if len(text) == 4:
        return date(int(text), 1, 1), date(int(text), 12, 31)
    if len(text) == 7:
        year, month = int(text[:4]), int(text[5:])
        return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    return date.fromisoformat(text), date.fromisoformat(text)


def is_later_than(text: str, today: date) -> bool:
    """Whether a fact of this date is surely of a day after today: such facts are ignored."""
    return days_of(text)[0] > today


def within_days(text: str, count: int, today: date) -> Answer:
    """Whether the date lies in the last so many days, both ends in; None if it may or may not."""
    first, last = days_of(text)
    begin = today - timedelta(days=count)
    if last < begin:
        return False
    return True if first >= begin else None


def is_void(lab: Lab) -> bool:
    return lab.status in ("entered-in-error", "cancelled")


def is_usable(lab: Lab) -> bool:
    """Preliminary results, and results without a status, decide nothing."""
    return lab.status in KEPT_DESPITE_CORRECTION and lab.form != "absent"


def number_of(lab: Lab, factors: dict[str, Fraction]) -> Fraction | None:
    """The number in the unit of the limit; None if the unit cannot be compared with it."""
    if not lab.number or lab.unit not in factors:
        return None
    return Fraction(lab.number) * factors[lab.unit]


def celsius(lab: Lab) -> Fraction | None:
    if not lab.number or lab.unit not in ("Cel", "[degF]"):
        return None
    return Fraction(lab.number) if lab.unit == "Cel" else (Fraction(lab.number) - 32) * 5 / 9


def above(number: Fraction | None, sign: str, limit: Fraction) -> Answer:
    """Whether the number is more than the limit, whatever its sign leaves open."""
    if number is None:
        return None
    if sign == "":
        return number > limit
    if sign == ">":
        return True if number >= limit else None
    if sign == ">=":
        return True if number > limit else None
    return False if number <= limit else None  # "<" and "<="


def below(number: Fraction | None, sign: str, limit: Fraction) -> Answer:
    """Whether the number is less than the limit."""
    if number is None:
        return None
    if sign == "":
        return number < limit
    if sign == "<":
        return True if number <= limit else None
    if sign == "<=":
        return True if number < limit else None
    return False if number >= limit else None  # ">" and ">="


def by_own_range(lab: Lab) -> str:
    """ "low", "normal" or "high" by the range beside the result; "" if there is none or it cannot tell."""
    if not lab.number or not (lab.low or lab.high):
        return ""
    number = Fraction(lab.number)
    if lab.low and below(number, lab.sign, Fraction(lab.low)):
        return "low"
    if lab.high and above(number, lab.sign, Fraction(lab.high)):
        return "high"
    not_low = not lab.low or below(number, lab.sign, Fraction(lab.low)) is False
    not_high = not lab.high or above(number, lab.sign, Fraction(lab.high)) is False
    return "normal" if not_low and not_high else ""


FLAGGED = {"L": ("low",), "N": ("normal",), "H": ("high",), "A": ("low", "high")}
"""What a laboratory's flag may mean. "A", abnormal, does not say to which side."""


def judged(lab: Lab) -> str:
    """What flag and range say together; "" if nothing, if it stays open, or if they contradict each other."""
    by_range, by_flag = by_own_range(lab), FLAGGED.get(lab.flag, ())
    if by_flag and lab.number and Fraction(lab.number) in map(Fraction, filter(None, (lab.low, lab.high))):
        by_range = ""  # laboratories differ in whether the limit itself is normal: the flag tells
    if by_range and by_flag:
        return by_range if by_range in by_flag else ""
    return by_range or (by_flag[0] if len(by_flag) == 1 else "")


def is_low(lab: Lab) -> Answer:
    """Below the laboratory's own limit."""
    return judged(lab) == "low" if judged(lab) else None


def is_raised(lab: Lab) -> Answer:
    """Above the laboratory's own limit, or called positive."""
    if lab.answer:
        return lab.answer == "positive"
    return judged(lab) == "high" if judged(lab) else None


def is_confirmed(illness: Illness) -> Answer:
    """Without verification status an active Condition counts as confirmed, any other is uncertain."""
    if illness.verified in ("refuted", "entered-in-error"):
        return False
    if illness.verified == "confirmed" or (illness.verified == "" and illness.status == "active"):
        return True
    return None
