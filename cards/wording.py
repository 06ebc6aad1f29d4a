"""Every sentence that a card can say, in English, in one place.

Words from data come in already escaped (or plain, for summaries and labels). Templates are filled with
``str.format``; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from mappings.verdicts import Reason

MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")  # fmt: skip

# Summary, labels, source ------------------------------------------------------------------------------------

SUMMARY_HEAD = "Possible candidate: "
SUMMARY_MET = "{met} of {applicable} applicable criteria met"
SUMMARY_TO_CHECK = ", {unknown} to check"
SOME_TRIAL = "a clinical trial"
SOME_CRITERION = "A criterion"

TOPIC_SYSTEM = "https://trialhook.example/fhir/CodeSystem/card-topic"
TOPIC = ("clinical-trial-match", "Clinical trial match")

REGISTRIES: Mapping[str, str] = {
    "clinicaltrials.gov": "ClinicalTrials.gov",
    "www.clinicaltrials.gov": "ClinicalTrials.gov",
}
"""Registries by the host of their pages."""
SOURCE_WITHOUT_REGISTRY = "trialhook"
STUDY_PAGE = "Study page: {trial}"

OVERRIDE_SYSTEM = "https://trialhook.example/fhir/CodeSystem/override-reason"
OVERRIDE_REASONS: tuple[tuple[str, str], ...] = (
    ("not-eligible", "Does not meet the criteria"),
    ("patient-declined", "Patient declined"),
    ("already-referred", "Already referred or enrolled"),
    ("other-study", "Takes part in another study"),
    ("not-now", "Not now: ask again later"),
    ("too-burdensome", "Too burdensome for this patient"),
    ("out-of-reach", "Trial site out of reach"),
    ("not-advised", "I advise against this trial for this patient"),
)

# Suggestions ------------------------------------------------------------------------------------------------

REFER = "Refer for screening: {trial}"
REFER_ACTION = "Create a draft referral for screening for {trial}"
REFERRAL = "Referral for clinical trial screening"
REFERRAL_NOTE = (
    "{met} of {applicable} applicable criteria of {trial} met, {unknown} to check, on {day}. "
    "Found by software from the record; not a decision on eligibility."
)
ORDER = "Order {tests}"
ALSO_ORDER = "Also order {tests}"
ORDER_ACTION = "Create a draft order: {test}"
ORDER_REASON = "Could settle a criterion of clinical trial {trial}"

# The detail -------------------------------------------------------------------------------------------------

DRAFT = "*Criteria not yet reviewed by a physician.*"
REVIEWED_BY = "Criteria reviewed by {reviewer}."
HEAD_MET = "**Met ({count})**"
HEAD_NOT_MET = "**Not met ({count})**"
HEAD_TO_CHECK = "**To check ({count})**"
HEAD_JUDGEMENT = "**Only you can say ({count})**"
HEAD_BEFORE = "**Before you refer**"
MORE = "and {count} more: {labels}"
COUNTS_UNTIL = "Last day on which it counts – {list}"
NOT_ENCODED = "Not in the published criteria, so for the study team to check: {list}"
OTHER_STUDIES = "Already in another interventional study: {list}"
SHOWN = "Also on record, not counted: {list}"
NOT_READ = "Could not be read from the chart system: {list}"
UNREADABLE = (
    "1 entry of the record could not be understood",
    "{count} entries of the record could not be understood",
)
SITES = "**Where:** {sites}."
NO_SITE = "**Where:** no site on file."
CONTACT = "Contact: {contacts}."
READ_ON = "Chart read on {day}."
ASSESSED_ON = "Assessed as of {day}."
NOT_A_DECISION = "Not a decision on eligibility: the study team decides."

RECRUITMENT: Mapping[str, str] = {
    "recruiting": "recruiting",
    "full": "full",
    "closed": "closed to recruitment",
}
ACCORDING_TO = "{status} according to a registry copy of {day}"
AS_OF = "{status} as of {day}"
RECRUITMENT_UNKNOWN = "recruitment status not known"

# One criterion ----------------------------------------------------------------------------------------------

NEXT_STEP = "{finding} → {step}"
ORDER_STEP = "order {tests}"
N_MORE = "{count} more"
ANY_OF_N_MORE = "any of {count} more"
KNOWN = "{finding}; on record: {values}"
NOTHING = "no record{labels}"
NOTHING_OF = " of {labels}"
NOTHING_LATELY = "no record{labels} in the last {window}"
THE_WINDOW = "the protocol allows"

OPEN: Mapping[Reason, tuple[str, str]] = {
    Reason.CONFLICTING: ("{what}: conflicting", "conflicting: {what}"),
    Reason.UNREADABLE: ("{what} could not be understood", "{what} could not be understood"),
    Reason.UNIT_NOT_COMPARABLE: ("{what}: unit cannot be compared", "{what}: units cannot be compared"),
    Reason.NOT_RETRIEVED: ("could not be read from the chart system",) * 2,
    Reason.IMPRECISE: ("{what} is too imprecise to decide", "{what} are too imprecise to decide"),
    Reason.CENSORED: ("{what} is given only as a limit", "{what} are given only as limits"),
    Reason.NOT_CONFIRMED: ("{what} is not confirmed", "{what} are not confirmed"),
    Reason.TOO_OLD: ("{what} is older than {window}", "{what} are older than {window}"),
    Reason.SCORE_UNDECIDED: ("not decided by the record", "not decided by the record"),
    Reason.NOT_FOUND: ("not shown by the record", "not shown by the record"),
    Reason.NEEDS_JUDGEMENT: ("needs your judgement", "needs your judgement"),
}
"""Why a criterion is open, about one fact and about several."""
OPEN_OTHERWISE = "not decided by the record"
SOMETHING = "what is on record"

STEPS: Mapping[Reason, str] = {
    Reason.CONFLICTING: "decide which holds",
    Reason.UNREADABLE: "look at the original result",
    Reason.UNIT_NOT_COMPARABLE: "look at the original result",
    Reason.NOT_RETRIEVED: "look it up in the chart",
    Reason.IMPRECISE: "look for the exact result or date",
    Reason.CENSORED: "look at the original result",
    Reason.NOT_CONFIRMED: "confirm or refute it",
    Reason.TOO_OLD: "a newer one is needed",
    Reason.SCORE_UNDECIDED: "examine and score",
    Reason.NOT_FOUND: "ask, examine or look in outside records",
}
"""What settles it where no test can be ordered."""
ORDER_SETTLES = frozenset(
    {
        Reason.NOT_FOUND,
        Reason.TOO_OLD,
        Reason.SCORE_UNDECIDED,
        Reason.IMPRECISE,
        Reason.CENSORED,
        Reason.CONFLICTING,
    }
)
"""Reasons for which a new test helps. What exists but was not read, or is not final, is not ordered again."""

ABSENT_BY_RULE = "none on record, which counts as absent"
ATTESTED = "attested"
OF_DATE = "{value} of {date}"
DATED = "{value} ({date})"

SCORE_RECORDED = "{points}, total recorded by a clinician"
SCORE_COMPUTED = "at least {points} from the record"
SCORE_NEEDED = "; {points} more needed"
SCORE_ITEMS = " – {items}"
SCORE_OPEN = "; still open: {items}"
SCORE_CONTRADICTED = ", but a recorded total says {recorded}"
SCORE_ENTRY = ", but its entry criterion is not shown"
OTHER_CAUSE = "{item} (other cause?)"


UNIT_NOTATIONS: tuple[tuple[str, str], ...] = (
    (" {score}", ""),
    (" {titer}", ""),
    ("/{1.73_m2}", "/1.73 m²"),
    ("/(24.h)", "/24 h"),
    ("/{24.h}", "/24 h"),
    (" 10*9/", " × 10⁹/"),
    (" 10*6/", " × 10⁶/"),
    (" 10*3/", " × 10³/"),
)
"""UCUM as people write it; the values stay as they are."""


def long_date(day: date) -> str:
    """14 November 2025"""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_date(day: date) -> str:
    """14 Nov 2025"""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def short_month(day: date) -> str:
    """Nov 2025"""
    return f"{MONTHS[day.month - 1][:3]} {day.year}"


def listed(words: Sequence[str], limit: int, conjunction: str = "and") -> str:
    """UPCR, hCG and C3; beyond the limit: UPCR, hCG and 4 more"""
    if len(words) > limit:
        more = ANY_OF_N_MORE if conjunction == "or" else N_MORE
        words = [*words[: limit - 1], more.format(count=len(words) - limit + 1)]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def joined(words: Sequence[str], limit: int, between: str = "; ") -> str:
    """Phrases side by side; beyond the limit: the number of those left out."""
    if len(words) > limit:
        words = [*words[:limit], N_MORE.format(count=len(words) - limit)]
    return between.join(words)


def recruitment_line(status: str, day: date, registry_copy_of: date | None = None) -> str:
    """What is known of recruitment on a day, for ``CardContext.recruitment_line``.

    ``registry_copy_of``: the day of the registry's copy, if the trial has one. What is known as of another
    day the deployment knows by itself.
    """
    known = RECRUITMENT.get(status)
    if known is None:
        return RECRUITMENT_UNKNOWN
    template = ACCORDING_TO if registry_copy_of in (None, day) else AS_OF
    return template.format(status=known, day=long_date(day))
