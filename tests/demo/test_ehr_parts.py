from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cds_service.demo.ehr import values
from cds_service.demo.ehr.cards import render, show
from cds_service.demo.ehr.chart import chart
from cds_service.demo.ehr.hooks import fill
from cds_service.demo.fhir_server import store_of
from tests.demo.conftest import Demo


def test_only_templates_whose_tokens_are_known_are_filled() -> None:
    asked: list[str] = []

    def read(query: str) -> dict[str, Any] | None:
        asked.append(query)
        return None if query.startswith("Device") else {"resourceType": "Bundle"}

    templates = {
        "patient": "Patient/{{context.patientId}}",
        "user": "{{ context.userId }}",
        "encounter": "Encounter/{{context.encounterId}}",
        "practitioner": "Practitioner/{{userPractitionerId}}",
        "device": "Device?patient={{context.patientId}}",
    }
    filled = fill(templates, {"patientId": "p1", "userId": "Practitioner/d1"}, read)
    assert asked == ["Patient/p1", "Practitioner/d1", "Device?patient=p1"]
    assert set(filled) == {"patient", "user"}


@pytest.mark.parametrize(
    ("detail", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("![x](https://elsewhere.example/p.png)", "<img"),
        ("[x](javascript:alert(1))", "href"),
        ("[x](data:text/html,boo)", "href"),
        ('<https://a.example" onclick=alert(1)>', 'onclick="'),
    ],
)
def test_markdown_never_becomes_dangerous_html(detail: str, never: str) -> None:
    assert never not in render(detail)


def test_links_of_a_card_open_apart_from_the_chart() -> None:
    html = render("See https://clinicaltrials.gov/study/NCT06920433")
    assert 'href="https://clinicaltrials.gov/study/NCT06920433"' in html
    assert 'rel="noopener noreferrer"' in html


def test_a_card_that_lacks_nearly_everything_is_still_shown() -> None:
    card = show({"indicator": "hard-stop"}, 3)
    assert (card.uuid, card.indicator, card.suggestions, card.reasons) == ("card-3", "info", (), ())


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        ({"valueQuantity": {"value": 2.1, "unit": "g/g", "code": "g/g"}}, "2.1 g/g"),
        ({"valueQuantity": {"value": 5.4, "code": "10*9/L"}}, "5.4 ×10⁹/L"),
        ({"valueQuantity": {"value": 1280, "code": "{titer}", "comparator": ">"}}, ">1:1280"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 640}}}, "1:640"),
        ({"valueCodeableConcept": {"coding": [{"display": "Negative"}]}}, "Negative"),
        ({"valueBoolean": False}, "no"),
        ({"valueInteger": 0}, "0"),
        ({"component": [{"code": {"text": "activity"}, "valueInteger": 8}]}, "activity 8"),
        ({}, ""),
    ],
)
def test_values_read_as_a_chart_prints_them(observation: dict[str, Any], expected: str) -> None:
    assert values.value_of(observation) == expected


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("1992-06-15", "34"),
        ("1992-06-16", "33"),
        ("1986", "about 40"),
        (None, "age unknown"),
    ],
)
def test_an_age_is_complete_years_or_said_to_be_about(birth: str | None, expected: str) -> None:
    assert values.age(birth, date(2026, 6, 15)) == expected


def test_days_are_shown_as_far_as_they_are_known() -> None:
    assert [values.day(text) for text in ("2026-06-03T08:30:00+08:00", "2026-06", "2026", None)] == [
        "3 Jun 2026",
        "Jun 2026",
        "2026",
        "",
    ]


def test_the_chart_strikes_what_no_longer_holds_and_flags_what_is_out_of_range(
    demo: Demo, today: date
) -> None:
    store = store_of(demo.page.application)
    patient = store.read("Patient", "sofia-almeida")
    assert patient is not None
    shown = chart(store, patient, today)
    assert [line.what for line in shown.problems if line.struck] == ["Drug-induced lupus"]
    assert [line.value for line in shown.results if line.struck] == ["9.9 g/g"]
    mei = store.read("Patient", "lin-mei")
    assert mei is not None
    flagged = {line.what: line.flag for line in chart(store, mei, today).results if line.flag}
    assert flagged["Complement C3"] == "low"
    assert flagged["Anti-dsDNA antibodies"] == "high"


def test_referenced_and_contained_drugs_are_shown_by_name(demo: Demo, today: date) -> None:
    store = demo.ehr.store
    mei = store.read("Patient", "lin-mei")
    assert mei is not None
    names = " ".join(line.what for line in chart(store, mei, today).medications)
    assert "mycophenolate" in names
    assert "hydroxychloroquine" in names
