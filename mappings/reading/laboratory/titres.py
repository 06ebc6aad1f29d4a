"""Titres in words ("1:640 speckled"), and whether a result is one of immunofluorescence.

A text is read as a whole. Every word of it must be known: of a pattern (those of the International Consensus
on ANA Patterns, anapatterns.org, in English, Chinese and German), of an answer, of the method. A word that is
not known may deny, remember or compare ("previously 1:640", "ref <1:80"): then the text is unreadable.

Interpretation: of several titres, each with its pattern, the highest counts. "Negative at 1:80" is a negative
as "negative" alone is, and so is one at 1:100, the first dilution of many laboratories. One at a higher one
tells no more than its titre: "negative, <1:160" is below 1:160. "Positive at 1:40" is 1:40 or more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from mappings.amounts import AS_COMPARATORS, Amount, censored, exactly
from mappings.language.letters import has_han
from mappings.reading.code_index import codings_of

TitreText = Amount | Literal["negative", "unreadable"]

_TITRE = re.compile(r"(<=|>=|<|>|≤|≥)?\s*(?<![\d.:/])(?<!\d,)1\s*[:/]\s*(\d{1,7})(?!\d)(?!\s*[:/])")
_LONGEST = 200
_COMMAS = ",;，；、"  # noqa: RUF001
_RANGE = re.compile(r"\s*(?:-|–|~|to|bis|至)\s*")
_PARTS = re.compile(rf"[{_COMMAS}\n]|\b(?:and|und|with|mit)\b|[和及伴]")
_PIECE = re.compile(r"[a-zäöüß]+|[\u4e00-\u9fff]+|\S")
_PHRASES: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"\b(?:not|none)[- ]+detected\b|\bnon?[- ]?reactive\b|\bnicht +nachweisbar\b|未检出", " negative "),
        (r"\bac-?0\b|\(\s*-\s*\)", " negative "),
        (r"\bac-?\d{1,2}(?:/\d{1,2})?\b|\bdfs-?70\b|\bcenp-?[abf]\b|\btopo-?[i1]\b", " pattern "),
        (r"\bhep-?2(?:000)?\b", " cells "),
        (r"\b(?:less +than|below)(?=\s*1\s*[:/])", "<"),
        (r"\b(?:greater +than|more +than|above)(?=\s*1\s*[:/])", ">"),
        (r"(?<![\w+])[1-4]?\+{1,4}(?!\w)", " positive "),
    )
)


def _kinds(**words: str) -> Mapping[str, str]:
    return {word: kind for kind, listed in words.items() for word in listed.split("|")}


_LATIN: Mapping[str, str] = _kinds(
    negative="negative|neg|negativ",
    positive="positive|pos|positiv|reactive|detected",
    dilution="at|dilution|dilutions|diluted|screen|screening|verdünnung|bei",
    pattern=(
        "pattern|patterns|homogeneous|homogenous|speckled|speckles|granular|fine|dense|coarse|"
        "large|centromere|centromeric|nucleolar|nuclear|dot|dots|discrete|few|multiple|smooth|"
        "punctate|clumpy|envelope|membrane|membranous|rim|peripheral|diffuse|cytoplasmic|"
        "fibrillar|filamentous|linear|reticular|mitochondrial|golgi|rods|rings|mitotic|spindle|"
        "centrosome|numa|pcna|intercellular|bridge|chromosomal|mixed|muster|homogen|gesprenkelt|"
        "feingesprenkelt|grobgesprenkelt|granulär|feingranulär|grobgranulär|nukleolär|zentromer|"
        "kernmembran|zytoplasmatisch"
    ),
    filler=(
        "ana|anas|anf|titer|titre|titers|titres|endpoint|end|point|result|antinuclear|antibody|"
        "antibodies|antikörper|serum|ifa|iif|ift|if|fana|immunofluorescence|indirect|hep|cells|"
        "immunfluoreszenz|a|by|of|to|bis|the|in|is|and|und|with|mit|type|low|high|moderate|weak|weakly|"
        "strong|strongly|h|schwach|stark|hoch|niedrig"
    ),
)
_CHINESE: Mapping[str, str] = _kinds(
    negative="阴性",
    positive="阳性|检出",
    dilution="稀释|稀释度|初筛|筛查",
    pattern=(
        "颗粒|细颗粒|粗颗粒|斑点|均质|核仁|着丝点|核膜|胞浆|胞质|核点|核少点|核多点|致密|周边|"
        "线粒体|高尔基|纺锤体|中心体|混合|核"
    ),
    filler="抗核抗体|滴度|效价|结果|弱|强|高|低|型|样|为|至|和|及|伴|间接免疫荧光|免疫荧光|荧光|法",
)
_CHINESE_WORD = re.compile("|".join(sorted(_CHINESE, key=len, reverse=True)))
_PUNCTUATION = frozenset(_COMMAS + ".。()（）[]/-–:=_↑*")  # noqa: RUF001
_BELOW = frozenset({"<", "<=", "≤"})
_SCREENED_AT = 100
"""The highest dilution at which a laboratory that found nothing has looked for a titre of 1:80 or so."""
_OF_NEGATIVES = frozenset({"negative", "dilution", "filler"})


def read_titre(text: str) -> TitreText | None:
    """What a text with a titre in it says; None if there is no titre in it."""
    if len(text) > _LONGEST:
        return "unreadable" if _TITRE.search(text) else None
    text = text.lower()
    for phrase, instead in _PHRASES:
        text = phrase.sub(instead, text)
    titres = list(_TITRE.finditer(text))
    if not titres:
        return None
    kinds = set(_kinds_in(_TITRE.sub(" ", text)))
    amounts = [_amount(titre) for titre in titres]
    if "unknown" in kinds or None in amounts:
        return "unreadable"
    known = [amount for amount in amounts if amount is not None]
    if "negative" in kinds:
        is_denial = len(known) == 1 and kinds <= _OF_NEGATIVES and (titres[0][1] or "<") in _BELOW
        return _denied(float(titres[0][2])) if is_denial else "unreadable"
    if len(known) == 1:
        at_least = "dilution" in kinds and not titres[0][1]
        return Amount(known[0].low, math.inf, high_open=True) if at_least else known[0]
    return _several(text, titres, known) if "dilution" not in kinds else "unreadable"


def _denied(dilution: float) -> TitreText:
    """A denial at a dilution."""
    return "negative" if dilution <= _SCREENED_AT else censored("<", dilution) or "unreadable"


def _several(text: str, titres: Sequence[re.Match[str]], amounts: Sequence[Amount]) -> TitreText:
    """From one titre to another, or the highest of a list in which each has its pattern."""
    ends = sorted(amount.low for amount in amounts)
    if len(titres) == 2 and _RANGE.fullmatch(text[titres[0].end() : titres[1].start()]):
        return Amount(ends[0], ends[1]) if not titres[0][1] and not titres[1][1] else "unreadable"
    parts = _PARTS.split(text)
    for part in parts:
        found = len(_TITRE.findall(part))
        if found > 1 or (found and "pattern" not in _kinds_in(_TITRE.sub(" ", part))):
            return "unreadable"
    highest = max(amounts, key=lambda amount: (amount.high, not amount.high_open))
    lowest = max(amounts, key=lambda amount: (amount.low, amount.low_open))
    return Amount(lowest.low, highest.high, lowest.low_open, highest.high_open)


def _amount(titre: re.Match[str]) -> Amount | None:
    number, sign = float(titre[2]), titre[1]
    if not number:
        return None
    return censored(AS_COMPARATORS.get(sign, sign), number) if sign else exactly(number)


def _kinds_in(text: str) -> Iterable[str]:
    """What the words of a text are; "unknown" for each that is not known."""
    for piece in _PIECE.findall(text):
        if piece in _PUNCTUATION:
            continue
        if has_han(piece):
            yield from (_CHINESE[word] for word in _CHINESE_WORD.findall(piece))
            if _CHINESE_WORD.sub("", piece):
                yield "unknown"
        else:
            yield _LATIN.get(piece, "unknown")


_FLUORESCENCE = re.compile(
    r"immun[oe]?[- ]?fluores[cz]|\bi?ifa?\b|\bii?ft\b|\bfana\b|\bhep-? ?2|免疫荧光|间接荧光",
    re.IGNORECASE,
)
_OTHER_ASSAY = re.compile(
    r"\b(?:f?eia|elisa|clia|cia|bioplex)\b|immuno-?assay|multiplex|chemilum|酶联|化学发光|酶免", re.IGNORECASE
)


def names_immunofluorescence(element: Mapping[str, Any]) -> bool:
    """Whether the method of a result, or the words of its code, name immunofluorescence and nothing else."""
    for codeable in (element.get("method"), element.get("code")):
        texts = [each.get("display") for each in codings_of(codeable)]
        texts += [codeable.get("text")] if isinstance(codeable, dict) else []
        said = " ".join(text for text in texts if isinstance(text, str))
        if _FLUORESCENCE.search(said) or _OTHER_ASSAY.search(said):
            return _OTHER_ASSAY.search(said) is None
    return False
