"""Rules in plain sentences, as Markdown bullets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mappings.amounts import Bound, Comparison
from mappings.dates import Window
from mappings.definitions.review.wording import Speaker, plain_text
from mappings.language import message
from mappings.language.record_words import value_in
from mappings.rules import (
    Age,
    All,
    AnyOf,
    AtLeast,
    ConditionRule,
    CriterionRef,
    DrugRule,
    Finding,
    Judgement,
    Measurement,
    Not,
    ProcedureRule,
    Rule,
    Score,
    Sex,
    Treatment,
    written_in,
)
from mappings.timeline import LONGEST_GAP_DAYS
from mappings.trial_definition import Catalog

_COMPARED: Mapping[Comparison, str] = {
    "greater_than": message("above {limit}"),
    "at_least": message("at least {limit}"),
    "less_than": message("below {limit}"),
    "at_most": message("at most {limit}"),
}
_SEXES = {
    "female": message("female"),
    "male": message("male"),
    "not_stated": message("not stated (other, unknown or absent)"),
}
_END = message(".")
_ALL = message("All of these hold:")
_AT_LEAST = message("At least {count} of these hold:")
_NOT = message("This does not hold:")
_ANY = message("At least one of these holds{how}:")
_CONFLICTING = message(
    " (unknown, conflicting, if it rests on a result more than {window} older than one by which another "
    "fails)"
)
_PASSED_OVER = message(" (what is not on record, or too old, is passed over)")
_AGE = message("Age is {bounds}, in complete years.")
_SEX = message("Sex is {sex}.")
_PROCEDURE = message("A completed procedure: {names}")
_SCORE = message("The score {label} is at least {points}")
_FROM_RESULTS = message(", from results within the last {window}")
_JUDGEMENT = message("Only a person can say: {question}")
_SHOWN_BESIDE = message(" Shown beside it: {names}.")
_CRITERION = message("The criterion {criterion} is met.")
_LABELLED = message("“{label}” (`{id}`)")
_LATEST = message("The latest result of {names} {holds}")
_ANY_RESULT = message("Any result of {names} {holds}")
_IS = message("is {what}")
_ON_RECORD = message("is on record")
_AFTER_LAST = message("; only results after the last of {names} count")
_ANY_DATE = message(", of any date")
_DATED = message(", dated within the last {window}")
_DONE = message(", done within the last {window}")
_BEGUN = message(", begun or come back within the last {window}")
_RECORDED = message(", recorded within the last {window}")
_SCORE_WINDOW = message(", within the score's window, if it is asked for with one")
_DIAGNOSIS = message("A confirmed diagnosis: {names}")
_WITH_STATUS = message(", with the clinical status {statuses}")
_EVER = message(", past or present")
_NOT_OVER = message(", not inactive or resolved (remission counts as present)")
_ONLY_OLDER = message(" If only older ones are on record, it does not hold.")
_ONSET_AGE = message(", begun at the age of {age} or later")
_FOLLOWED = message(", followed by evidence that meets {criteria}")
_OTHERWISE = message(" If there are only other answers it does not hold.")
_OLDER = message(" An older one no longer says so.")
_ENDED = message(" It is ended by a later or same-day {names}.")
_DRUG = message("A drug was given: {names}")
_ANY_TIME = message(", at any time or still")
_GIVEN = message(", on some day of the last {window} or still")
_TREATMENT = message("Treatment with {names}")
_TOGETHER = message(", together with {names}")
_ONGOING = message(", ongoing today")
_LONGER = message(", without a break for more than {window}")
_GAPS = message(
    " Up to {days} days without a record between two records of one group are no break; on the day itself a "
    "record must cover each group."
)
_STILL_ACTIVE = message(", and after that time still evidence that meets {criteria}")
_ALSO_SHOWN = message(" Shown and not counted: {names}.")
_ABSENT = message(" Nothing on record means that it does not hold.")


@dataclass(frozen=True, slots=True)
class RuleProse:
    """Writes rules. ``labels`` are the criteria's own; in a score a rule may take the asker's window."""

    catalog: Catalog
    labels: Mapping[str, str]
    in_score: bool = False
    speaker: Speaker = field(default_factory=Speaker)

    def bullets(self, rule: Rule, depth: int = 0) -> list[str]:
        """One bullet for the rule, and deeper ones for its parts."""
        indent = "  " * depth
        head, parts = self._combined(rule)
        if not parts:
            return [f"{indent}- {head}"]
        return [f"{indent}- {head}", *(line for part in parts for line in self.bullets(part, depth + 1))]

    def names(self, ids: Iterable[str], last: str = "or") -> str:
        """The words of the concepts, and of groups where the author named groups."""
        concepts, groups = self.catalog.concepts, self.catalog.groups
        named = [groups[name] if name in groups else concepts[name] for name in written_in(ids)]
        return self.speaker.listed([self.speaker.plain(one.display) for one in named], last)

    def _combined(self, rule: Rule) -> tuple[str, tuple[Rule, ...]]:
        say = self.speaker.say
        if isinstance(rule, All):
            return say(_ALL), rule.of
        if isinstance(rule, AnyOf):
            return self._any(rule), rule.of
        if isinstance(rule, AtLeast):
            return say(_AT_LEAST, count=rule.count), rule.of
        if isinstance(rule, Not):
            return say(_NOT), (rule.of,)
        return self._sentence(rule), ()

    def _any(self, rule: AnyOf) -> str:
        how = self._within(rule.conflicting_when_older_by, _CONFLICTING)
        if rule.passing_over_absent:
            how += self.speaker.say(_PASSED_OVER)
        return self.speaker.say(_ANY, how=how)

    def _sentence(self, rule: Rule) -> str:  # noqa: PLR0911 - one line for each kind of rule
        say = self.speaker.say
        if isinstance(rule, Age):
            return say(_AGE, bounds=self._bounds(rule.bounds))
        if isinstance(rule, Sex):
            return say(_SEX, sex=say(_SEXES[rule.is_]))
        if isinstance(rule, Measurement | Finding):
            return self._result(rule)
        if isinstance(rule, ConditionRule):
            return self._condition(rule)
        if isinstance(rule, ProcedureRule):
            done = self._within(rule.within, _DONE) or self._window_of_score()
            text = say(_PROCEDURE, names=self.names(rule.of)) + done
            return text + say(_END) + self._absent(rule.absent_means_not_met)
        if isinstance(rule, DrugRule):
            return self._drug(rule)
        if isinstance(rule, Treatment):
            return self._treatment(rule)
        if isinstance(rule, Score):
            label = self.speaker.plain(self.catalog.scores[rule.of].label)
            text = say(_SCORE, label=label, points=rule.at_least)
            return text + self._within(rule.within, _FROM_RESULTS) + say(_END)
        if isinstance(rule, Judgement):
            shown = say(_SHOWN_BESIDE, names=self.names(rule.show, "and")) if rule.show else ""
            return say(_JUDGEMENT, question=self.speaker.plain(rule.question)) + shown
        return self._criterion(rule)

    def _criterion(self, rule: Rule) -> str:
        name = rule.id if isinstance(rule, CriterionRef) else ""
        return self.speaker.say(_CRITERION, criterion=self._labelled(name))

    def _labelled(self, name: str) -> str:
        label = self.speaker.plain(self.labels.get(name, name))
        return self.speaker.say(_LABELLED, label=label, id=name)

    def _criteria(self, names: Iterable[str]) -> str:
        return self.speaker.listed([self._labelled(name) for name in names], "or")

    def _result(self, rule: Measurement | Finding) -> str:
        say = self.speaker.say
        if isinstance(rule, Measurement):
            holds = say(_IS, what=self._bounds(rule.bounds))
        elif rule.is_ == {"recorded"}:
            holds = say(_ON_RECORD)
        else:
            tokens = [self.speaker.plain(token) for token in sorted(rule.is_)]
            holds = say(_IS, what=self.speaker.listed(tokens, "or"))
        which = _LATEST if rule.pick == "latest" else _ANY_RESULT
        text = say(which, names=self.names([rule.of]), holds=holds) + self._dated(rule.within)
        if rule.after_last:
            text += say(_AFTER_LAST, names=self.names(rule.after_last))
        text += say(_END) + self._absent(rule.absent_means_not_met)
        return text + self._claims(rule) if isinstance(rule, Finding) else text

    def _dated(self, within: Window | None) -> str:
        if within is None:
            return self._window_of_score() or self.speaker.say(_ANY_DATE)
        return self._within(within, _DATED)

    def _window_of_score(self) -> str:
        return self.speaker.say(_SCORE_WINDOW) if self.in_score else ""

    def _condition(self, rule: ConditionRule) -> str:
        say = self.speaker.say
        text = say(_DIAGNOSIS, names=self.names(rule.of))
        if rule.clinical_status:
            statuses = [say(status) for status in sorted(rule.clinical_status)]
            text += say(_WITH_STATUS, statuses=self.speaker.listed(statuses, "or"))
        else:
            text += say(_EVER if rule.ever else _NOT_OVER)
        text += self._within(rule.within, _BEGUN) or self._window_of_score()
        text += self._within(rule.recorded_within, _RECORDED)
        if rule.onset_age_at_least is not None:
            text += say(_ONSET_AGE, age=rule.onset_age_at_least)
        if rule.followed_by:
            text += say(_FOLLOWED, criteria=self._criteria(rule.followed_by))
        return text + say(_END) + self._absent(rule.absent_means_not_met) + self._claims(rule)

    def _claims(self, rule: Finding | ConditionRule) -> str:
        say = self.speaker.say
        text = ""
        if isinstance(rule, Finding) and rule.otherwise_not_met:
            text += say(_OTHERWISE)
        if rule.older_means_not_met:
            text += say(_OLDER)
        if rule.unless_followed_by:
            text += say(_ENDED, names=self.names(rule.unless_followed_by))
        return text

    def _drug(self, rule: DrugRule) -> str:
        say = self.speaker.say
        given = self._within(rule.within, _GIVEN) or self._window_of_score() or say(_ANY_TIME)
        text = say(_DRUG, names=self.names(rule.of)) + given + say(_END)
        text += self._absent(rule.absent_means_not_met)
        return text + (say(_ONLY_OLDER) if rule.older_means_not_met else "")

    def _treatment(self, rule: Treatment) -> str:
        say = self.speaker.say
        text = say(_TREATMENT, names=self.names(rule.of))
        if rule.together_with:
            text += say(_TOGETHER, names=self.names(rule.together_with))
        text += say(_ONGOING) + self._within(rule.for_more_than, _LONGER)
        if rule.still_active_by:
            text += say(_STILL_ACTIVE, criteria=self._criteria(rule.still_active_by))
        text += say(_END) + self._absent(rule.absent_means_not_met)
        if rule.for_more_than:
            text += say(_GAPS, days=LONGEST_GAP_DAYS)
        if rule.also_show:
            text += say(_ALSO_SHOWN, names=self.names(rule.also_show, "and"))
        return text

    def _bounds(self, bounds: Sequence[Bound]) -> str:
        speaker = self.speaker
        limits = [plain_text(value_in(speaker.language, bound.text)) for bound in bounds]
        pairs = zip(bounds, limits, strict=True)
        said = [speaker.say(_COMPARED[bound.comparison], limit=limit) for bound, limit in pairs]
        return speaker.listed(said, "and")

    def _within(self, window: Window | None, template: str) -> str:
        return self.speaker.say(template, window=self.speaker.window(window)) if window else ""

    def _absent(self, absent_means_not_met: bool) -> str:
        return self.speaker.say(_ABSENT) if absent_means_not_met else ""
