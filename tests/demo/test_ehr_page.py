from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.demo.samples import ALL
from tests.demo.conftest import Demo


def opened(demo: Demo, patient: str, prefetch: str = "on") -> str:
    answer = demo.page.get(f"/patients/{patient}?prefetch={prefetch}")
    assert answer.status_code == 200
    return answer.text


def parts(html: str) -> tuple[str, str, list[str]]:
    """The visit's address, the card's uuid, and the uuids of its suggestions."""
    visit = re.search(r'action="(/visits/[0-9a-f-]{36})/', html)
    card = re.search(r'name="card" value="([^"]+)"', html)
    assert visit
    assert card
    return visit[1], card[1], re.findall(r'name="suggestion" value="([^"]+)"', html)


def orders(demo: Demo) -> list[dict[str, Any]]:
    return list(demo.ehr.store.all("ServiceRequest"))


def test_the_list_names_every_sample_patient_with_a_line_of_the_chart(demo: Demo) -> None:
    html = demo.page.get("/").text
    assert html.count("/patients/") == len(ALL)
    assert "Lin, Mei" in html
    assert "Lupus nephritis · protein 2.1 g/g" in html
    assert "what we expect" not in html.lower()


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.id)
def test_every_chart_opens(demo: Demo, sample: Any) -> None:
    html = opened(demo, sample.id)
    assert "Decision support" in html
    assert sample.expected_outcome in html


def test_opening_a_chart_fires_the_hook_with_prefetch(demo: Demo) -> None:
    opened(demo, "lin-mei")
    [request] = demo.service.config["requests"]
    assert request["hook"] == "patient-view"
    assert request["context"] == {"userId": "Practitioner/demo-clinician", "patientId": "lin-mei"}
    assert re.fullmatch(r"[0-9a-f-]{36}", request["hookInstance"])
    assert request["fhirServer"] == demo.ehr.fhir.base
    assert request["prefetch"]["patient"]["id"] == "lin-mei"
    assert request["prefetch"]["labs"]["total"] == 2
    assert set(request["prefetch"]) == {"patient", "labs"}


def test_the_switch_asks_for_cards_in_a_language_and_stays_as_it_is_set(demo: Demo) -> None:
    html = demo.page.get("/patients/lin-mei?language=zh-Hans").text
    assert demo.service.config["languages"] == ["zh-Hans"]
    assert '<div class="detail" lang="zh-Hans">' in html
    assert '<html lang="en">' in html, "the EHR itself speaks English"
    assert re.search(r'language=zh-Hans" lang="zh-Hans" aria-current="true">中文<', html)
    assert re.search(r'/patients/zhou-yan\?prefetch=on&amp;language=zh-Hans"', html), "the next chart too"
    visit, card, _ = parts(html)
    again = demo.page.post(f"{visit}/dismiss", data={"card": card}, follow_redirects=True).text
    assert 'aria-current="true">中文<' in again


def test_without_the_switch_cards_are_asked_for_in_english(demo: Demo) -> None:
    opened(demo, "lin-mei")
    demo.page.get("/patients/lin-mei?language=tlh")
    assert demo.service.config["languages"] == ["en", "en"]


def test_without_prefetch_the_service_has_to_pull(demo: Demo) -> None:
    html = opened(demo, "lin-mei", prefetch="off")
    assert "prefetch" not in demo.service.config["requests"][0]
    assert "pulled by the service" in html


def test_a_card_shows_its_markdown_and_never_its_html(demo: Demo) -> None:
    html = opened(demo, "lin-mei")
    assert "<td>Chronicity index</td>" in html
    assert "<s>Old biopsy</s>" in html
    assert "&lt;b onclick=" in html
    assert "<b onclick" not in html
    assert "elsewhere.example" not in re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL)
    assert 'href="javascript' not in html


def test_a_patient_without_cards_is_told_calmly(demo: Demo) -> None:
    assert "<b>No cards.</b>" in opened(demo, "amara-okafor")


