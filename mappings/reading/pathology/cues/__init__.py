"""Words by which a pathology text denies, remembers or doubts what it mentions.

Careful rather than clever: a word that may be a cue is one, since a spoiled mention only leaves the answer
unknown. Interpretation: Chinese "考虑" (consider) and "提示" (suggest) are doubts; "符合" (consistent with)
and "病理提示" (the pathology shows) are none.
"""

from mappings.reading.pathology.cues.collected import days_of_collection
from mappings.reading.pathology.cues.languages import Languages, is_unread, languages_of
from mappings.reading.pathology.cues.patterns import (
    DENIED_AFTER,
    DENIED_BEFORE,
    EARLIER,
    NOT_LUPUS,
    NOW,
    OLD_BIOPSY,
    SIGNS_OF_NOT_LUPUS,
    SIGNS_OF_OLD_BIOPSY,
    SPENT,
    STILL_OPEN_AFTER,
    STILL_OPEN_BEFORE,
    TAKEN_BACK,
    UNCERTAIN_AFTER,
    UNCERTAIN_BEFORE,
)
from mappings.reading.pathology.cues.quick import has_a_word_of_cues, may_hold_a_cue
from mappings.reading.pathology.cues.reports import has_no_glomeruli, is_withdrawn
from mappings.reading.pathology.cues.sentences import BOUNDARY, SECTION
from mappings.reading.pathology.cues.signs import may_hold
from mappings.reading.pathology.cues.years import other_years

__all__ = [
    "BOUNDARY",
    "DENIED_AFTER",
    "DENIED_BEFORE",
    "EARLIER",
    "NOT_LUPUS",
    "NOW",
    "OLD_BIOPSY",
    "SECTION",
    "SIGNS_OF_NOT_LUPUS",
    "SIGNS_OF_OLD_BIOPSY",
    "SPENT",
    "STILL_OPEN_AFTER",
    "STILL_OPEN_BEFORE",
    "TAKEN_BACK",
    "UNCERTAIN_AFTER",
    "UNCERTAIN_BEFORE",
    "Languages",
    "days_of_collection",
    "has_a_word_of_cues",
    "has_no_glomeruli",
    "is_unread",
    "is_withdrawn",
    "languages_of",
    "may_hold",
    "may_hold_a_cue",
    "other_years",
]
