"""Lin Mei, the clear candidate, at the desk: what was open is answered, and what an answer may not do."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from cards.composing import CardContext, compose_cards
from cds_service.demo.samples import ALL
from mappings.assessment import assess
from mappings.attesting.responses import Answered, Filled, Struck, response_of
from mappings.reading.record import read_record
from mappings.results import Assessment
from mappings.verdicts import MET, NOT_MET, UNKNOWN
from tests.cards.examples import CONTEXT, uuids
from tests.mappings.attesting.desk import CATALOG, CHEN, TODAY, TRIAL, Resource, at, criterion, said

(LIN_MEI,) = [sample for sample in ALL if sample.id == "lin-mei"]
ASKED = [
    Answered("ecog", "1"),
    Answered("contraception-agreed", "yes", "intrauterine device"),
    Answered("organ-function-reviewed", "yes"),
    Answered("chronicity-increased", "yes"),
    Answered("exclusions-reviewed", "yes"),
    Answered("contact-agreed", "yes"),
]


def chart(without: str = "nothing") -> list[Resource]:
    bundle: dict[str, Any] = deepcopy(LIN_MEI.build(TODAY))
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [each for each in resources if not each["id"].endswith(without)]


def answers(given: list[Answered], strikes: list[Struck] | None = None) -> Resource:
    filled = Filled("Patient/lin-mei", CHEN, at(2), given, strikes or [], "7f3a")
    return response_of(TRIAL, CATALOG, filled)


def assessed(*resources: Resource) -> Assessment:
    return assess(TRIAL, read_record(resources, CATALOG), TODAY, CATALOG)


def open_criteria(assessment: Assessment) -> list[str]:
    return [each.id for each in assessment.criteria if each.verdict is UNKNOWN]


def detail(assessment: Assessment) -> str:
    context: CardContext = CONTEXT
    (card,) = compose_cards(assessment, context, uuids())
    return card.detail


def test_before_the_desk_four_criteria_are_for_a_person() -> None:
    before = assessed(*chart())
    assert open_criteria(before) == ["nih-chronicity-index", "organ-function", "contraception", "consent"]
    assert before.outcome == "possible-candidate"


def test_after_the_desk_only_the_informed_consent_is_open() -> None:
    after = assessed(*chart(), answers(ASKED))
    assert open_criteria(after) == ["consent"]
    assert after.outcome == "possible-candidate"
    assert after.counts() == (14, 1, 0)
    assert after.next_steps.needs_a_person == ("consent",)
    assert [(each.question, each.state) for each in after.answers] == [
        ("ecog", "current"),
        ("chronicity-increased", "current"),
        ("organ-function-reviewed", "current"),
        ("contraception-agreed", "current"),
        ("exclusions-reviewed", "current"),
        ("contact-agreed", "current"),
    ]


def test_the_recorded_ecog_decides_and_the_answer_only_without_it() -> None:
    both = criterion(assessed(*chart(), answers(ASKED)), "ecog")
    assert said(both) == "met"
    alone = criterion(assessed(*chart(without="ecog"), answers(ASKED)), "ecog")
    assert said(alone) == "met: attested"


def test_what_the_study_team_has_to_check_stays_on_the_card_after_somebody_answered() -> None:
    after = assessed(*chart(), answers(ASKED))
    assert after.not_encoded == TRIAL.not_encoded
    assert "omits the criteria" in detail(after)


def test_the_card_tells_who_answered() -> None:
    lines = detail(assessed(*chart(), answers(ASKED))).splitlines()
    assert "- Contraception: yes, answered by Dr Chen (13 Jun 2026; intrauterine device)" in lines
    assert "- Organ function: yes, answered by Dr Chen (13 Jun 2026)" in lines


def test_one_no_rules_the_patient_out_until_it_is_taken_back() -> None:
    no = answers([Answered("contraception-agreed", "no")])
    ruled_out = assessed(*chart(), no)
    assert criterion(ruled_out, "contraception").verdict is NOT_MET
    assert ruled_out.outcome == "ruled-out"
    later = Filled(
        "Patient/lin-mei", CHEN, at(1), [Answered("contraception-agreed", "unsure")], identity="7f3b"
    )
    again = assessed(*chart(), no, response_of(TRIAL, CATALOG, later))
    assert criterion(again, "contraception").verdict is UNKNOWN
    assert again.outcome == "possible-candidate"


def test_a_recorded_total_stands_whatever_is_struck() -> None:
    strike = Struck("sledai-2k", "haematuria", "other", "menstruation")
    after = assessed(*chart(), answers([], [strike]))
    result = criterion(after, "sledai-2k")
    assert result.verdict is MET
    assert "another cause (menstruation), struck by Dr Chen" in [fact.text for fact in result.evidence]


def test_names_and_notes_mean_nothing_in_the_card_s_markdown() -> None:
    response = answers([Answered("contraception-agreed", "yes", "<b>*[see](http://x.example)*")])
    response["author"]["display"] = "Dr [Chen](http://x.example) <script>"
    words = detail(assessed(*chart(), response))
    assert "<b>" not in words
    assert "<script>" not in words
    assert "\\[Chen\\]" in words
    assert "http://" not in words
