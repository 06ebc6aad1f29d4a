"""Of which classification a numeral is: ISN/RPS, WHO, or one of another disease."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mappings.reading.keeping.texts import kept
from mappings.reading.pathology.cues.signs import has_one_of, may_hold

_NEAR = 60
_NO_LUPUS = r"(?!lupus|sle\b|isn|ln\b|狼)[^.;]"
_OTHER_BEFORE = re.compile(
    r"(?<![a-z])(?:nyha|hla|mhc|killip|banff|asa|ccs|collagen|child-?pugh|obesity|functional|mallampati|angle|haas"
    r"|tervaert|berden|bosniak|ckd|gold|diabetic[^.;]{0,30}|iga nephropathy|igan|antiarrhythmic"
    r"|iskdc|forrester|fontaine|clavien-?dindo|dsa|pauci-?immune[^.;]{0,20}|remuzzi"
    rf"|(?:nodular (?:\w+ )?glomerulo|kimmelstiel|igav|hsp|iga vasculitis|henoch|c3 glomerul)"
    rf"(?:{_NO_LUPUS}){{0,40}}"
    r"|anca[ -]associated[^.;]{0,20})\W{0,3}(?:\w+\s)?$",
    re.IGNORECASE,
)
_OTHER_AFTER = re.compile(
    r"[^\w.;\n]{0,3}(?:obesity|mhc|hla|antigens?|molecules?|heart|angina|malocclusion|antibod\w+|recommendation"
    r"|evidence|diabetic|haas|banff|iskdc|tervaert|dsa|donor-?specific|antiarrhythmic|obese|rta|dm|mellitus|allerg\w+"
    r"|[ck]ollagen|col[aá]geno|hypersensitiv\w+|diabetes|renal tubular)\b",
    re.IGNORECASE,
)
_TYPE_OF_OTHER = (
    r"胶原|糖尿病|酸中毒|超敏|变态反应|过敏|呼吸衰竭|心肾综合征|急进性|新月体(?:性|型)?(?:肾小球)?肾炎|膜增[生殖]性?|系膜毛细血管性?"
    r"|紫癜性?肾炎|iskdc|iga血管炎|结节性|冷球蛋白血症?|iga肾病|肝肾综合征|高脂血症|高脂蛋白血症|mpgn|rpgn|c3|haas|lee氏?|hass"
)
_TYPE_BEFORE = re.compile(rf"(?:{_TYPE_OF_OTHER})(?:(?:肾小球)?肾炎|肾病)?\W{{0,3}}$", re.IGNORECASE)
_TYPE_AFTER = re.compile(rf"(?:型)?\W{{0,2}}(?:{_TYPE_OF_OTHER})", re.IGNORECASE)
_OTHER_KIDNEY = re.compile(
    r"iga nephropathy|igan\b|henoch|diabetic|allograft|transplant|anca\b|iga[ -]vasculitis|iskdc|tervaert"
    r"|nodular (?:\w+ )?glomerulo"
    r"|iga肾病|紫癜|糖尿病肾|移植|膜增[生殖]|急进性|iga血管炎|结节性肾小球硬化",
    re.IGNORECASE,
)
_LUPUS = re.compile(
    r"lupus|l[uú]pic|isn|sle(?![a-z])|(?<![a-z])ln(?![a-z])|狼[疮瘡]|who(?![a-z])|world health|世界卫生组织",
    re.IGNORECASE,
)
_KIDNEY_BIOPSY = re.compile(r"[肾腎](?:脏|组织)?(?:活检|穿刺|病理)|型(?:病变|改变)")
_WHO_NEAR = re.compile(r"(?<![A-Za-z])(?:WHO|OMS)(?![A-Za-z])|(?i:world health organi[sz]ation)|世界卫生组织")
_WHO_BEFORE = re.compile(rf"(?:{_WHO_NEAR.pattern})(?![^.;\n。]{{0,40}}(?i:isn))[^.;\n,。]{{0,40}}$")
_WHO_AFTER = re.compile(
    r"[^.;\n。]{0,25}?\(?(?:according to |by |per |"
    r"nach |gem[äa](?:ß|ss) |seg[uú]n |de |\(|\[|按|依|据)(?:the |la )?"
    r"(?:\d{4} |modified |revised )*"
    r"(?:(?:WHO|OMS)(?![A-Za-z])|(?i:world health)|世界卫生组织)"
)
_TRANSPLANT = re.compile(
    r"allograft|transplant(?:ed)? (?:kidney|renal|biops)|移植肾|肾移植(?!评估|候选|等待)"
    r"|(?:kidney|renal) transplant(?!\w| (?:candid|evalu|list|work|refer))"
    r"|(?:kidney|renal) graft|graft kidney|graft biops|transplantatniere"
    r"|nierentransplantat(?!ion)|transplantatbiops|nach nierentransplantation"
    r"|trasplant(?:e renal|ad[oa])",
    re.IGNORECASE,
)
_INACTIVE = re.compile(
    r"\binactive\b|\((?:c|chronic)\)|\b(?:focal|diffuse|segmental|global)\s(?:\w+\s)?sclerosing\b"
    r"|\b(?:no|without|absen(?:t|ce of)|lack of)\s(?:\w+\s){0,2}(?:activity(?! ind| score)"
    r"|active\s(?:\w+\s)?(?:lesions?|disease|nephritis|inflammation|glomerulonephritis))"
    r"|\b(?:predominantly|mostly|mainly|largely|primarily|entirely)\s(?:\w+,?\s)?(?:sclerosed|sclerosing"
    r"|sclerosis|sclerotic|scarred|scarring|obsolescent)\b|\b(?:only|exclusively|purely)\s(?:scleros(?:ed|ing|is)|sclerotic|scarred|scarring|obsolescent)\b"
    r"|\binaktiv\w*|\binactiv[ao]s?\b|(?:硬化|慢性)(?:性|化)?(?:病变|改变)?为主"
    r"|非活动性?|不活动|(?:无|未见)(?:明显)?活动性?病变",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"(?<!no )(?<!not in )(?<!without )\b(?:remission|quiescent|burn(?:t|ed)[- ]?out)\b"
    r"|\b(?:(?<!un)treated|resolved|healed|cured|stable|recovered|post-?treatment"
    r"|(?:after|following) (?:\w+ ){0,2}(?:treatment|therapy|induction|immunosuppression)"
    r"|(?:complete|partial|renal) (?:renal )?respon[ds]\w*)\b"
    r"|缓解|治愈|静止期|稳定|治疗后|经治|已治疗",
    re.IGNORECASE,
)
_NOW_OVER = re.compile(
    r"\bin (?:\w+ ){0,2}remission\b|\bquiescent\b|\bburn(?:t|ed)[- ]?out\b|(?:完全|部分|已|现)缓解|已治愈",
    re.IGNORECASE,
)
_SIGNS_OF_TRANSPLANT = ("graft", "transplant", "trasplant", "移植")
_SIGNS_OF_DENIAL = ("no ", "no\n", "without", "absen", "lack")
_SIGNS_OF_INACTIVE = (
    *("inactiv", "inaktiv", "(c", "sclerosing", "predominantly", "mostly", "mainly", "largely"),
    *("primarily", "entirely", "only ", "exclusively", "purely", "活动", "为主"),
)
_SIGNS_OF_OVER = (
    *("remission", "quiescent", "burn", "treat", "resolved", "healed", "cured", "stable", "recovered"),
    *("therapy", "induction", "immunosuppression", "respon"),
)
"""One of these is in every text in which the pattern is found, and to look for them is far cheaper."""


def is_of_other_scheme(words: str, start: int, end: int) -> bool:
    """Whether "class IV" from ``start`` to ``end`` is a class of something else (NYHA, HLA, Banff)."""
    before = words[max(0, start - _NEAR) : start]
    return _OTHER_BEFORE.search(before) is not None or _OTHER_AFTER.match(words, end) is not None


def is_type_of_lupus(words: str, start: int, end: int, *, told: bool) -> bool:
    """Whether a bare "Ⅳ型" or "IV-G" is one of lupus nephritis; ``told``: it could hardly be anything else.

    Chinese names types of many diseases in the same way (Ⅳ型胶原, 2型糖尿病, Ⅱ型新月体肾炎).
    """
    if _TYPE_BEFORE.search(words[max(0, start - _NEAR) : start]) or _TYPE_AFTER.match(words, end):
        return False
    return told or _LUPUS.search(words) is not None or _KIDNEY_BIOPSY.search(words) is not None


def is_only_of_other_kidney_disease(words: str) -> bool:
    """Whether the text names another kidney disease, and lupus nowhere."""
    return _LUPUS.search(words) is None and _OTHER_KIDNEY.search(words) is not None


def is_who(words: str, start: int, end: int, anchor: str) -> bool:
    """Whether the WHO scheme is named with the class, and ISN/RPS is not."""
    if "isn" in anchor.lower():
        return False
    if _WHO_NEAR.search(anchor) or "who" in anchor.lower():
        return True
    before = words[max(0, start - 3 * _NEAR) : start]
    return bool(_WHO_BEFORE.search(before) or _WHO_AFTER.match(words[end : end + _NEAR]))


@kept(1024)
def is_of_transplant(words: str) -> bool:
    """Whether the text speaks of a transplanted kidney."""
    return has_one_of(_SIGNS_OF_TRANSPLANT, words.lower()) and _TRANSPLANT.search(words) is not None


def are_of_transplant(texts: Sequence[str]) -> bool:
    """Whether one of the texts does. They are looked through together, for hardly any has a sign."""
    return has_one_of(_SIGNS_OF_TRANSPLANT, "\n".join(texts).lower()) and any(map(is_of_transplant, texts))


def may_be_inactive(words: str) -> bool:
    """Whether the text says, other than by a suffix beside the class, that nothing is active."""
    lower = words.lower()
    is_denied = "activ" in lower and has_one_of(_SIGNS_OF_DENIAL, lower)
    return (is_denied or has_one_of(_SIGNS_OF_INACTIVE, lower)) and _INACTIVE.search(words) is not None


def may_be_over(words: str) -> bool:
    """Whether any sentence may speak of treatment or remission. Hardly any text does."""
    return may_hold(_SIGNS_OF_OVER, words)


def is_over(words: str, first: int, last: int) -> bool:
    """Whether a sentence speaks of treatment or remission, so that what it names may be over."""
    return _OVER.search(words, first, last) is not None


def is_now_over(words: str, first: int, last: int) -> bool:
    """Whether a sentence says so of what the one before names: "Now in remission"."""
    return _NOW_OVER.search(words, first, last) is not None
