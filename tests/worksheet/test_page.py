"""The page: everything about one patient and one trial, safe to show, and there whatever could be read."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.audit.events import ViewRecord
from cds_service.audit.trail import Trail
from cds_service.fhir.fetching import FhirFetcher
from tests.pages.browser import words_of
from tests.worksheet.world import TRIAL, USER, World, world

NASTY = ["<script>alert(1)</script>", '"><img src=x>', "</title><script>x</script>", "{{ 7 * 7 }}"]
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
FIXTURE = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Markup(HTMLParser):
    """What of a page could run, load or lead somewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def resource(here: World, reference: str) -> dict[str, object]:
    kind, _, ident = reference.partition("/")
    found = here.store.read(kind, ident)
    assert found is not None
    return dict(found)


def put(here: World, reference: str, **members: object) -> None:
    """Changes a resource of the EHR."""
    here.store.update({**resource(here, reference), **members}, NOW)


# --- what stands on it


def test_the_header_says_who_the_patient_is_and_which_trial_it_is_about(shown: World) -> None:
    page = words_of(shown.page().text)
    assert "Mei Lin Born: 10 Mar 1992 (34 years) Sex: female" in page
    assert "Worksheet: CD19/BCMA CAR-T for refractory lupus" in page
    assert "Read from the chart and assessed on 15 June 2026." in page
    assert "Criteria not yet reviewed by a physician." in page


def test_every_criterion_stands_there_with_verdict_protocol_and_reading(shown: World) -> None:
    html, trial = shown.page().text, shown.deployment.catalog.trial(TRIAL)
    for criterion in trial.criteria:
        part = article(html, criterion.id)
        assert criterion.label in part
        assert " ".join(criterion.protocol.split()) in part
        assert all(" ".join(sentence.split()) in part for sentence in criterion.interpretation)
        assert re.search(r"\b(met|not met|to check|only you can say|does not apply)\b", part)


def article(html: str, criterion: str) -> str:
    found = re.search(rf'<article[^>]*id="criterion-{criterion}".*?</article>', html, re.DOTALL)
    assert found, criterion
    return (
        words_of(found[0])
        .replace("&#39;", "'")
        .replace("&#34;", '"')
        .replace("&gt;", ">")
        .replace("&lt;", "<")
        .replace("&amp;", "&")
    )


def test_evidence_has_value_day_until_when_it_counts_and_a_link_to_the_resource(shown: World) -> None:
    html = shown.page().text
    assert "2.1 g/g 3 Jun 2026 counts until 1 Sep 2026 Observation" in article(html, "proteinuria")
    links = [one for one in Markup(html).of("a") if "/chart/" in str(one.get("href"))]
    assert len({one["href"] for one in links}) > 10
    assert all(one["target"] == "_blank" and "noopener" in str(one["rel"]) for one in links)


def test_what_is_open_says_why_and_what_would_settle_it(shown: World) -> None:
    html = shown.page("zhou-yan").text
    assert "Open: nothing on record. To settle it: order hCG." in article(html, "pregnancy-test")
    assert "SLEDAI-2K at least 4: 4 points short of at least 8" in article(html, "sledai-2k")
    page = words_of(html)
    assert "Next steps" in page
    assert "ECOG 1 or less; lactation negative" in page
    assert "One of these would rule the patient out" in page
    assert "The source has a heading for exclusion criteria but omits the criteria." in page


def test_a_score_opens_to_all_its_items(shown: World) -> None:
    html, catalog = shown.page("zhou-yan").text, shown.deployment.catalog
    part = article(html, "sledai-2k")
    assert "4 to 105 points" in part
    assert "The trial asks for 8 or more." in part
    for item in catalog.scores["sledai-2k"].items:
        assert f"{item.label} {item.points} point" in part


def test_a_criterion_on_a_score_does_not_repeat_its_items_as_evidence(shown: World) -> None:
    part = article(shown.page("zhou-yan").text, "sledai-2k")
    before = part.partition("SLEDAI-2K: its items")[0]
    assert "Seizure" not in before


def test_trends_and_drugs_come_as_pictures_with_the_same_values_in_tables(shown: World) -> None:
    html = shown.page().text
    assert html.count('<svg class="trend"') == 5
    assert html.count('<svg class="timeline"') == 1
    for title in ("Urine protein/creatinine ratio (UPCR)", "Complement C3", "Kidney function (eGFR)"):
        assert f"Values: {title}" in html
    assert "Prednisone" in words_of(html.partition('id="drugs"')[2])


def test_the_page_speaks_the_language_that_was_chosen(shown: World) -> None:
    answer = shown.page(query="?language=zh-Hans")
    assert answer.headers["Content-Language"] == "zh-Hans"
    page = words_of(answer.text)
    assert "年龄" in page
    assert "泼尼松" in page
    assert "Age ≥ 18 years" in page  # the protocol is quoted


def test_what_is_quoted_in_another_language_says_which(shown: World) -> None:
    html = shown.page(query="?language=zh-Hans").text
    assert 'lang="zh-Hans"' in html
    assert html.count('<blockquote lang="en">') == html.count("<blockquote") > 10


def test_a_patient_who_died_has_a_page_that_says_so_and_nothing_is_checked(here: World) -> None:
    put(here, "Patient/lin-mei", deceasedBoolean=True)
    answer = here.page()
    assert answer.status_code == 200
    assert "The record says that the patient has died. No criterion was checked." in words_of(answer.text)


# --- safe to show


