"""The review sheet: a whole trial definition as prose, for the physician who reads and signs it."""

from __future__ import annotations

from functools import reduce

from mappings.concept import Concept
from mappings.definitions.review.concept_prose import ConceptProse
from mappings.definitions.review.look_backs import look_backs_of
from mappings.definitions.review.rule_prose import RuleProse
from mappings.definitions.review.wording import Speaker, plain_text
from mappings.definitions.review.worksheet_prose import worksheet_lines
from mappings.definitions.uses import groups_in, scores_of
from mappings.language import ENGLISH, Language, message
from mappings.needs import concepts_of, with_excluded
from mappings.results import TrialFacts
from mappings.trial_definition import (
    Catalog,
    Criterion,
    Recruitment,
    ScoreDefinition,
    ScoreItem,
    TrialDefinition,
)

_TRIAL = message("- Trial: {id} ({url}), registry copy of {day}")
_DEFINITION = message("- Definition: version {version}, {status}, {signed}")
_SIGNED = message("reviewed by {reviewer} on {day}")
_NOT_SIGNED = message("not reviewed by a physician")
_SHORT_TITLE = message("- On a card: {title}")
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
_GROUPS = message("## Groups")
_GROUP = message("- {group} (`{id}`): {members}")
_NO_READING = message("- No reading is written down.")
_APPLIES = message("It applies only when:")
_MET_WHEN = message("It is met when:")
_SCORE = message("## Score: {label} (`{id}`)")
_SCORE_RULE = message("At most {maximum} points. In each domain the highest item counts.")
_NEEDS_GROUP = message("At least one item of the group {group} must be met.")
_RECORDED_AS = message("A recorded total is read from: {names}.")
_SOURCE = message("Source: {source}")
_ENTRY = message("Entry criterion:")
_DOMAIN = message("Domain {domain}.")
_OF_GROUP = message("Group {group}.")
_SETTLED_BY = message("Settled by {by}.")
_OTHER_CAUSE = message("May have another cause.")
_SENTENCES = message("{first} {second}")
_BY = {"laboratory": message("laboratory"), "examination": message("examination")}
_RECRUITMENT = message("## Recruitment (not part of what is signed)")
_RECRUITING = message("- {status}, as of {day}")
_SITE = message("- Site: {site}")
_CONTACT = message("- Contact: {contact}")
_PLACES = message("- Places: {places}")
_LOOK_BACKS = message("## Look-backs")
_LOOK_BACKS_WHY = message(
    "How old a fact may be to count, or how long a treatment must have lasted. Unless the protocol is quoted "
    "with it, the number is ours."
)
_LASTING = message("more than {window}, without a break")
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
        lines += self._groups()
        lines += ["", say(_NAMES)]
        prose = ConceptProse(self.prose)
        for concept in self._concepts():
            lines += prose.lines(concept)
        return [*lines, *self._signature(trial.facts)]

    def _concepts(self) -> list[Concept]:
        """All that is signed, by their names."""
        ids = with_excluded(concepts_of([self.trial], self.catalog), self.catalog)
        found = (self.catalog.concepts[name] for name in ids)
        return sorted(found, key=lambda concept: (concept.display.lower(), concept.id))

    def _groups(self) -> list[str]:
        """Which concepts the groups are that the author names."""
        groups = [self.catalog.groups[name] for name in groups_in(self.trial, self.catalog)]
        lines = ["", self.say(_GROUPS), ""] if groups else []
        for group in sorted(groups, key=lambda group: (group.display.lower(), group.id)):
            name, members = self.speaker.plain(group.display), self.prose.names(group.members, "and")
            lines.append(self.say(_GROUP, group=name, id=group.id, members=members))
        return lines

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
            say(_SHORT_TITLE, title=self.speaker.plain(facts.short_title)),
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
        lines += speaker.bullets(criterion.interpretation) or [say(_NO_READING)]
        if criterion.applies_when is not None:
            lines += ["", say(_APPLIES), "", *self.prose.bullets(criterion.applies_when)]
        return [*lines, "", say(_MET_WHEN), "", *self.prose.bullets(criterion.require)]

    def _look_backs(self) -> list[str]:
        say = self.say
        rows = []
        for back in look_backs_of(self.trial, self.catalog):
            label = self.speaker.plain(self.labels[back.where]) if back.where else say(_CARD)
            score = self.catalog.scores[back.names[0]] if back.of == "score" else None
            what = self.speaker.plain(score.label) if score else self.prose.names(back.names, "and")
            window = self.speaker.window(back.window)
            window = say(_LASTING, window=window) if back.of == "treatment" else window
            rows.append(f"| {label} | {what} | {window} |")
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
        """Its domain if it shares one, its group, what settles it, and whether it may have another cause."""
        say = self.say
        said = [] if item.domain == item.id else [say(_DOMAIN, domain=self.speaker.plain(item.domain))]
        said += [say(_OF_GROUP, group=self.speaker.plain(item.group))] if item.group else []
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

    def _signature(self, facts: TrialFacts) -> list[str]:
        say, digest = self.say, f"`{facts.digest}`"
        command = f"`trialhook trials sign {facts.id} --reviewer NAME --digest {facts.digest[:19]}`"
        lines = ["", say(_SIGNATURE), "", say(_SIGN_WHAT), ""]
        lines += [
            f"{say(line)} \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_  "
            for line in _SIGN_LINES
        ]
        return [*lines, "", say(_SIGN_DIGEST, digest=digest), "", say(_SIGN_RECORD, command=command)]
