"""The class of lupus nephritis in plain words: "class IV", "III + V", "ISN/RPS class IV-G (A/C)"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from mappings.reading.keeping.texts import kept
from mappings.reading.pathology.mentions import (
    LONGEST_TEXT,
    Doubt,
    Place,
    doubt_about,
    next_sentence,
    place,
    plain,
    quote,
    separable,
)
from mappings.reading.pathology.numerals import (
    CHINESE,
    CLASS_WORD,
    ClassList,
    Part,
    class_list,
    is_counted,
)
from mappings.reading.pathology.schemes import (
    is_now_over,
    is_of_other_scheme,
    is_of_transplant,
    is_only_of_other_kidney_disease,
    is_over,
    is_type_of_lupus,
    is_who,
    may_be_inactive,
    may_be_over,
)
from mappings.verdicts import Reason

WHO_NOTE = "WHO classification"
GRAFT_NOTE = "of a transplanted kidney"
_NO_TOKENS: frozenset[str] = frozenset()
_PROLIFERATIVE, _MEMBRANOUS = frozenset({"III", "IV"}), frozenset({"V"})
_ACTIVE = frozenset(numeral + suffix for numeral in _PROLIFERATIVE for suffix in ("", "(A)", "(A/C)"))
_MOST_MENTIONS = 40


class ClassReading(NamedTuple):
    """What a text says about the class. ``tokens`` are empty where the class cannot be read.

    ``problem`` is UNREADABLE (denied, historical, uncertain, contradictory), NEEDS_JUDGEMENT (WHO
    classification, tokens kept) or None. ``quote`` is the text's own words.
    """

    tokens: frozenset[str]
    problem: Reason | None
    note: str
    quote: str


class _Mention(NamedTuple):
    where: Place
    parts: tuple[Part, ...]
    who: bool
    fault: str
    doubt: Doubt | None

    @property
    def classes(self) -> frozenset[str]:
        return frozenset([part.numeral for part in self.parts])


_YEARS = r"(?:19|20)\d\d"
_FILLER = (
    rf"(?:[\s:=,_)-]|\((?-i:I\s?-\s?VI)\)|\((?:isn[^()]{{0,30}}|who[^()]{{0,20}}|{_YEARS}[^()]{{0,20}}|revised[^()]{{0,20}})\)|\("
    rf"|isn\s?[/-]?\s?rps|{_YEARS}|revised|revision|classification|{CLASS_WORD}|category|type|stage|is|of|as"
    r"|lupus nephritis|ln(?![a-z])|分[型类级]|标准|修订|诊断|年|版|为|属|第|型){0,14}"
)
_LN = (
    r"lupus[ -]?(?:glomerulo)?nephritis|lupus[ -]?gn|lupusnephropathie|ln"
    r"|(?:(?:glomerulo)?nefritis|nefropat[ií]a|gn) l[uú]pica"
    r"(?:\s(?:proliferativa|difusa|focal|segmentaria|membranosa|mesangial|activa|mixta)){0,3}"
    r"|nl(?=\s(?:tipo|grado)\s)|红斑狼疮肾炎|狼[疮瘡]性?[肾腎](?:小球)?炎|狼疮性?肾病"
)
_KIND = r"type|typ|grade?|tipo|grado"
_ROMAN = r"(?-i:VI|IV|V|I{1,3})"
_ANCHOR = re.compile(
    r"(?<![a-z])(?:(?P<who>who|world health organi[sz]ation|世界卫生组织)"
    rf"|(?P<word>{CLASS_WORD})(?![a-z])|isn\s?[/-]?\s?rps(?![a-z]))(?P<fill>{_FILLER})"
    rf"|(?P<name>(?<![a-z])(?:{_LN})(?![a-z]))(?:[\s:(,-]|(?:{_KIND}|vom|der|de)(?![a-z])|病理|分型|类型|诊断|为|属|第){{0,6}}"
    rf"|(?<![a-z])(?:{_KIND})[\s-](?=(?-i:[IV]{{1,3}})(?![a-z])(?-i:[-IVSGAC()/+&\s]){{0,20}}"
    r"(?:(?:active|diffuse|focal|proliferative|membranous|de)\s){0,3}(?:lupus|nefritis l[uú]p|ln(?![a-z])))"
    rf"|(?P<bare>(?<![a-z0-9])(?:(?=(?-i:III|IV)\s?-\s?(?-i:[SG])(?![a-z]))|(?=(?-i:III?|IV)\s?\+\s?(?-i:V)(?![a-z]))"
    rf"|(?=(?-i:III?|IV)\s(?:and|with)\s(?-i:V)\s(?:lupus|ln(?![a-z])))|mixed\s(?=(?-i:III?|IV)\s(?:and|with|\+)\s(?-i:V)\b)))"
    rf"|(?P<type>(?<![a-z0-9十{CHINESE}])(?=(?:[IV]{{1,3}}|[1-6]|[{CHINESE}])"
    rf"[-IVSGAC1-6{CHINESE}()/+&,、和及与合并伴兼至到或~\s型]{{0,24}}型))",
    re.IGNORECASE,
)
"""Where numerals may be classes: after a word for class or scheme, after the name of the disease, before
"型", or in a form that only lupus nephritis has (IV-G, III + V)."""

_SIGNS = (
    *("class", "klass", "clas", "cl.", "cl ", "kl.", "kl ", "who", "world", "isn", "lupus", "ln", "typ"),
    *("grad", "tipo", "nefr", "glomerulonef", "gn", "nl ", "mixed", "ii", "iv"),
)
"""What every anchor of an ASCII text begins with."""

_AFTER_BARE_ROMAN = re.compile(
    r"\s*(?:$|[.,;:)+&/、。\n型级級类類伴合并改病]"
    r"|(?:with|by|active|isn|lupus|mit|nach|und|ohne|con|seg[uú]n|sin|and(?!\s(?:oral|po|pulsed?|subcutaneous|sc|intramuscular|im|topical)\b))\b)",
    re.IGNORECASE,
)
_ENDS_IN_KIND = re.compile(rf"\s(?:{_KIND})\s?$", re.IGNORECASE)
_END_OF_TYPE = re.compile(r"\s?[型级級类類]")
_GARBLED = re.compile(r"(?=[IViv]{0,3}[l1|])[IVivl1|]{2,4}(?![A-Za-z0-9])")
"""A Roman numeral typed or scanned with l, 1 or | for I."""

_STRAY = re.compile(r"(?<![A-Za-z0-9/-])(?:III|IV)(?![A-Za-z0-9])|(?<![第十二三四])[三四]型")
_BETWEEN = re.compile(
    r"[\s,()]*(?:(?:and|with|plus|combined|mixed|superimposed|concurrent|coexist\w+|additional|features?"
    r"|of|on|an?"
    r"|components?|the|lupus|nephritis|ln|glomerulonephritis|gn|membranous|diffuse|focal|proliferative|active"
    r"|isn/rps|lesions?|pattern)\b"
    r"|合并|伴有?|以?及|[和与并型]|同时|膜性|增生性?|弥漫性?|局灶性?|节段性?|病变|改变|狼疮性?肾炎"
    r"|[\s,()+&/、])*",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"\b(?:and|with|plus|combined|mixed|superimposed|concurrent|coexist\w+|additional)\b|[+&]|合并|伴|及|[和与并]",
    re.IGNORECASE,
)
_SAYS_MEMBRANOUS = re.compile(r"membranous|膜性", re.IGNORECASE)
_SAYS_PROLIFERATIVE = re.compile(
    r"focal|diffuse|(?<!non)(?<!non-)proliferative|局灶|弥漫|增生", re.IGNORECASE
)
_WHOLE_BEFORE = re.compile(
    r"(?:mixed|combined|lupus nephritis|ln(?![a-z])|狼疮性?肾炎|第|[\s:,(]){0,4}", re.IGNORECASE
)
_REST_OF_ANSWER = re.compile(
    r"[\s.,)]{0,9}(?:lupus nephritis|ln|lupus|nephritis|[型级]?(?:狼疮性?肾炎)?)?[\s.)。]{0,9}", re.IGNORECASE
)


@kept(512)
def read_class(
    text: str, year: int | None = None, *, answer: bool = False, who: bool = False
) -> ClassReading | None:
    """The class that a text of the biopsy taken in ``year`` gives; None if it mentions none.

    ``answer``: the text is the value of something that asks for the class, so "IV + V" is enough, and
    a text that cannot be read as a class is a fault. ``who``: what was asked for is the WHO class.
    """
    words = plain(text)
    if not words:
        return None
    mentions = _mentions_in(words, year, answer)
    if answer and not mentions:
        return ClassReading(_NO_TOKENS, Reason.UNREADABLE, "not a class", quote(words, place(words, 0, 1)))
    if not mentions:
        return None
    if who:
        mentions = [mention._replace(who=True) for mention in mentions]
    reading = _reading(words, mentions)
    if len(text) > LONGEST_TEXT or len(mentions) == _MOST_MENTIONS:
        return reading._replace(
            tokens=_NO_TOKENS, problem=Reason.UNREADABLE, note="text too long to be read whole"
        )
    return reading


def may_name_class(words: str) -> bool:
    """Whether a plain text, which answers no question, may name a class; it does not have to."""
    return not words.isascii() or bool(_starts(words))


def _mentions_in(words: str, year: int | None, answer: bool) -> list[_Mention]:
    if not answer and is_only_of_other_kidney_disease(words):
        return []
    return list(islice(_mentions(words, year), _MOST_MENTIONS)) or _whole_answer(words, answer)


def _mentions(words: str, year: int | None) -> Iterator[_Mention]:
    starts = _starts(words) if words.isascii() else None
    position = 0
    while (anchor := _next_anchor(words, position, starts)) is not None:
        start, found = anchor.span()
        listed = class_list(words, found)
        position = max(found, start + 1)
        if listed is not None and _belongs(words, anchor, listed):
            ended = _END_OF_TYPE.match(words, listed.end)
            position = ended.end() if ended is not None else listed.end
            where = place(words, start, position)
            who = is_who(words, start, position, anchor[0])
            yield _Mention(where, listed.parts, who, listed.fault, doubt_about(words, where, year))
        elif anchor["word"] and (garbled := _GARBLED.match(words, found)) is not None:
            yield _Mention(
                place(words, start, garbled.end()), (), False, "a numeral that cannot be read", None
            )


def _next_anchor(words: str, position: int, starts: Sequence[int] | None) -> re.Match[str] | None:
    if starts is None:
        return _ANCHOR.search(words, position)
    for start in starts:
        if start >= position and (match := _ANCHOR.match(words, start)) is not None:
            return match
    return None


def _starts(words: str) -> list[int]:
    """Where an anchor may stand in an ASCII text: far cheaper than to try the pattern everywhere."""
    lower, found = words.lower(), set()
    for sign in _SIGNS:
        position = lower.find(sign) if sign in lower else -1  # most are not there, and "in" is cheaper
        while position >= 0:
            if position == 0 or not lower[position - 1].isalpha():
                found.add(position)
            position = lower.find(sign, position + 1)
    return sorted(found)


def _belongs(words: str, anchor: re.Match[str], listed: ClassList) -> bool:
    """Whether numerals after an anchor are classes of lupus nephritis."""
    start, found = anchor.span()
    if is_of_other_scheme(words, start, listed.end):
        return False
    if anchor["type"] is not None or anchor["bare"] is not None:
        told = anchor["bare"] is not None or any(part.of_lupus for part in listed.parts)
        return is_type_of_lupus(words, start, listed.end, told=told)
    first = words[found]
    if first.isdigit():
        filler = anchor["fill"]
        direct = filler is not None and "," not in filler and not filler.rstrip().endswith(("of", "as"))
        return direct and not is_counted(words, listed.end)
    if anchor["name"]:
        roman = first.isupper() or first in CHINESE
        kind = "," not in anchor[0] and _ENDS_IN_KIND.search(anchor[0]) is not None
        return roman and (kind or _AFTER_BARE_ROMAN.match(words, listed.end) is not None)
    return True


def _whole_answer(words: str, answer: bool) -> list[_Mention]:
    """A text that is nothing but classes; unless the class was asked for, with the Chinese word for type."""
    before = _WHOLE_BEFORE.match(words)
    listed = class_list(words, before.end() if before is not None else 0)
    if listed is None or not _REST_OF_ANSWER.fullmatch(words, listed.end):
        return []
    if not answer and "型" not in words:
        return []
    return [_Mention(place(words, 0, len(words)), listed.parts, False, listed.fault, None)]


def _reading(words: str, mentions: Sequence[_Mention]) -> ClassReading:
    clean = [mention for mention in mentions if mention.doubt is None]
    spoiled = [mention for mention in mentions if mention.doubt is not None]
    of_isn = [mention for mention in clean if not mention.who]
    shown = quote(words, (of_isn or clean or mentions)[0].where)
    fault = _fault(words, clean, spoiled)
    tokens, disagreement = _tokens(words, of_isn or clean) if not fault else (_NO_TOKENS, "")
    fault = fault or disagreement or _left_over(words, tokens, mentions)
    if fault:
        return ClassReading(_NO_TOKENS, Reason.UNREADABLE, fault, shown)
    question = _to_be_judged(words, tokens, of_isn)
    return ClassReading(tokens, Reason.NEEDS_JUDGEMENT if question else None, question, shown)


def _to_be_judged(words: str, tokens: frozenset[str], of_isn: Sequence[_Mention]) -> str:
    """What a person has to say before the classes count; empty if nothing."""
    if not of_isn:
        return WHO_NOTE
    if any(part.subclass for mention in of_isn for part in mention.parts):
        return "subclass of an older classification"
    if is_of_transplant(words):
        return GRAFT_NOTE
    if not _PROLIFERATIVE.isdisjoint(tokens) and may_be_inactive(words):
        return "perhaps without active lesions"
    if _ACTIVE.isdisjoint(tokens) or not may_be_over(words):
        return ""
    over = any(_may_be_over(words, mention.where) for mention in of_isn)
    return "perhaps without active lesions" if over else ""


def _may_be_over(words: str, where: Place) -> bool:
    """Whether the sentence of a mention, or the next one, says that the disease was treated or is over."""
    following = next_sentence(words, where)
    return is_over(words, where.first, where.last) or is_now_over(words, following.first, following.last)


def _left_over(words: str, tokens: frozenset[str], mentions: Sequence[_Mention]) -> str:
    """Class I, II, V or VI is read only where no III or IV stands about that no mention explains."""
    if any(token.startswith(("III", "IV")) for token in tokens):
        return ""
    for stray in _STRAY.finditer(words):
        start, end = stray.span()
        told = any(mention.where.start <= start < mention.where.end for mention in mentions)
        of_other = is_of_other_scheme(words, start, end) or not is_type_of_lupus(words, start, end, told=True)
        if not told and not of_other:
            return "a numeral that may be another class"
    return ""


def _fault(words: str, clean: Sequence[_Mention], spoiled: Sequence[_Mention]) -> str:
    """Why the mentions together are no finding; empty if the clean ones are."""
    if not clean:
        doubt = spoiled[0].doubt
        return f"class {doubt.value}" if doubt else "no class"
    places = [mention.where for mention in clean]
    for mention in spoiled:
        other_thing = all(mention.classes.isdisjoint(each.classes) for each in clean)
        if mention.doubt is not None and not separable(
            words, places, mention.where, mention.doubt, other_thing=other_thing
        ):
            return f"also a class {mention.doubt.value}"
    return next((mention.fault for mention in clean if mention.fault), "")


def _are_parts(words: str, one: _Mention, other: _Mention) -> bool:
    """Whether two diagnoses are one of mixed disease: "Focal ..., class III", "Membranous ..., class V"."""
    for proliferative, membranous in ((one, other), (other, one)):
        if membranous.classes == _MEMBRANOUS and proliferative.classes <= _PROLIFERATIVE:
            return (
                _SAYS_MEMBRANOUS.search(words, membranous.where.first, membranous.where.last) is not None
                and _SAYS_PROLIFERATIVE.search(words, proliferative.where.first, proliferative.where.last)
                is not None
            )
    return False


def _tokens(words: str, mentions: Sequence[_Mention]) -> tuple[frozenset[str], str]:
    """The classes of mentions that agree: joined, the same again, or parts of the first."""
    whole = mentions[0].classes
    end = mentions[0].where.end
    for mention in mentions[1:]:
        between = words[end : mention.where.start]
        joined = len(between) < 120 and _BETWEEN.fullmatch(between) and _JOINS.search(between)
        if joined or _are_parts(words, mentions[0], mention):
            whole |= mention.classes
        elif not mention.classes <= whole:
            return _NO_TOKENS, "more than one class"
        end = mention.where.end
    suffixes: dict[str, str] = {}
    for part in [part for mention in mentions for part in mention.parts]:
        known = suffixes.get(part.numeral, "")
        if known and part.suffix not in ("", known):
            return _NO_TOKENS, "more than one suffix"
        suffixes[part.numeral] = known or part.suffix
    return frozenset(
        [f"{numeral}({suffix})" if suffix else numeral for numeral, suffix in suffixes.items()]
    ), ""
