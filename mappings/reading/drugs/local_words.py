"""The words by which a form that acts locally is known, in English, Chinese, German and some neighbours.

``FORMS`` decide by themselves. ``HINTS`` (a strength in per cent, an ester or a partner that is in creams and
drops only) decide unless the record says that the drug is swallowed or injected, in words of ``SYSTEMIC``.
Which words these are is our reading; no public table of them was found.
"""

# ruff: noqa: RUF001 -- Chinese has its own punctuation
from __future__ import annotations

import re

_INTO_ONE_PLACE = (
    r"(?:intra|peri)[-‐‑\s]?(?:arti[ck]ul\w+|burs\w+|synovi\w+|tendin\w+|lesion\w*|l[aä]sional\w*|derma\w+"
    r"|vitre\w+|ocular\w*|camera\w+|tympan\w+|thecal(?:ly)?|neural\w*)|[eé]pidural\w*|p[eé]ridural\w*"
    r"|sub-?conjunctiv\w+|sub-?tenon\w*|(?:retro|peri)-?bulb[aä]r\w*"
)
"""Routes that lead to one place of the body only."""

FORMS = re.compile(
    rf"\b(?:{_INTO_ONE_PLACE})\b"
    r"|\b(?:ointments?|oint|creams?|lotions?|shampoos?|foam|emollient|paste|topical(?:ly)?|cutaneous|dermal"
    r"|(?<!soft )(?<!softgel )gel(?!\s*-?\s*cap)|plasters?|transdermal|scalp"
    r"|ophthalmic|oph(?:th?)?|ophthal|eyes?|ocular"
    r"|otic|ears?|auricular|nasal(?:ly)?|intranasal|nose|nostrils?|sprays?"
    r"|inhal(?:er|ers|ation|ations|ant|ed|e)|nebuli[sz](?:er|ed|ation)|aerosol|metered[- ]dose|puffs?"
    r"|actuat\w*|enemas?|supp|suppos|suppositor(?:y|ies)|rectal(?:ly)?|per rectum|anal|anorectal"
    r"|ha?emorrhoid\w*|dental|orabase|(?:mouth|oral) ?-?(?:wash|rinse)(?:es)?|gargle|lozenges?|buccal"
    r"|oromucosal|vaginal(?:ly)?|hexacetonide|implant)\b"
    # German, with its compounds: Hydrocortisonsalbe, Augentropfen, Dosieraerosol
    r"|salben?\b|cr[eè]men?\b|pasten?\b|schaum\b|augen|ohren|nasen|z[aä]pfchen|einlauf\b|klys(?:ma|tier)"
    r"|rektal|aerosol\b|inhalat|mundsp[uü]l|gurgel|lutschtablette|\bkutan\b|topisch"
    r"|(?:auf (?:die|der)|f[uü]r die) haut\b"
    # French, Spanish, Italian, Portuguese, Dutch
    r"|\b(?:pommades?|collyres?|lavements?|bain de bouche|voie cutan\w+|gouttes (?:auriculaires|nasales)"
    r"|cremas?|pomadas?|pomata|ung[uü]ento|unguento|colirios?|collirio|supositorios?|suppositoires?|supposte"
    r"|oft[aá]lmic\w*|[oó]tic[ao]s?|t[oó]pic[ao]s?|col[ií]rio|zalf|zetpil\w*|\w*druppels|neusspray)\b"
    r"|软膏|乳膏|霜剂|凝胶|搽剂|洗剂|酊剂|涂剂|涂膜|贴膏|贴剂|硬膏|外用|局部|皮损"
    r"|滴眼|眼膏|眼用|眼药|眼内|结膜|玻璃体|球后|滴耳|耳用|滴鼻|鼻喷|喷鼻|鼻用|鼻腔"
    r"|吸入|雾化|气雾|喷雾|粉雾|含漱|漱口|含片|口腔贴|灌肠|(?<!血)栓(?!塞)|直肠|肛门|关节腔|关节内|硬膜外|鞘内"
    r"|軟膏|乳霜|凝膠|外用|點眼|眼藥|點耳|鼻噴|吸入|氣霧|噴霧|關節腔|灌腸|栓劑|直腸",
    re.IGNORECASE,
)
"""Words of displays, texts, dose forms and routes. "Soft gel" and "gel cap" are capsules."""

HINTS = re.compile(
    r"\bdrops?\b|\b\d+(?:[.,]\d+)?\s*m?c?g\s*/\s*(?:1\s*)?g(?:m|ram)?\b"
    # esters of glucocorticoids for the skin, the lungs or the gut
    r"|\b(?:valerate|(?:pro)?butyrate|probutate|buteprate|(?:di)?propionate|aceponate|furoate|pivalate|caproate"
    r"|hexanoate|isonicotinate|metasulfobenzoate)\b|戊酸|丁酸|丙酸|糠酸|醋丙|异烟酸"
    # what is put beside a glucocorticoid for skin, eye, ear or anus
    r"|\b(?:neomycin|polymyxin|framycetin|gramicidin|bacitracin|tobramycin|gentamicin|chloramphenicol"
    r"|(?:chlor|oxy)tetracycline|sulfacetamide|(?:cipro|levo|moxi|o)floxacin|fusidic acid|fusidate|mupirocin"
    r"|clotrimazole|miconazole|econazole|nystatin|clioquinol|iodoquinol|a[cy]+clovir|calcipotri(?:ol|ene)"
    r"|salicylic acid|acetic acid|crotamiton|tretinoin|hydroquinone|pramoxine|lidocaine|cinchocaine)\b"
    r"|新霉素|多粘菌素|多黏菌素|妥布霉素|庆大霉素|氯霉素|沙星|克霉唑|咪康唑|益康唑|制霉|卡泊三醇|水杨酸|利多卡因",
    re.IGNORECASE,
)

