"""Which organ a report of pathology is of: the kidney, or another beside which the kidney is only mentioned.

Titles and specimens tell it by a word. A conclusion tells it where it says what was examined, at the head of
a part: "A. SKIN, PUNCH BIOPSY:", "Colon biopsy:"; not in "in a patient with lupus nephritis". Interpretation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mappings.reading.keeping.texts import kept
from mappings.reading.pathology import cues
from mappings.reading.pathology.mentions import place, plain

_ORGANS = """
    skin dermatopath\\w* dermal cutaneous punch scalp forearm thigh haut\\w* piel
    adrenals? suprarenal nebenniere\\w* suprarrenal\\w*
    gi gastrointestinal
    colon colonic colorectal rect(?:um|al) sigmoid bowel intestin\\w* ile(?:um|al) jejun\\w* duoden\\w*
    c(?:a)?ecum appendix(?!\\s?:|\\sto) anus anal stomach gastric antr(?:um|al) o?esophag\\w*
    kolon darm\\w* magen\\w* est[oó]mago
    liver hepatic leber\\w* h[ií]gado gallbladder pancrea\\w* spleen milz\\w*
    lungs? pleura\\w* bronch\\w* sputum lunge\\w* pulm[oó]n\\w* larynx nasal sinus
    heart endomyocardial myocardi\\w* pericardi\\w* temporal\\sarter\\w*
    bone marrow femoral\\shead knochen\\w* m[eé]dula synovi\\w* muscle muskel\\w* nerve tendon
    lymph\\snodes? lymphknoten\\w* ganglio tonsils? thymus h(?:a)?ematopath\\w*
    thyroid parathyroid schilddr\\w* breast mamma\\w* mama salivary parotid lip tongue buccal mucosa\\w*
    brain mening\\w* csf conjunctiva\\w* cornea\\w* eye
    cervix cervical endocervi\\w* vagin\\w* vulv\\w* uter(?:us|ine) endometri\\w* ovar(?:y|ies|ian)
    placenta\\w*
    pap prostat\\w* testi[sc]\\w* (?:urinary\\s)?bladder harnblase\\w* vejiga ureter\\w*
    urethra\\w* urotheli\\w*
    urine?(?!\\s?:) orina cytolog\\w* cytopath\\w* zytolog\\w* citolog\\w*
    periton\\w* ascit\\w* oment\\w* fat\\spad soft\\stissue
