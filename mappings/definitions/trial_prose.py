"""A whole trial definition as prose, for the physician who reviews it."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.concept import SYSTEMS, Concept
from mappings.definitions.rule_prose import RuleProse, plain_text
from mappings.definitions.uses import scores_of
from mappings.needs import concepts_of
from mappings.trial_definition import Catalog, Criterion, Recruitment, ScoreDefinition, TrialDefinition

_SYSTEM_NAMES = {uri: name for name, uri in SYSTEMS.items()}


def describe(trial: TrialDefinition, catalog: Catalog) -> str:
    """Markdown: each criterion in the protocol's words, our reading and the rule; then scores and codes."""
    prose = RuleProse(catalog, {criterion.id: criterion.label for criterion in trial.criteria})
    lines = _head(trial)
    lines += ["", "## What the published criteria leave out", ""]
    lines += _bullets(trial.not_encoded) or ["Nothing is marked as left out."]
    lines += ["", "## When a card is shown", ""]
    if trial.gate_interpretation:
        lines += ["Our reading:", "", *_bullets(trial.gate_interpretation), "", "All in all:", ""]
    lines += prose.bullets(trial.show_card_when_met)
    lines += ["", "## Criteria"]
    for number, criterion in enumerate(trial.criteria, 1):
        lines += _criterion(number, criterion, prose)
    if trial.show:
        lines += ["", "## Shown, never counted", "", f"- {prose.names(trial.show, 'and')}"]
    for name in scores_of(trial):
        lines += _score(catalog.scores[name], RuleProse(catalog, {}, in_score=True))
    lines += _recruitment(trial.recruitment)
    lines += ["", "## What the names mean"]
    concepts = (catalog.concepts[name] for name in concepts_of([trial], catalog))
    for concept in sorted(concepts, key=lambda concept: concept.display.lower()):
        lines += _concept(concept, prose)
    return "\n".join(lines) + "\n"


def _head(trial: TrialDefinition) -> list[str]:
    facts = trial.facts
    signed = (
        f"reviewed by {plain_text(facts.reviewed_by)}" if facts.reviewed_by else "not reviewed by a physician"
    )
    return [
        f"# {plain_text(facts.title)}",
        "",
        f"- Trial: {facts.id} ({facts.registry_url}), registry copy of {facts.registry_copy_of.isoformat()}",
        f"- Definition: version {plain_text(facts.version)}, {facts.status}, {signed}",
        f"- Digest: `{facts.digest}`",
    ]


def _criterion(number: int, criterion: Criterion, prose: RuleProse) -> list[str]:
    lines = ["", f"### {number}. {plain_text(criterion.label)} (`{criterion.id}`)", ""]
    lines += [f"> {plain_text(criterion.protocol)}", "", "Our reading:", ""]
    lines += _bullets(criterion.interpretation) or ["- The protocol's words, with nothing added."]
    if criterion.applies_when is not None:
        lines += ["", "It applies only when:", "", *prose.bullets(criterion.applies_when)]
    return [*lines, "", "It is met when:", "", *prose.bullets(criterion.require)]


def _score(score: ScoreDefinition, prose: RuleProse) -> list[str]:
    lines = ["", f"## Score: {plain_text(score.label)} (`{score.id}`)", ""]
    lines.append(f"At most {score.maximum} points. In each domain the highest item counts.")
    if score.needs_group:
        lines.append(f"At least one item of the group {plain_text(score.needs_group)} must be met.")
    if score.recorded_as:
        lines.append(f"A recorded total is read from: {prose.names([score.recorded_as])}.")
    if score.source:
        lines.append(f"Source: {plain_text(score.source)}")
    if score.entry is not None:
        lines += ["", "Entry criterion:", "", *prose.bullets(score.entry)]
    for item in score.items:
        cause = "; may have another cause" if item.may_have_other_cause else ""
        lines += ["", f"### {plain_text(item.label)}: {item.points}", ""]
        lines += [f"Domain {plain_text(item.domain)}; settled by {item.settled_by}{cause}.", ""]
        lines += [*_bullets(item.interpretation), *([""] if item.interpretation else [])]
        lines += prose.bullets(item.require)
    return lines


def _recruitment(recruitment: Recruitment | None) -> list[str]:
    if recruitment is None:
        return []
    lines = ["", "## Recruitment (not part of what is signed)", ""]
    lines.append(f"- {recruitment.status}, as of {recruitment.as_of}")
    lines += [f"- Site: {plain_text(site)}" for site in recruitment.sites]
    lines += [f"- Contact: {plain_text(contact)}" for contact in recruitment.contacts]
    return [*lines, *([f"- Places: {recruitment.places}"] if recruitment.places is not None else [])]


def _concept(concept: Concept, prose: RuleProse) -> list[str]:
    unit = f", in `{concept.unit}`" if concept.unit else ""
    lines = ["", f"### {plain_text(concept.display)} (`{concept.id}`)", "", f"A {concept.kind}{unit}.", ""]
    for other, factor in concept.conversions.items():
        lines.append(f"- 1 `{other}` is {factor:.9g} `{concept.unit}`")
    lines += _answers(concept)
    for code in concept.codes:
        lines.append(
            f"- {_SYSTEM_NAMES.get(code.system, code.system)} `{code.code}` {plain_text(code.display)}"
        )
    if concept.names:
        lines.append(f"- By name: {plain_text(', '.join(concept.names))}")
    if concept.excluding:
        lines.append(f"- Not where the same diagnosis has a code of: {prose.names(concept.excluding)}")
    if concept.covers_days is not None:
        lines.append(f"- One administration counts for {concept.covers_days} days")
    return [*lines, *([f"- Source: {plain_text(concept.source)}"] if concept.source else [])]


def _answers(concept: Concept) -> list[str]:
    lines = []
    if concept.whole_number_to is not None:
        lines.append(f"- A whole number from 0 to {concept.whole_number_to}; anything else is unreadable")
    if concept.positive_above is not None:
        lines.append(f"- Positive above {concept.positive_above:g}")
    if concept.positive_from is not None:
        lines.append(f"- Positive from {concept.positive_from:g}")
    for word, token in concept.from_range.items():
        lines.append(f"- The laboratory's own “{word}” means {plain_text(token)}")
    for token, ways in concept.answers.items():
        lines.append(f"- “{plain_text(token)}” is also said by: {plain_text(', '.join(sorted(ways)))}")
    imprecise = sorted(concept.imprecise_when_positive)
    return [
        *lines,
        *(f"- A positive answer under {plain_text(code)} is too imprecise to count" for code in imprecise),
    ]


def _bullets(texts: Iterable[str]) -> list[str]:
    return [f"- {plain_text(text)}" for text in texts]
