"""Reports of which no part is a finding: withdrawn, of another patient, or of a biopsy without glomeruli."""

from __future__ import annotations

import re

from mappings.reading.pathology.cues.signs import has_one_of, vocabulary_of

_TOLD = r"(?:report|diagnos[ie]s|results?|findings?|interpretation|conclusion|addendum|classification)"
_BACK = r"(?:withdrawn|retracted|rescinded|revoked|void(?:ed)?|cancell?ed|nullified|annulled|erroneous)"
_WITHDRAWN = re.compile(
    r"\b(?:wrong|incorrect|another|different) (?:patient|person|specimen|slide|block|case)\b"
    r"|\bmis-?\s?(?:label|identif)\w*"
    r"|\b(?:specimens?|samples?|slides?|blocks?|patients?|labels?) (?:were |was )?(?:mix|swap|switch)"
    r"|^\W{0,3}(?:void|cancell?ed)\b(?=\W{0,3}[.:!\n-])|\b(?:in error|by mistake|disregard)\b"
    rf"|\b{_TOLD}\b[^.;\n]{{0,40}}\b{_BACK}\b|\b{_BACK} {_TOLD}\b"
    r"|\bfalsche[mnrs]? (?:patient|probe|befund|zuordnung)"
    r"|\b(?:verwechs|vertausch|irrt[üu]mlich|storniert)\w*"
    r"|\bbefund\b[^.;\n]{0,30}\b(?:widerrufen|zur[üu]ckgezogen|ung[üu]ltig)\b"
    r"|\bpaciente (?:equivocad|incorrect|err[oó]ne)"
    r"|\berror (?:de|en) (?:el |la )?(?:paciente|muestra|identif|etiq)"
    r"|\b(?:informe|diagn[oó]stico|resultado) (?:anulado|retirado|cancelado|err[oó]neo)\b"
    r"|作废|废止|撤[回销]|张冠李戴|(?:患者|病人|标本|样本|姓名|信息|编号|切片|蜡块|报告|标签)[^。,;\n]{0,4}"
    r"(?:错误|有误|搞错|弄错|混淆|互换)|错误(?:报告|患者|病人|标本)",
    re.IGNORECASE,
)
_SIGNS_OF_WITHDRAWN = (
    *("wrong", "incorrect", "another", "different", "mis", "mix", "swap", "switch", "error"),
    *("disregard", "withdr", "retract", "rescind", "revoke", "void", "cancel", "nullif", "annul", "erron"),
    *("falsche", "wechs", "tausch", "irrt", "storni", "widerruf", "gezogen", "ltig", "paciente"),
    *("anulad", "retirad", "作", "废", "撤", "张冠", "误", "错", "混淆", "互换"),
)
"""One of these is in every text in which the pattern is found, and to look for them is far cheaper."""

_BEGIN_WITHDRAWN = """
    wron inco anot diff mis misl misi spec samp slid bloc pati labe erro mist disr with retr resc revo void
    canc null annu fals verw vert irrt stor befu paci anul reti
"""
_WORDS_OF_WITHDRAWN = frozenset(_BEGIN_WITHDRAWN.split())
"""Of an ASCII text in which it is found one word begins so. Cheaper still, and of many texts none does."""

