"""A feedback body as it was sent: strict about the envelope, lenient about each item in it.

One item that cannot be used never costs the others; it is counted. No fault quotes what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cds_service.hooks.ids import is_uuid
from cds_service.storage.records import FeedbackItem
from cds_service.web.problems import NOT_AN_OBJECT, Problem, RefusalError, bad

MOST_ITEMS = 100
MOST_SUGGESTIONS = 100
LONGEST_COMMENT = 2_000
LONGEST_SYSTEM = 200

_TIMESTAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d{1,30}))?"
    r"(?P<zone>[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_CODE = re.compile(r"[!-~]{1,64}")
_SYSTEM = re.compile(rf"[!-~]{{1,{LONGEST_SYSTEM}}}")


class ReadFeedback(NamedTuple):
    """The items that can be used, how many cannot, and what is wrong with any of them.

    A fault may also be about a part of an item that is kept, such as its reason.
    """

    items: tuple[FeedbackItem, ...]
    dropped: int
    faults: tuple[Problem, ...]


def read_feedback(body: object) -> ReadFeedback:
    """The items of a body; RefusalError 400 if it is not ``{"feedback": [...]}``.

    Members that are not known are ignored, ``null`` counts as absent.
    """
    listed = _listed(body)
    faults: list[Problem] = []
    items = []
    for number, sent in enumerate(listed):
        item = _Item(sent, f"feedback[{number}]", faults).read()
        if item is not None:
            items.append(item)
    return ReadFeedback(tuple(items), len(listed) - len(items), tuple(faults))


def _listed(body: object) -> list[Any]:
    if not isinstance(body, Mapping):
        raise RefusalError(NOT_AN_OBJECT)
    listed = body.get("feedback")
    if listed is None:
        text = "This member is required. Send an array with what became of each card."
        raise RefusalError(bad("required", text, "feedback"))
    if not isinstance(listed, list):
        raise RefusalError(bad("structure", "Must be a JSON array, also for a single card.", "feedback"))
    if len(listed) > MOST_ITEMS:
        text = f"Holds more than {MOST_ITEMS} items; none was kept. Send them in several requests."
        raise RefusalError(bad("too-long", text, "feedback"))
    return listed


class _Item:
    """One item while it is being read. All its faults are found."""

    def __init__(self, sent: object, where: str, faults: list[Problem]) -> None:
        self.sent: Mapping[str, Any] = sent if isinstance(sent, Mapping) else {}
        self.where = where
        self.faults = faults
        self.usable = isinstance(sent, Mapping)
        if not self.usable:
            self.fault("", "Must be a JSON object.", "structure")

    def read(self) -> FeedbackItem | None:
        """The item; None if its card, outcome, timestamp or accepted suggestions cannot be used."""
        if not self.usable:
            return None
        card, outcome, at = self.card(), self.outcome(), self.timestamp()
        suggestions = self.suggestions() if outcome == "accepted" else ()
        if card is None or outcome is None or at is None or suggestions is None:
            return None
        if outcome == "accepted":
            return FeedbackItem(card, outcome, at, suggestions)
        system, code, comment = self.override_reason()
        return FeedbackItem(card, outcome, at, (), system, code, comment)

    def fault(self, member: str, text: str, code: str = "value") -> None:
        self.faults.append(bad(code, text, f"{self.where}.{member}" if member else self.where))

    def needed(self, member: str) -> Any:
        """A member that must be there; ``null`` counts as absent."""
        value = self.sent.get(member)
        if value is None:
            self.fault(member, "This member is required.", "required")
        return value

    def card(self) -> str | None:
        value = self.needed("card")
        if value is None:
            return None
        if not is_uuid(value):
            self.fault("card", "Must be the uuid of a card that this service sent.")
            return None
        return str(value).lower()

    def outcome(self) -> str | None:
        value = self.needed("outcome")
        if value is None:
            return None
        if value not in ("accepted", "overridden"):
            self.fault("outcome", "Must be accepted or overridden.")
            return None
        return str(value)

    def timestamp(self) -> datetime | None:
        value = self.needed("outcomeTimestamp")
        if value is None:
            return None
        at = read_timestamp(value)
        if at is None:
            self.fault("outcomeTimestamp", "Must be an RFC 3339 timestamp, such as 2026-06-15T09:30:00Z.")
        return at

    def suggestions(self) -> tuple[str, ...] | None:
        """The uuids of the accepted suggestions; one that can be used is enough."""
        sent = self.needed("acceptedSuggestions")
        if sent is None:
            return None
        listed = sent if isinstance(sent, list) else []
        ids = [one.get("id") if isinstance(one, Mapping) else None for one in listed[:MOST_SUGGESTIONS]]
        found = dict.fromkeys(str(one).lower() for one in ids if is_uuid(one))
        if len(listed) > MOST_SUGGESTIONS or not listed or not all(is_uuid(one) for one in ids):
            text = f"Must list 1 to {MOST_SUGGESTIONS} objects with id, the uuid of a suggestion."
            self.fault("acceptedSuggestions", text)
        return tuple(found) or None

    def override_reason(self) -> tuple[str, str, str]:
        """System, code and comment. A reason that cannot be read costs the reason, not the override."""
        sent = self.sent.get("overrideReason")
        if sent is None:
            return "", "", ""
        if not isinstance(sent, Mapping):
            self.fault("overrideReason", "Must be a JSON object.", "structure")
            return "", "", ""
        system, code = self._coding(sent.get("reason"))
        return system, code, self._comment(sent.get("userComment"))

    def _coding(self, coding: object) -> tuple[str, str]:
        if coding is None:
            return "", ""
        code = coding.get("code") if isinstance(coding, Mapping) else None
        system = (coding.get("system") if isinstance(coding, Mapping) else None) or ""
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            text = "Must be a Coding whose code has 1 to 64 visible characters, as the card gave it."
            self.fault("overrideReason.reason.code", text)
            return "", ""
        if system and not (isinstance(system, str) and _SYSTEM.fullmatch(system)):
            self.fault(
                "overrideReason.reason.system", f"Must be a URI of at most {LONGEST_SYSTEM} characters."
            )
            return "", ""
        return str(system), code

    def _comment(self, comment: object) -> str:
        if comment is None:
            return ""
        if not isinstance(comment, str):
            self.fault("overrideReason.userComment", "Must be a text.")
            return ""
        return comment.encode("utf-8", "replace").decode().strip()[:LONGEST_COMMENT]


def read_timestamp(value: object) -> datetime | None:
    """An RFC 3339 timestamp with any offset, in UTC; None if it is none.

    A leap second counts as the second before it; of a fraction, microseconds are kept.
    """
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    second = "59" if match["second"] == "60" else match["second"]
    fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
    zone = "+00:00" if match["zone"] in "Zz" else match["zone"]
    try:
        return datetime.fromisoformat(f"{match['day']}T{match['time']}:{second}.{fraction}{zone}").astimezone(
            UTC
        )
    except (ValueError, OverflowError):  # no such day, or none in UTC at the ends of the calendar
        return None
