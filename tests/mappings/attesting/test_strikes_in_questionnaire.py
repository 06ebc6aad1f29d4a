"""An EHR that fills the worksheet itself has to ask for the item and for its cause."""

from __future__ import annotations

from mappings.attesting.codes import CAUSES
from mappings.attesting.forms import strikable
from mappings.attesting.questionnaires import questionnaire_of
from tests.mappings.attesting.desk import CATALOG, TRIAL


def test_a_strike_asks_for_the_item_and_the_cause_and_lets_one_write_more() -> None:
    items = {item["linkId"]: item for item in questionnaire_of(TRIAL, CATALOG)["item"]}
    for score, struck in strikable(TRIAL, CATALOG).items():
        [group] = [item for link, item in items.items() if item["type"] == "group" and score in link]
        which, cause, words = group["item"]
        assert [part.get("required", False) for part in (which, cause, words)] == [True, True, False]
        assert [each["valueCoding"]["code"] for each in which["answerOption"]] == [each.id for each in struck]
        assert [each["valueCoding"]["code"] for each in cause["answerOption"]] == [*CAUSES, "withdrawn"]
        assert CATALOG.scores[score].label in group["text"]
