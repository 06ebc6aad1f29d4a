"""Words by which a drug record takes itself back: it is over, not taken, on hold, planned or not certain.

The name of a product has no such words, so there any of them counts. An instruction has many ("do not take
with antacids", "hold if WBC < 3", "do not stop suddenly"): there only a statement about the drug counts.
Which words these are is our reading (Interpretation).
"""

# ruff: noqa: RUF001 -- Chinese has its own punctuation
from __future__ import annotations

import re
from typing import Literal, NamedTuple

from mappings.reading.keeping.texts import kept

Said = Literal["", "over", "denied", "held", "planned", "uncertain"]
_MAX_TEXT = 600


class Saying(NamedTuple):
    """What an instruction says, with the words of its clause that may name what it is said of."""

    said: Said
    subject: str


_A_DATE = r"(?:\d{1,2}[./]){0,2}(?:19|20)\d\d\b"

_FORMERLY = (
    r"former(?:ly)?(?! (?:known|called|named|marketed|sold)\b)(?! (?!tak|us|giv|on\b)[a-z][\w-]*\s*\))"
)
"""Not the other name of a product: "(formerly Deltasone)"."""

_ADVICE = r"(?![前时后需须请应要会可并就，])"
_STOPPING = r"(?![前时需须请应])"
"""How to stop, or what to do then, is no word that it was stopped."""

_PRODUCT: tuple[tuple[Said, re.Pattern[str]], ...] = (
    (
        "denied",
        re.compile(
            r"^\s*no\s+(?=[a-z])|\b(?:never|not (?:taking|taken|on|given|started|used|currently|tolerat\w+)"
            r"|denie[sd]|refus\w+|declin(?:es|ed)|avoid\w*|contra-?indicat\w*|(?<!anti-)(?<!anti)allerg(?:y|ies|ic)"
            r"|intoleran\w*|hypersensitiv\w*|anaphyla\w*|side effects?|adverse|adr|reaction|nicht|keine?n?"
            r"|allergie|unvertr[aä]glich\w*)\b"
            r"|^\s*无|过敏|過敏|禁用|禁忌|忌用|不用|不服|未用|未使用|未服|拒绝|拒服|拒用|不耐受",
            re.IGNORECASE,
        ),
    ),
    (
        "over",
        re.compile(
            r"\b(?:stopped|discontinued|ceased|finished|completed|withdrawn|dc'd|no longer|abgesetzt|beendet"
            r"|d\s?/\s?c(?:'?e?d)?(?! date:?\s*(?:none|n/?a|[-)\]]|$))"
            r"|off(?![- ](?:label|white|patent))|prior(?! auth)|past(?! due)|previous(?:ly)?"
            rf"|{_FORMERLY}|history of|hx of|h/o|fr[uü]her\w*|(?<!open[- ])ended|expired"
            r"|inactive(?! ingredient)|used to|was (?:on|taking)|last taken)\b"
            r"|^\s*(?:stop(?:ping)?|discontinue|ex|recent(?:ly)?)\b(?!-)|\bin (?:19|20)\d\d\b"
            r"|[(\[]\s*stop\s*[)\]]|\bdc\s*[)\]]?\s*$"
            rf"|\b(?:until|till|bis(?: zum)?) {_A_DATE}"
            r"|(?<![\d-])(?:19|20)\d\d\s?[-–]\s?(?:19|20)\d\d(?![\d-])"
            rf"|已停|停用|停药{_STOPPING}|停服|停止|减停{_STOPPING}|既往|曾用|曾服"
            r"|(?:^|[（(，；\s])停(?![药用服止])(?=[一-鿿）)]|$)",
            re.IGNORECASE,
        ),
    ),
    ("held", re.compile(r"\b(?:on hold|hold|held|paused|suspended|pausiert)\b|暂停|暂缓", re.IGNORECASE)),
    (
        "planned",
        re.compile(
            r"\b(?:planned|plan(?:s|ning)? (?:to|for)|to (?:be )?start(?:ed)?|will (?:start|receive|begin)"
            r"|not yet|pending|proposed|consider(?:ed|ing)?|candidate|awaiting|geplant|vorgesehen)\b"
            r"|拟|计划|待用|考虑(?!减|加量|增|调)"
            r"|建议(?:患者)?(?:(?:加|启|使|应|联|改|换|服|口)[用服]|联合|给予|予以?|开始|停)",
            re.IGNORECASE,
        ),
    ),
    (
        "uncertain",
        re.compile(
            r"^\s*[?？]|[?？]\s*$|\(\s*\?\s*\)|（\s*？\s*）"
            r"|^\s*query\b|\b(?:if|when) (?:needed|required)\b|\b(?:trial|levels?|counsell?ing)\s*$"
            r"|\b(?:possibl[ey]|probabl[ey]|perhaps|maybe|unsure|uncertain|unclear|versus|vs|fraglich|unklar)\b|可能|备用",
            re.IGNORECASE,
        ),
    ),
)

