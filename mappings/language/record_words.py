"""What readers and evaluators say about a record in their own words, in another language.

A record stays English typed data; a card translates these words where it shows them. A value is translated
only if it is, as a whole, one of those below: any other comes from the chart, and what comes from the chart
is never translated. A test holds these lists against what the readers write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from mappings.language.language import ENGLISH, Language, message

Pattern = tuple[re.Pattern[str], str]

NOTE_PARTS = message("{part}; {other}")
"""Notes of one fact, side by side."""

# Values -----------------------------------------------------------------------------------------------------

VALUES = frozenset(
    {
        message("yes"),
        message("no"),
        message("female"),
        message("male"),
        message("research consent"),
        message("research consent, not active"),
        message("limited in time"),
        message("not verified"),
        message("with exceptions"),
        message("may be a refusal"),
    }
)
"""Values in words of ours. A chart that says "yes" in so many words means the same."""

LABELS = frozenset(
    {
        message("Age"),
        message("Sex"),
        message("Treatment"),
        message("eGFR (CKD-EPI 2021)"),
        message("To be judged"),
        message("Answer"),
        message("Other cause"),
        message("Drugs given since"),
        message("What happened since"),
    }
)
"""Names of facts that no concept names."""

TREATMENT = "treatment"
"""The concept of evidence whose value is names of drugs, as our definitions have them, joined by JOINT."""
JOINT = " + "

_NUMBER = r"[<>]?=?\d+(?:\.\d+)?(?: \S+)?"
_CLASS = r"[IV]+(?:\([AC/]+\))?"
VALUE_PATTERNS: Sequence[Pattern] = (
    (re.compile(r"(?P<age>\d+) years"), message("{age} years")),
    (re.compile(r"(?P<age>\d+) or (?P<other>\d+) years"), message("{age} or {other} years")),
    (re.compile(r"at least (?P<points>\d+)"), message("at least {points}")),
    (re.compile(rf"class (?P<classes>{_CLASS}(?: \+ {_CLASS})*)"), message("class {classes}")),
    (re.compile(rf"(?P<low>{_NUMBER}) to (?P<high>{_NUMBER})"), message("{low} to {high}")),
    (re.compile(r"(?P<drug>.+), ordered"), message("{drug}, ordered")),
    (re.compile(r"(?P<drug>.+), stated"), message("{drug}, stated")),
    (re.compile(r"(?P<drug>.+), given"), message("{drug}, given")),
    (re.compile(r"(?P<drug>.+), dispensed"), message("{drug}, dispensed")),
    (
        re.compile(r"(?P<answer>yes|no|unsure|\d+), answered by (?P<who>.+)"),
        message("{answer}, answered by {who}"),
    ),
    (
        re.compile(r"(?P<cause>[a-z ,]+?) \((?P<words>.+)\), struck by (?P<who>.+)"),
        message("{cause} ({words}), struck by {who}"),
    ),
    (re.compile(r"(?P<cause>[a-z ,]+), struck by (?P<who>.+)"), message("{cause}, struck by {who}")),
    (re.compile(r"strike taken back by (?P<who>.+)"), message("strike taken back by {who}")),
)
"""Values in which what stands in the places stays as it is, but for words of ours (OURS)."""

OURS = frozenset({"answer", "cause"})
"""Places that hold one of our own words: an answer, or the cause of what a score counts."""

WINDOW_PATTERNS: Sequence[Pattern] = (
    (re.compile(r"(?P<length>\d+) days?"), message("{length} days")),
    (re.compile(r"(?P<length>\d+) weeks?"), message("{length} weeks")),
    (re.compile(r"(?P<length>\d+) months?"), message("{length} months")),
    (re.compile(r"(?P<length>\d+) years?"), message("{length} years")),
)
"""Look-backs."""


_DAY = r"\d{4}(?:-\d{2}){0,2}"
NOTES = frozenset(
    {
        # results
        message("not in blood"),
        message("qualified in a way that is not known"),
        message("recorded without a value"),
        message("unit cannot be compared"),
        message("unknown comparator"),
        message("valueQuantity is not an object"),
        message("quantity without a number"),
        message("unit is not a text"),
        message("valueInteger is not a whole number"),
        message("true or false is not a result of this kind"),
        message("valueCodeableConcept is not an object"),
        message("an answer that is not known"),
        message("valueString is not a text"),
        message("text that is not a result"),
        message("valueRatio is not an object"),
        message("ratio without two parts"),
        message("ratio without two numbers"),
        message("valueRange is not an object"),
        message("a range upside down"),
        message("an answer that is no number"),
        message("value and interpretation disagree"),
        message("no interpretation or range with it"),
        message("interpretation and range disagree"),
        message("range in another unit"),
        message("a flag that is not known"),
        message("a range that may not apply"),
        message("answers disagree"),
        message("a value beside a reason for its absence"),
        message("abnormal, but not which way"),
        message("the laboratory could not decide"),
        message("a value that cannot be"),
        message("a number that cannot be"),
        message("a form of value that is not read"),
        message("a concentration"),
        message("it counts only with the volume of its collection"),
        message("the volumes of its collection disagree"),
        message("computed from concentration and volume"),
        message("positive without titre"),
        message("no status recorded"),
        message("not final"),
        message("not the newest"),
        message("computed from this creatinine"),
        message("birth date in the future"),
        # diagnoses and procedures
        message("active, verification status not recorded"),
        message("verification status not recorded"),
        message("not recorded as completed"),
        message("reason given for a drug, not a diagnosis"),
        message("encounter diagnosis from before the problem list ended it"),
        message("encounter diagnosis"),
        message("ended on the problem list, day not known"),
        message("two statuses"),
        message("its words do not hold the diagnosis for certain"),
        # drugs
        message("its words say that it is not taken"),
        message("its words leave open whether it is taken"),
        message("codes of different drugs"),
        message("as needed"),
        message("not taken"),
        message("recognised by name"),
        message("shown, not counted"),
        message("since then without a break"),
        message("inferred from drug dates"),
        message("inferred from drug dates and activity"),
        message("Medication not read, name from the reference"),
        message("stopped"),
        message("completed"),
        message("on hold"),
        message("intended"),
        message("not handed over"),
        message("dispensing stopped"),
        message("status not known"),
        message("date not known"),
        message("start not known"),
        message("end not known"),
        message("start not known, end not known"),
        # kidney biopsies
        message("class in a language that is not read"),
        message("also a class in a language that is not read"),
        message("index in a language that is not read"),
        message("a range"),
        message("not a whole number"),
        message("not an exact number"),
        message("a number with a unit"),
        message("code and words disagree"),
        message("class from a diagnosis"),
        message("class from a report that is not of a kidney biopsy"),
        message("text too long to be read whole"),
        message("two numbers that may be a fraction"),
        message("more than one number"),
        message("a number in letters"),
        message("index denied"),
        message("index of an earlier biopsy or the clinical history"),
        message("index not certain"),
        message("class denied"),
        message("class of an earlier biopsy or the clinical history"),
        message("class not certain"),
        message("also a class denied"),
        message("also a class of an earlier biopsy or the clinical history"),
        message("also a class not certain"),
        message("no class"),
        message("not a class"),
        message("no class in the records of this biopsy"),
        message("no activity index in the records of this biopsy"),
        message("no chronicity index in the records of this biopsy"),
        message("records disagree on the class"),
        message("records disagree on the index"),
        message("a record without status disagrees"),
        message("more than one class"),
        message("more than one suffix"),
        message("unknown suffix"),
        message("suffix behind another class"),
        message("a range of classes or alternatives"),
        message("a numeral that may be another class"),
        message("a numeral that cannot be read"),
        message("WHO classification"),
        message("subclass of an older classification"),
        message("of a transplanted kidney"),
        message("the text names an earlier day of collection"),
        message("perhaps without active lesions"),
    }
)
"""Notes beside a fact: why it cannot be used, or how it is known."""

STATUSES = {
    "active": message("clinical status: active"),
    "recurrence": message("clinical status: recurrence"),
    "relapse": message("clinical status: relapse"),
    "inactive": message("clinical status: inactive"),
    "remission": message("clinical status: remission"),
    "resolved": message("clinical status: resolved"),
    "provisional": message("verification status: provisional"),
    "differential": message("verification status: differential"),
    "unconfirmed": message("verification status: unconfirmed"),
}
"""FHIR's codes for the status of a Condition, which stand beside it as notes."""

