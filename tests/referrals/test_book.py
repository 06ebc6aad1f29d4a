"""A referral is opened once and moved by one at a time, and its history says all that happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.book import Book
from cds_service.referrals.identity import identifier_of, identifiers_of
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.records import (
    SERVICE,
    ConflictError,
    NoPlaceError,
    NotAllowedError,
    NotFoundError,
    Referral,
    Terms,
)
from cds_service.referrals.states import LEFT, PATH, State, moves
from cds_service.storage.database import Database
from cds_service.storage.workflow_tables import outbox, referral_event, trial_referral
from tests.referrals.samples import (
    BASE,
    CLINICIAN,
    COORDINATOR,
    INVESTIGATOR,
    NOW,
    TERMS,
    TRACES,
    TRIAL,
    Told,
    later,
    moved,
    on_the_path,
    opening,
    queued,
    steps,
    subject,
)
from tests.storage.samples import NEW_RING, OLD_RING, ROTATED_RING

# --- opening


def test_a_new_referral_is_as_it_was_opened(book: Book, ring: KeyRing) -> None:
    made = book.open(opening(why="asked for it", patient_name="Ana Li"))
    assert made == book.get(made.id) == book.by_identifier(made.identifier)
    assert (made.state, made.version, made.source) == (State.REFERRED, 1, "worksheet")
    assert (made.opened, made.entered, made.changed, made.attention) == (NOW, NOW, NOW, ())
    assert (made.subject, made.patient_name, made.referrer) == (subject(), "Ana Li", "Practitioner/7")
    assert (made.traces, made.gate, made.outcome) == (TRACES, "met", "possible-candidate")
    assert made.identifier == identifier_of(ring, subject(), TRIAL)
    [event] = book.history(made.id)
    assert (event.kind, event.from_state, event.to_state) == ("moved", "", "referred")
    assert (event.name, event.why, event.role, event.at) == ("Dr Wu", "asked for it", "clinician", NOW)


def test_whoever_refers_again_gets_the_one_there_is(book: Book) -> None:
    first = book.open(opening())
    again = book.open(opening(who=COORDINATOR, source="worklist", at=later()))
    assert again == first
    assert len(book.history(first.id)) == 1


def test_other_patients_trials_tenants_and_clients_have_their_own(book: Book) -> None:
    others = [
        opening(),
        opening("p2"),
        opening(trial="NCT2"),
        opening(subject=subject()._replace(tenant="south")),
        opening(subject=subject(client="other")),
        opening(subject=subject(client="other")._replace(fhir_base="https://b.example/fhir")),
    ]
    made = [book.open(one) for one in others]
    assert len({one.id for one in made}) == len({one.identifier for one in made}) == len(others)
    assert [one.trial for one in book.of_patient(subject())] == ["NCT06920433", "NCT2"]


def test_a_call_that_names_no_server_speaks_of_the_only_one(book: Book) -> None:
    without = opening(subject=subject()._replace(fhir_base=""))
    made = book.open(without)
    assert made == book.open(opening())
    assert made.subject == subject()
    assert book.of_patient(without.subject) == book.of_patient(subject()) == (made,)


def test_of_several_servers_none_is_guessed(book: Book) -> None:
    without = subject(client="plain")._replace(fhir_base="")
    assert book.open(opening(subject=without)).id != book.open(opening(subject=subject(client="plain"))).id


def test_a_silent_candidate_begins_as_suggested(book: Book) -> None:
    made = book.open(opening(was_suggested=True, source="worklist", who=COORDINATOR))
    assert steps(book.history(made.id)) == [("moved", "suggested", "referred")]
    assert made.referrer == ""


def test_a_candidate_who_is_set_aside_is_not_written_anywhere(book: Book, database: Database) -> None:
    made = book.open(opening(state=State.SUGGESTED, who=COORDINATOR))
    left = book.move(made.id, 1, State.NOT_ELIGIBLE, COORDINATOR, later(), reason="other-study")
    assert left.state is State.NOT_ELIGIBLE
    assert steps(book.history(made.id)) == [
        ("moved", "", "suggested"),
        ("moved", "suggested", "not-eligible"),
    ]


def test_who_was_only_suggested_is_referred_by_the_next_who_opens(book: Book, database: Database) -> None:
    made = book.open(opening(state=State.SUGGESTED, who=COORDINATOR, source="worklist"))
    assert queued(database) == []
    referred = book.open(opening(at=later()))
    assert (referred.id, referred.state, referred.version) == (made.id, State.REFERRED, 2)
    assert (referred.opened, referred.source, referred.referrer) == (later(), "worksheet", "Practitioner/7")
    assert [one.kind for one in queued(database)] == ["ServiceRequest", "Task"]


def test_one_that_was_left_stays_so_and_asks_once_for_a_look(book: Book) -> None:
    left = moved(book, book.open(opening()), State.DECLINED)
    for _ in range(2):
        again = book.open(opening(at=later(9)))
        assert (again.state, again.version, again.attention) == (State.DECLINED, 2, ("asked-again",))
    assert steps(book.history(left.id))[-1] == ("asked", "declined", "declined")
    assert len(book.history(left.id)) == 3
    looked = book.looked(left.id, ["asked-again"], COORDINATOR, later(10))
    assert looked.attention == ()
    assert book.history(left.id)[-1].kind == "looked"
    assert book.open(opening(at=later(11))).attention == ("asked-again",)


# --- moving


@pytest.mark.parametrize("state", [state for state in State if state is not State.SUGGESTED])
def test_from_every_state_every_move_of_the_table_can_be_made_and_no_other(book: Book, state: State) -> None:
    for number, to in enumerate(State):
        referral = reached(book, f"p{number}", state)
        if to in {move.to for move in moves(state)}:
            assert moved(book, referral, to, at=later(2)).state is to
            assert steps(book.history(referral.id))[-1] == ("moved", state.value, to.value)
        else:
            with pytest.raises(NotAllowedError, match=r"^move: "):
                book.move(referral.id, referral.version, to, COORDINATOR, later(2), reason="other", why="x")
            assert book.get(referral.id) == referral
        leave_for_good(book, referral)


def reached(book: Book, patient: str, state: State) -> Referral:
    """A referral in a state."""
    referral = book.open(opening(patient))
    if state in PATH:
        return on_the_path(book, referral, state)
    start = State.SCREENING if state is not State.NOT_ELIGIBLE else State.CONTACTED
    return moved(book, on_the_path(book, referral, start), state)


def leave_for_good(book: Book, referral: Referral) -> None:
    """Gives back a place that was taken."""
    current = book.get(referral.id)
    if current is not None and current.state is State.ENROLLED:
        moved(book, current, State.WITHDRAWN)


def test_a_move_says_who_when_and_why(book: Book, told: Told) -> None:
    referral = book.open(opening())
    left = book.move(
        referral.id, 1, State.WITHDRAWN, COORDINATOR, later(5), reason="other", why=" moves abroad "
    )
    assert (left.state, left.left_from, left.reason) == (State.WITHDRAWN, State.REFERRED, "other")
    assert (left.version, left.entered, left.changed, left.opened) == (2, later(5), later(5), NOW)
    event = book.history(referral.id)[-1]
    assert (event.name, event.role, event.at) == ("Rosa Feld", "coordinator", later(5))
    assert (event.reason, event.why, event.version) == ("other", "moves abroad", 2)
    assert [(one.kind, one.from_state, one.to_state, one.who) for one in told] == [
        ("opened", "", "referred", CLINICIAN),
        ("moved", "referred", "withdrawn", COORDINATOR),
    ]


def test_who_comes_back_is_as_if_never_gone_but_for_the_history(book: Book) -> None:
    left = moved(book, on_the_path(book, book.open(opening()), State.CONTACTED), State.LOST)
    assert left.left_from is State.CONTACTED
    back = moved(book, left, State.RECEIVED)
    assert (back.state, back.left_from, back.reason) == (State.RECEIVED, None, "")
    assert len(book.history(back.id)) == back.version == 5


@pytest.mark.parametrize(
    ("state", "to", "reason", "why", "fault"),
    [
        (State.REFERRED, State.DECLINED, "", "", "reason"),
        (State.REFERRED, State.DECLINED, "not-reached", "", "reason"),
        (State.REFERRED, State.DECLINED, "of-mine", "", "reason"),
        (State.REFERRED, State.DECLINED, "in-ehr", "", "reason"),
        (State.REFERRED, State.DECLINED, "other", "  ", "words"),
        (State.RECEIVED, State.REFERRED, "correction", "", "words"),
        (State.RECEIVED, State.REFERRED, "", "a slip", "reason"),
        (State.REFERRED, State.RECEIVED, "too-far", "", "reason"),
        (State.REFERRED, State.ENROLLED, "", "", "move"),
        (State.REFERRED, State.REFERRED, "", "", "move"),
    ],
)
def test_a_move_without_what_it_needs_is_refused(
    book: Book, state: State, to: State, reason: str, why: str, fault: str
) -> None:
    referral = on_the_path(book, book.open(opening()), state)
    with pytest.raises(NotAllowedError) as refused:
        book.move(referral.id, referral.version, to, COORDINATOR, later(), reason=reason, why=why)
    assert (refused.value.fault, refused.value.state, refused.value.to) == (fault, state, to)
    assert book.get(referral.id) == referral


def test_an_edit_of_what_has_changed_is_refused_with_what_changed(book: Book) -> None:
    seen = book.open(opening())
    moved(book, seen, State.RECEIVED, State.CONTACTED)
    book.note(seen.id, "will call on Monday", INVESTIGATOR, later())
    with pytest.raises(ConflictError) as refused:
        book.move(seen.id, seen.version, State.DECLINED, INVESTIGATOR, later(), reason="too-far")
    assert refused.value.current.state is State.CONTACTED
    assert [(one.to_state, one.name) for one in refused.value.since] == [
        ("received", "Rosa Feld"),
        ("contacted", "Rosa Feld"),
        ("contacted", "Jo Ahn"),
    ]
    assert refused.value.since[-1].why == "will call on Monday"
    assert str(refused.value) == "changed meanwhile, 3 times"


def test_a_note_makes_no_edit_stale(book: Book, told: Told) -> None:
    seen = book.open(opening())
    book.note(seen.id, "has a <b>dog</b>", INVESTIGATOR, later())
    received = book.move(seen.id, seen.version, State.RECEIVED, COORDINATOR, later(2))
    assert received.version == 2
    noted = book.history(seen.id)[1]
    assert (noted.kind, noted.why, noted.name, noted.version) == ("noted", "has a <b>dog</b>", "Jo Ahn", 1)
    assert told[1].kind == "noted"


def test_what_is_not_there_is_not_found(book: Book) -> None:
    assert book.get("none") is None
    assert book.by_identifier("none") is None
    assert book.history("none") == ()
    for change in (
        lambda: book.move("none", 1, State.RECEIVED, COORDINATOR, NOW),
        lambda: book.note("none", "x", COORDINATOR, NOW),
        lambda: book.looked("none", ["asked-again"], COORDINATOR, NOW),
    ):
        with pytest.raises(NotFoundError):
            change()


# --- places


def test_nobody_is_enrolled_beyond_the_places(book: Book) -> None:
    for patient in ("a", "b"):
        on_the_path(
            book, book.open(opening(patient, subject=subject(patient, client=patient))), State.ENROLLED
        )
    third = on_the_path(book, book.open(opening("c")), State.SCREENING)
    with pytest.raises(NoPlaceError) as refused:
        book.move(third.id, third.version, State.ENROLLED, INVESTIGATOR, later())
    assert (refused.value.places, refused.value.enrolled) == (2, 2)
    assert str(refused.value) == "2 of 2 places are taken"
    moved(book, book.of_patient(subject("a", client="a"))[0], State.WITHDRAWN)
    assert book.move(third.id, third.version, State.ENROLLED, INVESTIGATOR, later()).state is State.ENROLLED


def test_a_trial_without_a_number_of_places_takes_everybody(database: Database, ring: KeyRing) -> None:
    book = Book(database, ring)
    for patient in "abc":
        on_the_path(book, book.open(opening(patient)), State.ENROLLED)


# --- what is to be written


def test_each_move_asks_for_what_the_client_keeps_to_be_written(book: Book, database: Database) -> None:
    referral = book.open(opening())
    moved(book, referral, State.RECEIVED)
    assert queued(database) == [
        (kind, referral.id) for kind in ("ServiceRequest", "Task", "ServiceRequest", "Task")
    ]


@pytest.mark.parametrize("client", ["plain", "not-registered"])
def test_nothing_is_queued_for_a_client_without_backend_access(
    book: Book, database: Database, client: str
) -> None:
    moved(book, book.open(opening(subject=subject(client=client))), State.RECEIVED)
    assert queued(database) == []


def test_what_is_refused_leaves_neither_an_event_nor_anything_to_write(
    book: Book, database: Database
) -> None:
    referral = book.open(opening())
    before = (queued(database), book.history(referral.id))
    with pytest.raises(NotAllowedError):
        book.move(referral.id, 1, State.ENROLLED, COORDINATOR, later())
    with pytest.raises(ConflictError):
        book.move(referral.id, 7, State.RECEIVED, COORDINATOR, later())
    assert (queued(database), book.history(referral.id)) == before


def test_a_row_says_what_to_bring_about_and_not_how(book: Book, database: Database, ring: KeyRing) -> None:
    referral = book.open(opening())
    with database.autocommit() as connection:
        row = connection.execute(select(outbox).where(outbox.c.kind == "Task")).one()
    assert row.key == f"{referral.id}/Task/1"
    assert ring.decrypt(row.secret) == b'{"state":"referred","version":1}'
    assert (row.client, row.attempts, row.done, row.fault) == ("ehr", 0, None, "")


def test_where_the_ehr_said_something_else_a_look_writes_ours_again(book: Book, database: Database) -> None:
    referral = book.open(opening())
    book.attend(referral.id, "differs-in-ehr", True, "", later())
    before = len(queued(database))
    assert book.looked(referral.id, ["differs-in-ehr"], COORDINATOR, later()).attention == ()
    assert len(queued(database)) == before + 2


def test_what_could_not_be_written_is_said_once(book: Book) -> None:
    referral = book.open(opening())
    for _ in range(2):
        book.attend(referral.id, "not-written", True, "refused", later())
    assert moved(book, referral, State.RECEIVED).attention == ("not-written",)
    book.attend(referral.id, "not-written", False, "", later())
    assert book.open(opening()).attention == ()
    told = [event for event in book.history(referral.id) if event.kind == "refused"]
    assert [event.reason for event in told] == ["refused"]


# --- the history stays


def test_no_event_can_be_changed_or_taken_out(book: Book, database: Database) -> None:
    referral = moved(book, book.open(opening()), State.RECEIVED)
    for statement in (
        update(referral_event).values(reason="x"),
        delete(referral_event),
        text("UPDATE referral_event SET number = number + 10"),
    ):
        with pytest.raises(IntegrityError), database.durable() as connection:
            connection.execute(statement)
    assert len(book.history(referral.id)) == 2


def test_events_go_with_their_referral(book: Book, database: Database) -> None:
    referral = moved(book, book.open(opening()), State.RECEIVED)
    with database.durable() as connection:
        connection.execute(delete(trial_referral))
    assert book.history(referral.id) == ()
    assert queued(database) == []


# --- keys


def test_a_new_key_changes_neither_the_referral_nor_its_identifier(database: Database) -> None:
    before = Book(database, OLD_RING, terms=TERMS).open(opening())
    book = Book(database, ROTATED_RING, terms=TERMS)
    assert book.open(opening(at=later())) == before
    assert before.identifier in identifiers_of(ROTATED_RING, subject(), TRIAL)
    received = moved(book, before, State.RECEIVED)
    assert received.identifier == before.identifier
    later_book = Book(database, NEW_RING, terms=TERMS)
    assert later_book.of_patient(subject()) == (received,), "encrypted anew by the move"
    first, second = later_book.history(before.id)
    assert (first.readable, first.name, first.to_state) == (False, "", "referred")
    assert (second.readable, second.name) == (True, "Rosa Feld")


def test_what_cannot_be_read_any_more_can_still_be_listed_and_moved(database: Database) -> None:
    made = Book(database, OLD_RING, terms=TERMS).open(opening(patient_name="Ana Li"))
    book = Book(database, NEW_RING, terms=TERMS)
    found = book.get(made.id)
    assert found is not None
    assert (found.subject, found.patient_name, found.state) == (None, "", State.REFERRED)
    assert [one.id for one in book.open_of("ehr")] == [made.id]
    moved(book, found, State.RECEIVED)
    again = Book(database, OLD_RING, terms=TERMS).get(made.id)
    assert again is not None
    assert (again.subject, again.patient_name, again.state) == (subject(), "Ana Li", State.RECEIVED)


# --- reading many


def test_open_referrals_of_a_client_come_in_parts(book: Book) -> None:
    made = sorted(book.open(opening(f"p{number}")).id for number in range(7))
    moved(book, book.get(made[3]) or pytest.fail("gone"), State.DECLINED)
    book.open(opening(subject=subject(client="other")))
    first = book.open_of("ehr", limit=4)
    rest = book.open_of("ehr", after_id=first[-1].id, limit=4)
    assert [one.id for one in (*first, *rest)] == [one for one in made if one != made[3]]


def test_a_half_character_in_a_note_is_no_accident(book: Book) -> None:
    referral = book.open(opening("p\ud800", patient_name="Li \ud800", why="\ud800"))
    book.note(referral.id, "\ud83d", SERVICE, datetime.now(UTC) + timedelta(days=1))
    assert referral.subject == subject("p\ud800")
    assert book.history(referral.id)[-1].why == "?"


def test_every_reason_can_be_given(book: Book) -> None:
    for number, (start, to) in enumerate([(State.PRE_SCREENING, to) for to in sorted(LEFT)]):
        for place, reason in enumerate(reasons_for(start, to)):
            referral = on_the_path(book, book.open(opening(f"p{number}-{place}")), start)
            left = book.move(
                referral.id, referral.version, to, COORDINATOR, later(), reason=reason.code, why="words"
            )
            assert left.reason == reason.code


def test_terms_are_those_of_the_client(book: Book) -> None:
    assert book.terms("ehr") == TERMS["ehr"]
    assert book.terms("of-nobody") == Terms()
    assert TERMS["ehr"].base == BASE
