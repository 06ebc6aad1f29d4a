"""How long an instruction in words lasts: days, a last day, one dose; or on and on.

Where an instruction says that the drug ends, its days are sure and what comes after them is not.
"""

# ruff: noqa: RUF001 -- Chinese has its own punctuation
from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from mappings.reading.keeping.texts import kept

_MAX_TEXT = 600


class Told(NamedTuple):
    """Days that are told at least, and the ordinal of a last day that is told; nought without one.

    ``ends``: it says that the drug ends then, so that no refill prolongs it.
    """

    least: int
    until: int = 0
    ends: bool = False


_ONE_DOSE = re.compile(
    r"\bonce(?: only)?\s*(?:[.;,)]|$)|\b(?:one|single)[- ](?:time|dose|infusion|injection)\b|\bone[- ]off\b"
    r"|(?:\bfor|\bx|×)\s*(?:1|one) dose\b|\bstat\b|\beinmalig|\bburst\b|单次|仅一次|只用一次|一次性"
    r"|(?:^|[，。；,;\s(（])临时(?![加增调改停减])"
    r"|(?<!\d)(?<!\d )(?:\bx|×)\s*(?:1|one)(?:\s*次)?"
    r"(?=\s*(?:$|[.;,)(，。；](?!\d)"
    r"|(?:im|iv|po|now|today|only|in (?:the )?(?:clinic|office|surgery|ed|er))\b))"
    r"|\b(?:im|iv) (?:now|today)\b",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"^\s*(?:(?:oral|steroid|prednis\w+)\s+)?burst\b|临时医嘱|短期(?:使用|服用|应用|口服)", re.IGNORECASE
)
"""A short course, however often a day it is taken."""

EVERY = re.compile(
    r"\b(?:daily|every|each|weekly|monthly|nightly|morning|evening|bedtime|noon|breakfast|meals?|qd|od|bd|bid"
    r"|tid|qid|qod|qam|qpm|twice|t[aä]glich|w[oö]chentlich|morgens|(?:a|per) (?:day|week|month)|repeat\w*)\b"
    r"|每|晨|早|晚|顿服",
    re.IGNORECASE,
)
"""What is taken again and again, be it "in a single dose each morning"."""

_NUMBERS = {
    **dict.fromkeys(("a", "one", "ein", "eine", "einen", "一"), 1),
    **dict.fromkeys(("two", "zwei", "二", "两"), 2),
    **dict.fromkeys(("three", "drei", "三"), 3),
    **dict.fromkeys(("four", "vier", "四"), 4),
    **dict.fromkeys(("five", "fünf", "五"), 5),
    **dict.fromkeys(("six", "sechs", "六"), 6),
    **dict.fromkeys(("seven", "sieben", "七"), 7),
    **dict.fromkeys(("eight", "acht", "八"), 8),
    **dict.fromkeys(("nine", "neun", "九"), 9),
    **dict.fromkeys(("ten", "zehn", "十"), 10),
    "twelve": 12,
    "fourteen": 14,
    "vierzehn": 14,
}
_LENGTHS = {"d": 1, "t": 1, "w": 7, "m": 30, "天": 1, "日": 1, "周": 7, "个": 30, "7": 1, "5": 7, "1": 30}
"""By the first letter of the unit: day, Tag, week, month; and British sevenths, 52nds and twelfths."""

_N = r"(?:\d{1,3}|" + "|".join(word for word in _NUMBERS if word.isascii() or word == "fünf") + ")"
_TO = r"(?:\s*(?:-|–|to|or|bis)\s*\d{1,3})?"
_UNIT = r"(?P<{}>days?|d|tagen?|tage|weeks?|wks?|wochen?|months?|mos?|monate?n?)\b"
_ZH_N = r"(?:\d{1,3}|[一二三四五六七八九十两])"
_BOUNDED = re.compile(
    rf"(?:\bfor|\bx|×|\*|\bf[uü]r)\s*(?:the next |a total of )?(?P<n1>{_N}){_TO}[\s-]*{_UNIT.format('u1')}"
    rf"|\b(?P<n2>{_N})[\s-]+{_UNIT.format('u2')}[\s-]+(?:course|taper|burst|pulse|only|lang)\b"
    rf"|\b(?:course of|only) (?P<n3>{_N}){_TO}\s*{_UNIT.format('u3')}"
    r"|(?:连用|连服|连续|疗程|共用?|治疗|冲击|静滴|静注|滴注|输注|×|x|\*)"
    rf"\s*(?:用|服用?)?\s*(?P<n4>{_ZH_N})\s*(?P<u4>天|日|周|个月)(?!\s*[一1]?次)"
    r"|(?<![每隔第间前近\d~～-])(?P<n5>\d{1,3})\s*(?P<u5>天)(?!\s*(?:[一1/量复内前为的]|后[复随]))",
    re.IGNORECASE,
)
_PERHAPS_LESS = re.compile(
    rf"\bfor (?:up to|a maximum of|max\.?|no more than) {_N}\s*(?:days?|weeks?|months?)\b", re.I
)
_OVER_DAYS = re.compile(rf"\bover (?:the next )?(?P<n1>{_N}){_TO}[\s-]*{_UNIT.format('u1')}", re.IGNORECASE)
_TO_A_DOSE = re.compile(r"\bto (?:a (?:maintenance )?dose of )?\d", re.IGNORECASE)
"""A dose reached over some weeks, on which the patient stays."""

