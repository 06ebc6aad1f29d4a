"""Score files: items with points and rules, and how they add up."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

from mappings.definitions.faults import Mistake, Report, suggestion
from mappings.definitions.parsing.fields import Fields, fields_of, text_nodes_of
from mappings.definitions.parsing.names import Names, Vocabulary
from mappings.definitions.parsing.rule_parser import parse_rule
from mappings.definitions.parsing.scope import Scope
from mappings.definitions.parsing.source import ListNode, MapNode, Node
from mappings.rules import All
from mappings.trial_definition import ScoreDefinition, ScoreItem


class ScoreSource(NamedTuple):
    """A score as read, the node it was read from, and the groups its rules name."""

    score: ScoreDefinition
    node: MapNode
    line: int
    report: Report
    used_groups: frozenset[str]


def parse_score_file(root: MapNode, vocabulary: Vocabulary, report: Report) -> ScoreSource | None:
    """The score that a file holds."""
    fields = Fields(root, report)
    fields.choice("schema", ("1",), needed=True)
    listed = vocabulary.check_listed(text_nodes_of(fields.get("concepts"), "concepts", report), report)
    head = fields.fields("score", needed=True)
    names = Names(vocabulary, listed)
    scope = Scope(names, report, pick="any")
    score = _score(head, fields, scope) if head else None
    fields.close(also_known=("entry", "needs_group", "items"))
    line = fields.line("score")
    return ScoreSource(score, root, line, report, frozenset(names.used_groups)) if score else None


def _score(head: Fields, fields: Fields, scope: Scope) -> ScoreDefinition | None:
    name = head.need_id()
    scope = scope.at(f"score {name!r}")
    head.report = fields.report = scope.report
    entry = fields.get("entry")
    items = _items(fields, scope)
    score = ScoreDefinition(
        id=name,
        label=head.need_text("label"),
        maximum=head.whole_number("maximum", needed=True) or 0,
        items=items,
        entry=parse_rule(entry, scope) if entry else None,
        needs_group=fields.text("needs_group"),
        recorded_as=_recorded_as(head, scope),
        source=head.text("source"),
    )
    head.close()
    _check_sums(score, head, fields)
    return score if name else None


def _recorded_as(head: Fields, scope: Scope) -> str:
    nodes = head.text_nodes("recorded_as")
    for node in nodes:
        scope.names.concept(node, ("measurement",), scope.report)
    return nodes[0].value if nodes else ""


def _items(fields: Fields, scope: Scope) -> tuple[ScoreItem, ...]:
    found: dict[str, ScoreItem] = {}
    for node in fields.items("items", needed=True):
        item = _item(node, scope)
        if item is not None and item.id in found:
            scope.report.add(Mistake.REPEATED_ID, node.line, f"a second item {item.id!r}")
        elif item is not None:
            found[item.id] = item
    if isinstance(listed := fields.get("items"), ListNode) and not listed.items:
        scope.report.add(Mistake.WRONG_SHAPE, listed.line, "'items' must be a list of at least one item")
    return tuple(found.values())


def _item(node: Node, scope: Scope) -> ScoreItem | None:
    fields = fields_of(node, "an item", scope.report)
    if fields is None:
        return None
    name = fields.need_id()
    scope = scope.at(f"item {name!r}")
    fields.report = scope.report
    points = fields.whole_number("points", needed=True)
    settled_by = fields.choice("settled_by", ("laboratory", "examination"), needed=True)
    require = fields.need("require")
    item = ScoreItem(
        id=name,
        label=fields.need_text("label"),
        points=points or 0,
        domain=fields.text("domain", name),
        group=fields.text("group"),
        settled_by=cast(Literal["laboratory", "examination"], settled_by or "examination"),
        require=(parse_rule(require, scope) if require else None) or All(()),
        may_have_other_cause=fields.flag("may_have_other_cause"),
        interpretation=fields.texts("interpretation"),
    )
    fields.close()
    if points == 0:
        scope.report.add(Mistake.NOT_A_NUMBER, fields.line("points"), "'points' must be at least 1")
    return item if name else None


def _check_sums(score: ScoreDefinition, head: Fields, fields: Fields) -> None:
    highest: dict[str, int] = {}
    for item in score.items:
        highest[item.domain] = max(item.points, highest.get(item.domain, 0))
    total = sum(highest.values())
    if score.maximum and total > score.maximum:
        message = f"the items reach {total} points, over the 'maximum' of {score.maximum}"
        head.report.add(Mistake.SCORE_OVER_MAXIMUM, head.line("maximum"), message)
    groups = {item.group for item in score.items}
    if score.needs_group and score.needs_group not in groups:
        known = suggestion(score.needs_group, sorted(groups - {""}))
        message = f"no item has the group {score.needs_group!r}{known}"
        fields.report.add(Mistake.UNKNOWN_ITEM_GROUP, fields.line("needs_group"), message)
