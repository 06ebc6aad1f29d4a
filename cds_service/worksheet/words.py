"""What the pages of the worksheet say. What they say of a fact or a criterion is in ``view/words.py``."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.language import message

TITLE = message("Worksheet")
HEADING = message("Worksheet: {trial}")
BORN = message("Born")
SEX = message("Sex")
PATIENT = message("Patient")
TRIAL = message("Trial")
REGISTRY = message("Study page in the registry")
ABOUT_TRIAL = message("About this trial")
ASSESSED = message("Read from the chart and assessed on {day}.")
DRAFT = message("Criteria not yet reviewed by a physician.")
REVIEWED = message("Criteria reviewed by {reviewer} on {day}.")
NEW_TAB = message("opens in a new tab")
COLON, SEMICOLON, PERIOD = message(": "), message("; "), message(". ")
OPENING, CLOSING = message(" ("), message(")")
SENTENCES = message("{sentence} {next}")
ON_THIS_PAGE = message("On this page")

# Overview ---------------------------------------------------------------------------------------------------

OVERVIEW = message("Overview")
CRITERION = message("Criterion")
VERDICT = message("Verdict")
MET_COUNT = message("{met} of {applicable} applicable criteria met")
OPEN_COUNT = message("{unknown} to check")
NOT_MET_COUNT = message("{not_met} not met")

# One criterion ----------------------------------------------------------------------------------------------

CRITERIA = message("Criteria")
READING = message("How we read it")
EXCLUSION = message("Exclusion criterion")
EXCLUSION_TEXT = message("Exclusion criterion: “met” means that it does not exclude the patient.")
EVIDENCE = message("Evidence")
EVIDENCE_OF = message("Evidence: {criterion}")
FACT = message("Fact")
VALUE = message("Value")
DAY = message("Date")
REMARK = message("Remark")
SOURCE = message("In the chart")
OPEN_RESOURCE = message("open")
RESOURCE_OF = message("{resource} of {fact}")
NO_EVIDENCE = message("Nothing on record bears on it.")
ANSWER_BELOW = message("Answer it below")
SCORE = message("{score}: its items")
SCORES = message("Other scores")
POINTS = message("Points")
ITEM = message("Item")
ON_RECORD = message("On record")

# Strikes ----------------------------------------------------------------------------------------------------

STRIKE = message("Another cause?")
STRIKE_HINT = message(
    "If {item} comes of something else, strike it: it then does not count in the score, and the cause "
    "stands beside it."
)
CAUSE = message("Cause")
CAUSE_WORDS = message("In words, if need be")
CHOOSE = message("choose")
STRIKE_BUTTON = message("Strike this item")
UNSTRIKE_BUTTON = message("Take the strike back")

# Answers ----------------------------------------------------------------------------------------------------

ANSWERS = message("What only you can say")
ANSWERS_TEXT = message(
    "Your answers are kept with your name and today's date, count in the next assessment, and never "
    "overwrite what the chart says. “unsure” takes an earlier answer back."
)
SETTLES = message("Decides “{criterion}” where the record leaves it open.")
NOTE = message("Note (optional)")
SAVE = message("Save the answers")
LEAVE_ALONE = message("Leave a question alone and its answer stays as it is.")
PLACES: Mapping[str, str] = {
    "written": message("Kept here and written to the chart."),
    "queued": message("Kept here; it is being written to the chart."),
    "here": message("Kept here only: the chart system takes no answers from here."),
}
HISTORY = message("Answers given so far")
STRUCK = message("Struck: {item}")
NO_HISTORY = message("Nobody has answered anything yet.")
WHEN_AND_WHO = message("{day}, {who}")

# Trends -----------------------------------------------------------------------------------------------------

TRENDS = message("Trends")
TRENDS_TEXT = message(
    "The last {months} months. Lines are limits of the trial or ends of the laboratory's range."
)
NO_TRENDS = message("No values over time are on record.")
VALUES_OF = message("Values: {trend}")
VALUES = message("Values")
DRUGS = message("Drugs")
DRUG = message("Drug")
NOW = message("Now")
COURSES = message("When")
KNOWN_BY = message("Known by")
DRUGS_TABLE = message("Drugs as a table")
NO_DRUGS = message("No drug that the trial asks about is on record.")

# Next steps -------------------------------------------------------------------------------------------------

NEXT = message("Next steps")
NEXT_TEXT = message(
    "The least effort that could settle everything a record can show. Nothing is promised by it."
)
OTHER_WAYS = message("Other ways")
MORE_WAYS = message("There are more ways than these.")
RULES_OUT = message("One of these would rule the patient out")
NEEDS_A_PERSON = message("For you to judge")
NOT_YET = message("Nothing done today can settle")
NOTHING_OPEN = message("Nothing that a test or a look could settle is open.")

# What is missing --------------------------------------------------------------------------------------------

LIMITS = message("What this page does not know")
NOT_ENCODED = message("Not in the published criteria, so for the study team to check")
NOT_READ = message("Could not be read from the chart system")
UNREADABLE = message("Entries of the record that could not be understood")
OTHER_STUDIES = message("Already in another interventional study")
SHOWN = message("Also on record, not counted")
NOT_ALL_UNDERSTOOD = message("Not all that was read could be used: the criteria say what, and why.")
NONE_MISSING = message("Everything that was asked for was read and understood.")

# Referral ---------------------------------------------------------------------------------------------------

REFER = message("Refer for screening")
REFER_TEXT = message(
    "The study team gets the referral and decides on eligibility. However often you click, there is one "
    "referral."
)
REFER_BUTTON = message("Refer for screening")
WHY = message("Why, for the study team (optional)")
NOT_ANSWERED = message("Not answered yet (you can refer all the same):")
RULED_OUT = message("The record rules the patient out. You can refer all the same; say why.")
TAKES_NOBODY: Mapping[str, str] = {
    "full": message("The trial is full. It takes no referrals."),
    "closed": message("The trial is closed to recruitment. It takes no referrals."),
    "paused": message("The trial is paused. It takes no referrals now."),
    "ended": message("The trial has ended. It takes no referrals."),
    "not_started": message("The trial has not started. It takes no referrals yet."),
}
REFERRED = message("Referred")
REFERRED_ON = message("Referred on {day}.")
STATE = message("State: {state}")
STATE_SINCE = message("{state}, since {day}.")
LEFT = message("This referral has ended. The study team sees it if you refer again.")
REFER_AGAIN = message("Refer again")
SITES = message("Sites")
CONTACTS = message("Contacts")
RECRUITMENT = message("Recruitment")

# What was done ----------------------------------------------------------------------------------------------

SAID: Mapping[str, str] = {
    "written": message("Your answers are saved here and in the chart."),
    "queued": message("Your answers are saved. They are being written to the chart."),
    "here": message("Your answers are saved here only: the chart system takes no answers from here."),
    "referred": message("The referral is made."),
    "referred_here": message(
        "The referral is made here. The chart system did not take the order: it does not stand in the chart."
    ),
    "noted": message(
        "This patient is referred already. What you wrote was added to the referral, for the study team."
    ),
    "again": message("This patient is referred already. Nothing was changed."),
    "asked": message("The study team was told that you ask again."),
}

# What went wrong --------------------------------------------------------------------------------------------

NOT_OPEN = message("The chart could not be read")
FAULTS: Mapping[str, str] = {
    "expired": message("Your access to the chart has run out. Open the worksheet from the chart again."),
    "no_access": message(
        "The chart system gives no access just now. Wait a minute, then open this page again."
    ),
    "no_patient": message(
        "The chart system did not give the patient. Wait a minute, then open this page again; nothing was "
        "assessed."
    ),
}
TRY_AGAIN = message("Try again")

FORM_TITLE = message("This was not saved")
FORM_FAULTS: Mapping[str, str] = {
    "stale": message(
        "The questions have changed since you opened the page. Open the worksheet again and answer them as "
        "they are now."
    ),
    "empty": message("Nothing was answered. Go back and choose an answer."),
    "wrong": message("This is not one of the answers that were offered. Go back and choose one."),
    "note_alone": message("There is a note without an answer. Go back and choose an answer to it."),
    "no_cause": message("A strike needs a cause. Go back and choose one."),
    "too_long": message("A note is too long: {limit} characters are kept. Go back and shorten it."),
}
NOT_SAVED_TEXT = message(
    "The service cannot keep anything just now. Nothing was saved; go back and try again."
)
TAKES_NOBODY_NOW = message("The trial takes no referrals now. Nothing was made.")
BACK = message("Back to the worksheet")
SOURCE_TITLE = message("In the chart: {resource}")
SOURCE_TEXT = message("As the FHIR server gave it on {day}, in the words of FHIR.")
SOURCE_THERE = message("On the FHIR server, which asks for an access of its own")
NO_SOURCE = message("This is not in the chart")
NO_SOURCE_TEXT = message(
    "The resource is not, or not any more, in what is read of this patient's chart. Open it from the "
    "worksheet."
)

# The link on a card -----------------------------------------------------------------------------------------

LINK_OVER = message("This link can no longer be used")
LINK_OVER_TEXT = message(
    "A link on a card works once and for 15 minutes. Open the patient's chart again and follow the link on "
    "the card that comes then."
)

# The page about a trial -------------------------------------------------------------------------------------

TRIAL_TITLE = message("About a trial")
TRIAL_TEXT = message(
    "This page is about the trial. It knows nothing about any patient. The study team decides on eligibility."
)
ASKED_FOR = message("What is asked for")
NO_SITE = message("no site on file")
NO_CONTACT = message("no contact on file")
PLACES_COUNT = message("{count} places")
LEFT_OUT = message("What the published criteria leave open")
