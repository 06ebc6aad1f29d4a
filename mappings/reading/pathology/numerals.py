"""Lists of classes in a text: "IV", "IV-G (A/C) + V", "3 and 5", "四型"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

CLASS_WORD = r"(?:class(?:es|e|i)?|klass(?:en?)?|clases?|kl\.|cl\.|[ck]l(?=\s(?-i:[IV])))"
CHINESE = "一二三四五六"

_ROMAN = ("I", "II", "III", "IV", "V", "VI")
_SUFFIX = r"a\s?[/+&,-]\s?c|c\s?[/+&,-]\s?a|active\s?(?:/|and|&|\+|,)\s?chronic|active|chronic|inactive|a|c"
_PART = re.compile(
    r"(?P<num>VI|IV|V|III|II|I|[1-6]"
    rf"|[{CHINESE}](?=\s?(?:[型级級类類]|[-+、/~和与及或至到]\s?[{CHINESE}])))"
    r"(?:(?P<sub>-?[bd]|[ac]|\s(?-i:[A-D]))(?![a-z/]))?"
    r"(?P<seg>\s?-?\s?(?:\((?:s|g|s\s?[/+]\s?g|segmental|global)\)|(?:s\s?/\s?g|s|g|segmental|global)(?![a-z])))?"
    rf"(?:\s?-?\s?型?\s?\(\s?(?:[sg]\s?[,/+]\s?)?(?P<suf>{_SUFFIX})(?:\s?[,/+]\s?[sg])?\s?\)"
    r"|\s?[-/]?(?P<bare>a/c)(?![a-z])|[-/](?P<dash>[ac])(?![a-z/]))?"
    r"(?P<odd>\s?\(\s?[a-z](?:\s?[,/+]\s?[a-z]){0,2}\s?(?:\)|$))?"
    r"(?![a-z0-9]|\.\d)",
    re.IGNORECASE,
)
_NAMED = ("num", "sub", "seg", "suf", "bare", "dash", "odd")
"""A numeral; a letter of the WHO subclasses; S or G; the suffix of 2003, or letters that are none."""

_ALONE = re.compile(r"(?:VI|IV|V|III|II|I|[1-6])(?=\s?(?:[+&,;:)]|$)|\.(?!\d))", re.IGNORECASE)
"""A numeral with nothing of all that, as most are: far cheaper to find."""

_AND = re.compile(
    r"\s?(?:型\s?)?(?:[+&,、]|和|及|与|以及|合并|伴有?|兼"
    r"|(?<=\s)(?:and|with|plus|und|mit|y|et|as well as|mixed with|combined with)(?=\s))"
    rf"\s?(?:{CLASS_WORD}\s?)?",
    re.IGNORECASE,
)
_SLASH = re.compile(rf"\s?(?:型\s?)?/\s?(?:{CLASS_WORD}\s?)?", re.IGNORECASE)
_OR = re.compile(
    r"\s?(?:型\s?)?(?:-|~|至|到|或|(?<=\s)(?:to|or|vs\.?|versus|through|bis|oder|o|ou)(?=\s))"
    rf"\s?(?:{CLASS_WORD}\s?)?",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\s?(?:/|of\b|out of\b|%"
    r"|\w*\s?(?:glomer|crescent|(?:cores?|pieces?|blocks?|slides?|mm|cm|weeks?|years?|days?)\b))",
    re.IGNORECASE,
)


_END_OF_LIST = frozenset(["", *".:;)"])
"""Nothing, or signs with which nothing begins that joins classes."""
_WITH_SUFFIX = frozenset({"III", "IV"})


class Part(NamedTuple):
    """One class: its Roman numeral, the 2003 suffix ("A", "A/C", "C" or none), and where its text ends.

    ``subclass``: a letter as in WHO class Vc. ``odd``: letters in brackets that are no suffix. ``of_lupus``:
    it has S, G or a suffix, as no other disease's classes do.
    """

    numeral: str
    suffix: str
    subclass: bool
    odd: bool
    end: int
    of_lupus: bool = False


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
    if any(part.suffix and part.numeral not in _WITH_SUFFIX for part in parts):
        parts, unclear = _with_their_suffix(parts)
        fault = fault or unclear
    return ClassList(tuple(parts), "a range of classes or alternatives" if ranged else fault)


def _with_their_suffix(parts: Sequence[Part]) -> tuple[list[Part], str]:
    """A suffix behind another class belongs to III or IV: "III + V (A/C)". Only they have one.

    (A) and (A/C) are put there. (C) would make III or IV count no more, so it has to stand beside it.
    """
    astray = {part.suffix for part in parts if part.suffix and part.numeral not in _WITH_SUFFIX}
    bare = any(part.numeral in _WITH_SUFFIX and not part.suffix for part in parts)
    fault = "suffix behind another class" if bare and (len(astray) > 1 or "C" in astray) else ""
    moved = min(astray) if not fault else ""
    changed = [
        part._replace(suffix=(part.suffix or moved) if part.numeral in _WITH_SUFFIX else "") for part in parts
    ]
    return changed, fault


def is_counted(words: str, position: int) -> bool:
    """Whether the number that ends here counts something ("3 crescents", "5 of 10")."""
    return _COUNTED.match(words, position) is not None


def _next(words: str, begin: int, parts: Sequence[Part]) -> tuple[Part, str] | None:
    end = parts[-1].end
    if words[end : end + 1] in _END_OF_LIST:
        return None
    for joint, pattern in (("and", _AND), ("slash", _SLASH), ("or", _OR)):
        match = pattern.match(words, end)
        part = _part(words, match.end()) if match is not None else None
        if match is None or part is None or part.numeral == "I":
            continue
        first, found = words[begin], words[match.end()]
        of_one_kind = _kind(first) == _kind(found)
        counts = found.isdigit() and ("," in match[0] or (joint != "or" and is_counted(words, part.end)))
        if of_one_kind and not counts:
            return part, joint
    return None


def _kind(character: str) -> tuple[bool, bool]:
    """Arabic or not, in small letters or not."""
    return character.isdigit(), character.islower()


def _part(words: str, position: int) -> Part | None:
    alone = _ALONE.match(words, position)
    if alone is not None:
        return Part(_roman(alone[0]), "", False, False, alone.end())
    match = _PART.match(words, position)
    if match is None:
        return None
    numeral, sub, seg, suffix, bare, dash, letters = match.group(*_NAMED)
    written = (suffix or bare or dash or "").lower()
    of_lupus = seg is not None or (bool(written) and "型" not in match[0])
    return Part(
        _roman(numeral), _suffix(written), sub is not None, letters is not None, match.end(), of_lupus
    )


def _roman(numeral: str) -> str:
    upper = numeral.upper()
    if upper in _ROMAN:
        return upper
    return _ROMAN[CHINESE.index(upper) if upper in CHINESE else int(upper) - 1]


def _suffix(written: str) -> str:
    if not written:
        return ""
    if written in ("c", "chronic", "inactive"):
        return "C"
    return "A" if written in ("a", "active") else "A/C"


def _mixed(parts: Sequence[Part]) -> bool:
    """Two classes of which one is V are found together; others written III/IV are alternatives."""
    return len(parts) == 2 and [part.numeral for part in parts].count("V") == 1
