"""What a card needs to know beside the assessment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from mappings.language import ENGLISH, Language

_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_CLINICIAN = re.compile(r"(?:Practitioner|PractitionerRole)/[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Addresses of this service about what a card says; "" where there is none. One of them is on the card.

    ``launch``: that at which the EHR launches the worksheet, with the ``app_context`` that it hands over.
    ``worksheet`` opens it without SMART. ``trial``: a page about the trial, without any patient.
    """

    launch: str = ""
    app_context: str = ""
    worksheet: str = ""
    trial: str = ""


NO_PAGES = PageLinks()


@dataclass(frozen=True, slots=True)
class CardContext:
    """The chart that is open, and what people need to know of the trial's sites.

    ``user`` is the hook's userId; it becomes the requester of drafts if it is a clinician.
    ``recruitment_line`` is a phrase (``wording.recruitment_line``); ``retrieved`` is the day on which
    the chart was read. ``openings`` are whole sentences, in words of this service's own or of a definition,
    that stand before everything else: why the card comes now. Both are in the card's ``language`` already.
    ``referral`` is the value of the identifier that a referral of this patient to the trial bears, if any.
    ``pages`` are those of this service that the card leads to.
    Ids that are not FHIR ids are refused: the caller has checked them already.
    """

    patient_id: str
    retrieved: date
    encounter_id: str | None = None
    user: str | None = None
    recruitment_line: str = ""
    sites: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    language: Language = ENGLISH
    referral: str = ""
    pages: PageLinks = NO_PAGES

    def __post_init__(self) -> None:
        for name, value in (("patient_id", self.patient_id), ("encounter_id", self.encounter_id)):
            if value is not None and _FHIR_ID.fullmatch(value) is None:
                raise ValueError(f"{name} is not a FHIR id")

    @property
    def requester(self) -> str:
        """The user's reference if it is a clinician's, else nothing."""
        return self.user if self.user and _CLINICIAN.fullmatch(self.user) else ""