_IS_LENGTH = (
    r"(?![\d/]|\.\d|-\d{4}|\s*(?:days? )?(?:a|per|each|every|of the) week"
    r"|\s*(?:supply|start\w*|onwards?|ongoing)\b|\s*(?:-|–|to|through)\s*\d{1,2}/(?!7))"
)
_BRITISH = re.compile(
    r"(?:\b(?:for|x|daily|a day|per day|o\.?d|b\.?d|tds|qds|bid|tid|qid|qd|om|mane|nocte|morning|night)|×)"
    rf"[\s,(]*(?:(?:for |x ?|×)\s*)?(?P<n1>\d{{1,2}}){_TO}/(?P<u1>7|52|12){_IS_LENGTH}"
    r"|\d\s*(?:mg|mcg|g|tabs?|tablets?)"
    rf"[\s,(]*(?P<n2>[2-9]|[1-3]\d){_TO}/(?P<u2>7){_IS_LENGTH}",
    re.IGNORECASE,
)
"""5/7 is five days, 2/52 two weeks, 3/12 three months, right after how often, or "for".

Not after "from", "every" or "review"; after a bare dose only days are: "1 g 6/12" may be every six months.
"""

_SEVENTHS = r"(?<![\d/.])(\d)/7(?![\d/])"
_DAYS_OF_A_WEEK = re.compile(rf"{_SEVENTHS}[^,;.]*?(?:\band\b|[&+])[^,;.]*?{_SEVENTHS}", re.IGNORECASE)
"""One dose on five days of seven, and another on two."""

_A_WEEK = re.compile(r"\bweekly\b|\b(?:a|per|each|every) week\b", re.IGNORECASE)

_NUMBERED = re.compile(
    r"(?:(?<!\d[ -])(?<!every )(?<!each )(?<!other )(?<!per )(?<!a )(?<!/)\b(?:days?|tage?)\s*|第)"
    r"(?P<days>\d{1,2}(?!\d)"
    r"(?:\s*(?:,|-|–|~|to|and|&)\s*\d{1,2}(?!\d|\.\d|\s*(?:m?c?g|tab|cap|pill|ml|x|/)))*)(?=\s*天|\b)",
    re.IGNORECASE,
)
_NO_LAST_DAY = re.compile(
    r"\b(?:from|start(?:ing)?|after|since)(?: on)? day \d+(?!\d|\s*(?:-|–|to|through|until)\b)"
    r"|\bday \d+\s*(?:onwards?\b|forward\b|\+|and (?:on|after|beyond)|on(?=\s*(?:$|[.,;)])))"
    r"|第\d+天\s*(?:起|开始|后|以后)"
    r"|\b(?:repeat\w*|cycles?|weekly|(?:of the|a|per) (?:week|month)"
    r"|(?:every|each) (?:\d|\w+ (?:weeks?|months?)|weeks?|months?|courses?))\b"
    r"|\d\s*(?:天|日|周|个月)一?(?:疗程|周期)|重复",
    re.IGNORECASE,
)
"""Days by number after which it goes on, or begins again."""

_A_DOSE_AFTER = re.compile(r"[,;.，；。](?=.*\d\s*(?:mg|mcg|g|tabs?|tablets?|片|毫克))(.*)", re.IGNORECASE)

