"""What was answered and struck so far, as it was written: who, when, and where it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cards.evidence_words import date_words
from cards.text import plain
from cards.wording import VALUES
from cds_service.worksheet import words
from cds_service.worksheet.kept_answers import Placed
from mappings.attesting.codes import worksheet_url
from mappings.language import Language
from mappings.trial_definition import TrialDefinition

_TEXT_LIMIT = 500


class Entry(NamedTuple):
    """What was said at one time. ``lines`` are pairs of question and answer, in the words of then."""

    day: str
    who: str
    lines: tuple[tuple[str, str], ...]
    place: str


def history_of(kept: Sequence[Placed], trial: TrialDefinition, language: Language) -> tuple[Entry, ...]:
    """Everything that was said about this trial, the newest first."""
    ours = worksheet_url(trial.id)
    return tuple(
        _entry(one, language)
        for one in reversed(kept)
        if str(one.resource.get("questionnaire", "")).partition("|")[0] == ours
    )


def _entry(placed: Placed, language: Language) -> Entry:
    resource = placed.resource
    author = resource.get("author", {})
    return Entry(
        date_words(str(resource.get("authored", "")), language),
        plain(str(author.get("display", "")), 120),
        tuple(line for item in resource.get("item", ()) for line in _lines(item, language)),
        language.text(words.PLACES[placed.place]),
    )


def _lines(item: Mapping[str, Any], language: Language) -> Iterator[tuple[str, str]]:
    """A question with its answer and note; of a strike, the item with its cause."""
    if "item" in item:
        struck, *cause = [_answer(part) for part in item["item"]]
        yield (
            language.text(words.STRUCK).format(item=struck),
            language.between(VALUES).join(filter(None, cause)),
        )
        return
    notes = [_answer(part) for answer in item.get("answer", ()) for part in answer.get("item", ())]
    said = [_answer(item), *notes]
    yield plain(str(item.get("text", "")), _TEXT_LIMIT), language.between(VALUES).join(filter(None, said))


def _answer(item: Mapping[str, Any]) -> str:
    for answer in item.get("answer", ()):
        coding = answer.get("valueCoding")
        text = coding.get("display") if isinstance(coding, dict) else answer.get("valueString")
        return plain(str(text or ""), _TEXT_LIMIT)
    return ""