NOTE_PATTERNS: Sequence[Pattern] = (
    (re.compile(rf"until (?P<day>{_DAY})"), message("until {day}")),
    (
        re.compile(r"not a whole number from 0 to (?P<most>\d+)"),
        message("not a whole number from 0 to {most}"),
    ),
    (re.compile(r"not from 0 to (?P<most>\d+)"), message("not from 0 to {most}")),
    (re.compile(r"not out of (?P<most>\d+)"), message("not out of {most}")),
)

# What was not read ------------------------------------------------------------------------------------------

GAP = message("{kind}: {why}")
"""A FHIR resource type, and why not all of it was read."""

GAPS = frozenset(
    {
        message("the FHIR server could not be reached"),
        message("the FHIR server broke off its answer"),
        message("the address of the FHIR server may not be called"),
        message("no secure connection to the FHIR server"),
        message("the FHIR server redirected elsewhere"),
        message("the FHIR server's answer was not JSON"),
        message("the FHIR server's answer was not a search result"),
        message("the FHIR server answered with another resource"),
        message("the FHIR server's pages go in a circle"),
        message("its next page lies on another server"),
        message("the EHR said that rows are missing"),
        message("the FHIR server refused the access token (401)"),
        message("the FHIR server does not permit this search (403)"),
        message("the FHIR server does not know this (404)"),
        message("the FHIR server says it is gone (410)"),
        message("the FHIR server is too busy (429)"),
        message("not in the prefetch"),
        message("prefetched as neither resource nor Bundle"),
        message("another resource prefetched"),
        message("the EHR could not prefetch it"),
        message("only the first page prefetched"),
        message("another search prefetched"),
        message("only rows of another patient came"),
        message("a study of the patient could not be read, and may be this one"),
        message("fewer prefetched than the EHR counts"),
        message("fewer rows came than the FHIR server counts"),
        message("its id is missing"),
        message("no FHIR server was given"),
        message("this FHIR server may not be called"),
        message("no token is sent without https"),
        message("the access token has expired"),
        message("the files hold only the first pages of a search"),
    }
)
GAP_PATTERNS: Sequence[Pattern] = (
    (re.compile(r"deadline of (?P<seconds>[\d.]+) s reached"), message("deadline of {seconds} s reached")),
    (
        re.compile(r"answers exceed the limit of (?P<megabytes>[\d.]+) MB"),
        message("answers exceed the limit of {megabytes} MB"),
    ),
    (
        re.compile(r"not read beyond the page limit of (?P<pages>\d+)"),
        message("not read beyond the page limit of {pages}"),
    ),
    (re.compile(r"the FHIR server failed \((?P<status>\d+)\)"), message("the FHIR server failed ({status})")),
    (
        re.compile(r"the FHIR server refused this search \((?P<status>\d+)\)"),
        message("the FHIR server refused this search ({status})"),
    ),
    (
        re.compile(r"the access token does not cover (?P<kind>\w+)"),
        message("the access token does not cover {kind}"),
    ),
    (
        re.compile(r"the access token covers only part of (?P<kind>\w+)"),
        message("the access token covers only part of {kind}"),
    ),
    (re.compile(r"(?P<count>\d+) referenced, not read"), message("{count} referenced, not read")),
)


