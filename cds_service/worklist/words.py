"""What the worklist says, in English; other languages translate it where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.language import message

STATES: Mapping[str, str] = {
    "suggested": message("Suggested"),
    "referred": message("Referred"),
    "received": message("Received"),
    "contacted": message("Contacted"),
    "pre-screening": message("Pre-screening"),
    "screening": message("Screening"),
    "enrolled": message("Enrolled"),
    "declined": message("Declined"),
    "not-eligible": message("Not eligible"),
    "screen-failure": message("Screen failure"),
    "withdrawn": message("Withdrawn"),
    "lost": message("Lost"),
}
STATE_CHIPS: Mapping[str, str] = {
    "suggested": "",
    "referred": "chip-info",
    "received": "chip-info",
    "contacted": "chip-info",
    "pre-screening": "chip-info",
    "screening": "chip-info",
    "enrolled": "chip-good",
}
"""How a state looks on all pages."""
NEXT_ACTIONS: Mapping[str, str] = {
    "suggested": message("Refer, or set aside"),
    "referred": message("Confirm that the referral was received"),
    "received": message("Contact the patient or the referring physician"),
    "contacted": message("Arrange pre-screening"),
    "pre-screening": message("Settle what is missing; book the screening visit"),
    "screening": message("Record how screening ended"),
    "enrolled": message("Nothing: the patient is enrolled"),
}
"""By state: an interpretation, for the trial's team to follow or not."""
NO_ACTION = message("Nothing: the referral has ended")
POSSIBLE_ACTION = message("Look at the record; refer, or set aside")

# The page of the list ---------------------------------------------------------------------------------------

TITLE = message("Worklist")
INTRODUCTION = message(
    "No names are shown here. Names and values are read from the FHIR server when you open a row, "
    "and each opening is recorded."
)
SHOW: Mapping[str, str] = {
    "open": message("Open referrals"),
    "enrolled": message("Enrolled"),
    "left": message("Ended"),
    "all": message("All"),
    "possible": message("Possible, not yet referred"),
}
SORTS: Mapping[str, str] = {
    "waiting": message("Waiting longest"),
    "changed": message("Changed last"),
    "oldest": message("Referred first"),
    "newest": message("Referred last"),
    "state": message("State"),
    "trial": message("Trial"),
    "site": message("Site"),
}
FILTER = message("Filter")
FILTER_SHOW = message("Show")
FILTER_TRIAL = message("Trial")
FILTER_SITE = message("Site")
FILTER_STATE = message("State")
FILTER_ATTENTION = message("Needs a look")
FILTER_AGE = message("Referred")
FILTER_SORT = message("Order")
FILTER_APPLY = message("Show these")
FILTER_RESET = message("Take the filter away")
ANY = message("any")
ANY_ATTENTION = message("anything that needs a look")
OLDER_THAN = message("more than {days} days ago")
LEFT_OUT = message("Not understood, and left out: {names}.")
FILTER_NAMES: Mapping[str, str] = {
    "show": FILTER_SHOW,
    "trial": FILTER_TRIAL,
    "site": FILTER_SITE,
    "state": FILTER_STATE,
    "attention": FILTER_ATTENTION,
    "age": FILTER_AGE,
    "sort": FILTER_SORT,
}

SEARCH_LABEL = message("Code, name or identifier")
SEARCH_HINT = message(
    "Names and identifiers are asked of the FHIR servers and kept nowhere here. At most {count} are shown."
)
SEARCH_APPLY = message("Search")
SEARCH_TITLE = message("Found by search")
SEARCH_NOTHING = message("Nothing was found that you may see.")
SEARCH_TOO_SHORT = message("Write at least {count} letters or digits.")
SEARCH_TOO_LONG = message("Write at most {count} letters or digits.")
SEARCH_AWAY = message("Not searched by name, because its FHIR server could not be asked: {sites}.")
SEARCH_CUT = message("There may be more: write more of the name, or the code.")
BACK_TO_LIST = message("Back to the worklist")

CODE = message("Code")
TRIAL = message("Trial")
SITE = message("Site")
STATE = message("State")
AGE = message("Since referral")
MISSING = message("Missing")
ATTENTION = message("Look")
NEXT = message("Next")
CHANGED = message("Last change")
FIRST_SEEN = message("First seen")
LAST_SEEN = message("Last seen")
IN_STATE = message("In state")
DAYS: tuple[str, str, str] = (message("today"), message("1 day"), message("{count} days"))
NOT_ASSESSED = message("not assessed yet")
NOTHING_MISSING = message("nothing")
MORE_MISSING = message("{names} and {count} more")
OPEN_ROW = message("Open")
NONE_YET = message("Nobody has been referred yet. A referral appears here as soon as somebody makes one.")
NONE_FILTERED = message("No row matches this filter.")
NONE_POSSIBLE = message("No candidate of a silent trial is waiting.")
COUNT_ROWS: tuple[str, str] = (message("1 row"), message("{count} rows"))
PAGES = message("Pages")
PAGE_OF = message("Page {page} of {pages}")
PAGE_BEFORE = message("Previous page")
PAGE_AFTER = message("Next page")
EXPORT = message("Export these rows (CSV)")
NO_GRANT = message("No trial or site is assigned to you. Ask whoever runs this service.")
COLON, OPENING, CLOSING = message(": "), message(" ("), message(")")
SENTENCES = message("{sentence} {next}")
OF_ACCOUNT = message("Your trials and sites: {grants}.")

# What needs a look. The words are kept as closed codes with the referral.
ATTENTION_WORDS: Mapping[str, str] = {
    "no-longer-meets": message("no longer meets the criteria"),
    "needs-data": message("data are missing now"),
    "meets-again": message("meets the criteria again"),
    "asked-again": message("referred again"),
    "changed-in-ehr": message("changed in the EHR"),
    "differs-in-ehr": message("differs from the EHR"),
    "not-written": message("not written to the EHR"),
    "gone-in-ehr": message("deleted in the EHR"),
    "trial-full": message("the trial is full"),
    "trial-closed": message("the trial is closed"),
    "trial-paused": message("the trial is paused"),
}
ATTENTION_OTHER = message("needs a look")
ALL_TRIALS = message("all trials")
ALL_SITES = message("all sites")
TRIALS_AT_SITES = message("{trials} at {sites}")
