"""How parts of an assessment are said in a language: plain text, one line each, for a template to escape."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cards.evidence_words import date_words, short_name, value_of
from cards.text import plain, plain_from_definition
from cards.wording import NAMES, PHRASES, UNIT_NOTATIONS
from cds_service.worksheet.view import words
from mappings.language import Language
from mappings.language.record_words import TREATMENT, drugs_in, note_in, value_in, window_in
from mappings.results import Evidence
from mappings.verdicts import Reason

VALUE_LIMIT = 200
NOTE_LIMIT = 300
LABEL_LIMIT = 120
SENTENCE_LIMIT = 1200

_WRITTEN_DAY = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}(-[0-9]{2})?(?![0-9])")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}")


class Row(NamedTuple):
    """One fact behind a verdict. ``url`` leads to the resource as it was read; "" if it has none."""

    name: str
    value: str
    day: str
    note: str
    reason: str
    until: str
    reference: str
    url: str
    attested: bool


class Where(NamedTuple):
    """Where resources of a chart can be looked at: ``address`` of each of those that were read."""

    read: frozenset[str] = frozenset()
    address: Callable[[str], str] = str

    def url(self, reference: str) -> str:
        """The address of a resource; "" if it was not read."""
        return self.address(reference) if reference in self.read else ""


class Saying(NamedTuple):
    """A language, and where what is said can be looked up."""

    language: Language
    where: Where = Where()

    def text(self, message: str, **places: object) -> str:
        """A message with its places filled."""
        said = self.language.text(message)
        return said.format(**places) if places else said

    def label(self, label: str) -> str:
        """A name out of a definition."""
        return plain_from_definition(self.language.text(label), LABEL_LIMIT)

    def short(self, label: str) -> str:
        """The same where there is little room: its abbreviation, if it has one."""
        return short_name(self.language.text(label))

    def sentence(self, sentence: str) -> str:
        """A sentence out of a definition."""
        return plain_from_definition(self.language.text(sentence), SENTENCE_LIMIT)

    def beside(self, phrases: Sequence[str], between: str = PHRASES) -> str:
        """Phrases side by side, without those that are empty."""
        return self.language.between(between).join(filter(None, phrases))

    def names(self, names: Sequence[str]) -> str:
        """Names side by side."""
        return self.beside(names, NAMES)

    def day(self, written: str) -> str:
        """A FHIR date, as precise as it was written."""
        return plain(date_words(written, self.language))

    def value(self, fact: Evidence) -> str:
        """The value of a fact as it was written, in a notation that people read."""
        text = value_of(fact)
        if text.casefold() == fact.label.casefold():
            return self.label(fact.label)
        said = drugs_in(self.language, text) if fact.concept == TREATMENT else value_in(self.language, text)
        return plain(said, VALUE_LIMIT)

    def amount(self, text: str) -> str:
        """A limit or an amount with its unit: 1.0 g/g, 6 months."""
        spaced = f" {window_in(self.language, value_in(self.language, text))}"
        for notation, said in UNIT_NOTATIONS:
            spaced = spaced.replace(notation, said)
        return plain(spaced.strip())

    def reason(self, reason: Reason, window: str = "") -> str:
        """Why a fact does not decide; nothing where it does."""
        template = words.REASONS.get(reason, "")
        if "{window}" not in template:
            return self.text(template) if template else ""
        said = window_in(self.language, window) if window else self.text(words.THE_WINDOW)
        return self.text(template, window=said)

    def note(self, note: str) -> str:
        """What stands beside a fact, with its days as people write them."""
        return _WRITTEN_DAY.sub(lambda found: self.day(found[0]), note_in(self.language, note))

    def row(self, fact: Evidence) -> Row:
        """A fact as a row of a table."""
        until = fact.counts_until
        attested = fact.reason is Reason.ATTESTED
        note = fact.note if attested else self.note(fact.note)
        value, reason = self.value(fact), self.reason(fact.reason, fact.window)
        if not value and not fact.reference:  # there is nothing but the reason
            value, reason = reason, ""
        return Row(
            self.label(fact.label),
            value,
            self.day(fact.date),
            plain(note, NOTE_LIMIT),
            reason,
            self.text(words.COUNTS_UNTIL, day=self.language.short_date(until)) if until else "",
            fact.reference if _REFERENCE.fullmatch(fact.reference) else "",
            self.where.url(fact.reference),
            attested,
        )
