"""What can be wrong with a definition. All faults are told at once, each with file, line and place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum, auto
from typing import NamedTuple


class Mistake(Enum):
    """The closed list of mistakes. Each has at least one file in tests/bad_definitions."""

    FILE_NOT_FOUND = auto()
    WRONG_FILE_NAME = auto()
    NOT_UTF8 = auto()
    NOT_YAML = auto()
    TAB = auto()
    EMPTY_FILE = auto()
    TOO_LARGE = auto()
    NESTED_TOO_DEEP = auto()
    ALIAS = auto()
    TAG = auto()
    WRONG_SHAPE = auto()
    REPEATED_KEY = auto()
    UNKNOWN_KEY = auto()
    MISSING_KEY = auto()
    EMPTY_TEXT = auto()
    NOT_A_CHOICE = auto()
    NOT_A_NUMBER = auto()
    NOT_A_DATE = auto()
    NOT_A_WINDOW = auto()
    NOT_AN_ID = auto()
    NOT_A_URL = auto()
    TOO_LONG = auto()
    REPEATED_ID = auto()
    REPEATED_VALUE = auto()
    UNKNOWN_CONCEPT = auto()
    UNKNOWN_CONCEPT_FILE = auto()
    CONCEPT_FILE_NOT_LISTED = auto()
    WRONG_KIND = auto()
    UNKNOWN_CRITERION = auto()
    UNKNOWN_DEFINITION = auto()
    UNKNOWN_SCORE = auto()
    UNKNOWN_ANSWER = auto()
    UNKNOWN_RULE_KIND = auto()
    NOT_ONE_RULE_KIND = auto()
    NOT_ALLOWED_HERE = auto()
    NO_BOUND = auto()
    BOUNDS_CONTRADICT = auto()
    LIMIT_BELOW_ZERO = auto()
    COUNT_OUT_OF_RANGE = auto()
    UNIT_MISSING = auto()
    UNIT_NOT_COMPARABLE = auto()
    NOT_A_UNIT = auto()
    NOT_A_FACTOR = auto()
    UNKNOWN_CODE_SYSTEM = auto()
    BAD_CODE = auto()
    NOT_SIGNED = auto()
    BAD_SIGNATURE = auto()
    GATE_WITHOUT_CRITERION = auto()
    CYCLE = auto()
    NOT_IN_SOURCE = auto()
    SCORE_OVER_MAXIMUM = auto()
    UNKNOWN_ITEM_GROUP = auto()
    MET_FOR_EMPTY_RECORD = auto()
    GATE_PASSES_EMPTY_RECORD = auto()


class Fault(NamedTuple):
    """One mistake. ``where`` is the place in the author's words, such as ``criterion 'proteinuria'``."""

    file: str
    line: int
    where: str
    message: str
    mistake: Mistake

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return place + (f"{self.where}: " if self.where else "") + self.message


class DefinitionError(Exception):
    """Definitions that cannot be used, with every fault found in them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Report:
    """Collects the faults of one file; knows the place that is being read."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    where: str = ""

    def at(self, where: str) -> Report:
        """The same report, for another place in the file."""
        return replace(self, where=where)

    def add(self, mistake: Mistake, line: int, message: str) -> None:
        self.faults.append(Fault(self.file, line, self.where, message, mistake))


def suggestion(word: str, known: Iterable[str], name: str = "known") -> str:
    """``; did you mean 'x'?``, or the list of what is known if nothing is near and the list is short."""
    words = list(dict.fromkeys(known))
    near = get_close_matches(word, words, n=1, cutoff=0.6) or [w for w in words if w.lower() == word.lower()]
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; {name}: {', '.join(words)}" if 0 < len(words) <= 20 else ""
