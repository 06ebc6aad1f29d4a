"""Trial files: the protocol's words beside the rules that encode them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple, cast

from mappings.definitions.faults import Mistake, Report
from mappings.definitions.parsing.fields import Fields, fields_of, text_nodes_of
from mappings.definitions.parsing.names import Names, Vocabulary
from mappings.definitions.parsing.rule_parser import named_rule, parse_rule
from mappings.definitions.parsing.scope import NamedRules, Scope
from mappings.definitions.parsing.source import ListNode, MapNode, Node, TextNode
from mappings.definitions.worksheet_parser import parse_worksheet
from mappings.results import TrialFacts
from mappings.rules import All, Not, Rule
from mappings.trial_definition import Criterion, Recruitment, TrialDefinition

STATUSES = ("draft", "reviewed", "active", "closed")
_RECRUITMENT = ("recruiting", "full", "closed", "unknown")
_URL = re.compile(r"https?://[^\s<>()\"']+")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST_SHORT_TITLE = 70
_NO_DAY = date(1, 1, 1)


class TrialSource(NamedTuple):
    """A trial as read (its digest is not yet known), with what later checks need.

    ``lines`` holds the line of each criterion, and of its protocol text under ``ID protocol``.
    """

    trial: TrialDefinition
    node: MapNode
    report: Report
    id_line: int
    status_line: int
    lines: Mapping[str, int]
    gate_line: int
    source_text: str
    source_line: int
    used_groups: frozenset[str]


def parse_trial_file(
    root: MapNode, vocabulary: Vocabulary, scores: Mapping[str, int] | None, report: Report
) -> TrialSource | None:
    """The trial that a file holds. ``scores``, with their maxima, is None if not all could be read."""
    fields = Fields(root, report)
    fields.choice("schema", ("1",), needed=True)
    head = fields.fields("trial", needed=True)
    source = head.fields("source", needed=True) if head else None
    text_file = _text_file(source) if source else ""
    facts = _facts(head, source) if head and source else None
    listed = vocabulary.check_listed(text_nodes_of(fields.get("concepts"), "concepts", report), report)
    names = Names(vocabulary, listed)
    nodes = [*_criterion_nodes(fields, "inclusion"), *_criterion_nodes(fields, "exclusion")]
    scope = Scope(names, report, "latest", _ids(nodes), scores, _named_rules(fields), in_score=False)
    lines: dict[str, int] = {}
    trial = _trial(facts, fields, scope, lines)
    fields.close()
    if head is None or source is None or facts is None or not facts.id:
        return None
    return TrialSource(
        trial=trial,
        node=root,
        report=report,
        id_line=head.line("id"),
        status_line=head.line("status"),
        lines=lines,
        gate_line=fields.line("show_card_when_met"),
        source_text=text_file,
        source_line=source.line("text"),
        used_groups=frozenset(names.used_groups),
    )


def _trial(facts: TrialFacts | None, fields: Fields, scope: Scope, lines: dict[str, int]) -> TrialDefinition:
    criteria = _criteria(fields, scope, lines)
    trial = TrialDefinition(
        facts=facts or TrialFacts("", "", "", "draft", "", "", "", _NO_DAY),
        criteria=criteria,
        show_card_when_met=_gate(fields, scope),
        gate_interpretation=fields.texts("show_card_interpretation"),
        not_encoded=fields.texts("not_encoded"),
        show=scope.names.members(fields.text_nodes("show"), (), scope.report),
        recruitment=_recruitment(fields),
        worksheet=parse_worksheet(fields, criteria, scope),
    )
    for name in scope.named.nodes:
        named_rule(name, scope)
    return trial


def _facts(head: Fields, source: Fields) -> TrialFacts:
    title = head.need_text("title")
    copied = source.date("copy_of") if source.need("copy_of") else None
    source.need_text("registry")
    facts = TrialFacts(
        id=head.need_id(),
        title=title,
        short_title=_short_title(head, title),
        status=head.choice("status", STATUSES, "draft", needed=True),
        version=head.need_text("version"),
        digest="",
        registry_url=_url(source),
        registry_copy_of=copied or _NO_DAY,
    )
    source.close()
    head.close()
    return facts


def _short_title(head: Fields, title: str) -> str:
    short = head.text("short_title", title)
    if len(short) > _LONGEST_SHORT_TITLE:
        key = "short_title" if "short_title" in head.node.entries else "title"
        message = (
            f"'short_title' has {len(short)} characters; a card's summary has room for {_LONGEST_SHORT_TITLE}"
        )
        head.report.add(Mistake.TOO_LONG, head.line(key), message)
    return short


def _url(source: Fields) -> str:
    url = source.need_text("url")
    if url and not _URL.fullmatch(url):
        source.report.add(Mistake.NOT_A_URL, source.line("url"), f"{url!r} is not a web address")
    return url


def _text_file(source: Fields) -> str:
    name = source.text("text")
    if name and not _FILE_NAME.fullmatch(name):
        message = f"'text' is {name!r}; name a file in the trial's own folder"
        source.report.add(Mistake.WRONG_FILE_NAME, source.line("text"), message)
        return ""
    return name


def _named_rules(fields: Fields) -> NamedRules:
    inner = fields.fields("definitions")
    return NamedRules(inner.node.entries if inner else {})


def _criterion_nodes(fields: Fields, key: str) -> tuple[Node, ...]:
    node = fields.get(key)
    return node.items if isinstance(node, ListNode) else ()


def _ids(nodes: list[Node]) -> tuple[str, ...]:
    found = [node.entries.get("id") for node in nodes if isinstance(node, MapNode)]
    return tuple(node.value.strip() for node in found if isinstance(node, TextNode))


def _criteria(fields: Fields, scope: Scope, lines: dict[str, int]) -> tuple[Criterion, ...]:
    found = []
    parts = [(node, "require") for node in fields.items("inclusion", needed=True)]
    parts += [(node, "exclude") for node in fields.items("exclusion")]
    for node, key in parts:
        criterion = _criterion(node, key, scope, lines)
        if criterion is not None:
            found.append(criterion)
    if not parts and "inclusion" in fields.node.entries:
        scope.report.add(Mistake.WRONG_SHAPE, fields.line("inclusion"), "the trial has no criteria")
    return tuple(found)


def _criterion(node: Node, key: str, scope: Scope, lines: dict[str, int]) -> Criterion | None:
    fields = fields_of(node, "a criterion", scope.report)
    if fields is None:
        return None
    name = fields.need_id()
    fields.report = scope.report.at(f"criterion {name!r}")
    scope = scope.at(f"criterion {name!r}")
    if name in lines:
        message = f"the id {name!r} is taken by the criterion on line {lines[name]}"
        scope.report.add(Mistake.REPEATED_ID, node.line, message)
    lines.setdefault(name, fields.line("id"))
    lines.setdefault(f"{name} protocol", fields.line("protocol"))
    applies = fields.get("applies_when")
    criterion = Criterion(
        id=name,
        label=fields.text("label", name),
        protocol=fields.need_text("protocol"),
        interpretation=fields.texts("interpretation"),
        require=_requirement(fields, key, scope) or All(()),
        applies_when=parse_rule(applies, scope) if applies else None,
        kind="exclusion" if key == "exclude" else "inclusion",
    )
    _check_side(fields, key)
    fields.close(also_known=("require", "exclude"))
    return criterion if name else None


def _requirement(fields: Fields, key: str, scope: Scope) -> Rule | None:
    """``require``; in an exclusion criterion ``exclude``, whose contrary is required."""
    node = fields.get(key)
    if node is None:
        if _other(key) not in fields.node.entries:
            fields.need(key)
        return None
    rule = parse_rule(node, scope)
    return Not(rule) if rule and key == "exclude" else rule


def _check_side(fields: Fields, key: str) -> None:
    other = _other(key)
    if other in fields.node.entries:
        kind = "an inclusion" if key == "require" else "an exclusion"
        message = f"{other!r} in {kind} criterion; write {key!r}"
        fields.report.add(Mistake.NOT_ALLOWED_HERE, fields.line(other), message)


def _other(key: str) -> str:
    return "exclude" if key == "require" else "require"


def _gate(fields: Fields, scope: Scope) -> Rule:
    node = fields.need("show_card_when_met")
    return (parse_rule(node, scope.at("show_card_when_met")) if node else None) or All(())


def _recruitment(fields: Fields) -> Recruitment | None:
    inner = fields.fields("recruitment")
    if inner is None:
        return None
    status = inner.choice("status", _RECRUITMENT, "unknown", needed=True)
    as_of = inner.date("as_of") if inner.need("as_of") else None
    recruitment = Recruitment(
        status=cast(Literal["recruiting", "full", "closed", "unknown"], status),
        as_of=as_of.isoformat() if as_of else "",
        sites=inner.texts("sites"),
        contacts=inner.texts("contacts"),
        places=inner.whole_number("places"),
    )
    inner.close()
    return recruitment