def test_the_words_of_an_operation_outcome_are_shown(demo: Demo) -> None:
    html = opened(demo, "ma-jun")
    assert "The service answered with status 412" in html
    assert "The Patient could not be read." in html


def test_an_answer_that_is_not_json_is_an_error_and_is_shown_as_text(demo: Demo) -> None:
    html = opened(demo, "xu-le")
    assert "The service answered with status 502" in html
    assert "The answer is not JSON." in html
    assert "&lt;h1&gt;Bad gateway" in html


def test_a_service_that_is_down_leaves_the_chart_usable(demo: Demo) -> None:
    demo.ehr.hooks.base = "http://127.0.0.1:9"
    html = opened(demo, "lin-mei")
    assert "No answer from the service" in html
    assert "mycophenolate mofetil" in html


def test_accepting_creates_the_drafts_and_tells_the_service(demo: Demo) -> None:
    visit, card, suggestions = parts(opened(demo, "lin-mei"))
    answer = demo.page.post(f"{visit}/accept", data={"card": card, "suggestion": suggestions[1]})
    assert (answer.status_code, answer.headers["Location"]) == (303, visit)
    assert [order["code"]["text"] for order in orders(demo)] == ["CD19+ B cells", "24-hour urine protein"]
    html = demo.page.get(visit).text
    assert "2 drafts added to the orders." in html
    assert "draft proposal" in html
    [item] = demo.service.config["feedback"][0]["feedback"]
    assert (item["card"], item["outcome"]) == (card, "accepted")
    assert item["acceptedSuggestions"] == [{"id": suggestions[1]}]
    assert item["outcomeTimestamp"].endswith("Z")


def test_what_was_created_is_valid_fhir(demo: Demo) -> None:
    visit, card, suggestions = parts(opened(demo, "lin-mei"))
    demo.page.post(f"{visit}/accept", data={"card": card, "suggestion": suggestions[0]})
    get_fhir_model_class("ServiceRequest").model_validate(orders(demo)[0])


def test_accepting_twice_adds_once_and_does_not_fire_the_hook_again(demo: Demo) -> None:
    visit, card, suggestions = parts(opened(demo, "lin-mei"))
    for _ in range(2):
        demo.page.post(
            f"{visit}/accept", data={"card": card, "suggestion": suggestions[0]}, follow_redirects=True
        )
    assert len(orders(demo)) == 1
    assert len(demo.service.config["requests"]) == 1


def test_dismissing_hides_the_card_with_its_reason_and_it_can_come_back(demo: Demo) -> None:
    visit, card, _ = parts(opened(demo, "lin-mei"))
    hidden = demo.page.post(
        f"{visit}/dismiss", data={"card": card, "reason": "1"}, follow_redirects=True
    ).text
    assert "Card dismissed: Patient declines research" in hidden
    assert "Refer for screening</button>" not in hidden
    [item] = demo.service.config["feedback"][0]["feedback"]
    assert item["outcome"] == "overridden"
    assert item["overrideReason"]["reason"]["code"] == "declined"
    shown = demo.page.post(f"{visit}/restore", data={"card": card}, follow_redirects=True).text
    assert "Refer for screening</button>" in shown


def test_a_card_can_be_dismissed_without_a_reason(demo: Demo) -> None:
    visit, card, _ = parts(opened(demo, "lin-mei"))
    demo.page.post(f"{visit}/dismiss", data={"card": card, "reason": ""})
    [item] = demo.service.config["feedback"][0]["feedback"]
    assert "overrideReason" not in item


def launch_link(html: str) -> str:
    found = re.search(r'<a class="launch" href="([^"]+)"', html)
    assert found
    return unescape(found[1])


@pytest.fixture
def launches(demo: Demo) -> list[tuple[str, str]]:
    """What the EHR made launches of: patient and context of the app."""
    made: list[tuple[str, str]] = []

    def launch(patient: str, context: str) -> str:
        made.append((patient, context))
        return "an id"

    demo.ehr.launch = launch
    return made


