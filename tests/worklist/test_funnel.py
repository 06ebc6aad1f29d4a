"""The funnel: what is counted, how long steps took, and how it is drawn."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.referrals.records import Learned
from cds_service.referrals.states import PATH, State
from cds_service.storage.records import AssessedTrial, CallRecord
from cds_service.worklist.funnel.counting import Course, Left, Moved, Took, by_place, entered_by, funnel_of
from cds_service.worklist.funnel.plot import BAR, LINE, Step, plot_of
from tests.pages.browser import Browser, words_of
from tests.worklist.world import HERE, ONE, OTHER, THERE, World, subject

STATES = ("referred", "received", "enrolled")
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def course(left: str = "", reason: str = "", **days: float) -> Course:
    """A referral that came into states after so many days."""
    return Course(
        ONE, HERE, {state: START + timedelta(days=after) for state, after in days.items()}, left, reason
    )


@pytest.mark.parametrize(
    ("courses", "reached"),
    [
        ([], [0, 0, 0]),
        ([course(referred=0)], [1, 0, 0]),
        ([course(referred=0), course(referred=0, received=1)], [2, 1, 0]),
        ([course(referred=0, enrolled=9)], [1, 1, 1]),  # a step that was skipped was come by
        ([course("lost", referred=0, received=1, lost=3)], [1, 1, 0]),
        ([course("declined", suggested=0, declined=1)], [0, 0, 0]),  # never referred
    ],
)
def test_whoever_came_further_came_here_too(courses: list[Course], reached: list[int]) -> None:
    assert list(funnel_of(courses, STATES).reached.values()) == reached


@pytest.mark.parametrize(
    ("days", "took"),
    [
        ([], Took("referred", "received", 0)),
        ([4], Took("referred", "received", 1, 4, 4, 4)),
        ([1, 3], Took("referred", "received", 2, 2, 1.2, 2.8)),
        (list(range(11)), Took("referred", "received", 11, 5, 1, 9)),
        ([0, 0, 100], Took("referred", "received", 3, 0, 0, 80)),
    ],
)
def test_days_between_states_are_median_and_tenths(days: list[float], took: Took) -> None:
    found = funnel_of([course(referred=0, received=one) for one in days], STATES).took[0]
    assert found[:3] == took[:3]
    assert found[3:] == pytest.approx(took[3:])


def test_who_came_to_the_second_state_first_is_not_counted_as_quick() -> None:
    took = funnel_of([course(referred=5, received=2)], STATES).took[0]
    assert took == Took("referred", "received", 0)


def test_the_whole_way_is_measured_too() -> None:
    took = funnel_of([course(referred=0, received=3, enrolled=10)], STATES).took
    assert [(one.start, one.end, one.median) for one in took] == [
        ("referred", "received", 3),
        ("received", "enrolled", 7),
        ("referred", "enrolled", 10),
    ]


def test_reasons_of_leaving_come_most_often_first() -> None:
    left = (("lost", "not-reached"), ("declined", "too-far"), ("declined", "too-far"))
    courses = [course(*how, referred=0) for how in left]
    assert funnel_of(courses, STATES).left == (
        Left("declined", "too-far", 2),
        Left("lost", "not-reached", 1),
    )


def test_who_never_came_onto_the_path_was_set_aside_and_did_not_leave_it() -> None:
    courses = [
        course("declined", "too-far", referred=0, declined=2),
        course("declined", "no-interest", suggested=0, declined=1),
        course(suggested=0),
    ]
    found = funnel_of(courses, STATES)
    assert found.left == (Left("declined", "too-far", 1),)
    assert found.set_aside == (Left("declined", "no-interest", 1),)


@pytest.mark.parametrize(
    ("moves", "entered"),
    [
        ("0:referred", "0:referred"),
        ("0:suggested 1:referred 2:received", "0:suggested 1:referred 2:received"),
        # Skipped, left, and reopened: the first time counts.
        ("0:referred 3:screening 4:withdrawn 5:received 6:screening", "0:referred 3:screening 5:received"),
        # Entered by mistake, and taken back: it never was.
        ("0:referred 1:received 2:contacted 3:received", "0:referred 1:received"),
        ("0:referred 3:screening 4:enrolled 5:screening 6:pre-screening", "0:referred 6:pre-screening"),
        # Taken back, and then so after all.
        ("0:referred 1:received 2:contacted 3:received 9:contacted", "0:referred 1:received 9:contacted"),
        # Taken back in the second course: the first stands.
        (
            "0:referred 1:screening 2:declined 3:referred 4:screening 5:pre-screening",
            "0:referred 1:screening 5:pre-screening",
        ),
    ],
)
def test_a_step_taken_back_as_entered_by_mistake_never_was(moves: str, entered: str) -> None:
    def read(text: str) -> list[tuple[str, datetime]]:
        parts = [part.split(":") for part in text.split()]
        return [(state, START + timedelta(days=int(day))) for day, state in parts]

    course = read(moves)
    states = ["", *(state for state, _ in course)]
    found = entered_by(Moved(start, end, at) for start, (end, at) in zip(states, course, strict=False))
    assert {state: at for state, at in found.items() if state in PATH} == dict(read(entered))


def test_places_add_up_to_the_whole() -> None:
    courses = [course(referred=0), Course(OTHER, THERE, {"referred": START, "received": START})]
    assert by_place(courses, STATES) == {
        (ONE, HERE): {"referred": 1, "received": 0, "enrolled": 0},
        (OTHER, THERE): {"referred": 1, "received": 1, "enrolled": 0},
    }


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=10))
def test_bars_are_as_long_as_their_counts_and_none_covers_another(counts: list[int]) -> None:
    plot = plot_of([Step(str(number), count) for number, count in enumerate(counts)])
    most = max(counts)
    for bar, count in zip(plot.bars, counts, strict=True):
        assert (bar.width > 0) is (count > 0)
        assert bar.width <= 100
        assert bar.width == pytest.approx(max(100 * count / most, 0.6) if count else 0, abs=0.01)
    tops = [bar.y for bar in plot.bars]
    assert all(later - earlier >= BAR + LINE for earlier, later in pairwise(tops))
    assert plot.height >= tops[-1] + BAR


def page(browser: Browser, query: str = "") -> str:
    answer = browser.get(f"/worklist/funnel?{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def steps(html: str) -> dict[str, str]:
    """The table of steps."""
    table = html.partition('aria-labelledby="steps-heading"')[2].partition("</table>")[0]
    return dict(re.findall(r'<th scope="row">([^<]+)</th><td class="number">(\d+)</td>', table))


def show_card(world: World, name: str, days_ago: float = 0, *, card: bool = True, client: str = HERE) -> None:
    """A card that was shown for a patient, or held back."""
    whom = subject(name, client)
    trial = AssessedTrial(ONE, "1", "d", "possible-candidate", (), str(uuid4()) if card else "")
    at = world.now - timedelta(days=days_ago)
    service = "trial-match-patient-view"
    call = CallRecord(
        at, client, "north", "patient-view", str(uuid4()), service, 200, 1.0, whom, "", (trial,), ()
    )
    world.records.store.record_shown([call])


def test_cards_and_referrals_are_counted_from_what_was_recorded(world: World) -> None:
    for name in ("p1", "p1", "p2", "p3"):
        show_card(world, name)
    show_card(world, "p4", card=False)
    world.along(world.refer("p1", days_ago=30), State.ENROLLED, days_ago=3)
    world.move(world.refer("p2", days_ago=20), State.DECLINED)
    html = page(world.browser())
    assert steps(html) == {
        "Card shown": "3",
        "Referred": "2",
        "Received": "1",
        "Contacted": "1",
        "Pre-screening": "1",
        "Screening": "1",
        "Enrolled": "1",
    }
    text = words_of(html)
    assert "Declined Does not want to take part 1" in text
    assert "Referred Enrolled 1 27.0 27.0 – 27.0" in text


def counts(world: World) -> list[str]:
    return list(steps(page(world.browser())).values())[1:]


def test_a_change_in_the_ehr_that_was_refused_counts_nowhere(world: World) -> None:
    referral = world.refer(days_ago=3)
    before = words_of(page(world.browser()))
    claimed = Learned("Task", "t1", "2", State.ENROLLED)
    assert world.records.book.learned(referral.id, claimed, world.now).what == "differs"
    assert words_of(page(world.browser())) == before


def test_a_change_in_the_ehr_that_was_taken_over_counts(world: World) -> None:
    referral = world.refer(days_ago=3)
    claimed = Learned("Task", "t1", "2", State.CONTACTED)
    assert world.records.book.learned(referral.id, claimed, world.now).what == "moved"
    assert counts(world) == ["1", "1", "1", "0", "0", "0"]


def test_an_enrolment_entered_by_mistake_is_not_counted_once_it_is_taken_back(world: World) -> None:
    referral = world.along(world.refer(days_ago=30), State.ENROLLED, days_ago=3)
    assert counts(world) == ["1"] * 6
    world.move(referral, State.SCREENING, State.PRE_SCREENING)
    assert counts(world) == ["1", "1", "1", "1", "0", "0"]
    assert "Referred Enrolled 0" in words_of(page(world.browser()))


@pytest.mark.parametrize(
    ("query", "shown", "referred"),
    [
        ("period=90", "1", "1"),
        ("period=365", "2", "2"),
        ("", "2", "2"),
        ("period=all", "3", "3"),
        ("period=nonsense", "2", "2"),
        (f"period=all&site={THERE}", "1", "1"),
        (f"period=all&trial={OTHER}", "0", "0"),
        ("period=all&trial=NCT9", "3", "3"),
    ],
)
def test_time_trial_and_site_narrow_it(world: World, query: str, shown: str, referred: str) -> None:
    for name, days_ago, client in (("p1", 10, HERE), ("p2", 200, HERE), ("p3", 500, THERE)):
        show_card(world, name, days_ago, client=client)
        world.refer(name, days_ago=days_ago, client=client)
    html = page(world.browser(), query)
    if (shown, referred) == ("0", "0"):
        assert "No referral was opened in this time." in html
    else:
        assert (steps(html)["Card shown"], steps(html)["Referred"]) == (shown, referred)


def test_the_plot_needs_no_script_and_no_style_of_its_own(world: World) -> None:
    world.refer()
    html = page(world.browser())
    assert html.count("<svg") == 1
    assert 'role="img" aria-label="Bars of how many reached each step' in html
    assert "style=" not in html
    assert "<script" not in html


def test_without_anything_it_says_so(world: World) -> None:
    html = page(world.browser())
    assert "No referral was opened in this time." in html
    assert "<svg" not in html


def test_the_steps_are_those_of_the_path(world: World) -> None:
    world.refer()
    assert len(steps(page(world.browser()))) == len(PATH)


def test_a_candidate_who_was_set_aside_was_never_referred(world: World) -> None:
    world.move(world.refer("p1", state=State.SUGGESTED), State.DECLINED)
    html = page(world.browser())
    assert steps(html)["Referred"] == "0"
    text = words_of(html)
    assert "Why referrals ended None has ended." in text
    assert (
        "Set aside without being referred State Reason Number Declined Does not want to take part 1" in text
    )