def value_in(language: Language, text: str) -> str:
    """A value as the card shows it: 34 years, class IV + V, prednisone 10 mg, ordered."""
    if language is ENGLISH:
        return text
    return language.text(text) if text in VALUES else _filled(language, text, VALUE_PATTERNS)


def drugs_in(language: Language, text: str) -> str:
    """The drugs of a treatment: prednisone + mycophenolate."""
    if language is ENGLISH:
        return text
    names = _names_inside_sentences(language)
    return JOINT.join([names.get(name, name) for name in text.split(JOINT)])


@lru_cache(maxsize=8)
def _names_inside_sentences(language: Language) -> Mapping[str, str]:
    """Names without what stands in brackets after them, by the English one in small letters."""
    return {
        message.partition(" (")[0].lower(): words.partition("\uff08")[0]
        for message, words in language.messages.items()
        if "{" not in message
    }


def window_in(language: Language, words: str) -> str:
    """A look-back: 90 days, 6 months."""
    return words if language is ENGLISH else _filled(language, words, WINDOW_PATTERNS)


def note_in(language: Language, note: str) -> str:
    """A note, part by part. None of its parts is free text of the chart."""
    if language is ENGLISH or not note:
        return note
    parts = (STATUSES.get(part, part) for part in note.split("; "))
    return language.between(NOTE_PARTS).join([_said(language, part, NOTE_PATTERNS) for part in parts])


def gap_in(language: Language, what: str) -> str:
    """What was not read, and why: Observation: deadline of 2 s reached."""
    kind, colon, why = what.partition(": ")
    if language is ENGLISH or not colon:
        return what
    parts = [_said(language, part, GAP_PATTERNS) for part in why.split("; ")]
    return language.text(GAP).format(kind=kind, why=language.between(NOTE_PARTS).join(parts))


def _said(language: Language, text: str, patterns: Sequence[Pattern]) -> str:
    """By the catalogue, which also holds labels of score items, else by a pattern."""
    return language.text(text) if language.has(text) else _filled(language, text, patterns)


def _filled(language: Language, text: str, patterns: Sequence[Pattern]) -> str:
    for expression, template in patterns:
        found = expression.fullmatch(text)
        if found is not None:
            places = found.groupdict()
            said = {name: language.text(word) if name in OURS else word for name, word in places.items()}
            return language.text(template).format(**said)
    return text
