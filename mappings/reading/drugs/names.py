"""Which drug concepts a product stands for: by its codes, else by ingredient names in its words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from mappings.concept import Concept
from mappings.language.letters import has_han
from mappings.reading.code_index import MadeOnce
from mappings.reading.fhir_elements import same_system
from mappings.reading.keeping.texts import kept_for_words

_MAX_TEXT = 600
_SPLIT_PREFIX = re.compile(r"\b(methyl|hydroxy|hydro|fludro|cyclo|ciclo|dexa|beta)[\s-]+(?=[a-z])")
"""A prefix that makes another drug of the word after it: "methyl-prednisolone" is no prednisolone."""

_LATIN_START, _LATIN_END = r"(?<![a-z0-9à-ɏ])(?<![a-zà-ɏ]-)", r"(?![a-zà-ɏ])"
_CHINESE_START, _CHINESE_END = "(?<![羟羥氢氫甲基氟氯化异伏])", "(?!龙|龍)"
"""Hydroxy-, hydro-, methyl-, fluoro-, chloro-, iso-, vo- before a Chinese name, or the -olone sign after it,
make it another drug: 泼尼松 is prednisone and 泼尼松龙 prednisolone; 异环磷酰胺 is ifosfamide,
伏环孢素 voclosporin."""


class DrugIndex:
    """The codes and names of the drug concepts, made once and then asked per product."""

    def __init__(self, concepts: Sequence[Concept]) -> None:
        self.concepts: Mapping[str, Concept] = {concept.id: concept for concept in concepts}
        self._codes: dict[str, tuple[str, ...]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        for concept in concepts:
            for code in concept.every_code:
                token = f"{same_system(code.system)}|{code.code}"
                self._codes[token] = (*self._codes.get(token, ()), concept.id)
            for name in map(_plain, concept.names):
                if name:
                    self._names[name] = (*self._names.get(name, ()), concept.id)
        self._pattern = _pattern(self._names)
        self.find = kept_for_words(4096)(self._find)

    def _find(self, tokens: tuple[str, ...], texts: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """The concept ids of a product, and whether they were recognised by name.

        One known code settles it; names are looked for only where no code is known, for no list of
        product codes is ever complete.
        """
        by_code = _each_once(id_ for token in tokens for id_ in self._codes.get(token, ()))
        if by_code:
            return by_code, False
        by_name = _each_once(id_ for text in texts for id_ in self.named_in(text))
        return by_name, bool(by_name)

    def contradict(self, tokens: tuple[str, ...]) -> bool:
        """Whether codes for one product are those of different drugs."""
        meant = [frozenset(ids) for ids in map(self._codes.get, tokens) if ids is not None]
        return len(meant) > 1 and not frozenset.intersection(*meant)

    def names_another(self, concepts: Sequence[str], text: str) -> bool:
        """Whether the text names a drug, and none of these."""
        named = self.named_in(text) if text else ()
        return bool(named) and not any(id_ in concepts for id_ in named)

    def named_in(self, text: str) -> tuple[str, ...]:
        """The concepts whose ingredient names stand in the text, in its order."""
        if self._pattern is None:
            return ()
        found = self._pattern.finditer(_plain(text[:_MAX_TEXT]))
        return _each_once(id_ for match in found for id_ in self._names[match[0]])


_indexes: MadeOnce[Sequence[Concept], DrugIndex] = MadeOnce(DrugIndex)


def drug_index(concepts: Sequence[Concept]) -> DrugIndex:
    """The index of these concepts; made once for one tuple (a list may change, so is read each time)."""
    return _indexes.of(concepts) if isinstance(concepts, tuple) else DrugIndex(concepts)


def _plain(text: str) -> str:
    folded = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    return _SPLIT_PREFIX.sub(r"\1", folded)


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for all names, the longest first."""
    parts = [_bounded(name) for name in sorted(names, key=lambda name: (-len(name), name))]
    return re.compile("|".join(parts)) if parts else None


def _bounded(name: str) -> str:
    """A Latin name stands alone (a digit may follow, or "-abbs"); a Chinese one need not."""
    if has_han(name):
        return f"{_CHINESE_START}{re.escape(name)}{'' if name[-1] in '龙龍' else _CHINESE_END}"
    end = "(?![a-z0-9à-ɏ])" if name[-1].isdigit() else _LATIN_END
    return f"{_LATIN_START}{re.escape(name)}{end}"


def _each_once(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
