"""What the worksheet says about a patient, a criterion, a score and a fact."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.language import message
from mappings.results import NearMissKind, Outcome, RecordReason
from mappings.verdicts import Reason

# The patient ------------------------------------------------------------------------------------------------

NO_NAME = message("name not recorded")
NOT_RECORDED = message("not recorded")
SEXES: Mapping[str, str] = {
    "female": message("female"),
    "male": message("male"),
    "other": message("other"),
    "unknown": message("not known"),
}
BORN = message("{day} ({years} years)")

# The outcome ------------------------------------------------------------------------------------------------

OUTCOMES: Mapping[Outcome, str] = {
    "possible-candidate": message("Possible candidate"),
    "needs-data": message("More data needed"),
    "ruled-out": message("Ruled out by the record"),
}
RECORD_REASONS: Mapping[RecordReason, str] = {
    "deceased": message("The record says that the patient has died. No criterion was checked."),
    "inactive": message("The record is marked as not active. No criterion was checked."),
    "merged": message("The record was merged into another one. No criterion was checked."),
}
ENROLLED = message("The record says that the patient takes part in this study ({status}).")

# Criteria ---------------------------------------------------------------------------------------------------

VERDICTS: Mapping[str, str] = {
    "met": message("met"),
    "not-met": message("not met"),
    "unknown": message("to check"),
    "judgement": message("only you can say"),
    "none": message("does not apply"),
}

REASONS: Mapping[Reason, str] = {
    Reason.NOT_FOUND: message("nothing on record"),
    Reason.NOT_RETRIEVED: message("could not be read from the chart system"),
    Reason.UNREADABLE: message("could not be understood"),
    Reason.TOO_OLD: message("older than {window}"),
    Reason.IMPRECISE: message("too imprecise to decide"),
    Reason.CENSORED: message("given only as a limit"),
    Reason.UNIT_NOT_COMPARABLE: message("unit cannot be compared"),
    Reason.CONFLICTING: message("conflicts with another record"),
    Reason.NOT_CONFIRMED: message("not confirmed"),
    Reason.NEEDS_JUDGEMENT: message("for you to judge"),
    Reason.ATTESTED: message("answered by a clinician"),
    Reason.ABSENT_BY_RULE: message("none on record, which counts as absent"),
    Reason.SCORE_UNDECIDED: message("not decided by the record"),
}
THE_WINDOW = message("the protocol allows")
OPEN_BECAUSE = message("Open: {reason}.")
ORDER = message("To settle it: order {tests}.")
LOOK = message("To settle it: {step}.")
COUNTS_UNTIL = message("counts until {day}")

# Scores -----------------------------------------------------------------------------------------------------

INTERVAL = message("{low} to {high} points, from what the record shows to what it could be")
EXACTLY = message("{points} points")
RECORDED_TOTAL = message("{points} points, total recorded by a clinician on {day}")
ASKED = message("The trial asks for {points} or more.")
EXCLUDED = message("The trial excludes {points} or more.")
ENTRY: Mapping[str, str] = {
    "met": message("Its entry criterion is met."),
    "not-met": message("Its entry criterion is not met."),
    "unknown": message("Its entry criterion is not shown."),
}
ITEM_VERDICTS: Mapping[str, str] = {
    "met": message("counts"),
    "not-met": message("does not count"),
    "unknown": message("not known"),
}
POINTS = message("{points} points")
ONE_POINT = message("1 point")
OTHER_CAUSE = message("may have another cause")

# Near misses ------------------------------------------------------------------------------------------------

MISSED: Mapping[NearMissKind, str] = {
    "short_of": message("{fact}: {amount} short of {limit}"),
    "over": message("{fact}: {amount} beyond {limit}"),
    "reached_on": message("{fact}: {limit} from {day}"),
    "counts_until": message("{fact}: counts until {day}"),
    "counted_until": message("{fact}: counted until {day}"),
    "rules_out_until": message("{fact}: rules out until {day}, then it is too old to rule out"),
}
AT_THE_LIMIT = message("{fact}: at the limit, and {limit} is asked for")
FACT = message("{name} {value}")
BOUND: Mapping[str, str] = {
    "more than": message("more than {limit}"),
    "at least": message("at least {limit}"),
    "less than": message("less than {limit}"),
    "at most": message("at most {limit}"),
}
YEARS = message("{number} years")
ONE_YEAR = message("1 year")
AMOUNT_POINTS = message("{number} points")

# Next steps -------------------------------------------------------------------------------------------------

HOW: Mapping[str, str] = {
    "chart": message("See the chart"),
    "bedside": message("Ask or measure"),
    "urine": message("Urine"),
    "blood": message("Blood"),
    "records": message("Outside records"),
    "urine-24h": message("Collect urine over 24 hours"),
    "imaging": message("Imaging"),
    "examination": message("Examine and score"),
    "biopsy": message("Kidney biopsy"),
}

# Answers and strikes ----------------------------------------------------------------------------------------

ANSWER_STATES: Mapping[str, str] = {
    "none": message("not answered"),
    "current": message("answered"),
    "unsure": message("answered: unsure"),
    "conflicting": message("answered in two ways at one time"),
    "unreadable": message("answered in a way that cannot be read"),
    "too_old": message("answered too long ago"),
}
COUNTS_FOR = message("An answer counts for {period}.")
STRIKE_STATES: Mapping[str, str] = {
    "current": message("struck"),
    "withdrawn": message("taken back"),
    "unreadable": message("it cannot be read whether it is struck"),
    "too_old": message("struck too long ago to count"),
}
