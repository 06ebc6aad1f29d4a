"""Lists of classes in a text: "IV", "IV-G (A/C) + V", "3 and 5"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

CLASS_WORD = r"(?:class(?:es)?|klassen?|clases?|cl\.)"

_ROMAN = ("I", "II", "III", "IV", "V", "VI")
_SUFFIX = r"a\s?[/+&,-]\s?c|c\s?[/+&,-]\s?a|active\s?(?:/|and|&|\+|,)\s?chronic|active|chronic|inactive|a|c"
_PART = re.compile(
    r"(?P<num>VI|IV|V|III|II|I|[1-6])"
    r"(?:(?P<sub>[a-d]|\s(?-i:[A-D]))(?![a-z/]))?"
    r"(?:\s?-?\s?(?:\((?:s|g|s\s?[/+]\s?g|segmental|global)\)|(?:s\s?/\s?g|s|g|segmental|global)(?![a-z])))?"
    rf"(?:\s?-?\s?\(\s?(?:[sg]\s?,\s?)?(?P<suf>{_SUFFIX})(?:\s?,\s?[sg])?\s?\)"
    r"|\s?-?(?P<bare>a/c)(?![a-z])|-(?P<dash>[ac])(?![a-z/]))?"
    r"(?P<odd>\s?\([a-z]\))?"
    r"(?![a-z0-9]|\.\d)",
    re.IGNORECASE,
)
"""A numeral; a letter of the WHO subclasses; S or G; the suffix of 2003, or a letter that is none."""

_AND = re.compile(
    r"\s?(?:型\s?)?(?:[+&,、]|和|及|合并|伴"
    r"|(?<=\s)(?:and|with|plus|und|mit|y|et|as well as|mixed with|combined with)(?=\s))"
    rf"\s?(?:isn/rps\s)?(?:{CLASS_WORD}\s?)?",
    re.IGNORECASE,
)
_SLASH = re.compile(rf"\s?/\s?(?:{CLASS_WORD}\s?)?", re.IGNORECASE)
_OR = re.compile(
    r"\s?(?:-|至|或|(?<=\s)(?:to|or|vs\.?|versus|through|bis|oder|o|ou)(?=\s))"
    rf"\s?(?:{CLASS_WORD}\s?)?",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\s?(?:/|of\b|out of\b|%"
    r"|\w*\s?(?:glomer|crescent|(?:cores?|pieces?|blocks?|slides?|mm|cm|weeks?|years?|days?)\b))",
    re.IGNORECASE,
)


class Part(NamedTuple):
    """One class: its Roman numeral, the 2003 suffix ("A", "A/C", "C" or none), and where its text ends.

    ``subclass``: a letter as in WHO class Vc. ``odd``: a letter in brackets that is no suffix.
    """

    numeral: str
    suffix: str
    subclass: bool
    odd: bool
    end: int


class ClassList(NamedTuple):
    """The classes of one mention; ``fault`` is empty or says why they are no finding."""

    parts: tuple[Part, ...]
    fault: str

    @property
    def end(self) -> int:
        return self.parts[-1].end


def class_list(words: str, position: int) -> ClassList | None:
    """The classes listed from a position on; None if no class stands there."""
    part = _part(words, position)
    if part is None:
        return None
    parts, ranged = [part], False
    while (following := _next(words, position, parts)) is not None:
        part, joint = following
        parts.append(part)
        ranged = ranged or joint == "or" or (joint == "slash" and not _mixed(parts))
    fault = "unknown suffix" if any(part.odd for part in parts) else ""
    return ClassList(tuple(parts), "a range of classes or alternatives" if ranged else fault)


def is_counted(words: str, position: int) -> bool:
    """Whether the number that ends here counts something ("3 crescents", "5 of 10")."""
    return _COUNTED.match(words, position) is not None


def _next(words: str, begin: int, parts: Sequence[Part]) -> tuple[Part, str] | None:
    for joint, pattern in (("and", _AND), ("slash", _SLASH), ("or", _OR)):
        match = pattern.match(words, parts[-1].end)
        part = _part(words, match.end()) if match is not None else None
        if match is None or part is None or part.numeral == "I":
            continue
        first, found = words[begin], words[match.end()]
        of_one_kind = first.isdigit() == found.isdigit() and first.isupper() == found.isupper()
        counts = found.isdigit() and ("," in match[0] or (joint != "or" and is_counted(words, part.end)))
        if of_one_kind and not counts:
            return part, joint
    return None


def _part(words: str, position: int) -> Part | None:
    match = _PART.match(words, position)
    if match is None:
        return None
    numeral = match["num"].upper()
    if numeral.isdigit():
        numeral = _ROMAN[int(numeral) - 1]
    written = (match["suf"] or match["bare"] or match["dash"] or "").lower()
    return Part(numeral, _suffix(written), match["sub"] is not None, match["odd"] is not None, match.end())


def _suffix(written: str) -> str:
    if not written:
        return ""
    if written in ("c", "chronic", "inactive"):
        return "C"
    return "A" if written in ("a", "active") else "A/C"


def _mixed(parts: Sequence[Part]) -> bool:
    """Two classes of which one is V are found together; others written III/IV are alternatives."""
    return len(parts) == 2 and [part.numeral for part in parts].count("V") == 1
