"""What values say: the class, an index, or a text in which they may be found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mappings.dates import When, parse_when
from mappings.reading.fhir_elements import mapping, one_line, text_of, tokens_and_texts
from mappings.reading.keeping.texts import kept
from mappings.reading.pathology.cues import days_of_collection
from mappings.reading.pathology.cues.signs import has_one_of
from mappings.reading.pathology.indices import Index, IndexReading, index_number, may_name_index, read_index
from mappings.reading.pathology.mentions import plain
from mappings.reading.pathology.questions import Question, Questions, words_of_code
from mappings.reading.pathology.wording import WHO_NOTE, ClassReading, may_name_class, read_class
from mappings.verdicts import Reason

_NO_TOKENS: frozenset[str] = frozenset()
_NAMES_OF_WHO = ("WHO", "World Health", "世界卫生组织")
_UNITS = frozenset({"", "1", "{score}", "{index}", "{points}", "score", "points", "/24", "/12", "分"})

_NOT_TAKEN = re.compile(
    r"\W*(?:no|none|never|n/?a|nein|否|无|(?:not (?:done|performed|taken|indicated|applicable|yet)|declin\w+"
    r"|refus\w+|deferr?\w*|postpon\w+|cancell?ed|schedul\w+|plann?\w+|abgelehnt|geplant|未[做行]|拒绝|计划|拟行)"
    r"[^.;]{0,60})\W*",
    re.IGNORECASE,
)
_DATE_ALONE = re.compile(r"[\d\s./年月日-]{6,16}|[\w\s,.-]{8,20}")


class Said(NamedTuple):
    """A value with what it answers ("text": anything), before it is read.

    ``codes`` are classes that codes stand for, ``who`` that they are WHO's or that the WHO class was
    asked for; ``number`` is a value given as a number; ``fault`` a value of a kind that cannot be read.
    """

    about: str
    text: str = ""
    codes: frozenset[str] = _NO_TOKENS
    who: bool = False
    number: float | None = None
    fault: str = ""


def said_in(codeable: Any, questions: Questions) -> Iterator[Said]:
    """What a CodeableConcept says by its words and by codes for classes."""
    tokens, texts = tokens_and_texts(codeable)
    codes, who = questions.coded_classes(tokens)
    if codes:
        yield Said("text", texts[0] if texts else "", codes, who)
    for text in dict.fromkeys(texts):
        yield Said("text", text)


def said_by_value(element: Mapping[str, Any], question: Question, questions: Questions) -> Iterator[Said]:
    """What the value of an Observation or component says in answer to its question."""
    about = "text" if question == "biopsy" else question
    for key, value in element.items():
        if not key.startswith("value") or value is None:
            continue
        if key == "valueCodeableConcept":
            tokens, texts = tokens_and_texts(value)
            codes, who = questions.coded_classes(tokens)
            yield Said(about, texts[0] if texts else "", codes, who or _asks_who(element))
        elif key == "valueString":
            yield Said(about, text_of(value), who=_asks_who(element))
        else:
            yield _counted(key, value, about)


def says_not_taken(element: Mapping[str, Any]) -> bool:
    """Whether the answer to "Kidney biopsy" is that none was taken: no, declined, planned."""
    if element.get("valueBoolean") is False:
        return True
    reasons = tokens_and_texts(element.get("dataAbsentReason"))[0]
    if any(token.endswith(("|not-performed", "|asked-declined")) for token in reasons):
        return True
    return any(_NOT_TAKEN.fullmatch(text) for text in _answers(element))


def day_answered(element: Mapping[str, Any]) -> When | None:
    """The day, if the answer to "Kidney biopsy" is one, however it is written."""
    for text in (text_of(element.get("valueDateTime")), *_answers(element)):
        if (when := parse_when(text)) is not None:
            return when
        for meant in days_of_collection(f"Collected: {text}") if _DATE_ALONE.fullmatch(text) else ():
            return When(min(each.first for each in meant), max(each.last for each in meant), meant[0].text)
    return None


def _answers(element: Mapping[str, Any]) -> tuple[str, ...]:
    written = text_of(element.get("valueString"))
    return (written,) if written else tokens_and_texts(element.get("valueCodeableConcept"))[1]


def _counted(key: str, value: Any, about: str) -> Said:
    if key == "valueInteger" and isinstance(value, int) and not isinstance(value, bool):
        return Said(about, _written(value), number=value)
    if key == "valueQuantity":
        return _quantity(mapping(value), about)
    if key == "valueRatio":
        above, below = (mapping(mapping(value).get(part)) for part in ("numerator", "denominator"))
        if not above.get("comparator") and not below.get("comparator"):
            return Said(about, f"{_written(above.get('value'))}/{_written(below.get('value'))}")
    return Said(about, fault="a range" if key == "valueRange" else "not a whole number")


def _quantity(quantity: Mapping[str, Any], about: str) -> Said:
    number = quantity.get("value")
    if not isinstance(number, (int, float)) or isinstance(number, bool):
        return Said(about, fault="quantity without a number")
    text = one_line(
        f"{text_of(quantity.get('comparator'))}{_written(number)} {text_of(quantity.get('unit'))}"
    )
    unit = text_of(quantity.get("code")) or text_of(quantity.get("unit"))
    if quantity.get("comparator") is not None:
        return Said(about, text, fault="not an exact number")
    if unit.lower() not in _UNITS:
        return Said(about, text, fault="a number with a unit")
    return Said(about, text, number=number)


def _written(value: Any) -> str:
    """A number as people write it; nothing for what is none or far out of any range."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not -1e9 < value < 1e9:
        return "?"
    return str(int(value)) if value == int(value) else str(value)


