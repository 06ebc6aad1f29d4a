from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cards.cds_hooks import Card
from cards.composing import CardContext, compose_cards
from cards.text import utf16_length
from cards.wording import recruitment_line
from mappings.results import Assessment, Outcome, TrialFacts, Unreadable
from mappings.verdicts import Reason
from tests.cards.examples import (
    AGE,
    CONSENT,
    CONTEXT,
    NOT_MET,
    TODAY,
    TRIAL,
    candidate_with_missing_tests,
    clear_candidate,
    criterion,
    found,
    missing,
    uuids,
)


def card_of(assessment: Assessment, context: CardContext = CONTEXT) -> Card:
    (card,) = compose_cards(assessment, context, uuids())
    return card


def with_trial(**changes: str) -> Assessment:
    trial: TrialFacts = replace(TRIAL, **changes)  # type: ignore[arg-type]
    return replace(clear_candidate(), trial=trial)


@pytest.mark.parametrize("outcome", ["ruled-out", "needs-data"])
def test_who_is_no_possible_candidate_gets_no_card(outcome: Outcome) -> None:
    assert compose_cards(replace(clear_candidate(), outcome=outcome), CONTEXT, uuids()) == ()


@pytest.mark.parametrize("status", ["candidate", "on-study", "withdrawn", "off-study"])
def test_who_is_a_subject_of_this_study_in_any_state_gets_no_card(status: str) -> None:
    assert compose_cards(replace(clear_candidate(), enrolment=status), CONTEXT, uuids()) == ()


def test_the_summary_names_the_trial_and_counts_what_applies() -> None:
    not_applicable = criterion("lactation", "Lactation", Reason.NOT_APPLICABLE)
    assessment = replace(clear_candidate(), criteria=(AGE, not_applicable, CONSENT))

    assert card_of(assessment).summary == (
        "Possible candidate: CD19/BCMA CAR-T for refractory lupus. 1 of 2 applicable criteria met, 1 to check"
    )


def test_a_long_title_is_cut_and_the_counts_stay() -> None:
    summary = card_of(with_trial(short_title="Very " * 40 + "long")).summary

    assert utf16_length(summary) < 140
    assert summary.endswith("Very…. 11 of 15 applicable criteria met, 4 to check")


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "..."])
def test_a_trial_without_short_title_is_named_by_title_or_id(blank: str) -> None:
    assert "Universal CD19" in card_of(with_trial(short_title=blank)).summary
    assert "NCT06920433." in card_of(with_trial(short_title=blank, title=blank)).summary


def test_a_draft_definition_says_so_and_a_reviewed_one_names_its_reviewer() -> None:
    assert card_of(clear_candidate()).detail.startswith("*Criteria not yet reviewed by a physician.*\n")

    reviewed = card_of(with_trial(status="active", reviewed_by="Dr A. Weber")).detail
    assert "not yet reviewed" not in reviewed
    assert "Criteria reviewed by Dr A. Weber." in reviewed


def test_another_interventional_study_is_said() -> None:
    detail = card_of(replace(clear_candidate(), other_studies=("NCT01234567, on-study",))).detail

    assert "Already in another interventional study: NCT01234567, on-study" in detail


def test_what_was_not_read_or_not_understood_is_said() -> None:
    assessment = replace(
        clear_candidate(),
        not_retrieved=("Observation: deadline of 2 s reached", "MedicationRequest: 403"),
        unreadable=(Unreadable("Observation/1", "no code"), Unreadable("Observation/2", "no date")),
    )

    detail = card_of(assessment).detail

    assert "Could not be read from the chart system: Observation: deadline of 2 s reached; Medica" in detail
    assert "2 entries of the record could not be understood" in detail


def test_what_is_shown_but_not_counted_is_said() -> None:
    previous = found("Previous CAR-T", "CAR-T cell therapy", "2024-05-01")

    detail = card_of(replace(clear_candidate(), shown=(previous,))).detail

    assert "Also on record, not counted: previous CAR-T cell therapy (1 May 2024)" in detail


def test_the_last_days_on_which_results_count_are_listed_the_soonest_first() -> None:
    detail = card_of(clear_candidate()).detail

    line = next(line for line in detail.split("\n") if line.startswith("- Last day on which it counts"))
    assert line.index("21 Feb 2026: Pregnancy test") < line.index(
        "Lupus nephritis on biopsy, NIH activity index"
    )
    assert line.endswith("20 May 2026: Lupus nephritis on biopsy, NIH activity index")


def test_a_failed_criterion_is_never_hidden() -> None:
    failed = AGE._replace(verdict=NOT_MET)

    assert (
        "**Not met (1)**\n- Age: 34 years" in card_of(replace(clear_candidate(), criteria=(failed,))).detail
    )