_COUNTED = re.compile(
    r"\b(?:daily|a day|qd|od|qam)\s*(?:x|×|\*)\s*(?P<days>\d{1,2})\s*(?=$|[.;,)(])"
    r"|(?:\bfor|\bx|×)\s*\d{1,2} doses\b"
    r"|\b(?:im|iv|q\d{1,2}h)\s*(?:x|×)\s*\d{1,2}(?=\s*(?:$|[.;,)(](?!\d)))",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\b(?:then|thereafter|after(?:wards?| (?:that|this|which))|followed"
    r"|maintenance|continu\w*|until|hold|dann|danach)\b"
    r"|然后|以后|之后|维持|继续|改为|后(?:减|改|续)",
    re.IGNORECASE,
)
_NEXT_STEP = re.compile(r"(?:\band\s+)?\b(?:then|followed by|dann|danach)\b|然后|改为", re.IGNORECASE)
_IT_ENDS = re.compile(
    r"(?:\bthen|\band(?: then)?|,)\s*(?:off|d/?c|nothing|done|(?:stop|discontinue|cease)"
    r"(?: (?:it|this|taking (?:it|this)|the (?:drug|medication)))?)\s*(?=$|[.;,)!])"
    r"|\b(?:taper\w*|wean\w*|reduc\w*|decreas\w*)[^.;]{0,40}?\b(?:to |then |and )?(?:off|zero|nil|0)"
    r"(?=\s*(?:$|[.;,)]|over\b|by\b|mg\b))"
    r"|\b(?:finish|complete) (?:(?:the|your|this|entire|full|whole) )*course\b"
    r"|\buntil (?:all )?(?:finished|gone|completed?|used up)\b|\bdann (?:absetzen|stopp?|aus)\b|ausschleichen"
    r"|(?<!不)(?:后|至|并|即)(?:停药|停用|停服)(?![前时])|[减片]至停(?=$|[。，；）,;.)\s药])"
    r"|(?<![行自意然易可要得能宜勿嘱导下])减停(?![前时])",
    re.IGNORECASE,
)
_IN_PULSES = re.compile(
    r"\bpre-?med(?:ication)?s?\b"
    r"|\b(?:before|prior to) (?:each |every )?(?:[a-z]+ )?(?:infusions?|transfusions?|chemo\w*)\b"
    r"|\bpre-?procedure\b|\bon (?:days of )?chemo\w*(?: days)?(?: only)?\s*(?=$|[.;,)])"
    r"|\b(?:with|day of) (?:each|every) (?:[a-z]+ )?(?:infusion|transfusion|dose of chemo\w*|chemo\w*)\b"
    r"|\bdays? \d[\d ,&–-]*(?:to \d+ )?of (?:each|every|the|a) (?:\d+[- ]day )?(?:chemo\w* )?cycle\b"
    r"|(?:输注|化疗|滴注)前|预处理"
    r"|(?P<perhaps>\b(?:before|prior to|of) (?:the |your |an? )?(?:[a-z]+ ){0,2}"
    r"(?:ct|mri|scan|contrast|imaging|surgery|operation|procedure|infusion|angiogra\w+|biopsy)\b)",
    re.IGNORECASE,
)
"""What is given before an infusion, a scan or an operation is given on that day.

``perhaps``: only if nothing is taken day by day, and if it is no warning ("tell your doctor before surgery").
"""

_WARNS = re.compile(
    r"\b(?:tell|inform|call|ask|consult|notify|contact|talk|speak|hold|stop\w*|discontinu\w*|avoid|resume|restart|not"
    r"|don't|unless|if|when)\b[^.;]*$",
    re.IGNORECASE,
)

_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH.split("|"), 1)}
_LAST_DAY = re.compile(
    r"(?:\b(?:until|till|til|through|thru|bis(?: zum)?|last dose"
    r"|(?:stop|end)(?:s| date| taking)?(?: (?:it|(?:this|the) (?:medication|medicine|drug)))?)(?: on)?:?"
    r"|直到|直至|用至|服至|至)\s*"
    r"(?:(?P<y>\d{4})[-./年](?P<m>\d{1,2})(?:[-./月](?P<d>\d{1,2}))?"
    r"|(?P<a>\d{1,2})[./](?P<b>\d{1,2})[./](?P<y2>\d{4})"
    rf"|(?:(?P<d3>\d{{1,2}})\.? )?(?P<m3>{_MONTH})[a-z]*\.? (?:(?P<d4>\d{{1,2}}),? )?(?P<y3>\d{{4}}))",
    re.IGNORECASE,
)
SHORT_PACK = re.compile(r"\bdose[\s-]?pac?ks?\b|\bdosepaks?\b|\bpak\b|\}\s*pack\b", re.IGNORECASE)
"""A pack that holds one course, such as Medrol Dosepak, and RxNorm's "{21 (... Oral Tablet) } Pack"."""


