"""A rule: a mapping with exactly one of the known kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, get_args

from mappings.amounts import Bound
from mappings.definitions.faults import Mistake, suggestion
from mappings.definitions.parsing.amounts_in_rules import contradict, opposite
from mappings.definitions.parsing.fields import Fields, fields_of, text_of
from mappings.definitions.parsing.leaf_rules import LEAF_RULES, check_criterion
from mappings.definitions.parsing.scope import Scope
from mappings.definitions.parsing.source import ListNode, MapNode, Node
from mappings.rules import Age, All, AnyOf, AtLeast, CriterionRef, Not, Rule, Sex

_Sex = Literal["female", "male", "not_stated"]
_SEXES: tuple[_Sex, ...] = get_args(_Sex)


def parse_rule(node: Node, scope: Scope) -> Rule | None:
    """The rule that a node holds; None, with its faults reported, if it holds none."""
    if not isinstance(node, MapNode):
        message = f"a rule must be a mapping with one key, its kind: {', '.join(RULE_KINDS)}"
        scope.report.add(Mistake.WRONG_SHAPE, node.line, message)
        return None
    if len(node.entries) != 1:
        named = ", ".join(repr(key) for key in node.entries) or "none"
        message = f"a rule has exactly one kind; here: {named}; several rules go under 'all' or 'any'"
        scope.report.add(Mistake.NOT_ONE_RULE_KIND, node.line, message)
        return None
    ((kind, value),) = node.entries.items()
    if kind in LEAF_RULES:
        return _leaf(kind, value, scope)
    parse = _COMPOSITE_RULES.get(kind)
    if parse is None:
        message = f"unknown rule kind {kind!r}{suggestion(kind, RULE_KINDS, 'known kinds')}"
        scope.report.add(Mistake.UNKNOWN_RULE_KIND, node.lines[kind], message)
        return None
    return parse(value, scope)


def _leaf(kind: str, node: Node, scope: Scope) -> Rule | None:
    fields = fields_of(node, f"{kind!r}", scope.report)
    if fields is None:
        return None
    rule = LEAF_RULES[kind](fields, scope)
    fields.close()
    return rule


def _all(node: Node, scope: Scope) -> Rule:
    rule = All(_parts(node, "all", scope))
    if not any(_nobody(part) for part in rule.of):
        _check_somebody(rule, node, scope, "any")
    return rule


def _check_somebody(rule: Rule, node: Node, scope: Scope, meant: str) -> None:
    wrong = _nobody(rule)
    if wrong:
        scope.report.add(Mistake.BOUNDS_CONTRADICT, node.line, f"nobody is {wrong}; {meant!r} may be meant")


def _nobody(rule: Rule) -> str:
    """What of sex and age the parts of an ``all`` ask for that no person is; empty if there is nothing."""
    parts = tuple(_parts_of_all(rule))
    sexes = {part.is_ for part, negated in parts if isinstance(part, Sex) and not negated}
    others = {part.is_ for part, negated in parts if isinstance(part, Sex) and negated}
    if len(sexes) > 1:
        return f"both {' and '.join(sorted(sexes))}"
    if sexes & others:
        return " and ".join(f"{sex} and not {sex}" for sex in sexes)
    return _no_age([(part.bounds, negated) for part, negated in parts if isinstance(part, Age)])


def _no_age(asked: Sequence[tuple[Sequence[Bound], bool]]) -> str:
    """The bounds that no age meets, each with whether it is negated; empty if some age meets all.

    Outside of two bounds a number may lie on either side: that contradicts only if both sides do.
    """
    certain = [(bound, False) for bounds, negated in asked if not negated for bound in bounds]
    certain += [(bounds[0], True) for bounds, negated in asked if negated and len(bounds) == 1]
    within = [opposite(bound) if negated else bound for bound, negated in certain]
    if contradict(within):
        return f"{' and '.join(_words(bound, negated) for bound, negated in certain)} old"
    for bounds in (bounds for bounds, negated in asked if negated and len(bounds) > 1):
        if all(contradict([*within, opposite(bound)]) for bound in bounds):
            outside = " and ".join(_words(bound, False) for bound in bounds)
            return (
                f"{' and '.join(_words(bound, negated) for bound, negated in certain)} and not {outside} old"
            )
    return ""


def _words(bound: Bound, negated: bool) -> str:
    return f"{'not ' if negated else ''}{bound.comparison.replace('_', ' ')} {bound.text}"


def _parts_of_all(rule: Rule, negated: bool = False) -> Iterator[tuple[Rule, bool]]:
    """What must hold together, each with whether it must not: of a negated ``any`` no part may hold."""
    if isinstance(rule, Not):
        yield from _parts_of_all(rule.of, not negated)
    elif isinstance(rule, AnyOf if negated else All):
        for part in rule.of:
            yield from _parts_of_all(part, negated)
    else:
        yield rule, negated


def _any(node: Node, scope: Scope) -> Rule:
    if not isinstance(node, MapNode):
        return AnyOf(_parts(node, "any", scope))
    fields = Fields(node, scope.report)
    of = fields.need("of")
    rule = AnyOf(
        _parts(of, "of", scope) if of else (),
        fields.window("conflicting_when_older_by"),
        fields.flag("passing_over_absent"),
    )
    fields.close()
    return rule


def _not(node: Node, scope: Scope) -> Rule | None:
    rule = parse_rule(node, scope)
    if isinstance(rule, AnyOf):
        _check_somebody(Not(rule), node, scope, "all")
    return Not(rule) if rule else None


def _at_least(node: Node, scope: Scope) -> Rule | None:
    fields = fields_of(node, "'at_least'", scope.report)
    if fields is None:
        return None
    count = fields.whole_number("count", needed=True)
    of = fields.need("of")
    parts = _parts(of, "of", scope) if of else ()
    written = len(of.items) if isinstance(of, ListNode) else 0
    if count is not None and written and not 1 <= count <= written:
        message = f"'count' is {count}; with {written} rules it must be from 1 to {written}"
        scope.report.add(Mistake.COUNT_OUT_OF_RANGE, fields.line("count"), message)
    fields.close()
    return AtLeast(count, parts) if count is not None else None


def _parts(node: Node, key: str, scope: Scope) -> tuple[Rule, ...]:
    if not isinstance(node, ListNode) or not node.items:
        message = f"{key!r} must be a list of at least one rule"
        scope.report.add(Mistake.WRONG_SHAPE, node.line, message)
        return ()
    rules = [parse_rule(item, scope) for item in node.items]
    return tuple(rule for rule in rules if rule is not None)


def _sex(node: Node, scope: Scope) -> Rule | None:
    word = text_of(node, "sex", scope.report)
    if word in _SEXES:
        return Sex(word)
    if word:
        message = f"'sex' cannot be {word!r}{suggestion(word, _SEXES, 'one of')}"
        scope.report.add(Mistake.NOT_A_CHOICE, node.line, message)
    return None


def _criterion(node: Node, scope: Scope) -> Rule | None:
    name = text_of(node, "criterion", scope.report)
    if name:
        check_criterion(name, node.line, scope)
    return CriterionRef(name) if name else None


def _defined(node: Node, scope: Scope) -> Rule | None:
    name = text_of(node, "defined", scope.report)
    if not name:
        return None
    if scope.in_score:
        message = "a score has no 'definitions'; write the rule out"
        scope.report.add(Mistake.NOT_ALLOWED_HERE, node.line, message)
        return None
    if name not in scope.named.nodes:
        known = suggestion(name, scope.named.nodes)
        message = f"unknown definition {name!r}{known}"
        scope.report.add(Mistake.UNKNOWN_DEFINITION, node.line, message)
        return None
    if name in scope.named.being_read:
        path = [*scope.named.being_read[scope.named.being_read.index(name) :], name]
        scope.report.add(Mistake.CYCLE, node.line, f"goes in a circle: {' -> '.join(path)}")
        return None
    return named_rule(name, scope)


def named_rule(name: str, scope: Scope) -> Rule | None:
    """The rule under ``definitions:`` with this name, read once."""
    named = scope.named
    if name not in named.rules:
        named.being_read.append(name)
        named.rules[name] = parse_rule(named.nodes[name], scope.at(f"definition {name!r}"))
        named.being_read.pop()
    return named.rules[name]


_COMPOSITE_RULES: Mapping[str, Callable[[Node, Scope], Rule | None]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "at_least": _at_least,
    "sex": _sex,
    "criterion": _criterion,
    "defined": _defined,
}

_REFERENCES = ("criterion", "defined")
RULE_KINDS = (*(kind for kind in _COMPOSITE_RULES if kind not in _REFERENCES), *LEAF_RULES, *_REFERENCES)
"""As the documentation has them."""
