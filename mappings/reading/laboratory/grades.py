"""A grade of a scale as charts write it: "ECOG PS 1", "1级", "1 - Restricted in strenuous activity".

The digit is what was recorded. Behind it may stand the scale's own words for that grade, as the concept's
file lists them, or a part of them. Any other word may deny, remember or compare ("1 (previously 2)", "0 - not
done"): then nothing is read. So are the words of another grade.
"""

from __future__ import annotations

import re
import unicodedata

from mappings.concept import Concept
from mappings.language.letters import has_han
from mappings.reading.code_index import normalised

_LONGEST = 400
_SCALE = r"(?:ecog|ps|performance[ -]status|grade|score|体力状况|体能状态|体力状态|评分)"
_GRADE = re.compile(
    rf"(?:{_SCALE}[\s:=-]*)*(?P<low>\d)\s*(?:(?:-|–|~|to|or|至)\s*(?P<high>\d)\s*)?[级分]?"
    r"(?:\s*[-–:=,.(]\s*(?P<words>[^\d\s].*))?",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[,;.:()/\-–。\s]+")


def is_scale(concept: Concept) -> bool:
    """Whether the answers of a concept are grades."""
    return bool(concept.answers) and all(map(str.isdigit, concept.answers))


def grade(text: str, concept: Concept) -> str | None:
    """The one grade that a whole text tells; None if it tells none, or several."""
    written = _written(text)
    if written is None or written["high"] or written["low"] not in concept.answers:
        return None
    words = written["words"]
    return written["low"] if not words or _defines(words, concept, written["low"]) else None


def grades(text: str) -> str:
    """Two grades without the name of their scale, as "0-1"; any other text as it is."""
    written = _written(text)
    if written is None or not written["high"] or written["words"]:
        return text
    return f"{written['low']}-{written['high']}"


def _written(text: str) -> re.Match[str] | None:
    if len(text) > _LONGEST:
        return None
    return _GRADE.fullmatch(unicodedata.normalize("NFKC", text).strip())


def _defines(words: str, concept: Concept, answer: str) -> bool:
    """Whether words are the scale's name, or all of those by which it defines this grade."""
    texts = [way for way in concept.answers[answer] if "|" not in way]
    if normalised(words) in (*texts, *map(normalised, concept.names)):
        return True
    told = {part for part in _PARTS.split(words.lower()) if part}
    if has_han(words):
        return all(len(part) > 1 and any(part in text for text in texts) for part in told)
    return "not" not in told and told <= {part for text in texts for part in _PARTS.split(text)}