def test_nothing_inline_runs_and_nothing_is_loaded_from_elsewhere(shown: World) -> None:
    answer = shown.page()
    page = Markup(answer.text)
    assert not [one for _, one in page.tags if {"style", "onclick", "onload"} & one.keys()]
    assert not page.of("style")
    assert all(str(one["src"]).startswith("/static/") for one in page.of("script"))
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


@FIXTURE
@given(
    text=st.text(min_size=1, max_size=60) | st.sampled_from(["<script>alert(1)</script>", '"><img src=x>'])
)
def test_no_text_of_the_chart_becomes_markup(here: World, text: str) -> None:
    usual = len(Markup(here.page().text).of("script"))
    patient = resource(here, "Patient/lin-mei")
    put(here, "Patient/lin-mei", name=[{"text": f"x{text}"}])
    put(here, "Observation/lin-mei-upcr", code={**code_of(here), "text": text})
    try:
        answer = here.page()
        assert answer.status_code == 200
        page = Markup(answer.text)
        assert len(page.of("script")) == usual
        assert not page.of("img")
    finally:
        here.store.update(patient, NOW)


def code_of(here: World) -> dict[str, object]:
    code = resource(here, "Observation/lin-mei-upcr")["code"]
    assert isinstance(code, dict)
    return code


@pytest.mark.parametrize("secret", ["Lin", "lin-mei", "secret-token", "1992", "dr-chen"])
def test_logs_say_nothing_of_the_patient_or_the_user(
    shown: World, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    caplog.set_level("INFO")
    shown.page()
    ours = [record for record in caplog.records if record.name.startswith("trialhook")]
    assert ours
    assert not [record for record in ours if secret in record.getMessage()]


# --- who may see it


def test_a_worksheet_of_another_browser_is_not_there(shown: World) -> None:
    shown.opened()
    answer = shown.browser().get("/worksheet/w1")
    assert answer.status_code == 404
    assert "Lin" not in answer.text


@pytest.mark.parametrize("path", ["answers", "strikes", "refer"])
def test_no_form_of_another_browsers_worksheet_is_taken(shown: World, path: str) -> None:
    shown.opened()
    assert shown.browser().post(f"/worksheet/w1/{path}").status_code == 404


@pytest.mark.parametrize("path", ["answers", "strikes", "refer"])
def test_a_form_without_the_token_of_the_session_is_refused(shown: World, path: str) -> None:
    browser = shown.opened()
    assert browser.post(f"/worksheet/w1/{path}", with_token=False).status_code == 403


def test_every_view_is_in_the_audit_trail(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ViewRecord] = []
    monkeypatch.setattr(Trail, "view", lambda _trail, record: seen.append(record))
    here.page()
    here.page("zhou-yan")
    assert [(one.subject.patient_id, one.staff, one.trial, one.page) for one in seen] == [
        ("lin-mei", USER, TRIAL, "worksheet"),
        ("zhou-yan", USER, TRIAL, "worksheet"),
    ]


# --- what could not be read


def test_what_the_token_does_not_cover_is_listed_and_the_rest_is_assessed(shown: World) -> None:
    answer = shown.page(scope="patient/Patient.rs patient/Observation.rs")
    assert answer.status_code == 200
    page = words_of(answer.text)
    assert "MedicationRequest: the access token does not cover MedicationRequest" in page
    assert "2.1 g/g" in article(answer.text, "proteinuria")
    assert "could not be read from the chart system" in article(answer.text, "refractory-or-relapsed")


def test_a_fhir_server_that_is_down_gives_a_page_that_says_so(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        with world(tmp_path, fhir_hosts=(closed,)) as away:
            answer = away.page(subject=away.access().subject._replace(fhir_base=f"{closed}/fhir"))
    assert answer.status_code == 503
    assert "The chart could not be read" in answer.text
    assert f"/trials/{TRIAL}" in answer.text


def test_a_slow_fhir_server_is_waited_for_only_so_long(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: FhirFetcher, *_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr(FhirFetcher, "fetch", nothing)
    assert here.page().status_code == 503


def test_a_record_that_cannot_be_understood_is_listed_and_not_hidden(here: World) -> None:
    put(here, "Observation/lin-mei-upcr", valueQuantity={"value": "two", "unit": "g/g"})
    answer = here.page()
    assert answer.status_code == 200
    assert "Entries of the record that could not be understood" in words_of(answer.text)


def test_a_trial_that_is_served_no_more_closes_its_worksheets(here: World) -> None:
    assert here.page(trial="NCT00000000").status_code == 404


EVERYTHING_USED = "Everything that was asked for was read and understood."


def test_only_a_page_on_which_no_criterion_is_open_for_what_was_not_understood_says_so(here: World) -> None:
    assert EVERYTHING_USED in words_of(here.page().text)

    page = words_of(here.page("sofia-almeida").text)  # her biopsy report tells of an earlier class
    assert "could not be understood" in page
    assert EVERYTHING_USED not in page
    assert "Not all that was read could be used: the criteria say what, and why." in page


def test_the_days_of_a_drug_are_written_out(here: World) -> None:
    page = words_of(here.page("sofia-almeida").text)
    assert "until 15 Jun 2024; completed" in page
    assert "2024-06-15" not in page


def test_facts_side_by_side_in_chinese_are_parted_by_the_chinese_sign(here: World) -> None:
    html = here.page("sofia-almeida", "?language=zh-Hans").text
    facts = re.findall("<dd>([^<]*)</dd>", html.partition('id="next"')[2])
    assert any("；" in fact for fact in facts)  # noqa: RUF001
    assert not any("; " in fact for fact in facts)
