"""Words by which a text denies, remembers or doubts what it mentions: English, Chinese, German, Spanish.

A word for a relative remembers: what a mother has is history.
"""

from __future__ import annotations

import re

_LESIONS = (
    r"(?:crescents?|necrosis|atrophy|fibrosis|scleros\w+|thromb\w+|microangiopathy|tma|wire loops?|deposits?"
    r"|vasculitis|inflammation|scarring|chronicity|lesions? of|infiltrat\w*|hypercellularity"
    r"|proliferation|amyloid\w*|halbmond\w*|nekrosen?|semilunas?"
    r"|fibrose\w*|sklerose\w*|tubulusatroph\w*|vaskulitis|mikroangiopathie"
    r"|肾小球(?=,)|新月体|坏死|血栓|硬化|纤维化|萎缩|增生|增厚|沉积|白金耳|浸润|管型"
    r"|粘连|双轨|钉突|狭窄|玻璃样变|渗出|水肿|闭塞|插入|核碎裂|异常|其他|其它|特殊|血管炎)"
)
SPENT = re.compile(rf"{_LESIONS}[^,]*,|\bbut\b", re.IGNORECASE)
"""A denial or guess that has found its own object before the mention ("without crescents, class IV")."""

DENIED_BEFORE = re.compile(
    r"\b(?:no(?!\.?\s*[:#]?\s*[A-Z]{0,3}\d)|not|none|without|never|nor|neither|denie[sd]|negative for|free of"
    r"|absen(?:t|ce)|lack(?:s|ing)?|exclud(?:e|es|ed|ing)|rul(?:es?|ed|ing) out|r/o|fails? to"
    r"|rather than|instead of|short of|against|unlike|\w{2,6}n't"
    r"|insufficient|inadequate|withdraw\w*|retract\w*|rescinded|revoked|void|cancell?ed|erroneous\w*"
    r"|mistak\w*|kein\w*|ohne|sin|sans|(?-i:[Pp]as)"
    r"|nicht|nie|niemals|weder|ausgeschlossen\w*|ausschlu(?:ss|ß)\w*|auszuschlie\w+|statt|gegen"
    r"|ni|nunca|ning[uú]n\w*|descart\w*|exclu[iy]\w*|ausen\w+)\b"
    r"|(?:\[\s?\]|\(\s\)|[☐□])\s{0,3}$|无(?!误)|無(?!誤)|未|否|排除|除外|误[诊报认判]|并非|而非|非(?=狼疮|[IV1-6一二三四五六])|不(?:是|像|符|支持|考虑|能|够)",
    re.IGNORECASE,
)
_DENIES = (
    r"not|\w{2,6}n't|no longer|absent|excluded|ruled out|unlikely|rejected|refuted|dismissed|disproved"
    r"|less (?:likely|favou?red|probable)|disfavou?red|improbable|withdrawn|retracted|rescinded|revoked"
    r"|void(?:ed)?|cancell?ed|nullified|erroneous\w*|mistak\w*|incorrect"
    r"|nicht|ausgeschlossen|auszuschlie\w+|unwahrscheinlich"
    rf"|kein\w*(?!\s(?:\w+\s){{0,3}}{_LESIONS})|no se|descart\w*|exclu[iy]\w*|ausente"
)
DENIED_AFTER = re.compile(
    rf"^[^,]{{0,80}}?(?:\b(?:{_DENIES}|cannot|never|denied)\b"
    r"|^\W{0,3}negative|未见|未证实|否定|排除|除外|不支持|不符|不成立|不足|不能诊断)"
    rf"|^[^,]{{0,40}},\s*(?:(?:{_DENIES}|negative)\b"
    r"|不支持|不符|不成立|证据不足)"
    r"|^(?:\s(?:lupus|nephritis|ln)){0,2}\s?[:=-]\s?(?:no|none|nil|nein|n/?a)(?![\s\w])"
    r"|^(?:\s(?:lupus|nephritis|ln)){0,2}\s?[:=-]?\s?(?:\[\s?\]|\(\s\)|[☐□])\s?(?:$|[.;,\n])",
    re.IGNORECASE,
)
_STILL_OPEN = (
    r"\b(?:cannot|can't|can not|could not|not|never|unable to)\s(?:be\s|been\s)?(?:\w+\s)?(?:entirely\s)?"
    r"(?:exclude|rule out|ruled out|excluding|ruling out)"
    r"|不(?:能|可)?(?:完全)?(?:除外|排除)|未(?:能)?(?:完全)?排除"
    r"|\bnicht (?:\w+ )?(?:auszuschlie|ausgeschlossen|ausschlie)"
    r"|\bno (?:se )?(?:puede )?(?:excluir|descartar)"
)
STILL_OPEN_BEFORE = re.compile(rf"(?:{_STILL_OPEN})[^.,;]{{0,40}}$", re.IGNORECASE)
STILL_OPEN_AFTER = re.compile(rf"^[^.,;]{{0,80}}(?:{_STILL_OPEN})", re.IGNORECASE)
"""What is not excluded may be there: it is a doubt, not a denial."""

