"""What the funnel says, in English; other languages translate it where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.language import message

TITLE = message("Funnel")
INTRODUCTION = message(
    "Of the referrals opened in the time chosen: how many came to each state or further. Small numbers are "
    "shown as they are: this page is for the study team."
)
PERIOD = message("Time")
PERIODS: Mapping[str, str] = {
    "90": message("last 90 days"),
    "365": message("last 12 months"),
    "all": message("all"),
}
SHOWN = message("Card shown")
SHOWN_HINT = message("“Card shown” counts patients for whom a card was shown in that time, referred or not.")
PLOT_LABEL = message("Bars of how many reached each step; the table below says the same.")
STEP = message("Step")
PATIENTS = message("Patients")
OF_REFERRED = message("Share")
BY_PLACE = message("By trial and site")
TIMES = message("Days between states")
FROM = message("From")
TO = message("To")
COUNT = message("Number")
MEDIAN = message("Median")
RANGE = message("10 % to 90 %")
REASONS = message("Why referrals ended")
REASON = message("Reason")
NO_REASON = message("no reason given")
NONE_LEFT = message("None has ended.")
SET_ASIDE = message("Set aside without being referred")
NOTHING = message("No referral was opened in this time.")
