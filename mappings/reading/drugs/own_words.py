"""Words by which a drug record takes itself back: it is over, not taken, on hold, planned or not certain.

The name of a product has no such words, so there any of them counts. An instruction has many ("do not take
with antacids", "hold if WBC < 3", "do not stop suddenly"): there only a statement about the drug counts.
Which words these are is our reading (Interpretation).
"""

# ruff: noqa: RUF001 -- Chinese has its own punctuation
from __future__ import annotations

import re
from typing import Literal

from mappings.reading.keeping.texts import kept

Said = Literal["", "over", "denied", "held", "planned", "uncertain"]
_MAX_TEXT = 600

_PRODUCT: tuple[tuple[Said, re.Pattern[str]], ...] = (
    (
        "denied",
        re.compile(
            r"^\s*no\s+(?=[a-z])|\b(?:never|not (?:taking|taken|on|given|started|used|currently|tolerat\w+)"
            r"|denie[sd]|refus\w+|declin(?:es|ed)|avoid\w*|contra-?indicat\w*|(?<!anti-)(?<!anti)allerg(?:y|ies|ic)"
            r"|intoleran\w*|hypersensitiv\w*|anaphyla\w*|side effects?|adverse|nicht|keine?n?"
            r"|allergie|unvertr[aä]glich\w*)\b"
            r"|^\s*无|过敏|過敏|禁用|禁忌|忌用|不用|不服|未用|未服|拒绝|拒服|不耐受",
            re.IGNORECASE,
        ),
    ),
    (
        "over",
        re.compile(
            r"\b(?:stopped|discontinued|ceased|finished|completed|withdrawn|d\s?/\s?c(?:'?e?d)?|dc'd"
            r"|off(?![- ](?:label|white))|prior|previous(?:ly)?|former(?:ly)?|past|history of|hx of|h/o"
            r"|no longer|abgesetzt|beendet|fr[uü]her\w*)\b"
            r"|已停|停用|停药|停服|停止|既往|曾用|曾服",
            re.IGNORECASE,
        ),
    ),
    ("held", re.compile(r"\b(?:on hold|hold|held|paused|suspended|pausiert)\b|暂停|暂缓", re.IGNORECASE)),
    (
        "planned",
        re.compile(
            r"\b(?:planned|plan(?:s|ning)? (?:to|for)|to (?:be )?start(?:ed)?|will (?:start|receive|begin)"
            r"|not yet|pending|proposed|consider(?:ed|ing)?|candidate|awaiting|geplant|vorgesehen)\b"
            r"|拟|计划|待用|考虑",
            re.IGNORECASE,
        ),
    ),
    (
        "uncertain",
        re.compile(
            r"^\s*[?？]|[?？]\s*$|\(\s*\?\s*\)|（\s*？\s*）"
            r"|\b(?:possibl[ey]|probabl[ey]|perhaps|maybe|unsure|uncertain|unclear|versus|vs|fraglich|unklar)\b|可能",
            re.IGNORECASE,
        ),
    ),
)

_CLAUSE = r"(?:^|[.;,:(\[–—-]|[。；，：（])\s*"
_TOLD = r"(?:(?:patient|pt|now|already|currently|since|has|have|been|was|is)\s+)*"
_INSTRUCTION: tuple[tuple[Said, re.Pattern[str]], ...] = (
    (
        "denied",
        re.compile(
            r"\b(?:not|never)\s+(?:been\s+)?(?:taking|taken|given|used)\b"
            r"(?!\s+(?:with|on|at|in|by|if|more|together|other|any|enough|for|before|after|as|to)\b)"
            r"|\bnever started\b|\bdo not (?:take|use|give|start)\s*(?:$|[.;!)]|any ?more|for now|until)"
            rf"|{_CLAUSE}{_TOLD}(?:refused|declined)\b|\bpatient (?:refus|declin)(?:es|ed)\b"
            r"|\bnicht (?:mehr )?(?:ein)?(?:nehmen|genommen)\b(?!\s+(?:mit|bei|wenn))"
            r"|(?:^|[，。；,;\s])(?:患者)?(?:目前|现)?(?:未|不再|拒绝|暂不|暂未|从未)(?:服用|服药|服|使用|用药|用)(?!其他|其它)",
            re.IGNORECASE,
        ),
    ),
    (
        "over",
        re.compile(
            rf"{_CLAUSE}{_TOLD}(?:stopped|discontinued|ceased|abgesetzt|beendet|d\s?/\s?c'?d|dc'd)\b"
            r"|\b(?:has been|have been|was|already)\s+(?:stopped|discontinued|ceased)\b"
            r"|\b(?:stopped|discontinued|ceased) (?:on |in |since )?\d|\bno longer (?:tak\w+|on|us\w+)\b"
            r"|(?:^|[，。；：（,.;:(\s年月日已现])(?:停用|停药|停服)(?![前时后需须请应要会可并就，])",
            re.IGNORECASE,
        ),
    ),
    (
        "held",
        re.compile(
            r"\b(?:on hold|held since|(?:currently|being) held|hold (?:until|till|for now|pending|since))\b"
            r"(?![^.;]*\b(?:if|when|in case|during)\b)"
            r"|^\s*(?:hold|held)\s*[.!]?\s*$|(?:^|[，。；,;\s已现前])暂停",
            re.IGNORECASE,
        ),
    ),
    (
        "planned",
        re.compile(
            r"\b(?:not (?:yet )?(?:started|begun)|awaiting (?:start|approval|delivery)"
            r"|pending (?:start|approval|authori[sz]ation))\b|^\s*(?:planned|geplant)\b"
            r"|(?:^|[，。；,;\s])(?:拟|计划)(?:用|行|使用|开始|予)|尚未开始",
            re.IGNORECASE,
        ),
    ),
)
_CONDITION = re.compile(
    r"\b(?:if|once|when|while|until|till|unless|after|before|should|must|may|be|or|wenn|falls|bis"
    r"|other|nsaids?|not)\b[^.;。；]*$|(?:如|若|出现|一旦|直至|直到|不可|不要|不得|勿|忌|禁止|时)[^。；]*$",
    re.IGNORECASE,
)
"""Before such words: that they hold under a condition, are a warning, or speak of something else."""

_ENDED_NOTE = re.compile(
    rf"\s*{_TOLD}(?:stopped|discontinued|ceased|not taking|no longer taking|abgesetzt|d/c'?d)"
    r"(?: taking)?(?: (?:it|this))?"
    r"\s*(?:on|in|since|at|from|:|am|seit)?\s*(?:[a-z]{3,9}\.? )?[\d./年月日-]*\s*[.!]?\s*"
    r"|\s*(?:患者)?[\d./年月日-]*\s*(?:起|现|目前)?已?停(?:用|药|服)(?:该药|此药|本药)?[。.]?\s*",
    re.IGNORECASE,
)


@kept(4096)
def said_in_product(text: str) -> Said:
    """What the words of a product say of whether it is taken; empty for the plain name of a drug."""
    return next((said for said, words in _PRODUCT if words.search(text[:_MAX_TEXT])), "")


@kept(4096)
def said_in_instruction(text: str) -> Said:
    """What an instruction says of whether the drug is taken at all; empty for how it is to be taken."""
    whole = text[:_MAX_TEXT]
    for said, words in _INSTRUCTION:
        if any(not _CONDITION.search(whole[: found.start()]) for found in words.finditer(whole)):
            return said
    return ""


@kept(4096)
def is_end_noted(text: str) -> bool:
    """Whether a note says nothing else than that the drug was stopped."""
    return len(text) <= _MAX_TEXT and _ENDED_NOTE.fullmatch(text) is not None
