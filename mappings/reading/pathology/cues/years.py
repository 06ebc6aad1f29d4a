"""Years in a text that may be those of another biopsy."""

from __future__ import annotations

import re

YEAR = re.compile(r"(?:19|20)(?<![\d.]..)\d\d(?!\d|\s?(?:mg|mcg|g\b|ml\b|/mm|x\b))", re.IGNORECASE)
"""What may not stand before it is asked after the first digits, so that only those are tried."""

YEAR_OF_CLASSIFICATION = re.compile(
    r"(?=[12icknrw分学标修])(?:"
    r"(?:isn\W{0,3}rps|who|classification|revised|revision|criteria|nih|klassifikation|clasificaci[oó]n"
    r"|分[型类级]|学会|标准|修订)"
    r"(?:\W|of|the|class|revised|分型|分类|标准){0,4}?\W{0,3}"
    r"(?:(?:19|20)\d\d\W{0,2})+"
    r"|(?:2003|2004|2016|2018|1974|1982|1995)[\W年版]{0,3}(?:revised |revision of (?:the )?)?"
    r"(?:isn|rps|who|classification|revision|criteria|修订|分[型类级]|标准|国际|世界卫生))",
    re.IGNORECASE,
)


def other_years(sentence: str) -> list[str]:
    """The years in a sentence that are not of a classification."""
    if YEAR.search(sentence) is None:
        return []
    return YEAR.findall(YEAR_OF_CLASSIFICATION.sub(" ", sentence))