_ENDS = r"(?=\s?(?:$|[.;,\n)。]))"
_TAKEN = r"(?:biops(?:y|ies)|specimens?|samples?|tissue|material|cores?)"
_POOR = r"(?:inadequate|insufficient|non-?\s?diagnostic|unsatisfactory|unsuccessful|failed|aborted)"
_NO_GLOMERULI = re.compile(
    r"(?<!in )(?<!of )\b(?:no|without(?: any)?) (?:(?:viable|intact|evaluable|identifiable) )?"
    r"glomerul(?:i|us)(?:\s(?:are|were|is|was))?"
    r"(?:\s(?:present|seen|identified|sampled|obtained|found|available|included|represented))?"
    r"(?:\s(?:in|on) (?:the |this )?(?:\w+ ){0,2}(?:specimens?|biopsy|sample|material|tissue|sections?"
    rf"|cores?))?{_ENDS}"
    rf"|(?:^|[.;\n]\s?|contain\w* |yield\w* )(?:0|zero) glomeruli{_ENDS}"
    rf"|\b(?:number of|no\. of|total) glomeruli\s?(?:[:=]|is|was)?\s?(?:0|none|zero|nil){_ENDS}"
    rf"|(?:^|[.;\n]\s?)glomeruli\s?[:=]\s?(?:0|none|zero|nil){_ENDS}"
    rf"|\b{_TAKEN}\s(?:(?:is|was|are|were)\s)?(?:\w+ )?"
    rf"(?:{_POOR}|not (?:adequate|sufficient|diagnostic|performed|done|obtained|taken)"
    rf"|declined|refused|lost|deferred|postponed)\b"
    rf"|\b{_POOR} (?:(?:kidney|renal|core|needle) )*{_TAKEN}\b"
    r"|\bkidney (?:was )?not sampled|\bno (?:kidney|renal) (?:tissue|parenchyma|cortex)"
    rf"(?: is| was)?(?: present| seen| identified)?{_ENDS}"
    r"|\b(?:medulla|medullary tissue|skeletal muscle|adipose tissue) only\b"
    r"|\b(?:keine|ohne) glomeruli(?:\s(?:enthalten|getroffen|erfasst|vorhanden|nachweisbar))?"
    rf"{_ENDS}|\bnicht (?:repr[äa]sentativ|verwertbar)\w*|\bunzureichend\w* (?:material|gewebe|biops)"
    r"|\b(?:sin|no se (?:observan|identifican|aprecian|obtienen|obtuvieron)|ausencia de|no hay)"
    rf" glom[eé]rulos(?: en la (?:muestra|biopsia))?{_ENDS}"
    r"|\b(?:muestra|biopsia|material|tejido) (?:no (?:representativ|valorable|diagn[oó]stic)|insuficiente"
    r"|inadecuad)"
    r"|(?:未见|未取到|未取得|未查见|未找到|未获得|没有|无)(?:完整|有效)?的?肾小球(?:组织)?(?=[。,;\n)]|$)"
    r"|(?:^|[。,;:\n(]|见|共|计|总)\s?肾小球(?:数[目量]?)?[:=为]?\s?[0零]\s?[个枚]"
    r"|取材(?:不足|失败|不佳|欠佳|不满意)|(?:标本|组织|样本)量?(?:不足|过少|不合格|不满意)"
    r"|(?:标本|样本|组织|资料|蜡块)[丢遗]失|(?:肾穿刺?|穿刺|活检)(?:失败|未成功|未遂|取消)"
    r"|未取[到得]肾(?:组织|皮质)|仅[见为]肾?髓质|不足以(?:诊断|分型)",
    re.IGNORECASE,
)
_SIGNS_IN_ONE = (
    "no glom|without glom|without any glom| viable glom| intact glom|able glom|0 glom|zero glom|"
    "number of glom|no. of|total glom|glomeruli:|glomeruli :|glomeruli\n|glomeruli =|glomeruli="
    "|adequate|sufficient|diagnostic|"
    "satisf|success|failed|aborted|declined|refused|lost|deferred|postponed|not performed|not done|"
    "not obtained|not taken|sampled|medulla|muscle only|tissue only|no kidney|no renal|keine glom|"
    "ohne glom|nicht repr|nicht verw|zureich|sin glom|no se |ausencia|no hay|suficiente|inadecuad|"
    "no repres|no valor|no diagn|见肾小球|得肾小球|到肾小球|有肾小球|无肾小球|完整|有效|未取|没有|"
    "小球0|小球:0|小球 0|小球数|零|不足|过少|不合格|不满意|不佳|欠佳|失|未成功|未遂|取消|髓质"
)
_SIGNS_OF_NO_GLOMERULI = tuple(_SIGNS_IN_ONE.split("|"))
_WORDS_OF_NO_GLOMERULI = frozenset(
    [
        *("glom", "biop", "spec", "samp", "tiss", "mate", "core", "pare", "cort", "medu", "skel", "adip"),
        *("repr", "verw", "unzu", "mues", "teji"),
    ]
)
_SPECIAL = (
    r"(?:immun\w*fluor\w*|immunohist\w*|inmunofluor\w*|\b(?-i:IF|IIF|DIF|EM|IHC|TEM)\b|elec?k?tron\w*|electr[oó]n\w*"
    r"|ultrastruct\w*|frozen|免疫|荧光|电镜|冰冻|超微)"
)
_OF_SPECIAL_BEFORE = re.compile(rf"{_SPECIAL}(?:[^.;。\n]{{0,60}}|[^.;。:\n]{{0,20}}:?\n\s*)$", re.IGNORECASE)
_OF_SPECIAL_AFTER = re.compile(rf"[^.;。,\n]{{0,60}}{_SPECIAL}", re.IGNORECASE)
"""Tissue for immunofluorescence or electron microscopy only: it often has no glomeruli."""


def _may_be_told(beginnings: frozenset[str], signs: tuple[str, ...], text: str) -> bool:
    if text.isascii() and beginnings.isdisjoint(vocabulary_of(text).beginnings):
        return False
    return has_one_of(signs, text.lower())


def is_withdrawn(text: str) -> bool:
    """Whether the report is withdrawn, or says that it is of somebody else."""
    if not _may_be_told(_WORDS_OF_WITHDRAWN, _SIGNS_OF_WITHDRAWN, text):
        return False
    return _WITHDRAWN.search(text) is not None


def has_no_glomeruli(text: str) -> bool:
    """Whether the biopsy got no glomeruli, or too little tissue to tell, for light microscopy."""
    if not _may_be_told(_WORDS_OF_NO_GLOMERULI, _SIGNS_OF_NO_GLOMERULI, text):
        return False
    return any(not _is_of_special(text, *found.span()) for found in _NO_GLOMERULI.finditer(text))


def _is_of_special(text: str, first: int, last: int) -> bool:
    before = text[max(0, first - 100) : first]
    return bool(_OF_SPECIAL_BEFORE.search(before) or _OF_SPECIAL_AFTER.match(text, last))
