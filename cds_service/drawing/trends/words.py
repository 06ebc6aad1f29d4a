"""What plots and their tables say."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.amounts import Comparison
from mappings.language import message

TITLES: Mapping[str, str] = {
    "egfr": message("Kidney function (eGFR)"),
    "sledai-2k": message("SLEDAI-2K, from what the record shows to what it could be"),
}
"""Of trends that are more than one concept; any other is called as its concept is."""

ASKED_FOR: Mapping[Comparison, str] = {
    "greater_than": message("the trial asks for more than {limit}"),
    "at_least": message("the trial asks for {limit} or more"),
    "less_than": message("the trial asks for less than {limit}"),
    "at_most": message("the trial asks for {limit} or less"),
}
EXCLUDED: Mapping[Comparison, str] = {
    "greater_than": message("the trial excludes more than {limit}"),
    "at_least": message("the trial excludes {limit} or more"),
    "less_than": message("the trial excludes less than {limit}"),
    "at_most": message("the trial excludes {limit} or less"),
}
EXCLUDED_SPAN = message("the trial excludes what is {limits}")
"""Where several limits exclude only together."""
BOUND: Mapping[Comparison, str] = {
    "greater_than": message("more than {limit}"),
    "at_least": message("at least {limit}"),
    "less_than": message("less than {limit}"),
    "at_most": message("at most {limit}"),
}
RANGE_LOW = message("lower end of the laboratory's range: {limit}")
RANGE_HIGH = message("upper end of the laboratory's range: {limit}")
OWN_RANGE = message("range {low} to {high}")
OWN_RANGE_FROM = message("range from {low}")
OWN_RANGE_TO = message("range up to {high}")
FLAGS: Mapping[str, str] = {
    "low": message("low"),
    "high": message("high"),
    "normal": message("normal"),
}

AT_LEAST = message("{points} points or more")
FROM_TO = message("{low} to {high} points")
EXACTLY = message("{points} points")
RECORDED = message("total recorded by a clinician")
COMPUTED = message("computed from the record of that day")
COMPUTED_EGFR = message("computed from creatinine {creatinine} by CKD-EPI 2021")
OTHER_EQUATION = message("another equation: not joined with the others")
NOT_DRAWN = message("not drawn")
OTHER_UNIT = message("in another unit, not drawn")

SCORED_DAYS = message(
    "The score of a day is what the record of that day shows: items that were not recorded then may be "
    "missing today as well."
)
THINNED = message("{shown} of {count} days with results are shown.")
OLDER_LEFT_OUT = message("Only the last {months} months are shown; {count} older results are not.")
NO_LIMIT = message("No limit is drawn: the protocol names none.")
NO_RANGE = message("No range is drawn: the results came without one.")

PICTURE_OF = message("Plot: {title}. The table beside it has the same values.")
POINT = message("{day}: {value}")
POINT_NOTE = message("{point} ({note})")