def test_criteria_without_a_line_of_their_own_are_named() -> None:
    many = tuple(criterion(f"c{n}", f"Criterion {n}", Reason.NOT_FOUND, missing("X")) for n in range(30))

    detail = card_of(replace(candidate_with_missing_tests(), criteria=many)).detail

    assert "**To check (30)**" in detail
    assert "more: Criterion" in detail


def test_where_the_trial_is_and_whom_to_contact() -> None:
    detail = card_of(clear_candidate()).detail

    assert (
        "**Where:** Zhejiang University, Hangzhou (single site). Contact: He Huang; Yongxian Hu. "
        "Recruiting according to a registry copy of 14 November 2025."
    ) in detail


def test_several_sites_and_no_site() -> None:
    several = card_of(clear_candidate(), replace(CONTEXT, sites=("Berlin", "Graz"), contacts=())).detail
    none = card_of(clear_candidate(), CardContext("maria", TODAY)).detail

    assert "**Where:** Berlin; Graz. Recruiting" in several
    assert "**Where:** no site on file. Recruitment status not known." in none


def test_the_day_of_the_data_and_of_the_assessment() -> None:
    assert "Chart read on 16 February 2026. Not a decision" in card_of(clear_candidate()).detail

    earlier = replace(clear_candidate(), as_of=date(2026, 2, 1))
    assert "Chart read on 16 February 2026. Assessed as of 1 February 2026." in card_of(earlier).detail


def test_source_links_and_topic_lead_to_the_registry() -> None:
    card = card_of(clear_candidate()).to_json()

    page = "https://clinicaltrials.gov/study/NCT06920433"
    assert card["source"] == {
        "label": "ClinicalTrials.gov NCT06920433",
        "url": page,
        "topic": {
            "system": "https://trialhook.example/fhir/CodeSystem/card-topic",
            "code": "clinical-trial-match",
            "display": "Clinical trial match",
        },
    }
    assert card["links"] == [{"label": "Study page: NCT06920433", "url": page, "type": "absolute"}]


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "study/NCT06920433", "https://a b"])
def test_a_registry_address_that_is_none_is_left_out(url: str) -> None:
    card = card_of(with_trial(registry_url=url)).to_json()

    assert "links" not in card
    source = card["source"]
    assert isinstance(source, dict)
    assert source["label"] == "trialhook"
    assert "url" not in source


def test_override_reasons_are_few_and_clear() -> None:
    reasons = card_of(clear_candidate()).override_reasons

    assert [reason.display for reason in reasons] == [
        "Does not meet the criteria",
        "Patient declined",
        "Already referred or enrolled",
        "Takes part in another study",
        "Not now: ask again later",
        "Too burdensome for this patient",
        "Trial site out of reach",
        "I advise against this trial for this patient",
    ]
    assert {reason.system for reason in reasons} == {
        "https://trialhook.example/fhir/CodeSystem/override-reason"
    }


def test_every_answer_has_fresh_uuids() -> None:
    new_uuid = uuids()

    first, second = (compose_cards(candidate_with_missing_tests(), CONTEXT, new_uuid)[0] for _ in range(2))

    ids = [card.uuid for card in (first, second)]
    ids += [suggestion.uuid for card in (first, second) for suggestion in card.suggestions]
    assert len(set(ids)) == len(ids) == 8


@pytest.mark.parametrize("bad", ["", "..%2f", "a/b", "Patient/1", "1,2", "x" * 65])
def test_an_id_that_is_no_fhir_id_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="patient_id"):
        CardContext(bad, TODAY)
    with pytest.raises(ValueError, match="encounter_id"):
        CardContext("maria", TODAY, encounter_id=bad)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("recruiting", "recruiting according to a registry copy of 14 November 2025"),
        ("full", "full according to a registry copy of 14 November 2025"),
        ("closed", "closed to recruitment according to a registry copy of 14 November 2025"),
        ("unknown", "recruitment status not known"),
    ],
)
def test_recruitment_in_words(status: str, line: str) -> None:
    assert recruitment_line(status, date(2025, 11, 14)) == line


def test_what_the_deployment_knows_of_recruitment_is_not_said_of_the_registry() -> None:
    """The registry's copy is of 2025; somebody has set the state since."""
    line = recruitment_line("full", date(2026, 6, 1), date(2025, 11, 14))
    assert line == "full as of 1 June 2026"
    same_day = recruitment_line("full", date(2025, 11, 14), date(2025, 11, 14))
    assert same_day == "full according to a registry copy of 14 November 2025"