@kept(4096)
def told_in(direction: str) -> Told | None:
    """How long an instruction lasts, if it says that there is an end; None if it goes on."""
    text = direction[:_MAX_TEXT]
    until = _last_day(text)
    days = _days(text)
    if until or _IT_ENDS.search(text):
        return Told(days or 1, until, True)
    if _is_in_pulses(text):
        return Told(1)
    if _goes_on(text):
        return None
    if days or _PERHAPS_LESS.search(text):
        return Told(days or 1)
    if _SHORT.search(text):
        return Told(1)
    return Told(1) if _ONE_DOSE.search(text) and not EVERY.search(text) else None


def _is_in_pulses(text: str) -> bool:
    found = list(_IN_PULSES.finditer(text))
    if not found or not all(each["perhaps"] for each in found):
        return bool(found)
    return not EVERY.search(text) and not any(_WARNS.search(text[: each.start()]) for each in found)


def _goes_on(text: str) -> bool:
    """Whether something follows that has no end of its own."""
    steps = _NEXT_STEP.split(text)
    if len(steps) > 1 and all(map(_has_an_end, steps)):
        text = "; ".join(steps)
    return _GOES_ON.search(text) is not None


def _has_an_end(step: str) -> bool:
    return bool(_days(step)) or (_NUMBERED.search(step) is not None and not _NO_LAST_DAY.search(step))


@kept(4096)
def is_short_pack(text: str) -> bool:
    """Whether a product is a pack that holds one course."""
    return SHORT_PACK.search(text[:_MAX_TEXT]) is not None


def _days(text: str) -> int:
    """The longest time that is told, in days; nought if none is."""
    found = [_length(each) for each in _BOUNDED.finditer(text)]
    found += [int(each["days"] or 1) for each in _COUNTED.finditer(text)]
    found += _days_in_sevenths(text) + _days_by_number(text)
    if not _TO_A_DOSE.search(text):
        found += [_length(each) for each in _OVER_DAYS.finditer(text)]
    return max(found, default=0)


def _days_in_sevenths(text: str) -> list[int]:
    two = _DAYS_OF_A_WEEK.search(text)
    of_each_week = _A_WEEK.search(text) or (two and int(two[1]) + int(two[2]) == 7)
    found = _BRITISH.finditer(text)
    return [_length(each) for each in found if not (of_each_week and "7" in (each["u1"], each["u2"]))]


def _days_by_number(text: str) -> list[int]:
    """The last of days that are told by number from the first on, unless a dose without days follows them."""
    found = list(_NUMBERED.finditer(text))
    if not found or _NO_LAST_DAY.search(text):
        return []
    after = _A_DOSE_AFTER.search(text[found[-1].end() :])
    days = [int(day) for each in found for day in re.findall(r"\d+", each["days"])]
    if min(days) != 1 or max(days) == 1 or (after and EVERY.search(after[1])):
        return []
    return [max(days)]


def _length(found: re.Match[str]) -> int:
    said = {name[0]: value.lower() for name, value in found.groupdict().items() if value}
    number = _NUMBERS.get(said["n"]) or int(said["n"])
    return max(number * _LENGTHS[said["u"][0]], 1)


def _last_day(text: str) -> int:
    """The earliest day that a last day in words may be, as an ordinal; nought without one."""
    days = [day for found in _LAST_DAY.finditer(text) for day in _days_of(found)]
    return min(days, default=0)


def _days_of(found: re.Match[str]) -> list[int]:
    if found["y"]:
        return _ordinals((found["y"], found["m"], found["d"] or 1))
    if found["y2"]:  # day and month, or month and day
        return _ordinals((found["y2"], found["b"], found["a"]), (found["y2"], found["a"], found["b"]))
    month = _MONTHS[found["m3"].lower()]
    return _ordinals((found["y3"], month, found["d3"] or found["d4"] or 1))


def _ordinals(*written: tuple[str | int, str | int, str | int]) -> list[int]:
    days = []
    for year, month, day in written:
        try:
            days.append(date(int(year), int(month), int(day)).toordinal())
        except ValueError:
            continue
    return days