"""
_IN_CHINESE = (
    r"皮肤|表皮|肾上腺|结肠|直肠|乙状结肠|回肠|空肠|十二指肠|盲肠|阑尾|肠|胃|食管|肝|胆囊|胰|脾|肺|支气管|胸膜|心肌|心内膜"
    r"|骨髓|骨组织|滑膜|肌肉|神经|淋巴结|扁桃体|胸腺|甲状腺|乳腺|唇腺|唾液腺|腮腺|脑|子宫|宫颈|卵巢|胎盘|前列腺|睾丸"
    r"|膀胱|输尿管|尿液|尿沉渣|尿脱落|细胞学|腹膜|脂肪"
)
_ORGAN = rf"(?:(?<![a-z])(?:{'|'.join(_ORGANS.split())})(?![a-z])|{_IN_CHINESE})"
_KIDNEY = (
    r"(?:(?<![a-z])kidneys?(?!\s(?:diseases?|failure|injury|function|involvement|stones?|clinic|patients?|donor"
    r"|transplant(?:ed|ation)?\s(?:recipient|patient|candidate|clinic)))"
    r"|(?<![a-z])renal(?=\W*$|\s?[,;:)/(\n-]|\s(?:\w+\s)?(?:biops|bx|patholog|histolog|tissue|cort|medulla|parenchym"
    r"|cores?\b|needle|specimen|(?:allo)?graft|mass|tumou?r|pelvis|wedge|transplant\W*$))"
    r"|biopsias?\s(?:\w+\s)?renal|ri[ñn][oó]n|nephrectom|nephropatholog|glomerul(?:i|us)(?![a-z])"
    r"|(?<![a-zäöü])niere(?:nbiops|nstanz|ngewebe|npunkt|nzylinder|nhistol|n?(?![a-zäöü]))"
    r"|[肾腎](?:脏|臟|组织|皮质|髓质|穿|活检|活组织|病理|切除)|[左右双移植][肾腎](?!上腺)|(?<![一-鿿])[肾腎](?![一-鿿]))"
)
"""Tissue of the kidney, not its diseases, its doctors or its cells in the urine."""

_NAMED_ORGAN = re.compile(_ORGAN, re.IGNORECASE)
_NAMED_KIDNEY = re.compile(_KIDNEY, re.IGNORECASE)

_HEADING = (
    r"(?:(?:final|pathologic\w*|histo\w*|tissue|surgical)\s){0,3}(?:diagnos[ie]s|report|conclusion|impression"
    r"|specimens?|biops(?:y|ies)|site|source)(?:\s(?:type|site|source|submitted|received|[a-z\d]))?"
    r"|diagnose|befund|material|diagn[oó]stico|muestra|(?:病理)?诊断|标本(?:类型|名称|部位)?|送检(?:组织|材料|标本|部位)?|部位"
)
_PART = r"(?:\(?(?:part\s|specimen\s)?(?:(?-i:[A-H])|(?<!\S)\d{1,2})\s?[.):](?!\d)\s*)"
_LEAD = rf"(?:{_PART}|(?:{_HEADING})\s?[:\n-]\s*|[-*#\u2022(\[<]\s*){{0,4}}"
_ABOUT = (
    r"(?:(?:left|right|upper|lower|proximal|distal|mid|anterior|posterior|native|deep|endoscopic|excisional"
    r"|incisional|needle|core|shave|fine|frozen|sections?|tissue|specimens?|biops(?:y|ies|ie|ia)|bx|aspirate"
    r"|arm|leg|hand|foot|back|chest|face|neck|of|from|the|an?|and|site|de|la|del|und)[\s,]+){0,6}"
)
_TAKEN = (
    r"biops|bx\b|punch|shave|excis|resect|ectom|curett|scrap|smear|brush|wash|aspirat|cores?\b|needle|specimen"
    r"|stanz|punkt|probe|活检|穿刺|组织|切除|标本"
)
_LINE = rf"(?:^|\n)\s*{_LEAD}{_ABOUT}(?:[左右上下前后侧臂腿部背胸面颈区]{{0,6}})"
_SENTENCE = rf"(?<=[.;。])\s*{_LEAD}{_ABOUT}"
_ORGAN_AT_HEAD = re.compile(
    rf"{_LINE}{_ORGAN}(?=\s*(?:[,:(/\n)\]]|-\s|$)|(?:(?!{_KIDNEY})[^.:;,\n。、]){{0,40}}(?:{_TAKEN}))"
    rf"|{_SENTENCE}{_ORGAN}(?=(?:(?!{_KIDNEY})[^.:;\n。]){{0,40}}(?:{_TAKEN})[^.:;\n。]{{0,40}}[:\n])",
    re.IGNORECASE,
)
_KIDNEY_AT_HEAD = re.compile(
    rf"(?:{_LINE}|{_SENTENCE})(?:[^.:;\n。]{{0,20}}\b(?:and|und|y)\s|[^.:;\n。]{{0,10}}[及和、])?"
    rf"{_KIDNEY}(?![^.:;\n。]{{0,40}}(?:19|20)\d\d)(?:[^.:;\n。]{{0,60}}[:\n]|\s?[,(]|\s-\s"
    r"|[^.:;\n。]{0,20}\b(?:shows|reveals|demonstrates)\b)",
    re.IGNORECASE,
)
_DISEASE_AT_HEAD = re.compile(
    rf"(?:^|(?:^|[\s.;]){_PART}|(?:^|[\n.;。])\s*(?:(?:final|pathologic\w*|histo\w*)\s){{0,2}}diagnos[ie]s\s?[:\n-])"
    rf"\s*(?:{_PART})?"
    r"(?:(?:active|diffuse|focal|global|segmental|proliferative|membranous|mesangial|crescentic|minimal|sclerosing"
    r"|mixed|isn\s?/?\s?rps|class|[iv]{1,3}|\+|and)[\s,]+){0,8}"
    r"(?:lupus\s(?:glomerulo)?neph|lupusneph|nephritis|glomerulo|ln\b|nefritis|狼疮性?[肾腎])",
    re.IGNORECASE,
)
"""Parts that name a disease of the kidney instead of the kidney: "B. Lupus nephritis, class III"."""


@kept(1024)
def names_other_organ(words: str) -> bool:
    """Whether a title or a specimen names another organ, and no tissue of the kidney."""
    return _NAMED_ORGAN.search(words) is not None and _NAMED_KIDNEY.search(words) is None


def is_of_other_organ(names: Iterable[str], conclusion: str) -> bool:
    """Whether a report is of another organ by its ``names`` (title, specimens) or its conclusion's heads.

    If any of them says that the kidney was examined too, it is not.
    """
    told = list(names)
    if any(_NAMED_KIDNEY.search(name) for name in told):
        return False
    by_name, words = any(map(names_other_organ, told)), plain(conclusion)
    if not by_name and _NAMED_ORGAN.search(words) is None:
        return False
    examined = _without_history(words)
    if _KIDNEY_AT_HEAD.search(examined) or _DISEASE_AT_HEAD.search(examined):
        return False
    return by_name or _ORGAN_AT_HEAD.search(examined) is not None


def _without_history(text: str) -> str:
    """The text without the line or sentence under each heading of history."""
    kept_parts, position = [], 0
    found = list(cues.SECTION.finditer(text))
    for number, heading in enumerate(found):
        if heading["history"]:
            kept_parts.append(text[position : heading.start()])
            following = found[number + 1].start() if number + 1 < len(found) else -1
            position = max(position, _end_of_history(text, heading.end(), following))
    return "".join([*kept_parts, text[position:]]) if position else text


def _end_of_history(text: str, start: int, following: int) -> int:
    """Where the first line with words ends, or the next heading stands; else where the sentence ends."""
    words = len(text) - len(text[start:].lstrip())
    ends = [end for end in (text.find("\n", words), following) if end >= 0]
    return min(ends, default=place(text, words, words).last)
