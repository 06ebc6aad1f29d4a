"""Words by which a pathology text denies, remembers or doubts what it mentions, in English and Chinese.

Careful rather than clever: a word that may be a cue is one, since a spoiled mention only leaves the answer
unknown. Interpretation: Chinese "考虑" (consider) and "提示" (suggest) are doubts; "符合" (consistent with)
and "病理提示" (the pathology shows) are none.
"""

from __future__ import annotations

import re

BOUNDARY = re.compile(
    r"[.!;?\n。](?:"
    r"(?<=[.!;])(?<!\bvs.)(?<!\bcf.)(?<!\bcl.)(?<!\bno.)(?<!\bDr.)(?<!\be\.g.)(?<!\bi\.e.)(?=\s|$)"
    r"|(?<=\w\?)(?=\s)|(?<=。)|(?<=\n)\s*\n"
    r"|(?<=\n)(?<![,:]\n)(?<! of\n)(?<! no\n)(?<! not\n)(?<! for\n)(?<! out\n)(?<! the\n)(?<! and\n)"
    r"(?<! or\n)(?<! with\n)(?<! without\n)(?<! prior\n)(?<! previous\n)(?<! exclude\n)"
    r"(?=\s*(?:[-*•\d]|[A-Z])))",
    re.IGNORECASE,
)
"""Ends of sentences. A line end is one only where no sentence runs over it."""

_LESIONS = (
    r"(?:crescents?|necrosis|atrophy|fibrosis|scleros\w+|thromb\w+|microangiopathy|tma|wire loops?|deposits?"
    r"|vasculitis|inflammation|scarring|chronicity|lesions? of|infiltrat\w*|hypercellularity"
    r"|proliferation|amyloid\w*"
    r"|新月体|坏死|血栓|硬化|纤维化|萎缩|增生|增厚|沉积|白金耳|浸润|管型|核碎裂|异常|其他|其它|特殊|血管炎)"
)
SPENT = re.compile(rf"{_LESIONS}[^,]*,|\bbut\b", re.IGNORECASE)
"""A denial or guess that has found its own object before the mention ("without crescents, class IV")."""

