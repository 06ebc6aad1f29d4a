from __future__ import annotations

import io
import socket
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from cds_service.demo import report, servers
from cds_service.demo.firing import Fired, fire_all
from cds_service.demo.samples import ALL, Sample
from mappings.results import Assessment
from tests.demo.conftest import Demo


def assessment(outcome: str, record_reason: str = "") -> Assessment:
    found = SimpleNamespace(outcome=outcome, record_reason=record_reason, counts=lambda: (11, 4, 0))
    return cast(Assessment, found)


def by_the_story(resources: list[dict[str, Any]], today: date, **_: object) -> Sequence[Assessment]:
    """An assessor that always finds what the story expects."""
    sample = next(sample for sample in ALL if sample.id == resources[0]["id"])
    return [assessment(sample.expected_outcome, sample.expected_record_reason or "")]


def fired(demo: Demo, *ids: str) -> list[Fired]:
    chosen: list[Sample] = [sample for sample in ALL if sample.id in ids]
    return list(fire_all(chosen, demo.ehr.hooks, by_the_story, demo.ehr.today))


def test_every_other_patient_is_called_with_prefetch(demo: Demo) -> None:
    rows = list(fire_all(ALL, demo.ehr.hooks, by_the_story, demo.ehr.today))
    assert [row.exchange.used_prefetch for row in rows] == [number % 2 == 0 for number in range(len(ALL))]


def test_nothing_is_a_surprise_when_all_is_as_the_story_says(demo: Demo) -> None:
    assert [row.surprises for row in fired(demo, "lin-mei", "guo-li", "amara-okafor")] == [[], [], []]


def test_a_card_that_is_missing_is_a_surprise(demo: Demo) -> None:
    [row] = fired(demo, "zhou-yan")
    assert row.surprises == ["no card came"]


def test_an_unexpected_outcome_is_a_surprise(demo: Demo) -> None:
    [row] = fired(demo, "lin-mei")
    other = Fired(row.sample, assessment("ruled-out", "deceased"), row.exchange)
    assert other.surprises == ["expected possible-candidate, found ruled-out", "record reason is deceased"]


def test_an_error_of_the_service_is_a_surprise(demo: Demo) -> None:
    [row] = fired(demo, "ma-jun")
    assert row.surprises == ["The Patient could not be read."]


def test_the_report_shows_outcome_counts_source_and_the_card(demo: Demo) -> None:
    console = Console(record=True, width=140, file=io.StringIO())
    rows = fired(demo, "lin-mei", "zhou-yan", "ma-jun")
    console.print(report.table(rows, console.width))
    console.print(report.first_card(rows))
    console.print(report.surprises(rows))
    text = console.export_text()
    assert "possible-candidate" in text
    assert "ruled-out, deceased" in text
    assert "prefetch" in text
    assert "pulled" in text
    assert "2 of 3 are not as their stories expect" in text
    assert "zhou-yan: no card came" in text
    assert "Refer for screening" in text


def test_taken_ports_are_passed_over() -> None:
    with socket.create_server((servers.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert port not in servers.free_ports(2, port)


def test_a_service_that_does_not_start_is_reported_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/ls")
    with (
        pytest.raises(servers.NotStartedError, match="ended with status"),
        servers.service_process(1, "http://127.0.0.1:1/fhir", tmp_path / "log"),
    ):
        pass


def test_when_all_is_as_expected_the_report_says_so_in_a_line(demo: Demo) -> None:
    rows = fired(demo, "lin-mei", "amara-okafor")
    assert report.surprises(rows).plain == "All 2 are as their stories expect."
    assert report.first_card(rows[1:]) is None


def test_what_can_be_done_begins_with_a_patient_who_has_a_card(demo: Demo) -> None:
    carded, without = fired(demo, "lin-mei", "amara-okafor")
    assert "Open a chart with a card, such as that of Lin, Mei.\n" in report.flow([without, carded], "there")
    assert "Open a chart; none has a card.\n" in report.flow([without], "there")
    assert "Sign in as the coordinator at there" in report.flow([without], "there")


def test_of_several_trials_it_is_said_whose_outcomes_the_table_has(demo: Demo) -> None:
    [row] = fired(demo, "lin-mei")
    found = cast(Assessment, SimpleNamespace(trial=SimpleNamespace(id="NCT1")))
    told = [report.surprises([Fired(row.sample, found, row.exchange, False, n)]).plain for n in (1, 3)]
    assert told[0] == "The outcomes are those of NCT1, for which the stories were not written."
    assert told[1] == (
        "The outcomes are those of NCT1, the first of 3 trials, for which the stories were not written. "
        "A card may be of any trial."
    )


def test_a_narrow_terminal_loses_the_titles_but_no_number(demo: Demo) -> None:
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(report.table(fired(demo, "lin-mei"), console.width))
    text = console.export_text()
    assert "Clear candidate" not in text
    assert {"Met", "Unknown", "11", "4", "prefetch", "ms"} <= set(text.split())