PER_CENT = re.compile(r"\d\s*(?:[%％]|per ?cent\b|prozent\b)(?!\s*(?:of\b|dos))", re.IGNORECASE)
"""A strength in per cent: creams, drops and rinses have theirs in it."""

PLAIN_DOSE = re.compile(
    r"\d\s*(?:mg|毫克)(?!\s*/)"
    r"|\b(?:saline|sodium chloride|nacl|ns|dextrose|glucose|d5w|ringer|kochsalz\w*|glukose)\b"
    r"|氯化钠|氯化鈉|葡萄糖|盐水|鹽水",
    re.IGNORECASE,
)
"""Where a per cent need be no strength of the drug: beside a dose in mg, or in the fluid of an infusion."""

SYSTEMIC = re.compile(
    r"\b(?:oral(?:ly|es?)?|by mouth|p\.?o|per os|tablets?|tabs?|tablette\w*|filmtablette\w*|capsules?|caps?"
    r"|kapseln?|granules|inj(?:ections?|ectables?|ektion\w*)?|infusions?|infusion\w*|intravenous(?:ly)?|intraven[oö]s"
    r"|i\.?v|i\.?m|intramuscular(?:ly)?|subcutaneous(?:ly)?|sub-?cut|s\.?c|vials?|amp(?:s|oules?|ules?|ullen?)?"
    r"|syringes?)\b"
    r"|口服|片|胶囊|膠囊|颗粒|注射|静脉|靜脈|静滴|静注|输液|肌注|肌内|肌肉|皮下",
    re.IGNORECASE,
)

NOT_KNOWN_TO_BE_THE_DRUG = re.compile(
    r"\bpla[cz]ebos?\b|\b(?:double|single|triple)?[- ]?blind(?:ed)?\b|\bverblindet\w*"
    r"|安慰剂|安慰劑|双盲|雙盲|盲法",
    re.IGNORECASE,
)
"""A drug of a blinded study: nobody knows whether the patient takes it or a placebo."""

DIRECTIONS = re.compile(
    r"\b(?:apply|rub|thin layer|affected (?:area|skin)s?|to (?:the )?(?:skin|scalp|face)|topically"
    r"|(?:in|into|to) (?:the |each |both |left |right |affected )*(?:eyes?|ears?|nostrils?|nose)"
    r"|inhale|puffs?|gargle|swish|rinse (?:and|with|(?:your |the )?mouth)|instil+(?:ed)?"
    r"|insert (?:\d|one|into|rectally)|sprays?|auftragen|einreiben|eincremen|einf[uü]hren"
    r"|inhalieren|gurgeln|mund (?:aus)?sp[uü]len"
    r"|(?:ins?|in die|in das) (?:linke |rechte )?(?:augen?|ohr(?:en)?|nase))\b"
    r"|外用|涂于|涂抹|外涂|擦患处|患处|滴眼|滴入眼|点眼|滴耳|滴鼻|喷鼻|鼻喷|吸入|雾化|含漱|漱口|灌肠|塞肛|纳肛|关节腔",
    re.IGNORECASE,
)
"""How the instruction to the patient of such a form is worded."""

_NO_REASON = (
    r"(?! (?:inflam|pain|swell|stiff|ache|diseas|symptom|arthr|pressure|h[ae]+m|abscess|lipomat|lymphom))"
)
_PLACE = (
    r"(?:knees?|ankles?|wrists?|elbows?|fingers?|thumbs?|toes?|bursae?|tendons?|carpal tunnel|plantar fascia"
    r"|trigger points?|keloids?)"
)
_SITE = rf"(?:{_PLACE}|joints?)\b{_NO_REASON}"
_WHICH = (
    r"(?:(?:the|an?|each|both|bilateral|left|right|affected|one|your|[lr]t?|first|second|[1-5](?:st|nd|rd|th)"
    r"|hip|knee|shoulder|sacroiliac|facet|si|ac|m[ct]p|pip|dip|cmc|trigger|[a-z]+(?= bursa)) )"
)
INJECTED = re.compile(
    rf"\b(?:{_INTO_ONE_PLACE})\b{_NO_REASON}|(?<![a-z])mg i\.?a\b"
    rf"|\binto {_WHICH}{{0,3}}{_SITE}|(?<![a-z])mg (?:to|in) {_WHICH}{{0,3}}{_PLACE}\b{_NO_REASON}"
    r"|\b(?:inject|infiltrat)\w*\b"
    r"(?:(?!\b(?:for|due|if|when|daily|every|week\w*|skin|thigh|abdomen|above|below|i\.?m|i\.?v|s\.?c"
    r"|subcut\w*|help|reduce|treat|ease|improve|relieve|control|prevent)\b)[^.;]){0,40}?"
    rf"\b{_SITE}|\b{_SITE} (?:steroid |cortisone |corticosteroid )?injections?\b"
    r"|\bins? (?:linke |rechte )?(?:knie|[a-zäöü]*gelenk|schleimbeutel)"
    r"|关节内|關節腔|關節內|硬膜外|鞘内|玻璃体|球后|结膜下|皮损内|病灶内|滑囊|局部封闭|痛点封闭|局部注射",
    re.IGNORECASE,
)
"""How the instruction for an injection into one place is worded: only what cannot mean the whole body.

"Shoulder", "hip" and "arm" alone are left out: muscles there are injected for the whole body.
"""

NOT_THIS_DRUG = re.compile(
    r"\b(?:(?:before|prior to|after|until|following|since|awaiting|not|never|if|when|unless|had)"
    r"(?: [\w-]+){0,3}"
    r"|with(?: (?:the|each|every|your))?) $",
    re.IGNORECASE,
)
"""Before such words: that they speak of something else, or forbid it."""
