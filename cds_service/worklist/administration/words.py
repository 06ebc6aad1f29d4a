"""What the administrator's page says, in English; other languages translate it where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.language import message

TITLE = message("Administration")
INTRODUCTION = message("How the service is doing. Nothing here is about a patient.")
DATABASE = message("Database")
AVAILABLE = message("available")
SESSIONS = message("Sessions of browsers")
SESSIONS_NOW = message("{count} open now")
RECRUITMENT = message("Recruitment")
TRIAL = message("Trial")
STATE = message("State")
SHOWN = message("Cards")
PLACES = message("Places")
PLACES_TAKEN = message("{taken} of {places} taken")
AS_OF = message("As of")
OPEN = message("shown")
SILENT = message("silent")
NOT_SHOWN = message("not shown")
STATES: Mapping[str, str] = {
    "recruiting": message("recruiting"),
    "paused": message("paused"),
    "full": message("full"),
    "closed": message("closed"),
    "unknown": message("not known"),
}
WHY_CLOSED: Mapping[str, str] = {
    "paused": message("paused"),
    "closed": message("closed"),
    "full": message("full"),
    "ended": message("its last day is over"),
    "not_started": message("its first day is to come"),
}
FAULTS = message("Faults in the recruitment file")

OUTBOX = message("Writing to EHRs")
OUTBOX_COUNTS = message("{waiting} waiting to be written; {given_up} given up until somebody asks for it.")
REFERRAL = message("Referral")
CLIENT = message("Site")
KIND = message("What")
FAULT = message("Why not")
ATTEMPTS = message("Tries")
NEXT_TRY = message("Next try")
RETRY = message("Try all of them again now")
RETRIED = message("{count} will be tried again now.")
ON_DEMAND = message("only when asked for")
CUT = message("The {count} that have waited longest are listed.")
LEASE = message("Which process synchronises")
LEASE_NONE = message("None.")
HOLDER = message("Process")
UNTIL = message("Until")
EXPIRED = message("expired")
POLLS = message("Changes read from EHRs")
POLLS_NONE = message("None.")
SINCE = message("Up to")
DUE = message("Next look")
