"""The tables behind worksheet, referrals and worklist. The same rules as in ``tables``: times in UTC, people
as pseudonyms, and whatever names a patient, a person or a value encrypted with the ring.

A change here needs a migration: a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from cds_service.storage.tables import RowId, UtcTime, metadata

# A browser's session, of study staff or of a clinician. The cookie holds its id, we keep the digest of that.
web_session = Table(
    "web_session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("created", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False, index=True),
    Column("secret", LargeBinary, nullable=False),  # encrypted JSON: who, and what they may open
)

# What may be used once: the state of a sign-in or launch, the id in a worksheet link.
one_time = Table(
    "one_time",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("expires", UtcTime, nullable=False, index=True),
    Column("used", UtcTime),
    Column("secret", LargeBinary, nullable=False),  # encrypted JSON
)

# One patient's referral to one trial, however often somebody clicks.
trial_referral = Table(
    "trial_referral",
    metadata,
    Column("id", Text, primary_key=True),  # random; the one that stands in our URLs
    Column("identifier", Text, nullable=False, unique=True),  # the one that ties the FHIR resources together
    Column("client", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("trial", Text, nullable=False),
    Column("patient_id", RowId, ForeignKey("pseudonym.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),  # counts changes; an edit of another version is refused
    Column("source", Text, nullable=False),  # card, worksheet, worklist or ehr
    Column("opened", UtcTime, nullable=False),
    Column("entered", UtcTime, nullable=False),  # when it came into its state
    Column("changed", UtcTime, nullable=False),  # when somebody last did something about it
    Column("left_from", Text, nullable=False),  # in which state it was left, or empty
    Column("reason", Text, nullable=False),  # why it was left, a closed word, or empty
    Column("attention", Text, nullable=False),  # JSON: closed words that ask for a look
    Column("assessed", UtcTime),
    Column("outcome", Text, nullable=False),
    Column("gate", Text, nullable=False),  # the verdict on the trial's gate
    Column("traces", Text, nullable=False),  # JSON: [[criterion, verdict, reason, keyed digest]]
    Column("secret", LargeBinary, nullable=False),  # encrypted JSON: the patient, and what changed
    UniqueConstraint("patient_id", "trial"),
    Index(None, "client", "trial", "state", "changed"),
    Index(None, "state", "trial"),
    Index(None, "changed"),
)

# The history of a referral. Nothing in it is ever changed, and it goes only with its referral: by triggers.
referral_event = Table(
    "referral_event",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("referral_id", Text, ForeignKey("trial_referral.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("version", Integer, nullable=False),  # that of the referral after it
    Column("at", UtcTime, nullable=False),
    Column("kind", Text, nullable=False),  # a word of cds_service.referrals.records.EVENTS
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("staff_id", RowId, ForeignKey("pseudonym.id"), index=True),
    Column("role", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # encrypted JSON: who, why in words, a note
    UniqueConstraint("referral_id", "number"),
)

# What is to be written to a FHIR server, kept in the transaction that decided it.
outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the same writing is never queued twice
    Column("client", Text, nullable=False),
    Column("referral_id", Text, ForeignKey("trial_referral.id", ondelete="CASCADE"), index=True),
    Column("kind", Text, nullable=False),
    Column("made", UtcTime, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done", UtcTime),
    Column("fault", Text, nullable=False),  # a closed word of ours: why the last attempt failed
    Column("secret", LargeBinary, nullable=False),  # encrypted JSON
    Index(None, "done", "next_at"),
)

# Where on its FHIR server a referral's resource is, and what of it was seen last.
remote_resource = Table(
    "remote_resource",
    metadata,
    Column("referral_id", Text, ForeignKey("trial_referral.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),  # ServiceRequest, Task or ResearchSubject
    Column("secret", LargeBinary, nullable=False),  # encrypted: its id
    Column("version", Text, nullable=False),  # meta.versionId
    Column("status", Text, nullable=False),  # the state of ours that it stood for
    Column("seen", UtcTime, nullable=False),
)

# How far changes on a FHIR server are known, and when to look again. "due" may be brought forward by anybody.
sync_cursor = Table(
    "sync_cursor",
    metadata,
    Column("client", Text, primary_key=True),
    Column("server", Text, primary_key=True),  # digest of the FHIR base
    Column("kind", Text, primary_key=True),  # a resource type, or what else is done by the clock
    Column("since", UtcTime, nullable=False),  # the server's time up to which its changes are known
    Column("due", UtcTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),  # that failed since one did not
    Column("fault", Text, nullable=False),  # a closed word: why the last attempt failed
    Column("note", Text, nullable=False),  # JSON: what else the next look needs to know; nobody is named
)

# Which process does what only one may do at a time.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", UtcTime, nullable=False),
)

# A clinician's answers on a worksheet, as a FHIR QuestionnaireResponse.
worksheet_answer = Table(
    "worksheet_answer",
    metadata,
    Column("id", Text, primary_key=True),  # random; the id of the resource as we keep it
    Column("patient_id", RowId, ForeignKey("pseudonym.id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("trial", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("written", UtcTime),  # when the EHR had it too
    Column("secret", LargeBinary, nullable=False),  # encrypted JSON: whose it is, and the resource
    Index(None, "patient_id", "trial"),
)
