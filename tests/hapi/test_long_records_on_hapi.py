"""Records of more than 1,000 Observations: nothing is lost to paging, and what is cut off is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

import pytest

from cds_service.demo.samples import codes
from cds_service.demo.samples.codes import Concept
from cds_service.web.problems import RefusalError
from mappings.results import Assessment
from mappings.verdicts import Verdict
from tests.hapi.candidate_facts import CLEAR_CANDIDATE, as_loaded, long_chart
from tests.hapi.ehr import Ehr, ehr_with_service
from tests.hapi.run_data import Json, LoadedBundle, search_pages
from tests.hapi.service_under_test import (
    TODAY,
    counts_in_summary,
    counts_of,
    running_service,
    service_queries,
    verdicts_of,
)

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

SAID_OF_WHAT_WAS_NOT_READ = "Could not be read from the chart system"


@pytest.fixture(scope="module")
def ehr(hapi_base_url: str, run_tag: str) -> Iterator[Ehr]:
    with ehr_with_service(hapi_base_url, run_tag) as ehr:
        yield ehr


@pytest.fixture(scope="module")
def loaded(ehr: Ehr) -> LoadedBundle:
    return ehr.load(long_chart(TODAY))


@pytest.fixture(scope="module")
def patient(loaded: LoadedBundle) -> str:
    """The id of the patient with the long record."""
    return loaded.patients[CLEAR_CANDIDATE]


@pytest.fixture(scope="module")
def whole(ehr: Ehr, patient: str) -> Assessment:
    """The assessment with all the time in the world."""
    return ehr.reader.assess(patient)


@pytest.fixture(scope="module")
def pages(ehr: Ehr, patient: str) -> list[list[Json]]:
    """The pages of the search that brings the ANA titre, asked as the service asks."""
    ((system, code, _),) = codes.ANA_TITRE.codings
    (query,) = (one for one in service_queries() if f"{system}|{code}" in (one.covers or ()))
    found = search_pages(ehr.base_url, "Observation", {"patient": patient, **dict(query.parameters)})
    return [[entry["resource"] for entry in page["entry"]] for page in found]


def _holds(page: list[Json], concept: Concept) -> bool:
    return any(resource["code"] == concept.as_fhir() for resource in page)


def test_what_decides_lies_on_the_first_and_on_the_last_page(pages: list[list[Json]]) -> None:
    assert sum(len(page) for page in pages) > 1000
    assert len(pages) > 2
    assert pages[0][0]["code"] == codes.UPCR_ANY_UNIT.as_fhir()
    assert [_holds(page, codes.ANA_TITRE) for page in pages] == [False] * (len(pages) - 1) + [True]


def test_a_record_of_many_pages_is_assessed_like_the_chart_as_it_was_written(
    ehr: Ehr, loaded: LoadedBundle, patient: str, whole: Assessment
) -> None:
    assert whole.not_retrieved == ()
    assert whole == ehr.reader.assess_file(as_loaded(long_chart(TODAY), loaded), patient)
    assert ehr.holdings.faults(whole) == []


def test_both_ends_of_a_record_of_many_pages_count(ehr: Ehr, patient: str, whole: Assessment) -> None:
    (classification,) = (score for score in whole.scores if score.id == "eular-acr-2019")
    assert classification.entry is Verdict.MET
    assert verdicts_of(whole)["sle-classification"] == ("met", "value")
    (card,) = ehr.service.cards(patient)
    assert counts_in_summary(card) == counts_of(whole)
    assert "290 mg/mmol" in card["detail"]


def test_a_limit_on_pages_leaves_unknown_what_it_cuts_off_and_decides_the_rest_alike(
    ehr: Ehr, patient: str, pages: list[list[Json]], whole: Assessment
) -> None:
    """The rows come with the newest first: what is missing is old.

    The one old titre is, whatever the limit; and a pregnancy status that is not on the first page of a search
    may be on the next, so that its absence proves nothing.
    """
    for limit in range(1, len(pages)):
        found = ehr.reader.limited(pages=limit).assess(patient)
        assert [what.partition(":")[0] for what in found.not_retrieved] == ["Observation"]
        open_ = {"sle-classification", *(("pregnancy-test",) if limit == 1 else ())}
        cut = dict.fromkeys(open_, ("unknown", "not_retrieved"))
        assert verdicts_of(found) == verdicts_of(whole) | cut
        assert (found.outcome, found.gate) == (whole.outcome, whole.gate)
    assert ehr.reader.limited(pages=len(pages)).assess(patient) == whole


def test_a_card_from_too_few_pages_says_so(ehr: Ehr, patient: str) -> None:
    cut = ehr.reader.limited(pages=1).assess(patient)
    with running_service(ehr.base_url, PAGE_LIMIT="1") as hurried:
        (card,) = hurried.cards(patient)
    assert counts_in_summary(card) == counts_of(cut)
    (line,) = (line for line in card["detail"].splitlines() if SAID_OF_WHAT_WAS_NOT_READ in line)
    assert all(what in line for what in cut.not_retrieved)


def test_a_deadline_leaves_unknown_what_it_cuts_off_and_never_decides_otherwise(
    ehr: Ehr, patient: str, whole: Assessment
) -> None:
    began = monotonic()
    assert ehr.reader.assess(patient) == whole
    needed, cut_off = monotonic() - began, 0
    for tenths in range(1, 10):
        with suppress(RefusalError):  # not even the Patient came
            found = ehr.reader.limited(seconds=needed * tenths / 10).assess(patient)
            cut_off += bool(found.not_retrieved)
            assert _contradictions(found, whole) == []
            assert found.outcome in ("possible-candidate", "needs-data")
            assert found.not_retrieved or found == whole
    assert cut_off > 0


def _contradictions(found: Assessment, whole: Assessment) -> list[str]:
    """Criteria on which an incomplete reading says something else than the whole record does."""
    return [
        f"{one.id}: {one.verdict.value}, in truth {other.verdict.value}"
        for one, other in zip(found.criteria, whole.criteria, strict=True)
        if one.verdict not in (other.verdict, Verdict.UNKNOWN)
    ]


def test_a_service_in_too_much_of_a_hurry_answers_and_says_what_is_missing(ehr: Ehr, patient: str) -> None:
    with running_service(ehr.base_url, DEADLINE="0.05") as hurried:
        answers = [hurried.call(patient) for _ in range(5)]
    assert {answer.status_code for answer in answers} <= {200, 412}
    for answer in answers:
        said = answer.json()
        if answer.status_code == 412:
            assert "deadline of 0.05 s" in said["issue"][0]["details"]["text"]
        for card in said.get("cards", []):
            assert SAID_OF_WHAT_WAS_NOT_READ in card["detail"]
