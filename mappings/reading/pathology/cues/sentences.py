"""Where sentences end, and which parts of a report tell what was known before the biopsy."""

from __future__ import annotations

import re

_SHORT = (
    "vs|cf|cl|no|dr|hx|dx|dd|st|zn|va",
    "ddx|ggf|bzw|bek|pat|sog|ant|fam",
    "prev|poss|prob|susp|diff|hist|evtl|mögl|klin",
    *("fragl", "approx", "wahrsch|vermutl"),
)
"""Abbreviations with a full stop, which ends no sentence. Those of one length together: to look back at all
of them one by one was the dearest part of finding sentences."""

_AFTER_SHORT = "".join(rf"(?<!\b(?:{short}).)" for short in _SHORT)

BOUNDARY = re.compile(
    rf"[.!;?\n。](?:(?<=[.!;]){_AFTER_SHORT}"
    r"(?<!\b[a-z]\.[a-z]\.)(?<!\bst\.[np]\.)(?<!\bst\.\s[np]\.)(?<!\b[vzs]\.\s[anp]\.)(?!(?<=\b[vzs]\.)\s[anp]\.\s)(?=\s|$)"
    r"|(?<=\w\?)(?=\s)|(?<=。)|(?<=\n)\s*\n"
    r"|(?<=\n)(?<![,:]\n)(?<! of\n)(?<! no\n)(?<! not\n)(?<! for\n)(?<! out\n)(?<! the\n)(?<! and\n)"
    r"(?<! or\n)(?<! with\n)(?<! without\n)(?<! prior\n)(?<! previous\n)(?<! exclude\n)"
    r"(?=\s*(?:[-*•\d]|[A-Z]|(?:病理|最后|本次)诊断|光镜|免疫荧光|电镜)))",
    re.IGNORECASE,
)
"""Ends of sentences, but not the full stops of "e.g.", "Z.n.", "V. a.". A line end is one only where no
sentence runs over it."""

_BEFORE_THE_BIOPSY = (
    r"(?:(?:past|brief|relevant) )?(?:(?:clinical|medical|patient|family)(?: and \w+)? )?"
    r"(?:history|information|data|details|summary|notes?|indications?)(?:(?:,| and|/) ?\w+)?"
    r"(?: for (?:kidney |renal )?biopsy)?"
    r"|(?:clinical|pre-?biopsy|submitted|referring|admission) diagnosis"
    r"|reason for (?:the )?(?:biopsy|referral)"
    r"|(?:previous|prior|outside|earlier) (?:\w+ )?biops(?:y|ies)|referral|pmhx?"
    r"|anamnese|familienanamnese|(?:klinische )?angaben|klinik|fragestellung|vorbefunde?|verdachtsdiagnose"
    r"|antecedentes(?: \w+)?|datos cl[ií]nicos|historia(?: cl[ií]nica)?|motivo(?: de \w+)?"
    r"|(?:现|既往|临床|家族|个人|简要)?病?史|临床(?:资料|诊断|信息)|入院诊断|送检诊断|主诉"
)
_OF_THE_BIOPSY = (
    r"(?:(?:final|pathologic\w*|histo\w*|biopsy|kidney|renal) ){0,3}(?:diagnos[ie]s|conclusion|interpretation"
    r"|impression|findings)|diagnose|befund|beurteilung|diagn[oó]stico|conclusi[oó]n|hallazgos"
    r"|(?:病理|本次|最后|最终)?(?:诊断|结论|意见)"
)
SECTION = re.compile(
    rf"(?:^|(?<=[\n.;。]))[ \t]?(?:(?P<history>{_BEFORE_THE_BIOPSY})|(?P<now>{_OF_THE_BIOPSY}))"
    r"[ \t]?(?::|(?=\n)|$)",
    re.IGNORECASE,
)
"""Headings with a colon or on a line of their own: of what the patient brought along, or of this biopsy."""
