"""Rules in plain sentences, as Markdown bullets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mappings.amounts import Bound, Comparison
from mappings.dates import Window
from mappings.rules import (
    Age,
    All,
    AnyOf,
    AtLeast,
    ConditionRule,
    CriterionRef,
    Finding,
    Judgement,
    Measurement,
    Not,
    ProcedureRule,
    Rule,
    Score,
    Sex,
    Treatment,
)
from mappings.trial_definition import Catalog

_COMPARED: Mapping[Comparison, str] = {
    "greater_than": "above",
    "at_least": "at least",
    "less_than": "below",
    "at_most": "at most",
}
_SEXES = {"female": "female", "male": "male", "not_stated": "not stated (other, unknown or absent)"}
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_<["})
_MARKS_AT_START = ("#", ">", "-", "+")


def plain_text(text: str) -> str:
    """The text with Markdown's marks made plain."""
    marked = text.translate(_MARKS)
    return f"\\{marked}" if marked.startswith(_MARKS_AT_START) else marked


@dataclass(frozen=True, slots=True)
class RuleProse:
    """Writes rules. ``labels`` are the criteria's own; in a score a rule may take the asker's window."""

    catalog: Catalog
    labels: Mapping[str, str]
    in_score: bool = False

    def bullets(self, rule: Rule, depth: int = 0) -> list[str]:
        """One bullet for the rule, and deeper ones for its parts."""
        indent = "  " * depth
        head, parts = self._combined(rule)
        if not parts:
            return [f"{indent}- {head}"]
        return [f"{indent}- {head}", *(line for part in parts for line in self.bullets(part, depth + 1))]

    def names(self, ids: Iterable[str], last: str = "or") -> str:
        """The concepts' words; a group's own where they are just its members."""
        wanted = tuple(ids)
        left = list(wanted)
        words = []
        for group in self.catalog.groups.values():
            if len(group.members) > 1 and set(group.members) <= set(left):
                words.append(group.display)
                left = [name for name in left if name not in group.members]
        words += [self.catalog.concepts[name].display for name in left]
        return _listed([plain_text(word) for word in words], last)

    def _combined(self, rule: Rule) -> tuple[str, tuple[Rule, ...]]:
        if isinstance(rule, All):
            return "All of these hold:", rule.of
        if isinstance(rule, AnyOf):
            return self._any(rule), rule.of
        if isinstance(rule, AtLeast):
            return f"At least {rule.count} of these hold:", rule.of
        if isinstance(rule, Not):
            return "This does not hold:", (rule.of,)
        return self._sentence(rule), ()

    def _any(self, rule: AnyOf) -> str:
        text = "At least one of these holds"
        if rule.conflicting_when_older_by:
            older = (
                f"a result more than {rule.conflicting_when_older_by} older than one by which another fails"
            )
            text += f" (unknown, conflicting, if it rests on {older})"
        if rule.passing_over_absent:
            text += " (what is not on record, or too old, is passed over)"
        return text + ":"

    def _sentence(self, rule: Rule) -> str:  # noqa: PLR0911 - one line for each kind of rule
        if isinstance(rule, Age):
            return f"Age is {_bounds(rule.bounds)}, in complete years."
        if isinstance(rule, Sex):
            return f"Sex is {_SEXES[rule.is_]}."
        if isinstance(rule, Measurement | Finding):
            return self._result(rule)
        if isinstance(rule, ConditionRule):
            return self._condition(rule)
        if isinstance(rule, ProcedureRule):
            done = _within(rule.within, "done") or self._window_of_score()
            return f"A completed procedure: {self.names(rule.of)}{done}.{_absent(rule.absent_means_not_met)}"
        if isinstance(rule, Treatment):
            return self._treatment(rule)
        if isinstance(rule, Score):
            label = plain_text(self.catalog.scores[rule.of].label)
            return f"The score {label} is at least {rule.at_least}{_within(rule.within, 'from results')}."
        if isinstance(rule, Judgement):
            shown = f" Shown beside it: {self.names(rule.show, 'and')}." if rule.show else ""
            return f"Only a person can say: {plain_text(rule.question)}{shown}"
        return self._criterion(rule)

    def _criterion(self, rule: Rule) -> str:
        name = rule.id if isinstance(rule, CriterionRef) else ""
        return f"The criterion {self._labelled(name)} is met."

    def _labelled(self, name: str) -> str:
        return f"“{plain_text(self.labels.get(name, name))}” (`{name}`)"

    def _result(self, rule: Measurement | Finding) -> str:
        which = "The latest result of" if rule.pick == "latest" else "Any result of"
        if isinstance(rule, Measurement):
            holds = f"is {_bounds(rule.bounds)}"
        elif rule.is_ == {"recorded"}:
            holds = "is on record"
        else:
            holds = f"is {_listed([plain_text(token) for token in sorted(rule.is_)], 'or')}"
        text = f"{which} {self.names([rule.of])} {holds}{self._dated(rule.within)}"
        if rule.after_last:
            text += f"; only results after the last of {self.names(rule.after_last)} count"
        text += "." + _absent(rule.absent_means_not_met)
        return text + self._claims(rule) if isinstance(rule, Finding) else text

    def _dated(self, within: Window | None) -> str:
        if within is None:
            return self._window_of_score() or ", of any date"
        return _within(within, "dated")

    def _window_of_score(self) -> str:
        return ", within the score's window, if it is asked for with one" if self.in_score else ""

    def _condition(self, rule: ConditionRule) -> str:
        text = f"A confirmed diagnosis: {self.names(rule.of)}"
        if rule.clinical_status:
            text += f", with the clinical status {_listed(sorted(rule.clinical_status), 'or')}"
        elif rule.ever:
            text += ", past or present"
        else:
            text += ", not inactive or resolved"
        text += _within(rule.within, "begun or come back") or self._window_of_score()
        text += _within(rule.recorded_within, "recorded")
        if rule.onset_age_at_least is not None:
            text += f", begun at the age of {rule.onset_age_at_least} or later"
        if rule.followed_by:
            met = _listed([self._labelled(name) for name in rule.followed_by], "or")
            text += f", followed by evidence that meets {met}"
        return text + "." + _absent(rule.absent_means_not_met) + self._claims(rule)

    def _claims(self, rule: Finding | ConditionRule) -> str:
        text = ""
        if isinstance(rule, Finding) and rule.otherwise_not_met:
            text += " If there are only other answers it does not hold."
        if rule.older_means_not_met:
            text += " An older one no longer says so."
        if rule.unless_followed_by:
            text += f" It is ended by a later or same-day {self.names(rule.unless_followed_by)}."
        return text

    def _treatment(self, rule: Treatment) -> str:
        text = f"Treatment with {self.names(rule.of)}"
        if rule.together_with:
            text += f", together with {self.names(rule.together_with)}"
        text += ", ongoing today"
        if rule.for_more_than:
            text += f", without a break for more than {rule.for_more_than}"
        if rule.still_active_by:
            met = _listed([self._labelled(name) for name in rule.still_active_by], "or")
            text += f", and after that time still evidence that meets {met}"
        text += "." + _absent(rule.absent_means_not_met)
        if rule.also_show:
            text += f" Shown and not counted: {self.names(rule.also_show, 'and')}."
        return text


def _bounds(bounds: Iterable[Bound]) -> str:
    return _listed([f"{_COMPARED[bound.comparison]} {plain_text(bound.text)}" for bound in bounds], "and")


def _within(window: Window | None, verb: str) -> str:
    return f", {verb} within the last {window}" if window else ""


def _absent(absent_means_not_met: bool) -> str:
    return " Nothing on record means that it does not hold." if absent_means_not_met else ""


def _listed(words: list[str], last: str) -> str:
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else "nothing"
    )
