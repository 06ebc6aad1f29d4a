"""What is read at the EHR is taken over once, if it may follow; else a person is asked to look."""

from __future__ import annotations

import pytest

from cds_service.referrals.book import Book
from cds_service.referrals.records import Learned, Referral, Remote
from cds_service.referrals.states import State
from cds_service.storage.database import Database
from tests.referrals.samples import later, moved, on_the_path, opening, queued, steps, subject


def read(state: State | None, version: str = "2", **members: str) -> Learned:
    return Learned("Task", "t1", version, state, **members)


def written(book: Book, referral: Referral, version: str = "1") -> Referral:
    """As after the Task was written in the referral's present state."""
    book.wrote(referral.id, Remote("Task", "t1", version, referral.state, later(1)), later(1))
    return referral


def test_a_change_that_may_follow_is_made_here(book: Book, database: Database) -> None:
    referral = written(book, book.open(opening()))
    before = len(queued(database))
    happened = book.learned(referral.id, read(State.CONTACTED, who="Front desk"), later(2))
    assert happened.what == "moved"
    assert (happened.referral.state, happened.referral.version) == (State.CONTACTED, 2)
    assert happened.referral.attention == ("changed-in-ehr",)
    event = book.history(referral.id)[-1]
    assert (event.kind, event.from_state, event.to_state) == ("learned", "referred", "contacted")
    assert (event.role, event.name) == ("ehr", "Front desk")
    assert [one.kind for one in queued(database)[before:]] == ["ServiceRequest", "Task"]


def test_the_same_read_again_changes_nothing(book: Book) -> None:
    referral = written(book, book.open(opening()))
    book.learned(referral.id, read(State.CONTACTED), later(2))
    history = book.history(referral.id)
    again = book.learned(referral.id, read(State.CONTACTED), later(3))
    assert again.what == "nothing"
    assert book.history(referral.id) == history


def test_what_we_wrote_ourselves_is_no_news(book: Book) -> None:
    referral = written(book, moved(book, book.open(opening()), State.RECEIVED))
    for version in ("1", "5"):
        assert book.learned(referral.id, read(State.RECEIVED, version), later(2)).what == "nothing"
    assert book.get(referral.id) == referral


def test_a_touch_that_says_nothing_new_does_not_take_back_what_was_done_here(book: Book) -> None:
    referral = written(book, book.open(opening()))
    ahead = moved(book, referral, State.CONTACTED, at=later(2))
    happened = book.learned(referral.id, read(State.REFERRED), later(3))
    assert (happened.what, happened.referral) == ("ours", ahead)


def test_an_echo_of_a_write_whose_answer_was_lost_is_no_change(book: Book) -> None:
    referral = written(book, book.open(opening()))
    moved(book, referral, State.RECEIVED, at=later(2))  # written, and killed before it was noted
    ahead = moved(book, book.get(referral.id) or referral, State.CONTACTED, at=later(3))
    happened = book.learned(referral.id, read(State.RECEIVED), later(4))
    assert (happened.what, happened.referral) == ("ours", ahead)


@pytest.mark.parametrize("state", [State.ENROLLED, State.SUGGESTED, None])
def test_what_may_not_follow_is_for_a_person_to_look_at(
    book: Book, database: Database, state: State | None
) -> None:
    referral = written(book, book.open(opening()))
    before = queued(database)
    happened = book.learned(referral.id, read(state, words="why not"), later(2))
    assert happened.what == "differs"
    assert (happened.referral.state, happened.referral.version) == (State.REFERRED, 1)
    assert happened.referral.attention == ("differs-in-ehr",)
    event = book.history(referral.id)[-1]
    assert (event.kind, event.to_state, event.why) == ("refused", (state or State.REFERRED), "why not")
    assert queued(database) == before


def test_when_they_agree_again_nobody_needs_to_look(book: Book) -> None:
    referral = written(book, book.open(opening()))
    book.learned(referral.id, read(None), later(2))
    happened = book.learned(referral.id, read(State.REFERRED, "3"), later(3))
    assert (happened.what, happened.referral.attention) == ("nothing", ())


def test_the_ehr_cannot_enrol_beyond_the_places(book: Book) -> None:
    for number in range(2):
        on_the_path(book, book.open(opening(subject=subject(client=f"c{number}"))), State.ENROLLED)
    third = written(book, on_the_path(book, book.open(opening()), State.SCREENING))
    assert book.learned(third.id, read(State.ENROLLED), later(2)).what == "differs"
    moved(book, book.of_patient(subject(client="c0"))[0], State.LOST)
    assert book.learned(third.id, read(State.ENROLLED, "3"), later(3)).what == "moved"


@pytest.mark.parametrize(
    ("given", "words", "kept"),
    [
        ("too-far", "", "too-far"),
        ("other", "says so", "other"),
        ("other", "", "in-ehr"),
        ("not-reached", "", "in-ehr"),
        ("", "", "in-ehr"),
    ],
)
def test_a_reason_is_taken_over_where_it_is_one_of_ours(
    book: Book, given: str, words: str, kept: str
) -> None:
    referral = written(book, book.open(opening()))
    happened = book.learned(referral.id, read(State.DECLINED, reason=given, words=words), later(2))
    assert (happened.referral.state, happened.referral.reason) == (State.DECLINED, kept)
    assert book.history(referral.id)[-1].why == words


def test_a_correction_and_a_return_at_the_ehr_are_made_here_too(book: Book) -> None:
    referral = written(book, book.open(opening()))
    for version, state in enumerate((State.CONTACTED, State.RECEIVED, State.LOST, State.RECEIVED), 2):
        assert book.learned(referral.id, read(state, str(version)), later(version)).what == "moved"
    assert steps(book.history(referral.id))[2:] == [
        ("learned", "referred", "contacted"),
        ("learned", "contacted", "received"),
        ("learned", "received", "lost"),
        ("learned", "lost", "received"),
    ]


def test_the_first_writing_of_each_resource_stands_in_the_history(book: Book) -> None:
    referral = written(book, book.open(opening()))
    written(book, moved(book, referral, State.RECEIVED), "2")
    told = [event for event in book.history(referral.id) if event.kind == "written"]
    assert [event.reason for event in told] == ["Task"]
    [remote] = book.remotes(referral.id).values()
    assert (remote.id, remote.version, remote.state) == ("t1", "2", State.RECEIVED)