_CLAUSE = r"(?:^|[.;,:(\[–—-]|[。；，：（])\s*"
_TOLD = r"(?:(?:patient|pt|now|already|currently|since|has|have|been|was|is)\s+)*"
_THE_DRUG = r"(?:\s+(?:this|the|these|your|it)\b)?(?:\s+(?:medications?|medicines?|drug|tablets?|pills?)\b)?"
_OTHER_CARE = (
    r"(?!\s+(?:(?:the|an?|any|all|further)\s+)?(?:injection|infusion|shot|vaccin|biops|lab|blood|surg|dialys"
    r"|referral|increas|higher|admission|transfusion|counsel|insulin))"
)
_INSTRUCTION: tuple[tuple[Said, re.Pattern[str]], ...] = (
    (
        "over",
        re.compile(
            r"^\s*(?:please\s+)?(?:(?:do not|don't)\s+take|(?:stop|discontinue)(?:\s+(?:taking|using))?"
            r"(?:\s+(?!if\b|when\b|with|smok|drink|alcohol|driv|breast)[\w-]+)?)"
            rf"{_THE_DRUG}"
            r"(?:\s+(?:now|today|immediately|altogether|completely|(?:on\s+)?\d{1,2}/\d{1,2}))?[\s.!]*$"
            r"|^\s*(?:现|目前)?已停[\s。.!！]*$",
            re.IGNORECASE,
        ),
    ),
    (
        "denied",
        re.compile(
            r"\b(?:not|never)\s+(?:been\s+)?(?:taking|taken|given|used)\b"
            r"(?!\s+(?:with|on|at|in|by|if|more|together|other|any|enough|for|before|after|as|to)\b)"
            r"|\bnever started\b|\bdo not (?:take|use|give|start)\s*(?:$|[.;!)]|any ?more|for now|until)"
            rf"|{_CLAUSE}{_TOLD}(?:refused|declined)\b{_OTHER_CARE}"
            rf"|\bpatient (?:refus|declin)(?:es|ed)\b{_OTHER_CARE}"
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
            rf"|(?:^|[，。；：（,.;:(\s年月日已现\d])(?:停用|停药|停服){_ADVICE}|(?:^|[，。；,;\s])已减?停[。.]?$",
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

_CLAUSE_ENDS = re.compile(
    r"[.,](?!\d)|[;:(\[\n–—。；，：（]|\s-\s"
    r"|\b(?:and|but|then|for|to|due|because|with|while|when|as|after|now|instead|start\w*|switch\w*|chang\w*)\b",
    re.IGNORECASE,
)
_IN_ITS_PLACE = re.compile(r"\b(?:to|by|with|from|for|on|of|after|before)\b|[改换加后因至到]", re.IGNORECASE)
"""Beside the name of another drug: what this one was stopped for."""

_OTHER_DOSE = re.compile(
    r"\b(?:prior|previous|old|earlier|former|lower|higher|other)\s+(?:dos(?:e|age)|strength|prescription|rx|order)\b"
    r"|\b(?:as|because|since)\s+(?:the\s+)?[\d.,]+\s*mg\b",
    re.IGNORECASE,
)
"""An instruction may tell what became of another dose: "prior dose 7.5 mg stopped"."""

_BY_WHOM = (
    r"(?: by (?:the |her |his |their |own )?(?:patient|pt|self|family|mother|father|parents?|doctor|dr\.? \w+"
    r"|physician|provider|prescriber|clinician|specialist|gp|pcp|hospital|\w+ologist|\w+ology)(?: \w+)?)?"
)
_ENDED_NOTE = re.compile(
    rf"\s*{_TOLD}(?:stopped|discontinued|ceased|not taking|no longer taking|abgesetzt|d/c'?d)"
    rf"(?: taking)?(?: (?:it|this))?{_BY_WHOM}(?::?\s*reported)?"
    r"\s*(?:on|in|since|at|from|:|am|seit)?\s*(?:[a-z]{3,9}\.? )?[\d./年月日-]*\s*[.!]?\s*"
    r"|\s*(?:患者)?[\d./年月日-]*\s*(?:起|现|目前)?已?停(?:用|药|服)(?:该药|此药|本药)?[。.]?\s*",
    re.IGNORECASE,
)


@kept(4096)
def said_in_product(text: str) -> Said:
    """What the words of a product say of whether it is taken; empty for the plain name of a drug."""
    return next((said for said, words in _PRODUCT if words.search(text[:_MAX_TEXT])), "")


@kept(4096)
def said_in_instruction(text: str) -> tuple[Saying, ...]:
    """What an instruction says of whether the drug is taken at all; nothing for how it is to be taken."""
    whole = text[:_MAX_TEXT]
    found = [(said, each) for said, words in _INSTRUCTION for each in words.finditer(whole)]
    meant = [(said, each) for said, each in found if not _is_of_another_time_or_dose(whole, each)]
    return tuple([Saying(said, _subject(whole, each)) for said, each in meant])


def _is_of_another_time_or_dose(whole: str, found: re.Match[str]) -> bool:
    if _CONDITION.search(whole[: found.start()]):
        return True
    told = _OTHER_DOSE.search(whole[: found.end()])
    return told is not None and not _CLAUSE_ENDS.search(whole, told.end(), found.end() - 1)


def _subject(whole: str, found: re.Match[str]) -> str:
    """The words of the clause from its begin to the end of what may follow the verb at once.

    Empty where it tells of something that the drug was stopped for.
    """
    marks = [mark.end() for mark in _CLAUSE_ENDS.finditer(whole, 0, found.start() + 1)]
    before = whole[marks[-1] if marks else 0 : found.end()]
    follows = _CLAUSE_ENDS.search(whole, found.end())
    clause = before + whole[found.end() : follows.start() if follows else len(whole)]
    return "" if _IN_ITS_PLACE.search(before) else clause


_NOT_ADHERING = re.compile(
    r"\b(?:stopped|discontinued|on hold|no longer taking|never (?:taken|started))\b"
    r"|\b(?:not (?:currently )?(?:taking|taken)|(?:does not|doesn't) take)\b(?!.*\bas \w+)"
    r"|未服|未用|未使用|不再服用|已停|停用|停药",
    re.IGNORECASE,
)
"""Not: taken, but not as directed."""


@kept(4096)
def is_not_adhering(text: str) -> bool:
    """Whether a word for how an order is followed says that the drug is not taken at all."""
    return _NOT_ADHERING.search(text[:_MAX_TEXT]) is not None


@kept(4096)
def is_end_noted(text: str) -> bool:
    """Whether a note says nothing else than that the drug was stopped."""
    return len(text) <= _MAX_TEXT and _ENDED_NOTE.fullmatch(text) is not None
