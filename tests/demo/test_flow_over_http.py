"""What the demo invites to, done over HTTP as a browser would: from the card to a referral that moved on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from cds_service.clock import today_in
from cds_service.demo import run
from cds_service.demo.run import Running

TIMEOUT = 20
PATIENT, NAME = "lin-mei", "Lin"


class Page(HTMLParser):
    """The forms of a page with what they send, its links, and its text."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        assert answer.status_code == 200, f"{answer.status_code} {answer.url}"
        self.address = answer.url
        self.forms: dict[str, dict[str, str]] = {}
        self.links: list[str] = []
        self._form: dict[str, str] | None = None
        self._words: list[str] = []
        self.feed(answer.text)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep links, and what a form has in hidden fields."""
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in found:
            self.links.append(urljoin(self.address, found["href"]))
        elif tag == "form":
            self._form = self.forms.setdefault(found.get("action", ""), {})
        elif tag == "input" and found.get("type") == "hidden" and self._form is not None:
            self._form[found["name"]] = found["value"]

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self._words.append(data)

    def link(self, pattern: str) -> str:
        """The one link whose address is like this."""
        [found] = {link for link in self.links if re.search(pattern, link)}
        return found

    def form(self, pattern: str) -> tuple[str, Mapping[str, str]]:
        """The one form that goes to an address like this: where, and its hidden fields."""
        [found] = [one for one in self.forms.items() if re.search(pattern, one[0])]
        return urljoin(self.address, found[0]), found[1]


class Person:
    """Somebody with a browser of their own, which keeps cookies and follows redirects."""

    def __init__(self) -> None:
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def open(self, address: str) -> Page:
        """The page that comes."""
        return Page(self._http.get(address, timeout=TIMEOUT))

    def send(self, page: Page, form: str, **fields: str) -> Page:
        """Fill in a form of a page and send it; the page that comes."""
        address, hidden = page.form(form)
        return Page(self._http.post(address, data={**hidden, **fields}, timeout=TIMEOUT))


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Running]:
    """The demo as `make demo` starts it."""
    with run.running(tmp_path, today_in("")) as running:
        yield running


def test_a_referral_is_made_from_the_card_moved_by_a_coordinator_and_counted(demo: Running) -> None:
    with closing(Person()) as clinician, closing(Person()) as coordinator:
        _refer(demo, clinician)
        _move(demo, coordinator)
        chart = clinician.open(f"{demo.ehr}/patients/{PATIENT}")
        assert "No cards." in chart.text


def _refer(demo: Running, clinician: Person) -> None:
    chart = clinician.open(f"{demo.ehr}/patients/{PATIENT}")
    sheet = clinician.open(chart.link("/launch[?]"))
    assert sheet.address.startswith(f"{demo.service}/worksheet/")
    assert "11 of 15 applicable criteria met" in sheet.text
    answers = {"answer.ecog": "1", "note.ecog": "walks daily", "answer.organ-function-reviewed": "yes"}
    sheet = clinician.send(sheet, "/answers$", **answers)
    assert "Your answers are saved here and in the chart." in sheet.text
    assert "12 of 15 applicable criteria met" in sheet.text
    assert "1, answered by Dr Robin Demo" in sheet.text
    assert "walks daily" in sheet.text
    sheet = clinician.send(sheet, "/refer$", why="Wants to hear more.")
    assert "The referral is made." in sheet.text


def _move(demo: Running, coordinator: Person) -> None:
    door = coordinator.open(demo.study_team)
    worklist = coordinator.send(door, "/sign-in/local$", account="coordinator")
    assert worklist.address == demo.study_team
    assert NAME not in worklist.text
    row = coordinator.open(worklist.link("/worklist/[0-9a-f]{32}$"))
    assert f"{NAME}, Mei" in row.text
    assert "Wants to hear more." in row.text
    row = coordinator.send(row, "/move$", step="received", why="I have it.")
    row = coordinator.send(row, "/move$", step="contacted", why="Phoned her.")
    assert "Received → Contacted" in row.text
    assert "Phoned her." in row.text
    funnel = coordinator.open(f"{demo.study_team}/funnel")
    for step, count in {"Referred": 1, "Received": 1, "Contacted": 1, "Pre-screening": 0}.items():
        assert re.search(rf"\b{step} {count}\b", funnel.text), step