DENIED_BEFORE = re.compile(
    r"\b(?:no(?!\.?\s*[:#]?\s*[A-Z]{0,3}\d)|not|none|without|never|nor|neither|denie[sd]|negative for|free of"
    r"|absen(?:t|ce)|lack(?:s|ing)?|exclud(?:e|es|ed|ing)|rul(?:es?|ed|ing) out|r/o|fails? to"
    r"|rather than|instead of"
    r"|insufficient|inadequate|kein\w*|ohne|sin|sans|pas)\b"
    r"|无|無|未|否|排除|除外|并非|而非|非(?=狼疮|[IV1-6一二三四五六])|不(?:是|像|符|支持|考虑|能|够)",
    re.IGNORECASE,
)
DENIED_AFTER = re.compile(
    r"^[^,]{0,80}?(?:\b(?:not|no longer|absent|excluded|ruled out|unlikely|cannot|can't|never|denied)\b"
    r"|^\W{0,3}negative|未见|排除|除外|不支持|不符|不成立|不足)"
    r"|^[^,]{0,40},\s*(?:(?:not|excluded|ruled out|unlikely|absent|no longer|negative)\b"
    r"|不支持|不符|不成立|证据不足)",
    re.IGNORECASE,
)
OLD_BIOPSY = re.compile(
    r"\b(?:previous|prior|earlier|old|first|initial|outside|last|original|baseline|index)\s+(?:\w+\s+){0,2}?"
    r"(?:biops(?:y|ies)|bx|specimens?|reports?|histology)\b"
    r"|前次|上次|(?:既往|首次|初次|第一次|外院|当地)[^。,;\n]{0,6}(?:活检|穿刺|病理)",
    re.IGNORECASE,
)
EARLIER = re.compile(
    rf"{OLD_BIOPSY.pattern}|\b(?:previous(?:ly)?|prior|past|earlier|former(?:ly)?|histor(?:y|ical|ically)|hx|h/o"
    r"|ago|since"
    r"|original(?:ly)?|initially|outside|baseline|status post|s/p|at diagnosis|at onset"
    r"|diagnosed (?:in|on|at|elsewhere)|used to"
    r"|(?:transform|transition|convert|progress|evolv|switch|chang)\w* (?:from|to|into)|compared (?:to|with)"
    r"|clinical (?:history|information|data|details|diagnosis|indication)|indications?|referral|referred)\b"
    r"|\b(?:known(?: to have| with)?|from)\W{0,9}$"
    r"|→|->|既往|曾|病史|[年月周天日]前|此前|之前|以前|首次|初次|第一次|最初|外院|当地医院|较前|确诊于"
    r"|转为|转变|转化|转型|演变|进展为|发展为|(?<!结合)临床诊断|临床资料|送检诊断|入院诊断|主诉",
    re.IGNORECASE,
)
NOW = re.compile(
    r"\b(?:current(?:ly)?|present|this|today'?s?|now|new|(?:final )?diagnos[ie]s|conclusion|impression|repeat"
    r"|re-?biopsy|second|latest)\b|本次|此次|目前|诊断|结论|重复肾?活检|再次肾?活检|第二次",
    re.IGNORECASE,
)
UNCERTAIN_BEFORE = re.compile(
    r"\b(?:possibl[ey]|probabl[ey]|suspect(?:ed|s)?|suspici\w+|suggest\w*|cannot|can't|could|may(?!\s+\d)"
    r"|might|versus|vs|either|differential|favou?r\w*|likely|presum\w+|borderline|equivocal|indeterminate"
    r"|pending|query|uncertain|unclear"
    r"|at least|at most|provisional|tentative|consider|transitional|approach\w+|resembl\w+)\b"
    r"|\bor(?:\s+\w+)?\s*$|(?:^|(?<=[\s(]))\?(?=\s?\w)|\?\W{0,9}$"
    r"|可能|疑|待[排定查]|倾向|考虑|不除外|鉴别|似|接近|过渡|至少|或\s?$"
    r"|(?<!病理)(?<!活检)(?<!穿刺)(?<!结果)(?<!检查)提示",
    re.IGNORECASE,
)
UNCERTAIN_AFTER = re.compile(
    r"^\W{0,9}(?:(?:lupus|nephritis|ln|is|remains)\b\W{0,9}){0,5}"
    r"(?:\?|(?:possibl[ey]|probabl[ey]|suspected|favou?red|versus|vs|or|likely"
    r"|pending|uncertain|equivocal|borderline)\b)|^\s*\(?\?"
    r"|^[^,]{0,40}(?:,\s?)?(?:可能|待[排定查]|不除外|不能除外|不能排除|疑似)|^[^,]{0,12}\?|^\s?或",
    re.IGNORECASE,
)
YEAR = re.compile(r"(?<![\d.])(?:19|20)\d\d(?!\d|\s?(?:mg|mcg|g\b|ml\b|/mm|x\b))", re.IGNORECASE)
YEAR_OF_CLASSIFICATION = re.compile(
    r"(?:isn\W{0,3}rps|who|classification|revised|revision|criteria|nih|分[型类级]|学会|标准|修订)"
    r"(?:\W|of|the|class|revised|分型|分类|标准){0,4}?\W{0,3}"
    r"(?:(?:19|20)\d\d\W{0,2})+"
    r"|(?:2003|2004|2016|2018|1974|1982|1995)[\W年版]{0,3}(?:revised |revision of (?:the )?)?"
    r"(?:isn|rps|who|classification|revision|criteria|修订|分[型类级]|标准|国际|世界卫生)",
    re.IGNORECASE,
)

_WORDS = (
    *("no", "not", "none", "never", "nor", "neither", "without", "negative", "free", "absent", "absence"),
    *("rather", "instead", "ohne", "sin", "sans", "pas", "unlikely", "cannot", "can't", "hx", "ago", "since"),
    *("outside", "baseline", "at", "used", "known", "from", "first", "last", "old", "could", "may", "might"),
    *("vs", "either", "pending", "query", "or", "earlier", "prior", "past", "bx", "lack", "lacks", "lacking"),
    r"index\s+(?:\w+\s+){0,2}?(?:biops\w+|specimens?|reports?|histology)",
)
_STEMS = (
    *("denie", "exclud", "rul", "r/o", "fail", "insuff", "inadeq", "kein", "previous", "former", "histor"),
    *(
        "h/o",
        "origin",
        "initial",
        "status post",
        "s/p",
        "diagnosed",
        "transf",
        "transit",
        "conver",
        "progress",
    ),
    *("evolv", "switch", "chang", "compared", "clinical", "indication", "refer", "possib", "probab", "susp"),
    *("sugg", "versus", "differ", "favo", "likel", "presum", "border", "equiv", "indet", "uncert", "unclear"),
    *("prov", "tent", "consider", "approach", "resembl"),
)
_ANY = re.compile(
    rf"\b(?:(?:{'|'.join(_WORDS)})\b|{'|'.join(_STEMS)})|\?|->|[^\x00-\x7f]", re.IGNORECASE
)  # what is not ASCII may be Chinese


def may_hold_a_cue(sentence: str) -> bool:
    """False if no pattern of this module can match in the sentence, which is true of most."""
    return _ANY.search(sentence) is not None or bool(other_years(sentence))


def other_years(sentence: str) -> list[str]:
    """The years in a sentence that are not of a classification."""
    if YEAR.search(sentence) is None:
        return []
    return YEAR.findall(YEAR_OF_CLASSIFICATION.sub(" ", sentence))
