"""What a patient's drug records say together: one timeline for each ingredient, and drugs given together."""

from mappings.timeline.courses import Course, DrugTimeline, timeline_of, timelines_of
from mappings.timeline.covering import LONGEST_GAP_DAYS, Span
from mappings.timeline.together import CommonExposure, common_exposure

__all__ = [
    "LONGEST_GAP_DAYS",
    "CommonExposure",
    "Course",
    "DrugTimeline",
    "Span",
    "common_exposure",
    "timeline_of",
    "timelines_of",
]