_NOT_SO = (
    r"(?:not|never|cannot be|could not be) (?:\w+ )?(?:confirmed|supported|verified|established|proven"
    r"|substantiated|made|the case|correct)|excluded|ruled out|refuted|withdrawn|retracted|disproved"
)
TAKEN_BACK = re.compile(
    r"\s*(?:however,? )?(?:(?:this|that|it|which|the (?:diagnosis|class|finding|suspicion))\b"
    rf"[^.;\n]{{0,40}}?\b(?:{_NOT_SO})\b|(?:{_NOT_SO})\b"
    r"|(?:dies\w*|das|die|der)\b[^.;\n]{0,60}?\b(?:nicht|ausgeschlossen)\b"
    r"|(?:esto|este|esta|el|la)\b[^.;\n]{0,60}?\b(?:no se|descart\w*)\b"
    r"|(?:但|然而|后|该|上述|经|本次|复核)?[^。;\n]{0,12}(?:未(?:获|能|予)?(?:证实|支持)|予以否定|被否定|已排除|不成立))",
    re.IGNORECASE,
)
"""A sentence that takes back what the one before it says."""


_RELATIVE = (
    r"(?:mother|father|sister|brother|sibling|parent|aunt|uncle|cousin|daughter|son|twin|niece|nephew|relative"
    r"|grand(?:mother|father|parent|m[ao]|pa|child|son|daughter)|step(?:mother|father|sister|brother|son|daughter)"
    r"|husband|wife|spouse|partner|(?:boy|girl)friend|mom|mum|dad|donor)(?:'?s)?"
    r"|famil(?:y|ies|ial)|fhx?|maternal|paternal"
    r"|mutter|vater|schwester|bruder|tante|onkel|tochter|sohn|zwilling\w*|famili[eä]\w*|verwandte\w*"
    r"|madre|padre|herman[ao]s?|hij[ao]|abuel[ao]|tí[ao]|pariente|familia\w*|donante"
)
_RELATIVE_IN_CHINESE = (
    r"母亲|其母|父亲|其父|姐姐|妹妹|姐妹|其姐|其妹|哥哥|弟弟|兄弟|其兄|其弟"
    r"|[表堂][姐妹哥弟]|其[子女夫妻]|丈夫|妻子|配偶|姑[姑母妈]|姨[妈母]|舅舅|叔叔|奶奶|爷爷|外[公婆祖]"
    r"|女儿|儿子|祖母|祖父|家族|家人|亲属|同胞|供体"
)
_OLD_BIOPSY = (
    r"\b(?:previous|prior|earlier|old|first|initial|outside|last|original|baseline|index)\s+(?:\w+\s+){0,2}?"
    r"(?:biops(?:y|ies)|bx|specimens?|reports?|histology)\b"
    r"|\b(?:vorbiops|vorbefund|voruntersuch|erstbiops)\w*|\bbiopsias? (?:previa|anterior)"
    r"|\b(?:fr[üu]here?|externe|ausw[äa]rtige|letzte|erste)\w?\s(?:nieren)?biops\w*"
    r"|前次|上次|(?:既往|首次|初次|第一次|外院|当地)[^。,;\n]{0,6}(?:活检|穿刺|病理)"
)
OLD_BIOPSY = re.compile(
    rf"{_OLD_BIOPSY}|\b(?:{_RELATIVE})\b[^.;\n]{{0,40}}(?:biops|nephrit|nefrit)"
    rf"|(?:{_RELATIVE_IN_CHINESE})[^。;\n]{{0,15}}(?:肾炎|活检|穿刺)",
    re.IGNORECASE,
)
"""Another biopsy, or the nephritis of somebody else: what the next sentences say may be of it."""

