"""A failing chart made as small as it will go, by leaving out one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.fuzz.changing.damage import copied, slots_of
from tests.fuzz.charts import Chart, resource_of

MOST_TRIES = 1500


def shrunk(chart: Chart, still_fails: Callable[[Chart], bool]) -> Chart:
    """The chart without whatever it still fails without: first entries, then members and list items."""
    tries = MOST_TRIES
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(chart):
            tries -= 1
            if tries < 0:
                return chart
            if still_fails(smaller):
                chart, progress = smaller, True
                break
    return chart


def _smaller(chart: Chart) -> Iterator[Chart]:
    count = len(chart.entries)
    for size in (count // 2, count // 4):
        for start in range(0, count, size) if size > 1 else ():
            yield chart.with_entries([*chart.entries[:start], *chart.entries[start + size :]])
    for number in range(count - 1, -1, -1):
        yield chart.without(number)
    for number, entry in enumerate(chart.entries):
        if isinstance(entry, dict) and len(entry) > 1 and "resource" in entry:
            bare = {"resource": entry["resource"]}
            yield chart.with_entries([*chart.entries[:number], bare, *chart.entries[number + 1 :]])
        resource = resource_of(entry)
        for place in range(len(slots_of(resource))):
            yield chart.instead(number, _without_slot(resource, place))


def _without_slot(resource: object, place: int) -> object:
    copy = copied(resource)
    container, key = slots_of(copy)[place]
    del container[key]
    return copy
