"""The worksheet of a trial file: what a clinician is asked, and for how long an answer counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mappings.concept import Concept
from mappings.dates import Window
from mappings.definitions.faults import Mistake, suggestion
from mappings.definitions.parsing.fields import Fields, fields_of
from mappings.definitions.parsing.scope import Scope
from mappings.definitions.parsing.source import Node
from mappings.rules import Measurement
from mappings.trial_definition import Criterion, Question, Worksheet

YES_NO, WHOLE_NUMBER = "yes-no", "whole-number"
_NO_TIME = Window(0, "days")
_MOST = 100


def parse_worksheet(fields: Fields, criteria: Sequence[Criterion], scope: Scope) -> Worksheet:
    """The worksheet; an empty one if the file has none."""
    inner = fields.fields("worksheet")
    if inner is None:
        return Worksheet()
    worksheet = Worksheet(
        questions=_Questions(criteria, scope).all(inner),
        strikes_count_for=inner.window("strikes_count_for"),
        interpretation=inner.texts("interpretation"),
    )
    inner.close()
    return worksheet


class _Questions:
    """The questions of one trial, while they are read."""

    def __init__(self, criteria: Sequence[Criterion], scope: Scope) -> None:
        self._criteria = {criterion.id: criterion for criterion in criteria}
        self._scope = scope
        self._concepts: Mapping[str, Concept] = scope.names.vocabulary.concepts
        self._found: dict[str, Question] = {}
        self._lines: dict[str, int] = {}
        self._settled: dict[str, str] = {}

    def all(self, worksheet: Fields) -> tuple[Question, ...]:
        for node in worksheet.items("questions", needed=True):
            self._add(node)
        return tuple(self._found.values())

    def _add(self, node: Node) -> None:
        fields = fields_of(node, "a question", self._scope.report)
        if fields is None:
            return
        name = fields.need_id()
        fields.report = self._scope.report.at(f"question {name!r}")
        number = fields.choice("answers", (YES_NO, WHOLE_NUMBER), YES_NO, needed=True) == WHOLE_NUMBER
        least, most = self._range(fields) if number else (None, None)
        question = Question(
            id=name,
            text=fields.need_text("question"),
            counts_for=(fields.window("counts_for") if fields.need("counts_for") else None) or _NO_TIME,
            least=least,
            most=most,
            settles=fields.text("settles"),
            interpretation=fields.texts("interpretation"),
        )
        fields.close()
        if name in self._found:
            message = f"the id {name!r} is taken by the question on line {self._lines[name]}"
            fields.report.add(Mistake.REPEATED_ID, node.line, message)
        elif name:
            self._found[name], self._lines[name] = question, fields.line("id")
        if question.settles:
            self._check_settled(question, fields)

    def _range(self, fields: Fields) -> tuple[int, int]:
        least = fields.whole_number("least", needed=True)
        most = fields.whole_number("most", needed=True)
        if least is None or most is None:
            return 0, 0
        if not least < most <= _MOST:
            message = f"'least' is {least} and 'most' is {most}; write whole numbers up to {_MOST}, in order"
            fields.report.add(Mistake.BOUNDS_CONTRADICT, fields.line("most"), message)
            return 0, 0
        return least, most

    def _check_settled(self, question: Question, fields: Fields) -> None:
        """A person may settle what a person has to judge, or what is measured at the bedside as a grade."""
        line, settles = fields.line("settles"), question.settles
        criterion = self._criteria.get(settles)
        if criterion is None:
            known = suggestion(settles, self._criteria)
            fields.report.add(Mistake.UNKNOWN_CRITERION, line, f"unknown criterion {settles!r}{known}")
            return
        if settles in self._settled:
            message = f"{settles!r} is settled by the question {self._settled[settles]!r} already"
            fields.report.add(Mistake.REPEATED_VALUE, line, message)
        self._settled.setdefault(settles, question.id)
        wrong = self._why_not(question, criterion)
        if wrong:
            fields.report.add(Mistake.NOT_ALLOWED_HERE, line, wrong)

    def _why_not(self, question: Question, criterion: Criterion) -> str:
        from mappings.attesting.deciding import asked_in  # noqa: PLC0415 - the engine is no part of parsing

        asked = asked_in(criterion.require)
        if asked is None:
            return (
                f"{criterion.id!r} is for data to answer; a question may settle a judgement, alone or in "
                "'any', or a measurement that stands alone"
            )
        if not isinstance(asked.of, Measurement):
            return (
                f"{criterion.id!r} is a judgement; its answers are {YES_NO!r}" if question.is_number else ""
            )
        most = self._concepts[asked.of.of].whole_number_to
        if most is None:
            return f"{criterion.id!r} is measured, and not in whole numbers; only data can answer it"
        if not question.is_number or question.most is None or question.most > most:
            return f"{criterion.id!r} is measured; its answers are {WHOLE_NUMBER!r}, from 0 to {most}"
        return ""
