"""One run of HL7's validator over everything, for the whole session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from cds_service.demo.samples import ALL
from tests.validator import documents
from tests.validator.hl7_samples import Hl7Sample, read_samples
from tests.validator.hl7_validator import Document, Finding, prepare, validate
from tests.validator.our_service import Exchange, Json, OurService


@dataclass(frozen=True)
class Validated:
    """The documents by name, and what HL7's validator says of each."""

    documents: dict[str, Document]
    findings: dict[str, list[Finding]]

    def errors(self, name: str) -> list[Finding]:
        """What a document is refused for, in order."""
        return sorted(one for one in self.findings[name] if one.is_error)

    def complaints(self, name: str) -> list[Finding]:
        """Errors and warnings."""
        return sorted(one for one in self.findings[name] if one.is_error or one.is_warning)

    def below(self, start: str) -> list[str]:
        """The names that start so."""
        return [name for name in self.findings if name.startswith(start)]


@pytest.fixture(scope="session")
def hl7_samples() -> dict[str, Hl7Sample]:
    """HL7's samples by name."""
    prepare()
    return read_samples()


@pytest.fixture(scope="session")
def our_service(tmp_path_factory: pytest.TempPathFactory, today: date) -> OurService:
    """The real service on the day of the samples."""
    return OurService(tmp_path_factory.mktemp("patients"), today)


@pytest.fixture(scope="session")
def discovery(our_service: OurService) -> Json:
    """What we offer."""
    document: Json = our_service.discovery().get_json()
    return document


@pytest.fixture(scope="session")
def calls(our_service: OurService, discovery: Json) -> dict[str, list[Exchange]]:
    """Every sample patient's calls, one for each of our services."""
    services = discovery["services"]
    return {sample.id: [our_service.call(service, sample.id) for service in services] for sample in ALL}


@pytest.fixture(scope="session")
def validated(
    hl7_samples: dict[str, Hl7Sample],
    discovery: Json,
    calls: dict[str, list[Exchange]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Validated:
    """Everything that these tests ask about."""
    named = {
        **dict(documents.of_hl7(hl7_samples)),
        **dict(documents.of_ours(discovery, calls)),
        **dict(documents.of_refusals()),
        **dict(documents.of_faulty_answers(discovery, calls)),
        **dict(documents.of_faulty_requests(hl7_samples)),
    }
    return Validated(named, validate(named, tmp_path_factory.mktemp("validator")))
