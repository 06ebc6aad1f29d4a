"""What the prefetch lacks is read from the FHIR server, and whatever fails there is said on the card."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest
import requests
import urllib3
from flask.testing import FlaskClient
from requests import PreparedRequest

from tests.service import charts, counting
from tests.service.conftest import BASE, NewClient, call, cards_of, faults_of
from tests.service.ehr import Answer, Answering, ehr, json_answer, parameters, urls

TOKEN = {"access_token": "s3cret-token", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read"}
OTHER = "https://elsewhere.example/fhir"


def pulled(client: FlaskClient, **members: object) -> str:
    """The detail of the only card of a call without prefetch."""
    [card] = cards_of(call(client, **{"prefetch": ..., "fhirServer": BASE, **members}))
    return str(card["detail"])


def test_a_patient_without_prefetch_gets_the_card_from_the_fhir_server(client: FlaskClient) -> None:
    with ehr():
        assert "Proteinuria: urine protein/creatinine ratio 1.8 g/g" in pulled(client)


def test_everything_prefetched_means_no_request_to_the_server(client: FlaskClient) -> None:
    with ehr() as sent:
        cards_of(call(client, fhirServer=BASE))
    assert urls(sent) == []


def test_only_the_missing_keys_are_read(client: FlaskClient) -> None:
    prefetch = charts.without(charts.full_prefetch(), "conditions")
    with ehr() as sent:
        assert len(cards_of(call(client, prefetch=prefetch, fhirServer=BASE))) == 1
    assert urls(sent) == [f"{BASE}/Condition?patient=p1&_count=500"]


def test_the_token_is_sent_on_every_request_and_nothing_else_that_identifies_us(client: FlaskClient) -> None:
    with ehr() as sent:
        pulled(client, fhirAuthorization=TOKEN)
    assert len(urls(sent)) == 9
    for request in sent.requests:
        assert request.headers["Authorization"] == "Bearer s3cret-token"
        assert "Cookie" not in request.headers


def test_a_token_never_outlives_its_call(client: FlaskClient) -> None:
    with ehr() as sent:
        pulled(client, fhirAuthorization=TOKEN)
        sent.forget()
        pulled(client)
        assert all("Authorization" not in request.headers for request in sent.requests)


def test_cookies_of_a_server_are_not_kept(client: FlaskClient) -> None:
    with ehr(Patient=json_answer(charts.patient(), Set_Cookie="session=1; Path=/")) as sent:
        pulled(client)
        sent.forget()
        pulled(client)
        assert all("Cookie" not in request.headers for request in sent.requests)


def test_a_server_that_is_not_allowed_is_never_called(client: FlaskClient) -> None:
    with ehr() as sent:
        answer = call(client, prefetch=..., fhirServer=OTHER)
        assert faults_of(answer, 412) == ["prefetch.patient"]
        assert "may not be called" in answer.text
    assert urls(sent) == []


@pytest.mark.parametrize(
    "server",
    [
        "https://ehr.example.evil.example/fhir",
        "https://ehr.example:444/fhir",
        "http://ehr.example/fhir",
        "https://ehr.example/fhirx",
        "https://ehr.example/",
    ],
)
def test_a_server_that_only_resembles_an_allowed_one_is_never_called(
    client: FlaskClient, server: str
) -> None:
    with ehr() as sent:
        assert call(client, prefetch=..., fhirServer=server).status_code == 412
    assert urls(sent) == []


def test_a_token_is_not_sent_without_encryption(new_client: NewClient) -> None:
    client = new_client(fhir_hosts=("http://ehr.example/fhir",))
    answer = call(client, prefetch=..., fhirServer="http://ehr.example/fhir", fhirAuthorization=TOKEN)
    assert faults_of(answer, 412) == ["prefetch.patient"]
    assert "without https" in answer.text


FAILURES: list[tuple[str, Answer | Exception, str]] = [
    ("refuses the token", (401, {}, b""), "refused the access token (401)"),
    ("forbids it", (403, {}, b""), "does not permit this search (403)"),
    ("does not know it", (404, {}, b""), "does not know this (404)"),
    ("says it is gone", (410, {}, b""), "says it is gone (410)"),
    ("refuses a parameter", (400, {}, b""), "refused this search (400)"),
    ("is too busy", (429, {"Retry-After": "60"}, b""), "is too busy (429)"),
    ("fails", (500, {}, b"<html>stack trace</html>"), "failed (500)"),
    ("is down", (503, {}, b""), "failed (503)"),
    ("answers HTML", (200, {"Content-Type": "text/html"}, b"<html>log in</html>"), "was not JSON"),
    ("answers nothing", (200, {}, b""), "was not JSON"),
    (
        "breaks off",
        (*json_answer(charts.bundle(charts.upcr()))[:2], b'{"resourceType":"Bun'),
        "was not JSON",
    ),
    ("answers a list", json_answer([charts.upcr()]), "was not a search result"),
    ("answers an outcome", json_answer(charts.outcome()), "was not a search result"),
    ("redirects", (302, {"Location": f"{OTHER}/Observation"}, b""), "redirected elsewhere"),
    ("redirects on itself", (307, {"Location": f"{BASE}/Observation"}, b""), "redirected elsewhere"),
    ("packs it in another way", (200, {"Content-Encoding": "br"}, b"x"), "was not JSON"),
    ("packs it badly", (200, {"Content-Encoding": "gzip"}, b"not gzip"), "broke off its answer"),
    (
        "breaks off while packed",
        (200, {"Content-Encoding": "gzip"}, gzip.compress(b'{"resourceType":"Bundle"}' * 99)[:-12]),
        "broke off its answer",
    ),
    ("is dead", requests.ConnectionError("refused"), "could not be reached"),
    ("has a bad certificate", requests.exceptions.SSLError("bad"), "no secure connection"),
    ("is too slow", requests.ReadTimeout("slow"), "deadline of 1 s reached"),
]


@pytest.mark.parametrize(
    ("answer", "said"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES]
)
def test_a_search_that_fails_is_said_on_the_card_and_proves_nothing(
    client: FlaskClient, answer: Answer | Exception, said: str
) -> None:
    with ehr(Observation=answer):
        detail = pulled(client)
    assert said.split(" (", maxsplit=1)[0] in detail
    assert "1.8 g/g" not in detail


@pytest.mark.parametrize(
    ("answer", "said"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES]
)
def test_without_the_patient_every_failure_is_412_with_its_reason(
    client: FlaskClient, answer: Answer | Exception, said: str
) -> None:
    said = "another resource" if said == "was not a search result" else said
    with ehr(Patient=answer):
        response = call(client, prefetch=..., fhirServer=BASE)
    assert faults_of(response, 412) == ["prefetch.patient"]
    assert said in response.text


def test_a_redirect_is_not_followed(client: FlaskClient) -> None:
    with ehr(Observation=(302, {"Location": f"{OTHER}/Observation"}, b"")) as sent:
        pulled(client, fhirAuthorization=TOKEN)
    assert all(url.startswith(BASE) for url in urls(sent))


def test_a_patient_of_another_id_is_not_taken(client: FlaskClient) -> None:
    with ehr(Patient=json_answer(charts.patient("p2"))):
        assert faults_of(call(client, prefetch=..., fhirServer=BASE), 412) == ["prefetch.patient"]


def test_a_patient_that_was_prefetched_is_enough_when_the_server_is_dead(client: FlaskClient) -> None:
    prefetch = {key: charts.full_prefetch()[key] for key in ("patient", "conditions")}
    dead = requests.ConnectionError("refused")
    with ehr(Observation=dead, MedicationRequest=dead):
        [card] = cards_of(call(client, prefetch=prefetch, fhirServer=BASE))
    assert "could not be reached" in card["detail"]


def test_a_small_answer_that_unpacks_to_a_huge_one_is_cut_off(new_client: NewClient) -> None:
    bomb = gzip.compress(b" " * 300_000_000, 1)
    client = new_client(bytes_limit=4 * 1024 * 1024, deadline=5.0)
    with ehr(Observation=(200, {"Content-Encoding": "gzip"}, bomb)):
        assert "exceed the limit of 1 MB" in pulled(client)


def test_a_packed_answer_is_read(client: FlaskClient) -> None:
    status, headers, body = json_answer(charts.bundle(charts.upcr()), Content_Encoding="gzip")
    with ehr(Observation=(status, headers, gzip.compress(body))):
        assert "1.8 g/g" in pulled(client)


# --- pages


def paged(count: int, *, rows: int = 1) -> Answering:
    """Answers a search with pages, newest first, each with a link to the next."""

    def answer(request: PreparedRequest) -> Answer:
        if "category" in parameters(str(request.url)):
            return json_answer(charts.bundle())
        number = int(parameters(str(request.url)).get("page", ["1"])[0])
        page = [
            charts.upcr(
                1.8, f"2026-06-{14 - number % 10:02}" if number < 10 else "2026-05-01", f"o{number}-{row}"
            )
            for row in range(rows)
        ]
        following = f"{BASE}/Observation?page={number + 1}" if number < count else ""
        return json_answer(charts.bundle(*page, following=following))

    return answer


def test_all_pages_are_read(client: FlaskClient) -> None:
    with ehr(Observation=paged(5)) as sent:
        detail = pulled(client)
    assert [url for url in urls(sent) if "page=5" in url]
    assert "pages" not in detail


def test_a_hundred_pages_stop_at_the_limit_and_the_newest_result_still_decides(client: FlaskClient) -> None:
    with ehr(Observation=paged(100)) as sent:
        detail = pulled(client)
    assert len([url for url in urls(sent) if "page=" in url]) == 19
    assert "beyond the page limit of 20" in detail
    assert "Proteinuria: urine protein/creatinine ratio 1.8 g/g" in detail


def test_pages_out_of_order_prove_nothing_when_cut_short(client: FlaskClient) -> None:
    def answer(request: PreparedRequest) -> Answer:
        rows = [charts.upcr(0.2, "2026-06-01", "old"), charts.upcr(1.8, "2026-06-03", "new")]
        return json_answer(charts.bundle(*rows, following=f"{OTHER}/Observation?page=2"))

    with ehr(Observation=answer):
        detail = pulled(client)
    assert "3 of 4" not in detail
    assert "another server" in detail


@pytest.mark.parametrize(
    "link",
    [
        f"{OTHER}/Observation?page=2",
        "https://ehr.example@elsewhere.example/fhir?page=2",
        "https://ehr.example.elsewhere.example/fhir?page=2",
        "https://ehr.example:8443/fhir?page=2",
        "http://ehr.example/fhir?page=2",
        "//elsewhere.example/fhir?page=2",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example/fhir/%2e%2e/admin",
        "https://ehr.example/admin",
        "https://ehr.example\\@elsewhere.example/fhir",
        "file:///etc/hosts",
    ],
)
def test_a_next_link_that_leads_elsewhere_is_not_followed(client: FlaskClient, link: str) -> None:
    with ehr(Observation=json_answer(charts.bundle(charts.upcr(), following=link))) as sent:
        detail = pulled(client, fhirAuthorization=TOKEN)
    assert "another server" in detail
    assert {url.split("?")[0] for url in urls(sent)} <= {
        f"{BASE}/{kind}"
        for kind in (
            "Patient/p1",
            "Condition",
            "Observation",
            "MedicationRequest",
            "MedicationStatement",
            "MedicationAdministration",
            "MedicationDispense",
            "ResearchSubject",
        )
    }


@pytest.mark.parametrize("link", [f"{BASE}?_getpages=1", "Observation?page=2", "/fhir/Observation?page=2"])
def test_a_next_link_on_the_same_server_is_followed(client: FlaskClient, link: str) -> None:
    def answer(request: PreparedRequest) -> Answer:
        first = "code" in parameters(str(request.url))
        return json_answer(charts.bundle(charts.upcr(), following=link if first else ""))

    with ehr(Observation=answer):
        assert "another server" not in pulled(client)


def test_next_links_in_a_circle_are_noticed(client: FlaskClient) -> None:
    def answer(request: PreparedRequest) -> Answer:
        number = int(parameters(str(request.url)).get("page", ["1"])[0])
        return json_answer(
            charts.bundle(charts.upcr(), following=f"{BASE}/Observation?page={number % 3 + 1}")
        )

    with ehr(Observation=answer) as sent:
        assert "go in a circle" in pulled(client)
    assert len(urls(sent)) < 20


def test_an_outcome_among_the_rows_that_reports_an_error_is_said(client: FlaskClient) -> None:
    with ehr(Observation=json_answer(charts.bundle(charts.upcr(), charts.outcome()))):
        assert "said that rows are missing" in pulled(client)


def test_a_warning_among_the_rows_is_not_a_gap(client: FlaskClient) -> None:
    rows = charts.bundle(charts.upcr(), charts.outcome("warning", "suppressed"))
    with ehr(Observation=json_answer(rows)):
        assert "rows are missing" not in pulled(client)


ROW = charts.order()
NEXT = f"{BASE}/MedicationRequest?page=1"
ONE_ISSUE = {"resourceType": "OperationOutcome", "issue": {"severity": "error", "code": "timeout"}}
SUPPRESSED = charts.outcome("warning", "suppressed")
GAPS: list[tuple[str, Any, str]] = [
    # what the server answers to a search for MedicationRequests            what the card says
    ("a row", charts.bundle(ROW), ""),
    ("nothing", charts.bundle(), ""),
    ("null entries", {**charts.bundle(), "entry": None}, ""),
    ("one entry, not in a list", {**charts.bundle(), "entry": {"resource": ROW}}, ""),
    ("entries that are none", {**charts.bundle(), "entry": "one"}, "was not a search result"),
    ("a batch with the row", counting.batch({"resource": charts.bundle(ROW)}), ""),
    ("a batch that failed", counting.batch({"response": {"status": "500"}}), "rows are missing"),
    ("a batch with an error", counting.batch({"response": {"outcome": ONE_ISSUE}}), "rows are missing"),
    ("another search", charts.bundle(charts.upcr()), "answered with another resource"),
    ("another's rows", charts.bundle(charts.order(whose="p2")), "only rows of another patient"),
    ("another's rows among ours", charts.bundle(charts.order("m2", whose="p2"), ROW), ""),
    ("an error as one object", charts.bundle(ROW, ONE_ISSUE), "rows are missing"),
    ("a page without address", counting.page({"resource": ROW}, link={"relation": "next"}), "are missing"),
    ("nothing, suppressed", charts.bundle(SUPPRESSED), "rows are missing"),
    ("nothing, and so it says", charts.bundle(charts.outcome("warning", "not-found"), total=0), ""),
    ("a row, and some suppressed (Epic)", charts.bundle(ROW, SUPPRESSED), ""),
]


@pytest.mark.parametrize(("name", "answer", "said"), GAPS, ids=[name for name, *_ in GAPS])
def test_an_answer_that_is_not_whole_is_a_gap_and_no_other(
    client: FlaskClient, name: str, answer: Any, said: str
) -> None:
    with ehr(MedicationRequest=json_answer(answer)):
        detail = pulled(client)
    assert ("MedicationRequest: " in detail) is bool(said), name
    assert said in detail


HALF_A_PAIR = b'{"note":"\\ud83d","link":["\\ude00 \\ud83d\\ude00"],'
SPELLINGS = [b"\xef\xbb\xbf{", HALF_A_PAIR, b"\xef\xbb\xbf" + HALF_A_PAIR]


@pytest.mark.parametrize("begins", SPELLINGS, ids=["a byte order mark", "half a character", "both"])
def test_what_is_no_text_costs_that_character_and_not_the_answer(client: FlaskClient, begins: bytes) -> None:
    body = orjson.dumps(charts.bundle(charts.upcr(2.4)))
    with ehr(Observation=(200, {}, begins + body[1:])):
        detail = pulled(client)
    assert "2.4 g/g" in detail
    assert "Observation: " not in detail


@pytest.mark.parametrize("link", [{"relation": "NEXT", "url": NEXT}, [{"relation": "Next", "url": NEXT}]])
def test_a_next_link_is_followed_however_it_is_written(client: FlaskClient, link: Any) -> None:
    def answer(request: PreparedRequest) -> Answer:
        last = "page" in parameters(str(request.url))
        return json_answer(counting.page({"resource": ROW}, **({} if last else {"link": link})))

    with ehr(MedicationRequest=answer) as sent:
        assert "MedicationRequest: " not in pulled(client)
    assert NEXT in urls(sent)


# --- as many rows as the server counts


@pytest.mark.parametrize(("name", "page", "is_short"), counting.ONE_PAGE, ids=counting.NAMES)
def test_fewer_matches_than_the_server_counts_are_said(
    client: FlaskClient, name: str, page: dict[str, Any], is_short: bool
) -> None:
    with ehr(MedicationRequest=json_answer(page)):
        detail = pulled(client)
    assert ("MedicationRequest: fewer rows came than the FHIR server counts" in detail) is is_short, name


PAGES = [
    ("all of four on two pages", (2, 2), (4, 4), False),
    ("three of four on two pages", (2, 1), (4, 4), True),
    ("counted on the first page only", (2, 1), (4, None), True),
    ("counted on the last page only (HAPI)", (2, 2), (None, 4), False),
    ("counted on the last page only, and short", (2, 1), (None, 4), True),
    ("an empty last page", (4, 0), (4, 4), False),
    ("each page counts its own rows", (2, 2), (2, 2), False),
]


@pytest.mark.parametrize(("name", "rows", "totals", "is_short"), PAGES, ids=[name for name, *_ in PAGES])
def test_rows_of_all_pages_count(
    client: FlaskClient, name: str, rows: tuple[int, int], totals: tuple[int | None, ...], is_short: bool
) -> None:
    def answer(request: PreparedRequest) -> Answer:
        number = int(parameters(str(request.url)).get("page", ["0"])[0])
        said = {} if totals[number] is None else {"total": totals[number]}
        following = "" if number else f"{BASE}/MedicationRequest?page=1"
        orders = [charts.order(f"m{number}-{row}") for row in range(rows[number])]
        return json_answer(charts.bundle(*orders, following=following, **said))

    with ehr(MedicationRequest=answer):
        assert ("fewer rows came than the FHIR server counts" in pulled(client)) is is_short, name


def test_what_was_not_read_is_not_taken_for_nothing_on_record(client: FlaskClient) -> None:
    """Of three orders that the server counts none came: whether a drug is taken is unknown, not denied."""
    with ehr(MedicationRequest=json_answer(charts.bundle())):
        [whole] = cards_of(call(client, prefetch=..., fhirServer=BASE))
    with ehr(MedicationRequest=json_answer(charts.bundle(total=3))):
        [short] = cards_of(call(client, prefetch=..., fhirServer=BASE))
    assert "Could not be read" not in whole["detail"]
    assert "Could not be read" in short["detail"]


# --- what records refer to


def test_a_drug_that_is_only_referred_to_is_read_by_its_id(client: FlaskClient) -> None:
    orders = charts.bundle(charts.order("m1", "Medication/d1"), charts.order("m2", f"{BASE}/Medication/d2"))
    drugs = charts.bundle(charts.medication("d1"), charts.medication("d2"))
    with ehr(MedicationRequest=json_answer(orders), Medication=json_answer(drugs)) as sent:
        assert "Steroid" in pulled(client)
    [url] = [url for url in urls(sent) if "/Medication?" in url]
    assert parameters(url) == {"_id": ["d1,d2"]}


def test_a_drug_on_another_server_is_not_read(client: FlaskClient) -> None:
    orders = charts.bundle(charts.order("m1", f"{OTHER}/Medication/d1"))
    with ehr(MedicationRequest=json_answer(orders)) as sent:
        pulled(client)
    assert [url for url in urls(sent) if "/Medication?" in url] == []


def test_drugs_of_prefetched_orders_are_read_from_the_server(client: FlaskClient) -> None:
    prefetch = charts.full_prefetch(medication_requests=charts.bundle(charts.order("m1", "Medication/d1")))
    with ehr(Medication=json_answer(charts.bundle(charts.medication()))) as sent:
        [card] = cards_of(call(client, prefetch=prefetch, fhirServer=BASE))
    assert urls(sent) == [f"{BASE}/Medication?_id=d1"]
    assert "3 of 4" in card["summary"]


def test_a_subject_of_the_study_gets_no_card_although_only_the_study_resource_names_it(
    client: FlaskClient,
) -> None:
    subject = {
        "resourceType": "ResearchSubject",
        "id": "r1",
        "status": "on-study",
        "individual": {"reference": "Patient/p1"},
        "study": {"reference": "ResearchStudy/s1"},
    }
    study = {"resourceType": "ResearchStudy", "id": "s1", "identifier": [{"value": "NCT00000001"}]}
    answers = {
        "ResearchSubject": json_answer(charts.bundle(subject)),
        "ResearchStudy": json_answer(charts.bundle(study)),
    }
    with ehr(**answers):
        assert cards_of(call(client, prefetch=..., fhirServer=BASE)) == []


def test_a_connection_that_the_server_had_closed_is_tried_once_more(client: FlaskClient) -> None:
    tries: list[str] = []

    def answer(request: PreparedRequest) -> Answer:
        tries.append(str(request.url))
        if len(tries) == 1:
            raise requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted."))
        return json_answer(charts.bundle(charts.condition()))

    with ehr(Condition=answer):
        pulled(client)
    assert len(tries) == 2


def test_ids_are_encoded_and_no_url_holds_more_than_the_search(client: FlaskClient) -> None:
    with ehr() as sent:
        pulled(client, context={"userId": "Practitioner/x", "patientId": "Patient/p1"})
    assert all("Practitioner" not in url and "s3cret" not in url for url in urls(sent))
    assert f"{BASE}/Patient/p1" in urls(sent)
