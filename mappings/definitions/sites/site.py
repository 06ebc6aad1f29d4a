"""A site: its file, with the ConceptMaps that it names, laid over the definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mappings.definitions.faults import DefinitionError, Mistake, Report
from mappings.definitions.parsing.source import read_source
from mappings.definitions.sites.additions import Additions
from mappings.definitions.sites.concept_maps import MapCounts, take_map
from mappings.definitions.sites.reading import SiteFile
from mappings.results import SiteFacts
from mappings.trial_definition import Catalog

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Site:
    """A site's additions, checked, and the catalog with them.

    ``codes``, ``names``, ``answers`` and ``units`` say how many were added, by concept. ``redundant`` says
    what was known already, with file and line; ``maps`` what became of each ConceptMap.
    """

    facts: SiteFacts
    path: Path
    catalog: Catalog
    codes: Mapping[str, int]
    names: Mapping[str, int]
    answers: Mapping[str, int]
    units: Mapping[str, int]
    redundant: tuple[str, ...] = ()
    maps: tuple[MapCounts, ...] = ()

    @property
    def name(self) -> str:
        return self.facts.name


def load_site(path: Path, catalog: Catalog) -> Site:
    """The site that a file describes: its name is the file's. The catalog given stays as it is.

    Raises DefinitionError with every fault: unknown concepts, answers and code systems, codes that fail
    their check digit, units that cannot be converted, and all that would change what is known. Files that
    it names are looked for beside it.
    """
    report = Report(path.as_posix())
    if not _NAME.fullmatch(path.stem):
        message = "its name is the site's: letters, digits and hyphens, 64 at most, before .yaml"
        report.add(Mistake.WRONG_FILE_NAME, 0, message)
    additions = Additions(catalog)
    file = SiteFile(catalog, additions, report)
    root = read_source(path, report)
    names = file.read(root) if root else ()
    faults = list(report.faults)
    maps = []
    for node in names:
        of_map = Report((path.parent / node.value).as_posix())
        maps.append(take_map(path.parent / node.value, additions, of_map))
        faults += of_map.faults
    if faults:
        raise DefinitionError(faults)
    facts = SiteFacts(path.stem, additions.digest())
    return Site(
        facts,
        path,
        replace(catalog, concepts=additions.laid_over(), site=facts),
        codes={name: sum(map(len, parts.values())) for name, parts in additions.codes.items()},
        names={name: len(found) for name, found in additions.names.items()},
        answers={name: sum(map(len, ways.values())) for name, ways in additions.answers.items()},
        units={name: len(found) for name, found in additions.units.items()},
        redundant=tuple(file.redundant),
        maps=tuple(maps),
    )