def _asks_who(element: Mapping[str, Any]) -> bool:
    words = " ".join(words_of_code(element.get("code"))[1])
    return has_one_of(_NAMES_OF_WHO, words) and "ISN" not in words


def may_tell(said: Said) -> bool:
    """Whether a class or an index may be read from a value: the names of most codes tell neither."""
    return said.about != "text" or bool(said.codes) or _may_tell(said.text)


@kept(1024)
def _may_tell(text: str) -> bool:
    words = plain(text)
    return may_name_index(words) or may_name_class(words)


def class_of(said: Said, year: int | None) -> ClassReading | None:
    """The class that a value gives; None if it is about something else or gives none."""
    if said.about not in ("class", "text"):
        return None
    if said.fault:
        return (
            ClassReading(_NO_TOKENS, Reason.UNREADABLE, said.fault, said.text)
            if said.about == "class"
            else None
        )
    if not said.text and not said.codes:
        return None
    asked = said.about == "class" and not said.codes
    written = read_class(said.text, year, answer=asked, who=said.who) if said.text else None
    return _coded(said, written) if said.codes else written


def _coded(said: Said, written: ClassReading | None) -> ClassReading:
    """Codes with the words beside them: the words may add a suffix, or contradict."""
    shown = one_line(said.text) or f"class {' + '.join(sorted(said.codes))}"
    if said.who:
        by_code = ClassReading(said.codes, Reason.NEEDS_JUDGEMENT, WHO_NOTE, shown)
    else:
        by_code = ClassReading(said.codes, None, "", shown)
    if written is None or (written.problem is Reason.NEEDS_JUDGEMENT and not said.who):
        return by_code
    if written.problem is Reason.UNREADABLE or classes(written.tokens) == classes(said.codes):
        return written
    return ClassReading(_NO_TOKENS, Reason.CONFLICTING, "code and words disagree", shown)


def classes(tokens: frozenset[str]) -> frozenset[str]:
    """Class tokens without their suffixes."""
    return frozenset([token.partition("(")[0] for token in tokens])


def index_of(said: Said, index: Index, year: int | None) -> IndexReading | None:
    """The index that a value gives; None if it is about something else or gives none."""
    if said.about == index:
        if said.fault:
            return IndexReading(None, Reason.UNREADABLE, said.fault, said.text)
        if said.number is not None:
            value, fault = index_number(said.number, index)
            return IndexReading(value, Reason.UNREADABLE if fault else None, fault, said.text)
        return read_index(said.text, index, year, answer=True)
    return (
        read_index(said.text, index, year) if said.about == "text" and said.text and not said.fault else None
    )
