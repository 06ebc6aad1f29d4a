"""The quick looks that spare most texts the patterns of cues: none may pass over what its pattern would find.

The texts are made from the patterns themselves, so that a word that is added to a pattern and not to its
quick look is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.reading.pathology import cues, schemes
from mappings.reading.pathology.cues import reports
from mappings.reading.pathology.mentions import plain

May = Callable[[str], bool]


def told(beginnings: frozenset[str], signs: tuple[str, ...]) -> May:
    return partial(reports._may_be_told, beginnings, signs)


LOOKS: list[tuple[str, re.Pattern[str], May]] = [
    ("withdrawn", reports._WITHDRAWN, told(reports._WORDS_OF_WITHDRAWN, reports._SIGNS_OF_WITHDRAWN)),
    (
        "no glomeruli",
        reports._NO_GLOMERULI,
        told(reports._WORDS_OF_NO_GLOMERULI, reports._SIGNS_OF_NO_GLOMERULI),
    ),
    ("not lupus", cues.NOT_LUPUS, partial(cues.may_hold, cues.SIGNS_OF_NOT_LUPUS)),
    ("over", schemes._OVER, partial(cues.may_hold, schemes._SIGNS_OF_OVER)),
    (
        "old biopsy",
        cues.OLD_BIOPSY,
        lambda text: cues.has_a_word_of_cues(text) or cues.may_hold(cues.SIGNS_OF_OLD_BIOPSY, text),
    ),
    ("denied before", cues.DENIED_BEFORE, cues.may_hold_a_cue),
    ("denied after", cues.DENIED_AFTER, cues.may_hold_a_cue),
    ("earlier", cues.EARLIER, cues.may_hold_a_cue),
    ("uncertain before", cues.UNCERTAIN_BEFORE, cues.may_hold_a_cue),
    ("uncertain after", cues.UNCERTAIN_AFTER, cues.may_hold_a_cue),
]
BESIDE = st.text(alphabet=" abe.,\n", max_size=4)


@pytest.mark.parametrize(("pattern", "may"), [look[1:] for look in LOOKS], ids=[look[0] for look in LOOKS])
def test_a_quick_look_passes_over_nothing_that_its_pattern_finds(pattern: re.Pattern[str], may: May) -> None:
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(BESIDE, st.from_regex(pattern, alphabet=st.characters(max_codepoint=126)), BESIDE)
    def look(before: str, found: str, after: str) -> None:
        for text in (plain(before + found + after), plain(found)):
            assert may(text) or not (text.isascii() and pattern.search(text)), text

    look()


# The gaps that such texts found, where class IV had been read as a clean finding.
GAPS = ["FH: class IV lupus nephritis.", "Class IV lupus nephritis: NA"]


@pytest.mark.parametrize("text", GAPS)
def test_short_words_of_cues_are_looked_for(text: str) -> None:
    assert cues.may_hold_a_cue(text)


@pytest.mark.parametrize("colon", [":", " :", " =", "="])
def test_no_glomeruli_are_none_however_the_colon_stands(colon: str) -> None:
    assert cues.has_no_glomeruli(f"Lupus nephritis, class IV. Glomeruli{colon} 0.")
