"""Whether cells were counted in blood: specimen, body site, method or the words of the code may say that not.

Sources of the codes: SNOMED CT blood, venous, capillary and whole blood specimen, as public FHIR profiles of
laboratories use them (HL7 Europe, gematik, MII); HL7 table 0487; structure of bone marrow, as the concept map
of the German medical informatics oncology module (MII) has it for the site MAR.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from mappings.facts import Result
from mappings.reading.fhir_elements import coding_token, items, mapping, text_of
from mappings.reading.keeping.texts import kept
from mappings.reading.references import contained_in, reference_of, resolved
from mappings.verdicts import Reason

NOT_IN_BLOOD = "not in blood"
_PLACES: Mapping[str, str] = {
    "http://snomed.info/sct|119297000": "blood",
    "http://snomed.info/sct|122555007": "blood",
    "http://snomed.info/sct|122554006": "blood",
    "http://snomed.info/sct|258580003": "blood",
    "http://snomed.info/sct|14016003": "bone marrow",
    "http://terminology.hl7.org/CodeSystem/v2-0487|BLD": "blood",
    "http://terminology.hl7.org/CodeSystem/v2-0487|WB": "blood",
}
"""What codes without words stand for."""
_BLOOD = re.compile(r"blood|blut|\bpbmcs?\b|血", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"marrow|\bbma?\b|\bcord\b|iliac|serum|plasma|acellular|supernatant|fluid|\bcsf\b|liquor|tissue|biops|aspirat"
    r"|lymph ?node|spleen|tonsil|thymus|kidney|renal|skin|pleura|ascit|urine|knochenmark|gewebe"
    r"|骨髓|髂|脐|血清|血浆|上清|脑脊液|胸水|胸腔|腹水|腹腔|积液|关节液|组织|淋巴结|活检|尿",
    re.IGNORECASE,
)
_ELSEWHERE_BY_METHOD = re.compile(
    r"marrow|\bbma?\b|\bcsf\b|cerebrospinal|lymph ?node|spleen|tonsil|thymus|pleural|ascit|body fluid|biops"
    r"|knochenmark|liquor|骨髓|脑脊液|胸水|腹水|淋巴结|活检",
    re.IGNORECASE,
)
"""As above, but for what may stand in the words of a code or method and say nothing of the specimen."""


def only_in_blood(
    results: MutableMapping[str, list[Result]],
    placed: Mapping[str, Sequence[Mapping[str, Any]]],
    by_type: Mapping[str, Sequence[Mapping[str, Any]]],
    full_urls: Mapping[str, str],
) -> Sequence[str]:
    """Takes the answers from cells that were counted elsewhere, and tells the references of those.

    ``placed``: the Observations of each concept, each with the component that was read.
    """
    taken: dict[str, None] = {}
    for concept, observations in placed.items():
        outside = _outside_blood(observations, by_type.get("Specimen", ()), full_urls)
        for place, result in enumerate(results.get(concept, ())):
            if result.reference in outside and result.problem is None:
                results[concept][place] = result._replace(
                    amount=None, tokens=frozenset(), problem=Reason.UNREADABLE, note=NOT_IN_BLOOD
                )
                taken[result.reference] = None
    return tuple(taken)


def _outside_blood(
    observations: Iterable[Mapping[str, Any]],
    specimens: Sequence[Mapping[str, Any]],
    full_urls: Mapping[str, str],
) -> frozenset[str]:
    """The references of those Observations that were not made in blood, or in something that is not known.

    A specimen must say that it is blood, if it says what it is. A body site is often where the needle was:
    only one that is no blood counts. Method and code count if they name another place and not blood too.
    """
    known = {reference_of(specimen): specimen for specimen in specimens}
    found = set()
    for each in observations:
        specimen = mapping(each.get("specimen"))
        told = [*_words_of(specimen), *_words_of(_specimen(each, specimen, known, full_urls))]
        site = _said_of(mapping(each.get("bodySite")))
        is_elsewhere = any(map(_ELSEWHERE.search, site)) or _method_is_elsewhere(each)
        if (told and not _is_blood(told)) or is_elsewhere:
            found.add(reference_of(each))
    return frozenset(found)


def _method_is_elsewhere(observation: Mapping[str, Any]) -> bool:
    """Whether a text of the method or the code, also of the component, names another place and not blood."""
    elements = (observation, *items(observation.get("component")))
    named = [each[key] for each in elements for key in ("method", "code") if key in each]
    said = [text for codeable in named for text in _said_of(mapping(codeable))]
    return any(map(_names_another_place, said))


@kept(1024)
def _names_another_place(text: str) -> bool:
    return _ELSEWHERE_BY_METHOD.search(text) is not None and _BLOOD.search(text) is None


def _specimen(
    resource: Mapping[str, Any],
    reference: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
    full_urls: Mapping[str, str],
) -> Mapping[str, Any]:
    text = text_of(reference.get("reference"))
    if text.startswith("#"):
        return contained_in(resource, text) or {}
    return known.get(resolved(text, full_urls, "Specimen"), {})


def _words_of(element: Mapping[str, Any]) -> list[str]:
    """What a Specimen, or a reference to one, says of what it is: texts, and codes that have no words."""
    told = text_of(element.get("display"))
    body_site = mapping(mapping(element.get("collection")).get("bodySite"))
    return [*([told] if told else ()), *_said_of(mapping(element.get("type"))), *_said_of(body_site)]


def _said_of(codeable: Mapping[str, Any]) -> list[str]:
    told = [text_of(codeable.get("text"))]
    for coding in items(codeable.get("coding")):
        token = coding_token(coding)
        told.append(_PLACES.get(token) or text_of(coding.get("display")) or token)
    return [text for text in told if text]


def _is_blood(told: Sequence[str]) -> bool:
    said = " ".join(told)
    return _BLOOD.search(said) is not None and _ELSEWHERE.search(said) is None