def test_a_link_to_a_smart_app_is_followed_by_a_launch(demo: Demo, launches: list[tuple[str, str]]) -> None:
    link = launch_link(opened(demo, "lin-mei"))
    assert launches == [], "a launch is made when somebody follows the link"
    answer = demo.page.get(link)
    assert answer.status_code == 303
    url, _, query = answer.headers["Location"].partition("?")
    assert url == f"{demo.ehr.hooks.base}/smart/launch"
    assert parse_qs(query) == {"iss": [demo.ehr.fhir.base], "launch": ["an id"]}
    assert launches == [("lin-mei", '{"trial": "NCT06920433"}')]


def test_an_ehr_without_smart_says_so_beside_the_link(demo: Demo) -> None:
    html = opened(demo, "lin-mei")
    assert "opens in an EHR that launches SMART apps" in html
    assert 'class="launch"' not in html


def test_no_app_but_the_services_own_is_launched(demo: Demo, launches: list[tuple[str, str]]) -> None:
    link = launch_link(opened(demo, "lin-mei"))
    demo.ehr.hooks.base = "http://127.0.0.1:9"
    for address in (link, re.sub(r"link=\d+", "link=0", link), re.sub(r"link=\d+", "link=7", link)):
        assert demo.page.get(address).status_code == 404
    assert demo.page.get(link.replace("card=", "card=x")).status_code == 404
    assert launches == []


def test_the_study_team_is_shown_its_way_in(demo: Demo) -> None:
    assert "Study team" not in demo.page.get("/").text
    demo.ehr.study_team = "http://127.0.0.1:1/worklist"
    html = demo.page.get("/").text
    assert html.count('href="http://127.0.0.1:1/worklist"') == 2


def test_a_chart_says_where_a_referral_stands(demo: Demo) -> None:
    assert "Clinical trials" not in opened(demo, "lin-mei")
    patient = {"reference": "Patient/lin-mei"}
    stands = {"text": "Pre-screening"}
    task = {"resourceType": "Task", "status": "in-progress", "intent": "order", "for": patient}
    demo.ehr.fhir.create({**task, "description": "Screen for NCT06920433", "businessStatus": stands})
    study = {"display": "CD19/BCMA CAR T-cells"}
    taking_part = {"resourceType": "ResearchSubject", "status": "screening", "individual": patient}
    demo.ehr.fhir.create({**taking_part, "study": study})
    html = opened(demo, "lin-mei")
    assert re.search(r"Screen for NCT06920433</span> <span class=\"tag\">Pre-screening<", html)
    assert re.search(r"CD19/BCMA CAR T-cells</span> <span class=\"tag\">screening<", html)
    assert "Clinical trials" not in opened(demo, "zhou-yan")


def test_only_what_the_service_suggested_can_be_accepted(demo: Demo) -> None:
    visit, card, suggestions = parts(opened(demo, "lin-mei"))
    assert demo.page.post(f"{visit}/accept", data={"card": card, "suggestion": "made-up"}).status_code == 404
    assert (
        demo.page.post(f"{visit}/accept", data={"card": "made-up", "suggestion": suggestions[0]}).status_code
        == 404
    )
    assert demo.page.post("/visits/made-up/accept", data={"card": card}).status_code == 404
    assert demo.page.get("/patients/nobody").status_code == 404
    assert orders(demo) == []


@pytest.mark.parametrize("path", ["/", "/patients/lin-mei", "/static/ehr.css", "/static/ehr.js"])
def test_every_answer_forbids_what_is_not_our_own(demo: Demo, path: str) -> None:
    with demo.page.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_page_needs_no_inline_script_or_style(demo: Demo) -> None:
    html = opened(demo, "lin-mei")
    shown = re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL)
    assert re.findall(r"<script(?![^>]*\bsrc=)", shown) == []
    assert "<style" not in shown
    assert re.findall(r"<[^>]+ (?:style|on\w+)=", shown) == []


def test_the_page_is_for_this_machine_only(demo: Demo) -> None:
    assert demo.page.get("/", headers={"Host": "elsewhere.example"}).status_code == 403
