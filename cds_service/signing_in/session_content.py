"""What a session holds, and how it is written: JSON, which ``sessions`` encrypts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import orjson

from cds_service.signing_in.staff import Account, Identity
from cds_service.storage.records import Subject

MOST_WORKSHEETS = 20
"""Of one browser at once (ours); the oldest goes."""


@dataclass(frozen=True, slots=True)
class WorksheetAccess:
    """A worksheet that a browser may open: whose, for which trial, and by which token it reads.

    ``user``: the fhirUser reference of a launch, or the id of the account that followed a link.
    ``expires_at``: when the access token does, in seconds since 1970.
    """

    id: str
    subject: Subject = field(repr=False)
    user: str = field(repr=False)
    user_name: str = field(repr=False)
    trial: str
    via: Literal["launch", "link"]
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
    expires_at: float = 0.0
    language: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """What a request may use of its browser's session."""

    account: Account | None = None
    worksheets: Mapping[str, WorksheetAccess] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn:
    """Who signed in, and when (seconds since 1970) that is over at the latest."""

    identity: Identity
    until: float


@dataclass(frozen=True, slots=True, repr=False)
class OpenWorksheet:
    """A worksheet, and when it is closed at the latest."""

    access: WorksheetAccess
    until: float


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """All of a session. ``csrf`` stands behind its forms' tokens, ``browser`` behind what it began."""

    csrf: str
    browser: str
    signed_in: SignedIn | None = None
    worksheets: tuple[OpenWorksheet, ...] = ()

    @property
    def until(self) -> float:
        """When the last of it is over."""
        ends = [one.until for one in self.worksheets]
        return max([*ends, self.signed_in.until] if self.signed_in else ends, default=0.0)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to be kept."""
        return self.signed_in is None and not self.worksheets

    def at(self, now: float) -> Content:
        """Without what is over."""
        signed_in = self.signed_in if self.signed_in and self.signed_in.until > now else None
        return replace(
            self,
            signed_in=signed_in,
            worksheets=tuple(one for one in self.worksheets if one.until > now),
        )

    def with_worksheet(self, opened: OpenWorksheet) -> Content:
        """With one more, or with another access for one that is there.

        A launch by another user of the EHR closes what the one before had open: it is another person.
        """
        access = opened.access
        kept = [
            one
            for one in self.worksheets
            if one.access.id != access.id and not _somebody_else(one.access, access)
        ]
        return replace(self, worksheets=(*kept, opened)[-MOST_WORKSHEETS:])


def _somebody_else(earlier: WorksheetAccess, later: WorksheetAccess) -> bool:
    same_server = earlier.subject[:3] == later.subject[:3]
    return earlier.via == later.via and (earlier.user != later.user or not same_server)


def to_bytes(content: Content) -> bytes:
    """As JSON."""
    signed_in = content.signed_in
    return orjson.dumps(
        {
            "csrf": content.csrf,
            "browser": content.browser,
            "who": {**asdict(signed_in.identity), "until": signed_in.until} if signed_in else None,
            "worksheets": [
                {**asdict(one.access), "subject": list(one.access.subject), "until": one.until}
                for one in content.worksheets
            ],
        }
    )


def from_bytes(plain: bytes) -> Content:
    """What ``to_bytes`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    body: dict[str, Any] = orjson.loads(plain)
    who = body["who"]
    return Content(
        csrf=body["csrf"],
        browser=body["browser"],
        signed_in=_signed_in(**who) if who else None,
        worksheets=tuple(_worksheet(**one) for one in body["worksheets"]),
    )


def _signed_in(until: float, groups: list[str], **who: str) -> SignedIn:
    return SignedIn(Identity(groups=tuple(groups), **who), until)


def _worksheet(until: float, subject: list[str], **access: Any) -> OpenWorksheet:
    return OpenWorksheet(WorksheetAccess(subject=Subject(*subject), **access), until)
