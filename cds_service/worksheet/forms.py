"""What the forms of a worksheet send, read strictly: one of what was offered, or a fault."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.attesting.codes import CAUSES
from mappings.attesting.forms import strikable
from mappings.attesting.responses import LONGEST_NOTE, Answered, Struck
from mappings.reading.fhir_elements import private_line
from mappings.trial_definition import Catalog, TrialDefinition

VERSION = "definition"
ANSWER, NOTE = "answer.", "note."
_WITHDRAW = "withdraw"


class FormError(Exception):
    """A form that is refused: ``stale`` (of another version of the definition), ``empty``, or ``wrong``."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


def version_of(trial: TrialDefinition) -> str:
    """What a form bears, so that an answer is to the question as it was read."""
    return trial.facts.digest[:16] or trial.facts.version


def answers_in(form: Mapping[str, str], trial: TrialDefinition) -> tuple[Answered, ...]:
    """The questions that were answered. A question left alone keeps the answer that it has."""
    _check_version(form, trial)
    found = []
    for question in trial.worksheet.questions:
        answer = form.get(ANSWER + question.id, "")
        note = _words(form.get(NOTE + question.id, ""))
        if not answer:
            if note:  # a note alone answers nothing, and would be lost
                raise FormError("note_alone")
            continue
        if answer not in question.choices:
            raise FormError("wrong")
        found.append(Answered(question.id, answer, note))
    if not found:
        raise FormError("empty")
    return tuple(found)


def strike_in(form: Mapping[str, str], trial: TrialDefinition, catalog: Catalog) -> Struck:
    """The item that is struck, with its cause, or whose strike is taken back."""
    _check_version(form, trial)
    score, item, cause = (form.get(name, "") for name in ("score", "item", "cause"))
    if item not in [one.id for one in strikable(trial, catalog).get(score, ())]:
        raise FormError("wrong")
    if form.get(_WITHDRAW):
        return Struck(score, item, withdrawn=True)
    if not cause:
        raise FormError("no_cause")
    if cause not in CAUSES:
        raise FormError("wrong")
    return Struck(score, item, cause, _words(form.get("words", "")))


def _check_version(form: Mapping[str, str], trial: TrialDefinition) -> None:
    if form.get(VERSION) != version_of(trial):
        raise FormError("stale")


def _words(text: str) -> str:
    """What was typed, on one line, without characters that nobody sees.

    What is longer than is kept is refused, and not cut unseen.
    """
    line = private_line(text, len(text))
    if len(line) > LONGEST_NOTE:
        raise FormError("too_long")
    return line


def words_in(form: Mapping[str, str], name: str) -> str:
    """Free text of a form. Raises FormError if it is too long."""
    return _words(form.get(name, ""))
