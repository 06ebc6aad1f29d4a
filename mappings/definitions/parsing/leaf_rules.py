"""The rule kinds that look at the record, read from YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import cast

from mappings.amounts import Bound
from mappings.concept import Concept
from mappings.dates import Window
from mappings.definitions.faults import Mistake, suggestion
from mappings.definitions.parsing.amounts_in_rules import (
    AN_AGE,
    age_limit,
    bounds_of,
    check_possible,
    concept_limit,
    contradict,
)
from mappings.definitions.parsing.fields import Fields
from mappings.definitions.parsing.scope import Scope
from mappings.definitions.parsing.values import parse_age
from mappings.rules import (
    Age,
    ConditionRule,
    DrugRule,
    Finding,
    Judgement,
    Measurement,
    Named,
    Pick,
    ProcedureRule,
    Rule,
    Score,
    Treatment,
)

GENERAL_ANSWERS = ("positive", "negative", "low", "normal", "high", "abnormal")
CLASS_ANSWERS = (
    *("I", "II", "III", "III(A)", "III(A/C)", "III(C)"),
    *("IV", "IV(A)", "IV(A/C)", "IV(C)", "V", "VI"),
)
"""The classes of lupus nephritis as the reader of kidney biopsies gives them. It has no segmental and global
class IV: what is written IV-S or IV-G is IV. Only III and IV have the suffix of 2003."""
_SEGMENTAL = re.compile(r"IV-[SG](\((?:A|C|A/C)\))?")
_RECORDED = "recorded"
_BORN = Bound("at_least", 0, "0 years")
_STUDY_TOKEN = re.compile(r"NCT\d{8}")
_ANSWERING_KINDS = ("finding", "measurement", "consent")
_EVENTS = ("drug", "condition", "procedure", "finding", "measurement")
_CLINICAL_STATUSES = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")


def _age(fields: Fields, scope: Scope) -> Rule:
    bounds = bounds_of(fields, age_limit(scope.report))
    for bound in bounds:
        if contradict((bound, _BORN)):
            message = f"nobody is {bound.comparison.replace('_', ' ')} {bound.text} old"
            scope.report.add(Mistake.BOUNDS_CONTRADICT, fields.line(bound.comparison), message)
    return Age(bounds)


def _measurement(fields: Fields, scope: Scope) -> Rule | None:
    concept = _concept(fields, scope, ("measurement",))
    limit_of = concept_limit(concept, scope.report) if concept else _no_limit
    rule = Measurement(
        of=concept.id if concept else "",
        bounds=bounds_of(fields, limit_of),
        within=fields.window("within"),
        pick=_pick(fields, scope),
        after_last=_many(fields, "after_last", scope, _EVENTS),
        absent_means_not_met=_not_met(fields, "absent_means"),
    )
    if concept:
        check_possible(fields, concept, rule.bounds)
    return rule if concept else None


def _no_limit(_text: str, _line: int) -> float | None:
    return None


def _finding(fields: Fields, scope: Scope) -> Rule | None:
    concept = _concept(fields, scope, _ANSWERING_KINDS)
    rule = Finding(
        of=concept.id if concept else "",
        is_=_answers(fields, concept),
        within=fields.window("within"),
        pick=_pick(fields, scope),
        after_last=_many(fields, "after_last", scope, _EVENTS),
        absent_means_not_met=_not_met(fields, "absent_means"),
        otherwise_not_met=_not_met(fields, "otherwise"),
        unless_followed_by=_many(fields, "unless_followed_by", scope, ()),
        older_means_not_met=_not_met(fields, "older_means"),
    )
    _check_older_means(fields, rule.older_means_not_met, rule.within)
    if rule.otherwise_not_met and (rule.pick != "any" or rule.within is not None):
        message = "'otherwise: not_met' needs 'pick: any' and no 'within'"
        scope.report.add(Mistake.NOT_ALLOWED_HERE, fields.line("otherwise"), message)
    return rule if concept else None


def _answers(fields: Fields, concept: Concept | None) -> frozenset[str]:
    fields.need("is")
    nodes = fields.some_text_nodes("is")
    for node in nodes if concept else ():
        if concept and not _is_answer(node.value, concept):
            known = _known_answers(node.value, concept)
            message = f"{node.value!r} is not an answer of {concept.id!r}{known}"
            fields.report.add(Mistake.UNKNOWN_ANSWER, node.line, message)
    return frozenset(node.value for node in nodes)


def _known_answers(token: str, concept: Concept) -> str:
    """What could have been meant, for the end of a message."""
    segmental = _SEGMENTAL.fullmatch(token)
    if concept.pathology and segmental is not None:
        return f"; S and G are not kept: write 'IV{segmental[1] or ''}', and say so in 'interpretation'"
    if concept.kind == "measurement" and token in GENERAL_ANSWERS:
        return ", which is measured: compare its number, or ask 'is: recorded'"
    return suggestion(token, _answers_of(concept), "known answers")


def _answers_of(concept: Concept) -> tuple[str, ...]:
    if concept.kind == "consent":
        return (_RECORDED, "an NCT number")
    if concept.kind == "measurement":
        return (*concept.answers, _RECORDED)
    return (*(CLASS_ANSWERS if concept.pathology else GENERAL_ANSWERS), *concept.answers, _RECORDED)


def _is_answer(token: str, concept: Concept) -> bool:
    if concept.kind == "consent":
        return token == _RECORDED or _STUDY_TOKEN.fullmatch(token) is not None
    return token in _answers_of(concept)


def _statuses(fields: Fields, scope: Scope) -> frozenset[str]:
    statuses = []
    for node in fields.some_text_nodes("clinical_status"):
        if node.value in _CLINICAL_STATUSES:
            statuses.append(node.value)
        else:
            known = suggestion(node.value, _CLINICAL_STATUSES, "one of")
            message = f"'clinical_status' cannot be {node.value!r}{known}"
            scope.report.add(Mistake.NOT_A_CHOICE, node.line, message)
    return frozenset(statuses)


def _condition(fields: Fields, scope: Scope) -> Rule:
    rule = ConditionRule(
        of=_many(fields, "of", scope, ("condition",), needed=True),
        clinical_status=_statuses(fields, scope),
        ever=fields.flag("ever"),
        within=fields.window("within"),
        recorded_within=fields.window("recorded_within"),
        onset_age_at_least=fields.parsed("onset_age_at_least", parse_age, Mistake.NOT_A_NUMBER, AN_AGE),
        followed_by=_criteria(fields, "followed_by", scope),
        unless_followed_by=_many(fields, "unless_followed_by", scope, ()),
        absent_means_not_met=_not_met(fields, "absent_means"),
        older_means_not_met=_not_met(fields, "older_means"),
    )
    _check_older_means(fields, rule.older_means_not_met, rule.within or rule.recorded_within)
    return rule


def _check_older_means(fields: Fields, older_means_not_met: bool, window: Window | None) -> None:
    if older_means_not_met and window is None:
        message = "'older_means: not_met' needs a window: 'within', or in a condition 'recorded_within'"
        fields.report.add(Mistake.NOT_ALLOWED_HERE, fields.line("older_means"), message)


def _procedure(fields: Fields, scope: Scope) -> Rule:
    return ProcedureRule(
        of=_many(fields, "of", scope, ("procedure",), needed=True),
        within=fields.window("within"),
        absent_means_not_met=_not_met(fields, "absent_means"),
    )


def _drug(fields: Fields, scope: Scope) -> Rule:
    rule = DrugRule(
        of=_many(fields, "of", scope, ("drug",), needed=True),
        within=fields.window("within"),
        absent_means_not_met=_not_met(fields, "absent_means"),
        older_means_not_met=_not_met(fields, "older_means"),
    )
    _check_older_means(fields, rule.older_means_not_met, rule.within)
    return rule


def _treatment(fields: Fields, scope: Scope) -> Rule:
    return Treatment(
        of=_many(fields, "of", scope, ("drug",), needed=True),
        together_with=_many(fields, "together_with", scope, ("drug",)),
        for_more_than=fields.window("for_more_than"),
        still_active_by=_criteria(fields, "still_active_by", scope),
        also_show=_many(fields, "also_show", scope, ()),
        absent_means_not_met=_not_met(fields, "absent_means"),
    )


def _score(fields: Fields, scope: Scope) -> Rule | None:
    name = fields.need_text("of")
    threshold = fields.whole_number("at_least", needed=True)
    within = fields.window("within")
    if scope.in_score:
        message = "a score cannot ask for a score"
        scope.report.add(Mistake.NOT_ALLOWED_HERE, fields.node.line, message)
    elif name and scope.scores is not None and name not in scope.scores:
        message = f"unknown score {name!r}{suggestion(name, scope.scores)}"
        scope.report.add(Mistake.UNKNOWN_SCORE, fields.line("of"), message)
    elif threshold is not None and scope.scores is not None and threshold > scope.scores.get(name, threshold):
        message = f"no score of {name!r} is over its maximum of {scope.scores[name]}"
        scope.report.add(Mistake.BOUNDS_CONTRADICT, fields.line("at_least"), message)
    return Score(name, threshold, within) if name and threshold is not None else None


def _judgement(fields: Fields, scope: Scope) -> Rule:
    return Judgement(question=fields.need_text("question"), show=_many(fields, "show", scope, ()))


LEAF_RULES: Mapping[str, Callable[[Fields, Scope], Rule | None]] = {
    "age": _age,
    "measurement": _measurement,
    "finding": _finding,
    "condition": _condition,
    "procedure": _procedure,
    "drug": _drug,
    "treatment": _treatment,
    "score": _score,
    "judgement": _judgement,
}


def check_criterion(name: str, line: int, scope: Scope) -> None:
    """Report a criterion that this definition does not have."""
    if scope.in_score:
        message = "a score knows no criteria; it may be used by several trials"
        scope.report.add(Mistake.NOT_ALLOWED_HERE, line, message)
    elif name not in scope.criteria:
        message = f"unknown criterion {name!r}{suggestion(name, scope.criteria)}"
        scope.report.add(Mistake.UNKNOWN_CRITERION, line, message)


def _concept(fields: Fields, scope: Scope, kinds: Collection[str]) -> Concept | None:
    node = fields.need("of")
    nodes = fields.some_text_nodes("of")
    if node is not None and len(nodes) > 1:
        scope.report.add(Mistake.WRONG_SHAPE, node.line, "'of' must be one concept here")
    return scope.names.concept(nodes[0], kinds, scope.report) if len(nodes) == 1 else None


def _many(fields: Fields, key: str, scope: Scope, kinds: Collection[str], *, needed: bool = False) -> Named:
    if needed:
        fields.need(key)
    return scope.names.members(fields.some_text_nodes(key), kinds, scope.report)


def _criteria(fields: Fields, key: str, scope: Scope) -> tuple[str, ...]:
    nodes = fields.some_text_nodes(key)
    for node in nodes:
        check_criterion(node.value, node.line, scope)
    return tuple(node.value for node in nodes)


def _pick(fields: Fields, scope: Scope) -> Pick:
    return cast(Pick, fields.choice("pick", ("latest", "any"), scope.pick))


def _not_met(fields: Fields, key: str) -> bool:
    return fields.choice(key, ("not_met",)) == "not_met"
