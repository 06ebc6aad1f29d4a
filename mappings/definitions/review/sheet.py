"""The review sheet: a whole trial definition as prose, for the physician who reads and signs it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import groupby

from mappings.concept import SYSTEMS, Code, Concept
from mappings.definitions.review.look_backs import look_backs_of
from mappings.definitions.review.rule_prose import RuleProse
from mappings.definitions.review.wording import Speaker, plain_text
from mappings.definitions.review.worksheet_prose import worksheet_lines
from mappings.definitions.uses import scores_of
from mappings.language import ENGLISH, Language, message
from mappings.needs import concepts_of
from mappings.results import TrialFacts
from mappings.trial_definition import (
    Catalog,
    Criterion,
    Recruitment,
    ScoreDefinition,
    ScoreItem,
    TrialDefinition,
)

_SYSTEM_NAMES = {uri: name for name, uri in SYSTEMS.items()}

_TRIAL = message("- Trial: {id} ({url}), registry copy of {day}")
_DEFINITION = message("- Definition: version {version}, {status}, {signed}")
_SIGNED = message("reviewed by {reviewer} on {day}")
_NOT_SIGNED = message("not reviewed by a physician")
_DIGEST = message("- Digest: {digest}")
_QUOTED = message(
    "The protocol is quoted in the words of its source. Everything else is our reading, for you to sign or "
    "strike."
)
_LEFT_OUT = message("## What the published criteria leave out")
_NOTHING_LEFT_OUT = message("Nothing is marked as left out.")
_GATE = message("## When a card is shown")
_READING = message("Our reading:")
_ALL_IN_ALL = message("All in all:")
_INCLUSION = message("## Inclusion criteria")
_EXCLUSION = message("## Exclusion criteria")
_SHOWN = message("## Shown, never counted")
_NAMES = message("## What the names mean")
_NOTHING_ADDED = message("- The protocol's words, with nothing added.")
_APPLIES = message("It applies only when:")
_MET_WHEN = message("It is met when:")
_SCORE = message("## Score: {label} (`{id}`)")
_SCORE_RULE = message("At most {maximum} points. In each domain the highest item counts.")
_NEEDS_GROUP = message("At least one item of the group {group} must be met.")
_RECORDED_AS = message("A recorded total is read from: {names}.")
_SOURCE = message("Source: {source}")
_ENTRY = message("Entry criterion:")
_DOMAIN = message("Domain {domain}.")
_SETTLED_BY = message("Settled by {by}.")
_OTHER_CAUSE = message("May have another cause.")
_SENTENCES = message("{first} {second}")
_BY = {"laboratory": message("laboratory"), "examination": message("examination")}
_RECRUITMENT = message("## Recruitment (not part of what is signed)")
_RECRUITING = message("- {status}, as of {day}")
_SITE = message("- Site: {site}")
_CONTACT = message("- Contact: {contact}")
_PLACES = message("- Places: {places}")
_KIND = message("A {kind}.")
_KIND_IN = message("A {kind}, in {unit}.")
_CONVERSION = message("- 1 {unit} is {amount} {canonical}")
_MOST_CODES = 100
"""Of one system and concept, each with a line of its own."""
_CATEGORY = message("- {system} {first} to {last}, {count} codes, the first of which: {display}")
_PRODUCTS = message("- {count} codes of products, from: {source}")
_BY_NAME = message("- By name: {names}")
_NOT_WHERE = message("- Not where the same diagnosis has a code of: {names}")
_COVERS = message("- One administration counts for {days} days")
_WHOLE = message("- A whole number from 0 to {limit}; anything else is unreadable")
_POSITIVE_ABOVE = message("- Positive above {limit}")
_POSITIVE_FROM = message("- Positive from {limit}")
_RANGE = message("- The laboratory's own “{word}” means {token}")
_ANSWER = message("- “{token}” is also said by: {ways}")
_BLOOD_CELLS = message("- Counted in blood: a number only in per cent or per volume, and no other specimen")
_IMPRECISE = message("- A positive answer under {code} is too imprecise to count")
_LOOK_BACKS = message("## Look-backs")
_LOOK_BACKS_WHY = message(
    "How old a fact may be to count. Unless the protocol is quoted with it, the number is ours."
)
_LOOK_BACK_HEAD = message("| Criterion | Of | Within |")
_CARD = message("when a card is shown")
_SIGNATURE = message("## Signature")
_SIGN_WHAT = message(
    "I have read the criteria above beside the protocol. What I strike or correct, I have written beside it."
)
_SIGN_LINES = (message("Name:"), message("Position:"), message("Date:"), message("Signature:"))
_SIGN_DIGEST = message(
    "This signature is for the digest {digest}. After any change to the criteria, scores, codes or "
    "units it holds no more."
)
_SIGN_RECORD = message("To record it: {command}")


def describe(trial: TrialDefinition, catalog: Catalog, language: Language = ENGLISH) -> str:
    """Markdown: each criterion in the protocol's words, our reading and the rule; then scores and codes,
    all look-backs, and a place to sign."""
    return "\n".join(_Sheet(trial, catalog, Speaker(language)).lines()) + "\n"


class _Sheet:
    """One trial's sheet in one language."""

    def __init__(self, trial: TrialDefinition, catalog: Catalog, speaker: Speaker) -> None:
        self.trial, self.catalog, self.speaker = trial, catalog, speaker
        self.say = speaker.say
        labels = {criterion.id: criterion.label for criterion in trial.criteria}
        self.labels = labels
        self.prose = RuleProse(catalog, labels, speaker=speaker)

    def lines(self) -> list[str]:
        """The whole sheet."""
        trial, say = self.trial, self.say
        left_out = self.speaker.bullets(trial.not_encoded) or [say(_NOTHING_LEFT_OUT)]
        lines = [*self._head(trial.facts), "", say(_LEFT_OUT), "", *left_out, "", say(_GATE), ""]
        if trial.gate_interpretation:
            lines += [say(_READING), "", *self.speaker.bullets(trial.gate_interpretation), ""]
            lines += [say(_ALL_IN_ALL), ""]
        lines += self.prose.bullets(trial.show_card_when_met)
        lines += self._criteria()
        if trial.show:
            lines += ["", say(_SHOWN), "", f"- {self.prose.names(trial.show, 'and')}"]
        lines += worksheet_lines(trial, self.catalog, self.speaker)
        lines += self._look_backs()
        for name in scores_of(trial):
            lines += self._score(self.catalog.scores[name])
        lines += self._recruitment(trial.recruitment)
        lines += ["", say(_NAMES)]
        concepts = [self.catalog.concepts[name] for name in concepts_of([trial], self.catalog)]
        for concept in sorted(concepts, key=lambda concept: concept.display.lower()):
            lines += self._concept(concept)
        return [*lines, *self._signature(trial.facts)]

    def _head(self, facts: TrialFacts) -> list[str]:
        say = self.say
        signed = say(_NOT_SIGNED)
        if facts.reviewed_on is not None:
            reviewer, day = plain_text(facts.reviewed_by), facts.reviewed_on.isoformat()
            signed = say(_SIGNED, reviewer=reviewer, day=day)
        return [
            f"# {self.speaker.plain(facts.title)}",
            "",
            say(_TRIAL, id=facts.id, url=facts.registry_url, day=facts.registry_copy_of.isoformat()),
            say(_DEFINITION, version=plain_text(facts.version), status=say(facts.status), signed=signed),
            say(_DIGEST, digest=f"`{facts.digest}`"),
            "",
            say(_QUOTED),
        ]

    def _criteria(self) -> list[str]:
        """All under their headings, numbered through."""
        lines: list[str] = []
        heading = ""
        for number, criterion in enumerate(self.trial.criteria, 1):
            under = _EXCLUSION if criterion.kind == "exclusion" else _INCLUSION
            lines += ["", self.say(under)] if under != heading else []
            heading = under
            lines += self._criterion(number, criterion)
        return lines

    def _criterion(self, number: int, criterion: Criterion) -> list[str]:
        say, speaker = self.say, self.speaker
        lines = ["", f"### {number}. {speaker.plain(criterion.label)} (`{criterion.id}`)", ""]
        lines += [f"> {plain_text(criterion.protocol)}", "", say(_READING), ""]
        lines += speaker.bullets(criterion.interpretation) or [say(_NOTHING_ADDED)]
        if criterion.applies_when is not None:
            lines += ["", say(_APPLIES), "", *self.prose.bullets(criterion.applies_when)]
        return [*lines, "", say(_MET_WHEN), "", *self.prose.bullets(criterion.require)]

    def _look_backs(self) -> list[str]:
        say = self.say
        rows = []
        for where, names, window, of_score in look_backs_of(self.trial, self.catalog):
            label = self.speaker.plain(self.labels[where]) if where else say(_CARD)
            score = self.catalog.scores[names[0]] if of_score else None
            what = self.speaker.plain(score.label) if score else self.prose.names(names, "and")
            rows.append(f"| {label} | {what} | {self.speaker.window(window)} |")
        table = [say(_LOOK_BACK_HEAD), "|---|---|---|", *dict.fromkeys(rows)]
        return ["", say(_LOOK_BACKS), "", say(_LOOK_BACKS_WHY), "", *table] if rows else []

    def _score(self, score: ScoreDefinition) -> list[str]:
        say, speaker = self.say, self.speaker
        prose = RuleProse(self.catalog, {}, in_score=True, speaker=speaker)
        lines = ["", say(_SCORE, label=speaker.plain(score.label), id=score.id), ""]
        lines.append(say(_SCORE_RULE, maximum=score.maximum))
        if score.needs_group:
            lines.append(say(_NEEDS_GROUP, group=speaker.plain(score.needs_group)))
        if score.recorded_as:
            lines.append(say(_RECORDED_AS, names=prose.names([score.recorded_as])))
        if score.source:
            lines.append(say(_SOURCE, source=plain_text(score.source)))
        if score.entry is not None:
            lines += ["", say(_ENTRY), "", *prose.bullets(score.entry)]
        for item in score.items:
            lines += ["", f"### {speaker.plain(item.label)}: {item.points}", ""]
            lines += [self._about(item), ""]
            lines += [*speaker.bullets(item.interpretation), *([""] if item.interpretation else [])]
            lines += prose.bullets(item.require)
        return lines

    def _about(self, item: ScoreItem) -> str:
        """Its domain, unless it is one of its own, what settles it, and whether it may have another cause."""
        say = self.say
        said = [] if item.domain == item.id else [say(_DOMAIN, domain=self.speaker.plain(item.domain))]
        said.append(say(_SETTLED_BY, by=say(_BY[item.settled_by])))
        said += [say(_OTHER_CAUSE)] if item.may_have_other_cause else []
        return reduce(lambda first, second: say(_SENTENCES, first=first, second=second), said)

    def _recruitment(self, recruitment: Recruitment | None) -> list[str]:
        if recruitment is None:
            return []
        say = self.say
        lines = ["", say(_RECRUITMENT), ""]
        lines.append(say(_RECRUITING, status=say(recruitment.status), day=recruitment.as_of))
        lines += [say(_SITE, site=self.speaker.plain(site)) for site in recruitment.sites]
        lines += [say(_CONTACT, contact=plain_text(contact)) for contact in recruitment.contacts]
        places = recruitment.places
        return [*lines, *([say(_PLACES, places=places)] if places is not None else [])]

    def _concept(self, concept: Concept) -> list[str]:
        say = self.say
        kind = say(concept.kind)
        told = say(_KIND_IN, kind=kind, unit=f"`{concept.unit}`") if concept.unit else say(_KIND, kind=kind)
        lines = ["", f"### {self.speaker.plain(concept.display)} (`{concept.id}`)", "", told, ""]
        for other, factor in concept.conversions.items():
            canonical, amount = f"`{concept.unit}`", f"{float(factor):.9g}"
            lines.append(say(_CONVERSION, unit=f"`{other}`", amount=amount, canonical=canonical))
        lines += self._answers(concept)
        for system, codes in groupby(concept.codes, lambda code: code.system):
            lines += self._codes(_SYSTEM_NAMES.get(system, system), list(codes))
        for products in concept.products:
            lines.append(say(_PRODUCTS, count=len(products.codes), source=plain_text(products.source)))
        if concept.names:
            lines.append(say(_BY_NAME, names=plain_text(", ".join(concept.names))))
        if concept.excluding:
            lines.append(say(_NOT_WHERE, names=self.prose.names(concept.excluding)))
        if concept.covers_days is not None:
            lines.append(say(_COVERS, days=concept.covers_days))
        return [*lines, *([f"- {say(_SOURCE, source=plain_text(concept.source))}"] if concept.source else [])]

    def _codes(self, system: str, codes: Sequence[Code]) -> list[str]:
        """One line for each code; of very many, for each category, which in ICD-10 has three characters."""
        if len(codes) <= _MOST_CODES:
            return [f"- {system} `{code.code}` {plain_text(code.display)}" for code in codes]
        lines = []
        for _, category in groupby(codes, lambda code: code.code[:3]):
            members = list(category)
            if len(members) == 1:
                lines += self._codes(system, members)
                continue
            first, last = (f"`{members[end].code}`" for end in (0, -1))
            told = {"count": len(members), "display": plain_text(members[0].display)}
            lines.append(self.say(_CATEGORY, system=system, first=first, last=last, **told))
        return lines

    def _answers(self, concept: Concept) -> list[str]:
        say = self.say
        lines = []
        if concept.whole_number_to is not None:
            lines.append(say(_WHOLE, limit=concept.whole_number_to))
        if concept.positive_above is not None:
            lines.append(say(_POSITIVE_ABOVE, limit=f"{concept.positive_above:g}"))
        if concept.positive_from is not None:
            lines.append(say(_POSITIVE_FROM, limit=f"{concept.positive_from:g}"))
        if concept.blood_cells:
            lines.append(say(_BLOOD_CELLS))
        for word, token in concept.from_range.items():
            lines.append(say(_RANGE, word=word, token=plain_text(token)))
        for token, ways in concept.answers.items():
            said = plain_text(", ".join(sorted(ways)))
            lines.append(say(_ANSWER, token=plain_text(token), ways=said))
        codes = sorted(concept.imprecise_when_positive)
        return [*lines, *(say(_IMPRECISE, code=plain_text(code)) for code in codes)]

    def _signature(self, facts: TrialFacts) -> list[str]:
        say, digest = self.say, f"`{facts.digest}`"
        command = f"`trialhook trials sign {facts.id} --reviewer NAME --digest {facts.digest[:19]}`"
        lines = ["", say(_SIGNATURE), "", say(_SIGN_WHAT), ""]
        lines += [
            f"{say(line)} \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_  "
            for line in _SIGN_LINES
        ]
        return [*lines, "", say(_SIGN_DIGEST, digest=digest), "", say(_SIGN_RECORD, command=command)]
