"""The worksheet on the review sheet: what a clinician is asked, what it settles, and how long it counts."""

from __future__ import annotations

from itertools import groupby

from mappings.attesting.codes import ANSWER_WORDS
from mappings.attesting.deciding import asked_in, said_by
from mappings.attesting.forms import look_back, strikable
from mappings.definitions.review.wording import Speaker
from mappings.language import message
from mappings.trial_definition import Catalog, Criterion, Question, TrialDefinition
from mappings.verdicts import MET, NOT_MET, Verdict

_HEAD = message("## What a clinician is asked")
_WHY = message(
    "An answer decides only where the record leaves the criterion unknown, and not because something could "
    "not be read. The latest one counts; how long it counts is ours."
)
_QUESTION = message("### {question} (`{id}`)")
_YES_NO = message("- Answers: yes, no or unsure; unsure takes an earlier answer back.")
_NUMBER = message(
    "- Answers: a whole number from {least} to {most}, or unsure; unsure takes an earlier answer back."
)
_SETTLES = message("- It settles the criterion “{label}” (`{id}`).")
_DECIDES = message("- The criterion is met by the answer {met}, and not met by {not_met}.")
_RANGE = message("{first} to {last}")
_SETTLES_NOTHING = message("- It settles no criterion; it is shown.")
_COUNTS = message("- It counts for {window}.")
_STRIKES = message("### Items that may be struck: {score}")
_STRIKES_COUNT = message("- A strike counts for {window}.")
_STRIKES_STAY = message("- A strike counts until it is taken back.")
_ITEMS = message("- {items}")


def worksheet_lines(trial: TrialDefinition, catalog: Catalog, speaker: Speaker) -> list[str]:
    """The part of the sheet; nothing if there is nothing to ask and nothing to strike."""
    worksheet, say, struck = trial.worksheet, speaker.say, strikable(trial, catalog)
    if not worksheet.questions and not struck:
        return []
    lines = ["", say(_HEAD), "", say(_WHY)]
    if worksheet.interpretation:
        lines += ["", *speaker.bullets(worksheet.interpretation)]
    criteria = {criterion.id: criterion for criterion in trial.criteria}
    for question in worksheet.questions:
        lines += _question(question, criteria.get(question.settles), speaker)
    for score, items in struck.items():
        lines += ["", say(_STRIKES, score=speaker.plain(catalog.scores[score].label)), ""]
        names = [speaker.plain(item.label) for item in items]
        lines.append(say(_ITEMS, items=speaker.listed(names, "and")))
        window = look_back(trial, score) or worksheet.strikes_count_for
        counts = say(_STRIKES_COUNT, window=speaker.window(window)) if window else say(_STRIKES_STAY)
        lines.append(counts)
    return lines


def _question(question: Question, criterion: Criterion | None, speaker: Speaker) -> list[str]:
    say = speaker.say
    lines = ["", say(_QUESTION, question=speaker.plain(question.text), id=question.id), ""]
    if question.is_number:
        lines.append(say(_NUMBER, least=question.least, most=question.most))
    else:
        lines.append(say(_YES_NO))
    if criterion is None:
        lines.append(say(_SETTLES_NOTHING))
    else:
        lines.append(say(_SETTLES, label=speaker.plain(criterion.label), id=criterion.id))
        lines += _deciding(question, criterion, speaker)
    lines.append(say(_COUNTS, window=speaker.window(question.counts_for)))
    return [*lines, *speaker.bullets(question.interpretation)]


def _deciding(question: Question, criterion: Criterion, speaker: Speaker) -> list[str]:
    """Which answers make the criterion met, and which do not."""
    asked = asked_in(criterion.require)
    if asked is None:
        return []
    ways: dict[Verdict, list[str]] = {}
    for verdict, answers in groupby(question.choices, lambda answer: said_by(answer, asked)):
        run = [speaker.say(ANSWER_WORDS.get(answer, answer)) for answer in answers]
        some = speaker.say(_RANGE, first=run[0], last=run[-1]) if len(run) > 1 else run[0]
        ways.setdefault(verdict, []).append(some)
    met, not_met = (speaker.listed(ways.get(verdict, ()), "or") for verdict in (MET, NOT_MET))
    return [speaker.say(_DECIDES, met=met, not_met=not_met)]
