"""Section 5.1: what arrives under a prefetch key, with FHIR access and without.

The key is that of the result which makes the criterion on proteinuria met: the card says whether it counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import answers_as, calls, in_answer, no_calls, put, status, worded
from tests.conformance.hospital.calls import FULL, searchset
from tests.conformance.hospital.ehr import BASE
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Fault, Heard, Json, Rows

ROWS = Rows()

KEY = "observations-1"
USED = "24-hour urine protein 1.4"
GAP = "Could not be read from the chart system: Observation: "
WITH, WITHOUT = "with access", "without access"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
_SEARCH = f"{BASE}/Observation?patient={FULL}"


def arriving(value: Callable[[Json], Any]) -> Callable[[World], Heard]:
    """Calls in which what was prefetched under KEY is replaced, with FHIR access and without."""

    def hear(world: World) -> Heard:
        prefetch = world.prefetch(observations_1=value(world.prefetch()[KEY]))
        return {
            WITH: world.call(prefetch=prefetch, fhirServer=BASE),
            WITHOUT: world.call(prefetch=prefetch),
            "whole": world.call(),
        }

    return hear


def detail_of(one: Exchange) -> str:
    """The detail of the one card."""
    assert len(one.cards) == 1
    return str(one.cards[0]["detail"])


def assert_as(one: Exchange, *, used: bool, fetched: int, gap: str = "") -> None:
    """Whether the result counts, how often the FHIR server was asked, and what the card says is missing."""
    detail = detail_of(one)
    assert (USED in detail) == used, "the result counts" if used else "the result does not count"
    assert len(one.outbound) == fetched, one.outbound
    assert all(sent.url.startswith(_SEARCH) for sent in one.outbound), one.outbound
    assert (GAP in detail) == bool(gap)
    assert gap in detail


_LOST: dict[str, Fault] = {
    "412 without access": status(412, WITHOUT),
    "500 without access": status(500, WITHOUT),
    "asked all the same, without a server": calls(f"{_SEARCH}&code=x", WITHOUT),
}


@ROWS.requires(
    "5.1.absent",
    "Key absent: searched for on the FHIR server. Without access the criteria are unknown and the card "
    "says what was not read; the answer is 200.",
    hear=arriving(lambda _: ...),
    faults={
        **_LOST,
        "not searched for": no_calls(),
        "searched for twice": calls(f"{_SEARCH}&code=x"),
        "what was found does not count": worded(USED, "no urine protein"),
        "no word of what was not read": worded("Could not be read", "Nothing was read", WITHOUT),
        "counted without having been read": answers_as("whole", WITHOUT),
    },
)
def an_absent_key_is_searched_for(heard: Heard) -> None:
    assert_as(heard[WITH], used=True, fetched=1)
    assert_as(heard[WITHOUT], used=False, fetched=0, gap="not in the prefetch")


@ROWS.requires(
    "5.1.null",
    "`null`: the client looked and has nothing. It is not searched for again, and nothing is missing.",
    hear=arriving(lambda _: None),
    faults={
        **_LOST,
        "searched for again": calls(f"{_SEARCH}&code=x"),
        "said to be missing": worded(
            "Not in the published", "Could not be read from the chart system: Observation: x. Not"
        ),
        "counted from somewhere": answers_as("whole"),
    },
)
def null_means_none_on_record(heard: Heard) -> None:
    assert_as(heard[WITH], used=False, fetched=0)
    assert_as(heard[WITHOUT], used=False, fetched=0)


@ROWS.requires(
    "5.1.empty",
    "A Bundle without entries: the same as `null`.",
    hear=arriving(lambda _: searchset(entry=...)),
    faults={
        **_LOST,
        "searched for again": calls(f"{_SEARCH}&code=x"),
        "counted from somewhere": answers_as("whole", WITHOUT),
        "refused": status(400),
    },
)
def an_empty_bundle_means_none_on_record(heard: Heard) -> None:
    assert_as(heard[WITH], used=False, fetched=0)
    assert_as(heard[WITHOUT], used=False, fetched=0)


@ROWS.requires(
    "5.1.data",
    "A searchset, or a resource by itself: used, and not asked for again.",
    hear=arriving(lambda found: next(one["resource"] for one in found["entry"] if _is_latest(one, found))),
    faults={
        **_LOST,
        "asked for again": calls(f"{_SEARCH}&code=x"),
        "a resource by itself is passed over": worded(USED, "no urine protein", WITHOUT),
        "a Bundle is passed over": worded(USED, "no urine protein", "whole"),
    },
)
def what_was_prefetched_is_used(heard: Heard) -> None:
    for name in (WITH, WITHOUT, "whole"):
        assert_as(heard[name], used=True, fetched=0)


def _is_latest(entry: Json, found: Json) -> bool:
    days = [one["resource"]["effectiveDateTime"] for one in found["entry"]]
    return bool(entry["resource"]["effectiveDateTime"] == max(days))


def _first_page(_found: Json) -> Json:
    query = f"{_SEARCH}&code=http://loinc.org|2889-4&_sort=-date&_count=500"
    return searchset(entry=[], link=[{"relation": "next", "url": query}])


def _foreign_page(_found: Json) -> Json:
    return searchset(entry=[], link=[{"relation": "next", "url": "https://elsewhere.example/page2"}])


def _paged(world: World) -> Heard:
    foreign = world.prefetch(observations_1=_foreign_page({}))
    return {
        **arriving(_first_page)(world),
        "next on another host": world.call(prefetch=foreign, fhirServer=BASE),
    }


@ROWS.requires(
    "5.1.next",
    "A page with a `next` link: followed on the client's own FHIR server only. If it cannot be, the card "
    "says that only the first page came.",
    hear=_paged,
    faults={
        **_LOST,
        "not followed": no_calls(),
        "rows of the next page do not count": worded(USED, "no urine protein"),
        "taken for the whole": worded("Could not be read", "Nothing was read", WITHOUT),
        "followed to another host": calls("https://elsewhere.example/page2", "next on another host"),
    },
)
def a_next_page_is_read_or_said_to_be_missing(heard: Heard) -> None:
    assert_as(heard[WITH], used=True, fetched=1)
    assert_as(heard[WITHOUT], used=False, fetched=0, gap="only the first page prefetched")
    assert not [sent for sent in heard["next on another host"].outbound if not sent.url.startswith(BASE)]


@ROWS.requires(
    "5.1.outcome",
    "An OperationOutcome: the client could not prefetch it. It is no data, and not asked for again; the "
    "card says so.",
    hear=arriving(lambda _: OUTCOME),
    faults={
        **_LOST,
        "asked for again": calls(f"{_SEARCH}&code=x"),
        "taken for none on record": worded("Could not be read", "Nothing was read"),
        "taken for data": answers_as("whole"),
        "an error": status(400),
    },
)
def an_outcome_is_a_failed_prefetch(heard: Heard) -> None:
    for name in (WITH, WITHOUT):
        assert_as(heard[name], used=False, fetched=0, gap="the EHR could not prefetch it")


@ROWS.requires(
    "5.1.outcome-entry",
    "An OperationOutcome among the entries: the other entries count, and an error is said on the card.",
    hear=arriving(lambda found: {**found, "entry": [*found["entry"], _outcome_entry()]}),
    faults={
        **_LOST,
        "the other entries do not count": worded(USED, "no urine protein"),
        "the error is passed over": worded("Could not be read", "Nothing was read", WITHOUT),
        "asked for again": calls(f"{_SEARCH}&code=x"),
    },
)
def an_outcome_among_entries_is_noted(heard: Heard) -> None:
    for name in (WITH, WITHOUT):
        assert_as(heard[name], used=True, fetched=0, gap="the EHR said that rows are missing")


def _outcome_entry() -> Json:
    return {"resource": OUTCOME, "search": {"mode": "outcome"}}


def _broken(world: World) -> Heard:
    values: dict[str, Any] = {
        "a text": "123",
        "an HTML page": "<html>Internal error</html>",
        "an array": [world.prefetch()[KEY]],
        "the wrapper of before 1.0": {"response": {"status": "200"}, "resource": world.prefetch()[KEY]},
        "another resource": {"resourceType": "Medication", "id": "m1"},
    }
    heard = {}
    for name, value in values.items():
        prefetch = world.prefetch(observations_1=value)
        heard[f"{name}, {WITH}"] = world.call(prefetch=prefetch, fhirServer=BASE)
        heard[f"{name}, {WITHOUT}"] = world.call(prefetch=prefetch)
    return {**heard, "whole": world.call()}


@ROWS.requires(
    "5.1.broken",
    "Anything else (text, array, HTML, the wrapper of before 1.0): not satisfied, the same as absent.",
    hear=_broken,
    faults={
        "500": status(500, f"an HTML page, {WITHOUT}"),
        "400": status(400, f"a text, {WITH}"),
        "not searched for": no_calls(f"an array, {WITH}"),
        "the wrapper is opened": answers_as("whole", f"the wrapper of before 1.0, {WITHOUT}"),
        "taken for none on record": worded("Could not be read", "Nothing was read", f"a text, {WITHOUT}"),
    },
)
def what_is_broken_counts_as_absent(heard: Heard) -> None:
    assert len(heard) > 1
    for name, one in heard.items():
        if name.endswith(WITH):
            assert_as(one, used=True, fetched=1)
        elif name.endswith(WITHOUT):
            other = name.startswith("another resource")
            gap = "another resource prefetched" if other else "prefetched as neither resource nor Bundle"
            assert_as(one, used=False, fetched=0, gap=gap)


def _undeclared(world: World) -> Heard:
    prefetch = world.prefetch(observations_1=...)
    under_another = {**prefetch, "labs": world.prefetch()[KEY]}
    return {
        WITH: world.call(prefetch=under_another, fhirServer=BASE),
        WITHOUT: world.call(prefetch=under_another),
        "whole": world.call(),
    }


@ROWS.requires(
    "5.1.undeclared",
    "A key that we did not declare is ignored.",
    hear=_undeclared,
    faults={
        **_LOST,
        "its rows count": answers_as("whole", WITHOUT),
        "it stands for another key": no_calls(),
        "refused": status(400),
        "other cards": in_answer(put("cards", [])),
    },
)
def an_undeclared_key_is_ignored(heard: Heard) -> None:
    assert_as(heard[WITH], used=True, fetched=1)
    assert_as(heard[WITHOUT], used=False, fetched=0, gap="not in the prefetch")
