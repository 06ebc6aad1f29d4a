"""Clinical names: what "UPCR" means in codes, units and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

ConceptKind = Literal["measurement", "finding", "condition", "procedure", "drug", "consent"]

SYSTEMS: Mapping[str, str] = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "icd10gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "cpt": "http://www.ama-assn.org/go/cpt",
    "icd10pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
}
"""The code systems that definitions may name, and their FHIR URIs. A site's own are named in its file."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its system URI and the words that the system gives it."""

    system: str
    code: str
    display: str

    @property
    def token(self) -> str:
        """``system|code``, as FHIR searches and gaps write it."""
        return f"{self.system}|{self.code}"


OBSERVATION_CATEGORIES = (
    *("social-history", "vital-signs", "imaging", "laboratory", "procedure", "survey", "exam", "therapy"),
    "activity",
)
"""FHIR R4, code system observation-category."""


@dataclass(frozen=True, slots=True)
class ProductList:
    """Codes of products that hold one drug, from one source."""

    source: str
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class TimedCollection:
    """What is measured in a collection of 24 hours: a concentration, which counts only times its volume.

    Both are codes; the concentration is in mass per litre, the volume in litres.
    """

    concentration: tuple[Code, ...]
    volume: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """A clinical name that rules use.

    ``unit`` is the canonical UCUM unit of a measurement (empty for other kinds); ``conversions`` maps
    other units to the exact factor into it where that needs chemistry (1 mg/mmol = 1/113.12 g/g), and
    ``offsets`` some of these to what is then added (HbA1c in mmol/mol to per cent).
    ``unit_spellings`` maps a site's own way of writing a unit, exactly as it writes it, to a UCUM unit.
    ``names`` are whole texts that stand for the concept where a resource carries no known code; for a
    drug they are ingredient names, found inside a text. ``answers`` maps a token such as "positive" to
    the codes (``system|code``) and lower-case texts that mean it, beside the general ones.
    ``from_range`` turns the laboratory's own high / normal / low into tokens ("high" -> "positive").
    ``positive_above`` or ``positive_from`` turns a number or titre into positive / negative.
    ``blood_cells``: a number counts only as a percentage or per volume, and only in blood.
    ``imprecise_when_positive`` holds codes whose positive answer lacks what the rule needs.
    ``excluding`` names concepts whose codes on the same Condition take this concept away.
    ``lasted``: codes (``system|code``) and names (as names are compared) that tell how long a condition had
    lasted by the date of its record, with the least and the most days.
    ``filed_under``: the observation categories in which a result that is told by name alone is looked for,
    beside those in which all are.
    ``effort``: how a fact about it is had (``mappings.results.How``), empty if that follows from its kind.
    ``same_test_as``: this concept and that one are the number and the answer of one test, so share its codes.
    ``pathology``: the reader of kidney biopsies makes the facts, not the code index alone.
    ``orderable`` is the code under which the test is ordered.
    ``cannot_exceed`` and ``cannot_be_below`` are in the canonical unit: a number beyond them is an error of
    writing. ``collection``: codes under which an amount per day comes as a concentration and a volume.
    ``products`` are codes of a drug's products, beside its own, each list with its source.
    """

    id: str
    display: str
    kind: ConceptKind
    codes: tuple[Code, ...] = ()
    names: tuple[str, ...] = ()
    unit: str = ""
    conversions: Mapping[str, Fraction | float] = field(default_factory=dict)
    offsets: Mapping[str, Fraction] = field(default_factory=dict)
    unit_spellings: Mapping[str, str] = field(default_factory=dict)
    whole_number_to: int | None = None
    cannot_exceed: float | None = None
    cannot_be_below: float | None = None
    collection: TimedCollection | None = None
    answers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    from_range: Mapping[str, str] = field(default_factory=dict)
    positive_above: float | None = None
    positive_from: float | None = None
    blood_cells: bool = False
    imprecise_when_positive: frozenset[str] = frozenset()
    excluding: tuple[str, ...] = ()
    lasted: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    filed_under: tuple[str, ...] = ()
    effort: str = ""
    same_test_as: str = ""
    pathology: bool = False
    orderable: Code | None = None
    covers_days: int | None = None
    source: str = ""
    products: tuple[ProductList, ...] = ()

    @property
    def observed_codes(self) -> tuple[Code, ...]:
        """The codes of the Observations that it is read from: its own, and those of its collection."""
        timed = self.collection
        return (*self.codes, *timed.concentration, *timed.volume) if timed else self.codes

    @property
    def every_code(self) -> tuple[Code, ...]:
        """The concept's own codes and those of its products."""
        return (*self.codes, *(code for one in self.products for code in one.codes))


@dataclass(frozen=True, slots=True)
class ConceptGroup:
    """A name for several concepts of one kind, such as the systemic glucocorticoids."""

    id: str
    display: str
    members: tuple[str, ...]
