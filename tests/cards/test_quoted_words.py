"""Words quoted from a report are cut so that what was read in them still stands there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.evidence_words import VALUE_LIMIT, fact_words
from cards.text import escaped, shortened, shortened_around, shown, utf16_length
from mappings.language import ENGLISH
from mappings.results import Evidence
from mappings.verdicts import Reason
from tests.cards.markdown import PARSERS, text_of, tokens
from tests.cards.strategies import anything

LONG = "Kidney, left, ultrasound-guided percutaneous needle core biopsy, 2 cores: "
AFTER = ". 24 glomeruli, 3 of them globally sclerosed, cellular crescents in 4 of 24 glomeruli"


def words(text: str, concept: str = "kidney-biopsy-class", value: float | str | None = None) -> str:
    """A quotation as a card shows it, without name, markup and date."""
    fact = Evidence(concept, "Result", Reason.VALUE, text, text if value is None else value)
    return text_of(fact_words(fact, ENGLISH, "Result"))


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [
        # today's ordinary words stay
        ("class IV + V", "class IV + V"),
        ("Lupus nephritis, ISN/RPS class IV-G (A/C)", "Lupus nephritis, ISN/RPS class IV-G (A/C)"),
        (f"Lupus nephritis, ISN/RPS class IV{AFTER}",
         "Lupus nephritis, ISN/RPS class IV. 24 glomeruli, 3 of them globally…"),
        # nothing in it that is known to have been read: today's cut
        (f"{LONG}no more than that", "Kidney, left, ultrasound-guided percutaneous needle core biopsy, 2…"),
        # the class at the end
        (f"{LONG}LUPUS NEPHRITIS, ISN/RPS (2018) CLASS IV + V",
         "…core biopsy, 2 cores: LUPUS NEPHRITIS, ISN/RPS (2018) CLASS IV + V"),
        (f"{LONG}lupus nephritis class III (A/C)",
         "…needle core biopsy, 2 cores: lupus nephritis class III (A/C)"),
        (f"{LONG}lupus nephritis, class 4",
         "…percutaneous needle core biopsy, 2 cores: lupus nephritis, class 4"),
        (f"{LONG}lupus nephritis (ISN/RPS 2018): IV-G (A)",
         "…needle core biopsy, 2 cores: lupus nephritis (ISN/RPS 2018): IV-G (A)"),
        (f"{LONG}Lupusnephritis Klasse III und V",
         "…needle core biopsy, 2 cores: Lupusnephritis Klasse III und V"),
        # the class in the middle
        (f"{LONG}lupus nephritis class III{AFTER}",
         "…percutaneous needle core biopsy, 2 cores: lupus nephritis class III…"),
        (f"{LONG}no class III or class IV lupus nephritis",
         "…percutaneous needle core biopsy, 2 cores: no class III or class IV…"),
        # several, too far apart for one part: each of them
        (f"Class II in the biopsy of 2019 ({LONG}mesangial), now class IV", "…Class II…class IV"),
        (f"左肾穿刺活检标本{'、肾小球共二十四个' * 9}、符合狼疮性肾炎IV+V型", "符合狼疮性肾炎IV+V型"),
    ],
)  # fmt: skip
def test_the_class_stands_in_what_is_shown_of_a_report(text: str, shown_as: str) -> None:
    """The whole of it, or its end in the language without blanks."""
    said = words(text)
    assert utf16_length(said) <= VALUE_LIMIT
    assert said.endswith(shown_as)


@pytest.mark.parametrize(
    ("text", "concept", "value", "part"),
    [
        (f"{LONG}activity index 15/24", "nih-activity-index", 15.0, "activity index 15"),
        (f"{LONG}activity index 8 to 10 of 24", "nih-activity-index", None, "activity index 8"),
        (f"{LONG}chronicity index 3/12", "nih-chronicity-index", 3.0, "chronicity index 3"),
        (f"Spot urine, {LONG}ratio 2,1 g/g", "urine-protein-creatinine-ratio", 2.1, "ratio 2,1"),
        (f"{LONG}not said", "nih-activity-index", 15.0, "Kidney, left"),
        # a numeral in the words of something else is none of its classes
        (
            f"Cyclophosphamide infusion, {LONG}500 mg IV",
            "cyclophosphamide",
            None,
            "Cyclophosphamide infusion",
        ),
    ],
)
def test_other_values_that_were_read_stand_in_what_is_shown(
    text: str, concept: str, value: float | None, part: str
) -> None:
    said = words(text, concept, value)
    assert part in said
    assert utf16_length(said) <= VALUE_LIMIT


def reads(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"IV", text)]


@given(anything, st.integers(0, 90), st.integers(8, 90))
def test_what_was_read_is_never_cut_away_and_the_limit_holds(text: str, place: int, limit: int) -> None:
    whole = f"{text[:place]} IV {text[place:]}"
    cut = shown(whole, limit, reads)
    assert utf16_length(cut) <= limit
    assert "IV" in cut


@given(anything, anything)
def test_a_part_of_a_text_means_nothing_in_markdown_either(before: str, after: str) -> None:
    whole = f"{before} IV {after}"
    source = escaped(whole, 20, reads)
    assert text_of(source) == shown(whole, 20, reads)
    for parser in PARSERS:
        assert {token.type for token in tokens(source, parser)} <= {
            "paragraph_open", "inline", "text", "text_special", "paragraph_close"
        }  # fmt: skip


@given(anything, st.integers(8, 90))
def test_where_nothing_was_read_the_cut_is_the_usual_one(text: str, limit: int) -> None:
    assert shortened_around(text, limit, lambda _text: []) == shortened(text, limit)
