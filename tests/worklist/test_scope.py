"""Nobody sees a row of a trial or a site that is not theirs, whichever way they ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from cds_service.referrals.records import Referral
from cds_service.signing_in.staff import Account, Grant, Role
from cds_service.worklist.scope import Scope, scope_of
from tests.pages.browser import Browser, words_of
from tests.worklist.world import HERE, ONE, OTHER, THERE, World, world_in

SEEING = (Role.COORDINATOR, Role.INVESTIGATOR, Role.READ_ONLY)
PLACES = [(ONE, HERE), (ONE, THERE), (OTHER, HERE), (OTHER, THERE)]
GRANTS: dict[str, tuple[Grant, ...]] = {
    "one trial at one site": (Grant(Role.COORDINATOR, frozenset({ONE}), frozenset({HERE})),),
    "one trial at all sites": (Grant(Role.COORDINATOR, frozenset({ONE}), None),),
    "all trials at one site": (Grant(Role.COORDINATOR, None, frozenset({THERE})),),
    "nothing that there is": (Grant(Role.COORDINATOR, frozenset({"NCT9"}), frozenset({"nowhere"})),),
    "no trial at all": (Grant(Role.COORDINATOR, frozenset(), None),),
    "two that do not make a third": (
        Grant(Role.COORDINATOR, frozenset({ONE}), frozenset({HERE})),
        Grant(Role.COORDINATOR, frozenset({OTHER}), frozenset({THERE})),
    ),
    "as a clinician there is nothing to see": (
        Grant(Role.COORDINATOR, frozenset({ONE}), frozenset({HERE})),
        Grant(Role.CLINICIAN, frozenset({OTHER}), None),
    ),
}
SEEN = {
    "one trial at one site": {(ONE, HERE)},
    "one trial at all sites": {(ONE, HERE), (ONE, THERE)},
    "all trials at one site": {(ONE, THERE), (OTHER, THERE)},
    "nothing that there is": set(),
    "no trial at all": set(),
    "two that do not make a third": {(ONE, HERE), (OTHER, THERE)},
    "as a clinician there is nothing to see": {(ONE, HERE)},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(Path(tmp_path_factory.mktemp("scope"))) as made:
        yield made


@pytest.fixture(scope="module")
def rows(world: World) -> dict[tuple[str, str], Referral]:
    """A referral and a candidate of each trial at each site."""
    made = {}
    for number, (trial, site) in enumerate(PLACES):
        made[trial, site] = world.refer(f"p{number}", trial=trial, client=site)
        world.candidate(f"s{number}", trial=trial, client=site)
    return made


@pytest.fixture(scope="module")
def possible(world: World, rows: dict[tuple[str, str], Referral]) -> dict[tuple[str, str], str]:
    """The addresses of candidates, which somebody who sees them all may have sent on."""
    found = {}
    browser = world.browser("coordinator")
    for trial, site in PLACES:
        page = browser.get(f"/worklist?show=possible&trial={trial}&site={site}").text
        (found[trial, site],) = re.findall(r'href="(/worklist/possible/[^"]+)"', page)
    return found


@pytest.mark.parametrize("grants", GRANTS)
def test_list_export_and_funnel_hold_what_is_theirs_and_nothing_else(
    world: World, rows: dict[tuple[str, str], Referral], grants: str
) -> None:
    browser = world.browser("coordinator", *GRANTS[grants])
    listed = browser.get("/worklist?show=all").text
    exported = browser.get("/worklist/export.csv?show=all").text
    funnel = browser.get("/worklist/funnel?period=all").text
    for place, referral in rows.items():
        theirs = place in SEEN[grants]
        assert (referral.id in listed) is theirs
        assert (referral.id[:6].upper() in exported) is theirs
    counted = re.findall(r'<th scope="row">(NCT\d+)</th><td[^>]*><span>(\w+)</span>', funnel)
    assert set(counted) == SEEN[grants]


@pytest.mark.parametrize("grants", GRANTS)
def test_candidates_are_those_of_their_places(
    world: World, possible: dict[tuple[str, str], str], grants: str
) -> None:
    page = world.browser("coordinator", *GRANTS[grants]).get("/worklist?show=possible").text
    codes = re.findall(
        r'<td data-label="Trial"><span>(\w+)</span></td>\s*<td data-label="Site"><span>(\w+)', page
    )
    assert set(codes) == SEEN[grants]


@pytest.mark.parametrize("grants", GRANTS)
def test_choices_do_not_tell_of_trials_and_sites_that_are_not_theirs(
    world: World, rows: dict[tuple[str, str], Referral], grants: str
) -> None:
    page = world.browser("coordinator", *GRANTS[grants]).get("/worklist").text
    offered = set(re.findall(r'<option value="(NCT\d+|demo|south)"', page))
    assert offered == {name for place in SEEN[grants] for name in place}


ROUTES = ["GET {}", "POST {}/move", "POST {}/note", "POST {}/looked"]
CANDIDATE_ROUTES = ["POST {}/refer", "POST {}/set-aside"]


def asked(browser: Browser, route: str, path: str) -> TestResponse:
    method, _, template = route.partition(" ")
    where = template.format(path)
    return (
        browser.get(where) if method == "GET" else browser.post(where, note="x", step="received", version="1")
    )


def as_(role: Role, grants: str) -> list[Grant]:
    """The same grants for another role that sees rows."""
    return [
        Grant(role, one.trials, one.clients) if one.role is Role.COORDINATOR else one
        for one in GRANTS[grants]
    ]


@pytest.mark.parametrize("role", SEEING)
@pytest.mark.parametrize("grants", GRANTS)
def test_a_row_that_is_not_theirs_is_not_there_on_any_route(
    world: World, rows: dict[tuple[str, str], Referral], grants: str, role: Role
) -> None:
    browser = world.browser(role.value, *as_(role, grants))
    missing = words_of(browser.get("/worklist/" + "0" * 32).text)
    for place, referral in rows.items():
        if place in SEEN[grants]:
            continue
        for route in ROUTES:
            answer = asked(browser, route, f"/worklist/{referral.id}")
            lacks_the_role = role is Role.READ_ONLY and route.startswith("POST")
            assert answer.status_code == (403 if lacks_the_role else 404)
            if route.startswith("GET"):
                assert words_of(answer.text) == missing
        assert world.records.book.get(referral.id) == referral


@pytest.mark.parametrize("grants", GRANTS)
def test_a_candidate_who_is_not_theirs_is_not_there_whoever_sent_the_address(
    world: World, possible: dict[tuple[str, str], str], grants: str
) -> None:
    browser = world.browser("investigator", *as_(Role.INVESTIGATOR, grants))
    for place, path in possible.items():
        expected = {200} if place in SEEN[grants] else {404}
        assert {asked(browser, "GET {}", path).status_code} == expected
        if place not in SEEN[grants]:
            for route in CANDIDATE_ROUTES:
                assert asked(browser, route, path).status_code == 404


def test_read_only_sees_and_changes_nothing(
    world: World, rows: dict[tuple[str, str], Referral], possible: dict[tuple[str, str], str]
) -> None:
    browser = world.browser("read-only")
    referral = rows[ONE, HERE]
    page = browser.get(f"/worklist/{referral.id}").text
    assert "/move" not in page
    assert "/note" not in page
    assert "You may read this row" in page
    for route in ROUTES[1:]:
        assert asked(browser, route, f"/worklist/{referral.id}").status_code == 403
    assert asked(browser, "POST {}/refer", possible[ONE, HERE]).status_code == 403
    assert browser.get("/worklist/export.csv").status_code == 403
    assert "export.csv" not in browser.get("/worklist").text


def test_who_reads_and_is_a_clinician_elsewhere_cannot_refer_from_the_list(
    world: World, possible: dict[tuple[str, str], str]
) -> None:
    browser = world.browser("read-only", Grant(Role.READ_ONLY), Grant(Role.CLINICIAN))
    assert browser.post(f"{possible[ONE, HERE]}/refer").status_code == 403


def test_an_investigator_moves_and_does_not_export(
    world: World, rows: dict[tuple[str, str], Referral]
) -> None:
    browser = world.browser("investigator")
    assert "/move" in browser.get(f"/worklist/{rows[ONE, HERE].id}").text
    assert browser.get("/worklist/export.csv").status_code == 403


def test_who_exports_one_site_and_reads_another_exports_the_one(
    world: World, rows: dict[tuple[str, str], Referral]
) -> None:
    browser = world.browser(
        "coordinator",
        Grant(Role.COORDINATOR, None, frozenset({HERE})),
        Grant(Role.READ_ONLY, None, frozenset({THERE})),
    )
    listed, exported = (
        browser.get("/worklist?show=all").text,
        browser.get("/worklist/export.csv?show=all").text,
    )
    assert rows[ONE, THERE].id in listed
    assert rows[ONE, THERE].id[:6].upper() not in exported
    assert rows[ONE, HERE].id[:6].upper() in exported


def test_without_any_grant_nothing_holds() -> None:
    nobody = scope_of(Account("x|y", "Nobody", ()))
    assert nobody == Scope(())
    assert not nobody.holds(ONE, HERE)
