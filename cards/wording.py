"""Every sentence that a card can say, in English, in one place. Other languages translate them.

A text in ``message(...)`` is translated where it is shown, by ``Language.text``; the translations lie in
``mappings/language``. Words from data come in already escaped (or plain, for summaries and labels). Templates
are filled with ``str.format``; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from mappings.language import ENGLISH, Language, message
from mappings.verdicts import Reason

# What stands between words ----------------------------------------------------------------------------------

NAMES = message("{name}, {next}")
VALUES = message("{value}, {other}")
PHRASES = message("{phrase}; {next}")
SENTENCES = message("{sentence} {next}")
SENTENCE = message("{words}.")
LINE = message("{label}: {words}")
AND = message("{rest} and {last}")
OR = message("{rest} or {last}")

# Summary, labels, source ------------------------------------------------------------------------------------

SUMMARY = message("Possible candidate: {title}. {counts}")
SUMMARY_MET = message("{met} of {applicable} applicable criteria met")
SUMMARY_TO_CHECK = message("{met} of {applicable} applicable criteria met, {unknown} to check")
SOME_TRIAL = message("a clinical trial")
SOME_CRITERION = message("A criterion")

TOPIC_SYSTEM = "https://trialhook.example/fhir/CodeSystem/card-topic"
TOPIC = ("clinical-trial-match", message("Clinical trial match"))

REGISTRIES: Mapping[str, str] = {
    "clinicaltrials.gov": "ClinicalTrials.gov",
    "www.clinicaltrials.gov": "ClinicalTrials.gov",
}
"""Registries by the host of their pages."""
SOURCE_WITHOUT_REGISTRY = "trialhook"
STUDY_PAGE = message("Study page: {trial}")
WORKSHEET = message("Open the worksheet")
WORKSHEET_SIGN_IN = message("Open the worksheet (sign-in; once, within 15 minutes)")
TRIAL_PAGE = message("About this trial")

OVERRIDE_SYSTEM = "https://trialhook.example/fhir/CodeSystem/override-reason"
OVERRIDE_REASONS: tuple[tuple[str, str], ...] = (
    ("not-eligible", message("Does not meet the criteria")),
    ("patient-declined", message("Patient declined")),
    ("already-referred", message("Already referred or enrolled")),
    ("other-study", message("Takes part in another study")),
    ("not-now", message("Not now: ask again later")),
    ("too-burdensome", message("Too burdensome for this patient")),
    ("out-of-reach", message("Trial site out of reach")),
    ("not-advised", message("I advise against this trial for this patient")),
)

# Suggestions ------------------------------------------------------------------------------------------------

REFER = message("Refer for screening: {trial}")
REFER_ACTION = message("Create a draft referral for screening for {trial}")
REFERRAL = message("Referral for clinical trial screening")
REFERRAL_NOTE = message(
    "{met} of {applicable} applicable criteria of {trial} met, {unknown} to check, on {day}. "
    "Found by software from the record; not a decision on eligibility."
)
ORDER = message("Order {tests}")
ALSO_ORDER = message("Also order {tests}")
ORDER_ACTION = message("Create a draft order: {test}")
ORDER_REASON = message("Could settle a criterion of clinical trial {trial}")

# The detail -------------------------------------------------------------------------------------------------

DRAFT = message("*Criteria not yet reviewed by a physician.*")
REVIEWED_BY = message("Criteria reviewed by {reviewer}.")
HEAD_MET = message("**Met ({count})**")
HEAD_NOT_MET = message("**Not met ({count})**")
HEAD_TO_CHECK = message("**To check ({count})**")
HEAD_JUDGEMENT = message("**Only you can say ({count})**")
HEAD_BEFORE = message("**Before you refer**")
MORE = message("and {count} more: {labels}")
COUNTS_UNTIL = message("Last day on which it counts – {list}")
NOT_ENCODED = message("Not in the published criteria, so for the study team to check: {list}")
OTHER_STUDIES = message("Already in another interventional study: {list}")
SHOWN = message("Also on record, not counted: {list}")
NOT_READ = message("Could not be read from the chart system: {list}")
UNREADABLE = (
    message("1 entry of the record could not be understood"),
    message("{count} entries of the record could not be understood"),
)
SITES = message("**Where:** {sites}.")
NO_SITE = message("**Where:** no site on file.")
CONTACT = message("Contact: {contacts}.")
READ_ON = message("Chart read on {day}.")
ASSESSED_ON = message("Assessed as of {day}.")
NOT_A_DECISION = message("Not a decision on eligibility: the study team decides.")

RECRUITMENT: Mapping[str, str] = {
    "recruiting": message("recruiting"),
    "full": message("full"),
    "closed": message("closed to recruitment"),
}
ACCORDING_TO = message("{status} according to a registry copy of {day}")
AS_OF = message("{status} as of {day}")
RECRUITMENT_UNKNOWN = message("recruitment status not known")

# One criterion ----------------------------------------------------------------------------------------------

NEXT_STEP = message("{finding} → {step}")
ORDER_STEP = message("order {tests}")
N_MORE = message("{count} more")
ANY_OF_N_MORE = message("any of {count} more")
KNOWN = message("{finding}; on record: {values}")
NOTHING = message("no record")
NOTHING_OF = message("no record of {labels}")
NOTHING_LATELY = message("no record in the last {window}")
NOTHING_LATELY_OF = message("no record of {labels} in the last {window}")
NOT_READ_OF = message("{labels} could not be read from the chart system")
"""Where something else was read: it is not that which is missing."""
THE_WINDOW = message("the protocol allows")

OPEN: Mapping[Reason, tuple[str, str]] = {
    Reason.CONFLICTING: (message("{what}: conflicting"), message("conflicting: {what}")),
    Reason.UNREADABLE: (message("{what} could not be understood"),) * 2,
    Reason.UNIT_NOT_COMPARABLE: (
        message("{what}: unit cannot be compared"),
        message("{what}: units cannot be compared"),
    ),
    Reason.NOT_RETRIEVED: (message("could not be read from the chart system"),) * 2,
    Reason.IMPRECISE: (
        message("{what} is too imprecise to decide"),
        message("{what} are too imprecise to decide"),
    ),
    Reason.CENSORED: (message("{what} is given only as a limit"), message("{what} are given only as limits")),
    Reason.NOT_CONFIRMED: (message("{what} is not confirmed"), message("{what} are not confirmed")),
    Reason.TOO_OLD: (message("{what} is older than {window}"), message("{what} are older than {window}")),
    Reason.SCORE_UNDECIDED: (message("not decided by the record"),) * 2,
    Reason.NOT_FOUND: (message("not shown by the record"),) * 2,
    Reason.NEEDS_JUDGEMENT: (message("needs your judgement"),) * 2,
}
"""Why a criterion is open, about one fact and about several."""
OPEN_OTHERWISE = message("not decided by the record")
SOMETHING = message("what is on record")

STEPS: Mapping[Reason, str] = {
    Reason.CONFLICTING: message("decide which holds"),
    Reason.UNREADABLE: message("look at the original result"),
    Reason.UNIT_NOT_COMPARABLE: message("look at the original result"),
    Reason.NOT_RETRIEVED: message("look it up in the chart"),
    Reason.IMPRECISE: message("look for the exact result or date"),
    Reason.CENSORED: message("look at the original result"),
    Reason.NOT_CONFIRMED: message("confirm or refute it"),
    Reason.TOO_OLD: message("a newer one is needed"),
    Reason.SCORE_UNDECIDED: message("examine and score"),
    Reason.NOT_FOUND: message("ask, examine or look in outside records"),
}
"""What settles it where no test can be ordered."""
LOOK_AT_THE_REPORT = message("look at the report")
"""What settles it where a report is on record that lacks it."""
ORDER_SETTLES = frozenset(
    {
        Reason.NOT_FOUND,
        Reason.TOO_OLD,
        Reason.SCORE_UNDECIDED,
        Reason.IMPRECISE,
        Reason.CENSORED,
    }
)
"""Reasons for which a new test helps. What was not read, is not final or conflicts is looked at again."""

ABSENT_BY_RULE = message("none on record, which counts as absent")
ATTESTED = message("attested")
OF_DATE = message("{value} of {date}")
PERIOD = message("{low} to {high}")
DATED = message("{value} ({date})")

SCORE_RECORDED = message("{points}, total recorded by a clinician")
SCORE_COMPUTED = message("at least {points} from the record")
SCORE_NEEDED = message("{score}; {points} more needed")
SCORE_ITEMS = message("{score} – {items}")
SCORE_OPEN = message("{finding}; still open: {items}")
SCORE_CONTRADICTED = message("{score}, but a recorded total says {recorded}")
SCORE_STRUCK = message("{score}; another cause given for {items}")
SCORE_ENTRY = message("{score}, but its entry criterion is not shown")
ITEM_POINTS = message("{item} {points}")
OTHER_CAUSE = message("{item} (other cause?)")


UNIT_NOTATIONS: tuple[tuple[str, str], ...] = (
    (" {score}", ""),
    (" {titer}", ""),
    ("/{1.73_m2}", "/1.73 m²"),
    ("/(24.h)", "/24 h"),
    ("/{24.h}", "/24 h"),
    ("mm[Hg]", "mmHg"),
    ("/m2", "/m²"),
    ("[iU]", "IU"),
    (" 10*9/", " × 10⁹/"),
    (" 10*6/", " × 10⁶/"),
    (" 10*3/", " × 10³/"),
)
"""UCUM as people write it, in every language; the values stay as they are."""


def listed(words: Sequence[str], limit: int, conjunction: str = AND, language: Language = ENGLISH) -> str:
    """UPCR, hCG and C3; beyond the limit: UPCR, hCG and 4 more. ``conjunction`` is AND or OR."""
    if len(words) > limit:
        more = language.text(ANY_OF_N_MORE if conjunction == OR else N_MORE)
        words = [*words[: limit - 1], more.format(count=len(words) - limit + 1)]
    if len(words) < 2:
        return "".join(words)
    rest = language.between(NAMES).join(words[:-1])
    return f"{rest}{language.between(conjunction)}{words[-1]}"


def joined(words: Sequence[str], limit: int, between: str = PHRASES, language: Language = ENGLISH) -> str:
    """Phrases side by side; beyond the limit: the number of those left out."""
    if len(words) > limit:
        words = [*words[:limit], language.text(N_MORE).format(count=len(words) - limit)]
    return language.between(between).join(words)


def recruitment_line(
    status: str, day: date, registry_copy_of: date | None = None, language: Language = ENGLISH
) -> str:
    """What is known of recruitment on a day, for ``CardContext.recruitment_line``.

    ``registry_copy_of``: the day of the registry's copy, if the trial has one. What is known as of another
    day the deployment knows by itself.
    """
    known = RECRUITMENT.get(status)
    if known is None:
        return language.text(RECRUITMENT_UNKNOWN)
    template = ACCORDING_TO if registry_copy_of in (None, day) else AS_OF
    return language.text(template).format(status=language.text(known), day=language.long_date(day))
