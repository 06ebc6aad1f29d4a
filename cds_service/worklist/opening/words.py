"""What an opened row says, in English; other languages translate it where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.language import message

PAGE_TITLE = message("A row of the worklist")
TITLE = message("Referral {code}")
ABOUT = message("About this row")
POSSIBLE = message("Possible, not yet referred")
CANDIDATE_TITLE = message("Possible candidate {code}")
TRIAL = message("Trial")
SITE = message("Site")
STATE = message("State")
OPENED = message("Referred on")
SINCE = message("In this state since")
SOURCE = message("Referred from")
SOURCES: Mapping[str, str] = {
    "card": message("a card"),
    "worksheet": message("the worksheet"),
    "worklist": message("the worklist"),
    "ehr": message("the EHR"),
}
ON_THIS_PAGE = message("On this page")
NEXT = message("Next")
FIRST_SEEN = message("First seen on")
LAST_SEEN = message("Last seen on")

PATIENT = message("Patient")
NAME = message("Name")
NAME_THEN = message("Name when referred")
NO_NAME = message("no name on record")
BIRTH_DATE = message("Born")
GENDER = message("Sex")
GENDERS: Mapping[str, str] = {
    "female": message("female"),
    "male": message("male"),
    "other": message("other"),
    "unknown": message("unknown"),
}
IDENTIFIERS = message("Identifiers")
PHONES = message("Telephone")
DECEASED = message("The record says that this patient has died.")
IN_EHR = message("Patient on the FHIR server, which asks for an access of its own")
READ_AT = message("Read from the FHIR server now, {time}. Nothing of it is kept here.")

TROUBLES: Mapping[str, str] = {
    "no-access": message(
        "No names and values: this service has no access of its own to this site's FHIR server."
    ),
    "away": message("No names and values: the FHIR server could not be read just now. Try again later."),
    "no-patient": message("No names and values: the FHIR server does not know this patient any more."),
    "not-served": message("Not assessed: this trial is not served any more."),
    "failed": message("Not assessed: the record could not be checked against this trial."),
    "no-key": message("The patient of this row cannot be read: its key is no longer in the key ring."),
}
GAPS = message("Not read: {gaps}")

CRITERIA = message("Criteria today")
DRAFT = message("Criteria not yet reviewed by a physician.")
NOT_A_DECISION = message("Not a decision on eligibility: the study team decides.")
COUNTS = message("{met} met, {unknown} to check, {not_met} not met")
GROUPS: Mapping[str, str] = {
    "not-met": message("Not met ({count})"),
    "to-check": message("To check ({count})"),
    "judgement": message("Only a person can say ({count})"),
    "met": message("Met ({count})"),
}
GROUP_CHIPS: Mapping[str, str] = {
    "not-met": "chip-bad",
    "to-check": "chip-attention",
    "judgement": "chip-attention",
    "met": "chip-good",
}
MISSING_THEN = message("Missing then: {criteria}.")
OUTCOMES: Mapping[str, str] = {
    "possible-candidate": message("Possible candidate"),
    "needs-data": message("Needs data"),
    "ruled-out": message("Ruled out"),
}
RECORD_REASONS: Mapping[str, str] = {
    "": "",
    "deceased": message("the record says that the patient has died"),
    "inactive": message("the record is not active any more"),
    "merged": message("the record was merged into another"),
}
CHANGES = message("What changed since {day}")
NO_CHANGES = message("Nothing changed since {day}.")
NEVER_ASSESSED = message("Not assessed before.")
VERDICTS: Mapping[str, str] = {
    "met": message("met"),
    "not-met": message("not met"),
    "unknown": message("to check"),
}
CHANGED_VERDICT = message("{criterion}: {was}, now {now}")
CHANGED_EVIDENCE = message("{criterion}: {now}, on other evidence than before")
NEW_CRITERION = message("{criterion}: {now}, not asked before")

ANSWERS = message("Answers of clinicians")

HISTORY = message("History")
WHEN = message("When")
WHO = message("Who")
WHY = message("Why")
BY_SERVICE = message("this service")
SOMEBODY = message("somebody whose key is gone")
MOVED = message("{old} → {new}")
KINDS: Mapping[str, str] = {
    "moved": message("Moved"),
    "asked": message("Referred again"),
    "noted": message("Note"),
    "assessed": message("Assessed again, with another result"),
    "looked": message("Looked at"),
    "written": message("Written to the EHR"),
    "learned": message("Changed in the EHR"),
    "refused": message("A change in the EHR was not taken over"),
}
NOT_WRITTEN = message("Not written to the EHR")
WITH_REASON = message("{what}. {reason}")
WITH_KIND = message("{what}: {reason}")
ROLES: Mapping[str, str] = {
    "clinician": message("clinician"),
    "coordinator": message("coordinator"),
    "investigator": message("investigator"),
    "read-only": message("read-only"),
    "administrator": message("administrator"),
    "service": BY_SERVICE,
    "ehr": message("EHR"),
}
NOTES = message("Notes")
NO_NOTES = message("No notes yet.")
NOTE_LABEL = message("New note")
NOTE_HINT = message("Kept encrypted. At most {count} characters.")
NOTE_ADD = message("Add note")

MOVE = message("Move on")
MOVE_TO = message("New state")
MOVE_WHY = message("Comment")
MOVE_APPLY = message("Move")
LEAVE = message("End this referral")
LEAVE_TO = message("How and why it ended")
LEAVE_APPLY = message("End the referral")
CORRECT = message("Take the last step back")
REOPEN = message("Open it again")
REASON = message("Reason")
CHOOSE = message("Choose …")
WORDS_NEEDED = message("Comment (needed for “another reason”)")
READ_ONLY = message("You may read this row, and not change it.")

LOOKED = message("I have looked at this")
LAST_FOUND = message("Found when last assessed, on {day}")

SYNC = message("In the EHR")
SYNC_NOTHING = message("Nothing is written to this site's EHR.")
SYNC_DONE = message("{what}: written {time}")
SYNC_WAITING = message("{what}: waiting to be written")
SYNC_FAILED = message("{what}: not written. {fault} Tried {attempts} times; next try: {time}.")
ON_DEMAND = message("only when an administrator asks for it")

REFER = message("Refer for screening")
REFER_HINT = message("Opens a referral, which is written to the EHR where the site takes it.")

SET_ASIDE = message("Set aside")
SET_ASIDE_HINT = message("Not referred, for a reason: it is not listed as possible any more.")

CONFLICT_TITLE = message("Somebody else changed this referral meanwhile")
CONFLICT = message("Nothing of yours was done yet. Since you opened the page:")
CONFLICT_AGAIN = message(
    "Look at what changed, and send again what still holds. What you wrote is kept below."
)
NOT_ALLOWED = message("This step is not possible from the present state. Nothing was changed.")
CHOOSE_STEP = message("Choose a step, and a reason where one is asked for. Nothing was changed.")
WORDS_MISSING = message("Say why in a few words. Nothing was changed.")
NOTE_EMPTY = message("An empty note is not kept.")
TOO_LONG = message("At most {count} characters. Nothing was changed; what you wrote is kept below.")
NO_PLACE = message("The trial has no free place. Nothing was changed.")

GONE = message(
    "This row is not here, or not for you. It may have been deleted when its retention time was over."
)
KEPT_TEXT = message("What you had written; it was not kept")
OPEN_AGAIN = message("Open the row again")