SIGNS_OF_OLD_BIOPSY = ("bx", "specimen", "report", "histology", "fh")
"""One of these is in every ASCII text in which it is found, if that has no word of cues: "index report"."""

_DISEASE = (
    r"(?:biopsy-?\s?proven|diffuse|focal|proliferative|membranous|lupus|nephritis|ln|isn/rps|who|active|an?|the"
    r"|diagnosis|of|class)"
)
EARLIER = re.compile(
    rf"{_OLD_BIOPSY}|\b(?:{_RELATIVE})\b|{_RELATIVE_IN_CHINESE}"
    r"|\b(?:previous(?:ly)?|prior|past|earlier|former(?:ly)?|histor(?:y|ical|ically)|hx|h/o"
    r"|ago|since|last (?:year|month|spring|summer|autumn|fall|winter)|dx'?d? (?:in |on )?\d{1,2}/\d{2,4}"
    r"|prev|hist|remote(?:ly)?|preceding|elsewhere|childhood|long-?standing|before|at age"
    r"|pre-?(?:treatment|therapy|transplant\w*)|es[rk]d|background of"
    r"|(?:treat(?:ed|ment)|therapy|follow(?:ed|-?\s?up)) (?:for|of)"
    r"|biops(?:y|ied) (?:\w+ )?(?:for|because of)|submitted diagnosis|working diagnosis|pmhx?"
    r"|pre-?\s?(?:biopsy|op|operative|procedur(?:e|al)|test) (?:diagnos[ie]s|impression|dx)"
    r"|as an? (?:child|teen\w*|adolescent|infant|young)|reason for"
    r"|by report|reported(?:ly)?|(?:per|according to) (?:the )?(?:\w+ )?(?:patient|history|chart|report"
    r"|outside|clinic\w*|records?|request\w*|requisition|referr\w+|physician|doctor|team|notes?"
    r"|nephrolog\w+|rheumatolog\w+)"
    r"|(?<!old )(?<!year )(?<!years )child(?:ren)?(?:'s)? (?:with|has|had)"
    r"(?= (?:an? )?(?:class|lupus|ln|isn)|\W{0,3}$)"
    r"|(?:her|his|their|another) child(?:ren)?"
    r"|original(?:ly)?|initially|outside|baseline|status post|s/p|at diagnosis|at onset"
    r"|diagnosed (?:in|on|at|elsewhere)|used to"
    r"|(?:transform|transition|convert|progress|evolv|switch|chang)\w* (?:from|to|into)|compared (?:to|with)"
    r"|clinical (?:history|information|data|details|diagnosis|indication|summary|notes?|context|impression"
    r"|dx|presentation|question)|indications?|referral|referred"
    r"|zustand nach|bek|bekannt\w*|fr[üu]her\w*|frueher\w*"
    r"|vor(?:be(?:funde?\w*|kannt\w*)|biops\w*|diagnos\w*|untersuch\w*|geschichte|mal\w*|her\w*|ausgeg\w*)"
    r"|ehemal\w*|damal\w*|seit|seinerzeit|anamn\w*|fremdanamn\w*|klinisch\w*|fragestellung|einweis\w*|zuweis\w*"
    r"|erst(?:biops|diagnos)\w*|ausw[äa]rt\w*|externe[nrsm]?|vergleich\w*"
    r"|vor (?:\d|eine|zwei|drei|vier|f[üu]nf|mehrere|jahr|monat|woche)\w*"
    r"|antecedente\w*|previ[ao]s?|previamente|anterior(?:es|mente)?|conocid[ao]s?|hace|historia|motivo"
    r"|cl[ií]nic[ao]s?)\b"
    rf"|\b(?:known(?: to have| with| case of)?|established|carr(?:ies|ied)"
    r"|(?<!-)(?<!year )(?<!years )(?<!y/o )old)"
    rf"(?:\W{{1,3}}{_DISEASE}){{0,6}}\W{{0,9}}$"
    r"|\bfrom\W{0,9}$|\b[zs]\.\s?[np]\.|\bst\.?\s?[np]\."
    r"|→|->|既往|曾|病史|[年月周天日]前|此前|之前|以前|首次|初次|第一次|最初|外院|当地医院|较前|确诊于"
    r"|已确诊|申请|已知|原(?:诊断|为|系)|治疗前|术前诊断|门诊诊断|陈旧"
    r"|原(?:狼疮性?肾炎)?\s?$"
    r"|(?:临床|送检)(?:印象)?:(?:sle|系统性红斑狼疮|狼疮性?肾炎|ln|[,、\s(]){0,6}$"
    r"|转为|转变|转化|转型|演变|进展为|发展为|(?<!结合)临床诊断|临床资料|送检诊断|入院诊断|主诉",
    re.IGNORECASE,
)
NOW = re.compile(
    r"\b(?:current(?:ly)?|present|this|today'?s?|now|new|(?:final )?diagnos[ie]s|conclusion|impression|repeat"
    r"|re-?biopsy|second|latest|aktuell\w*|jetzt|jetzig\w*|diagnose|beurteilung|actual\w*|ahora|diagn[oó]stico)\b"
    r"|本次|此次|目前|诊断|结论|重复肾?活检|再次肾?活检|第二次",
    re.IGNORECASE,
)
UNCERTAIN_BEFORE = re.compile(
    r"\b(?:possibl[ey]|probabl[ey]|suspect(?:ed|s)?|suspici\w+|suggest\w*|cannot|can't|could|may(?!\s+\d)"
    r"|might|versus|vs|either|differential|favou?r\w*|likely|presum\w+|borderline|equivocal|indeterminate"
    r"|pending|query|uncertain|unclear|poss|prob|susp|ddx?|d/d|questionabl[ey]|doubt\w*|perhaps|maybe|whether"
    r"|would|seems?|potential(?:ly)?|thought|assum\w+|hypothe\w+|concern(?:ing|ed)?|worrisome|reminiscent"
    r"|mimic\w*|simulat\w*|masquerad\w*|imitat\w*|(?<!-)like|similar to|akin to"
    r"|rul(?:es?|ed|ing) in|to (?:confirm|look|assess|evaluate|check|establish|verify|determine|investigate"
    r"|diagnose|distinguish)|evaluat(?:e|ion) (?:for|of)|question|please|work-?\s?up"
    r"|pattern (?:in|of|as in|seen in|found in)(?:\W{1,3}(?:an?|the|lupus|nephritis|ln|isn/rps))*\W{0,9}$"
    r"|unlikely|improbable|low probability|disfavou?r\w*|less (?:likely|favou?red)"
    r"|by definition|as (?:seen|described|defined) (?:in|by|for)|prelim\w*"
    r"|at least|at most|provisional|tentative|consider|transitional|approach\w+|resembl\w+"
    r"|verdacht\w*|fragl\w*|m[öo]gl\w*|moegl\w*|wahrsch\w*|verm(?:ut|eintl)\w*|eher|ehesten|evtl"
    r"|eventuell\w*|differen[tz]ial\w*|k[öo]nn(?:te|en)\w*|kann|d[üu]rft\w*|scheint|erscheint|mindestens|unklar\w*"
    r"|unsicher\w*|[äa]hnl\w*|hinweis\w*|zweifel\w*|[üu]bergang\w*|wie"
    r"|sospech\w*|posibl\w*|probabl\w*|sug(?:er|ier|est)\w*|podr[ií]a\w*|puede\w*|pudier\w*|dud[ao]\w*|parec\w*"
    r"|al menos|frente a)\b"
    r"|\b(?:between|clinical(?:ly)?(?:\W{1,3}(?:an?|the|active|diffuse|lupus|nephritis|ln|consistent|diagnosed"
    r"|with|isn/rps)){0,6})\W{0,9}$"
    r"|\b(?:v\.\s?a|a\.\s?e|i\.\s?s|r\.\s?o)\.|\bor(?:\s+\w+)?\s*$|(?:^|(?<=[\s(]))\?(?=\s?\w)|\?\W{0,9}$"
    r"|可能|疑|待[排定查除明]|倾向|考虑|不除外|鉴别|似|接近|过渡|至少|拟|模拟|介于|或\s?$"
    r"|(?<!病理)(?<!活检)(?<!穿刺)(?<!结果)(?<!检查)提示",
    re.IGNORECASE,
)
_LEADS = (
    r"(?:(?:lupus|nephritis|ln|gn|glomerulonephritis|is|are|was|were|has|had|been|remains|which|clinically|still"
    r"|also|most|highly|only|als)\b\W{0,9}){0,8}"
)
_BESIDE_IT = r"[^,。;型]{0,6}(?:血栓|TMA|微血管|药物|感染|间质|小管|抗磷脂|糖尿病|高血压)"
UNCERTAIN_AFTER = re.compile(
    rf"^\W{{0,9}}{_LEADS}"
    r"(?:\?|(?:possibl[ey]|probabl[ey]|suspect(?:ed)?|favou?red|versus|vs|or|likely|considered|questionable"
    r"|in (?:the )?differential|in question|to be (?:confirmed|excluded|ruled|determined|considered)|presumed"
    r"|suggested|thought|doubtful|unproven|unconfirmed|tbc|may|might|could|patterns?|mimic\w*|like"
    r"|type (?:changes?|patterns?|lesions?|features)"
    r"|pending|uncertain|equivocal|borderline|defined (?:as|by)|approach\w*|bordering"
    r"|an? (?:\w+ )?(?:consideration|possibility|concern)"
    r"|(?:x|for|since) ?\d{1,3}\+? ?(?:y|yrs?|years?|mo|months?))\b)|^\s*\(?\?"
    r"|^(?:狼疮性?肾炎)?\s?(?<!\d)\d{1,2}[余多]?(?:年|个月)(?!\d|[版分])"
    r"|^[^,]{0,40}\b(?:fraglich\w*|m[öo]glich\w*|wahrscheinlich\w*|vermut\w*|unklar\w*|verdacht\w*"
    r"|ähnlich\w*|posible|probable|sospech\w*|dudos\w*)"
    rf"|^[^,]{{0,40}}(?:,\s?)?(?:可能|待[排定查除明]|不能?(?:除外|排除)(?!{_BESIDE_IT})|疑似)"
    r"|^[^,]{0,12}\?|^\s?[或样]",
    re.IGNORECASE,
)
NOT_LUPUS = re.compile(
    r"\b(?:non|pseudo)[- ]?lupus|\blupus(?:[- ]nephritis)?[- ]like\b|\bnot (?:due to |from |of )?lupus\b"
    r"|狼疮样|非狼疮|假性?狼疮|(?:无|未见|不符合)狼疮性?肾炎(?=[。,;]|$)"
    r"|\b(?:no (?:\w+ )?(?:evidence of |sign of |signs of )?lupus nephritis"
    r"|keine? (?:anhalt f[üu]r eine )?lupusnephritis)"
    r"(?=\s?(?:[.;,\n]|$))",
    re.IGNORECASE,
)
"""That the whole text may speak of what only looks like lupus nephritis."""

SIGNS_OF_NOT_LUPUS = ("non", "pseudo", "like", "not ", "no ", "kein")
"""One of these is in every ASCII text in which the pattern is found."""
