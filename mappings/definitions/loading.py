"""Loads all definitions once, or tells everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mappings.concept import Concept, ConceptGroup
from mappings.definitions.checks import check_on_empty_record, check_trial
from mappings.definitions.digest import digest_of
from mappings.definitions.faults import DefinitionError, Fault, Mistake, Report
from mappings.definitions.parsing.concept_parser import ConceptFile, check_concepts, parse_concept_file
from mappings.definitions.parsing.names import Vocabulary
from mappings.definitions.parsing.score_parser import ScoreSource, parse_score_file
from mappings.definitions.parsing.source import MapNode, read_source
from mappings.definitions.parsing.trial_parser import TrialSource, parse_trial_file
from mappings.trial_definition import Catalog

PACKAGED = Path(__file__).resolve().parent.parent
_SUFFIX = ".yaml"
_OTHER_SUFFIXES = (".yml", ".json")


def load_catalog(trial_paths: Sequence[Path] | None = None, *, root: Path | None = None) -> Catalog:
    """All trials, concepts and scores, checked.

    ``root`` is the folder that holds ``trials``, ``concepts`` and ``scores``; the packaged one if not given.
    ``trial_paths``, files or folders of them, take the place of the folder ``trials``.
    Raises DefinitionError with every fault found.
    """
    loading = _Loading(root or PACKAGED)
    loading.read_concepts()
    loading.read_scores()
    loading.read_trials(trial_paths)
    return loading.finish()


@dataclass(slots=True)
class _Loading:
    """What has been read so far."""

    root: Path
    faults: list[Fault] = field(default_factory=list)
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary({}, {}, {}, ()))
    names: dict[str, MapNode] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    scores: dict[str, ScoreSource] = field(default_factory=dict)
    trials: dict[str, tuple[TrialSource, Path]] = field(default_factory=dict)
    score_files_broken: bool = False

    def read_concepts(self) -> None:
        files: dict[str, ConceptFile] = {}
        paths = self._files(self.root / "concepts")
        for path in paths:
            report = self._report(path)
            node = read_source(path, report)
            if node is not None:
                files[path.stem] = parse_concept_file(node, report)
        concepts: dict[str, Concept] = {}
        groups: dict[str, ConceptGroup] = {}
        stems: dict[str, str] = {}
        for stem, file in files.items():
            for source in file.concepts:
                if self._is_new(source.concept.id, source.node, source.report):
                    concepts[source.concept.id], stems[source.concept.id] = source.concept, stem
            for group in file.groups:
                if self._is_new(group.group.id, group.node, group.report):
                    groups[group.group.id], stems[group.group.id] = group.group, stem
        all_stems = tuple(path.stem for path in paths)
        self.vocabulary = Vocabulary(concepts, groups, stems, all_stems, len(files) < len(paths))
        if not self.vocabulary.broken:
            check_concepts(files.values(), concepts)

    def _is_new(self, name: str, node: MapNode, report: Report) -> bool:
        if name in self.names:
            message = f"the id {name!r} is taken in {self.places[name]}"
            report.add(Mistake.REPEATED_ID, node.line, message)
            return False
        self.names[name] = node
        self.places[name] = f"{report.file}:{node.line}"
        return True

    def read_scores(self) -> None:
        for path in self._files(self.root / "scores"):
            report = self._report(path)
            node = read_source(path, report)
            source = parse_score_file(node, self.vocabulary, report) if node else None
            if source is None:
                self.score_files_broken = True
            elif source.score.id in self.scores:
                message = f"the id {source.score.id!r} is taken by another score"
                source.report.add(Mistake.REPEATED_ID, source.line, message)
            else:
                self.scores[source.score.id] = source

    def read_trials(self, trial_paths: Sequence[Path] | None) -> None:
        for path in self._trial_files(trial_paths):
            report = self._report(path)
            node = read_source(path, report)
            scores = None if self.score_files_broken else tuple(self.scores)
            source = parse_trial_file(node, self.vocabulary, scores, report) if node else None
            if source is None:
                continue
            if source.trial.id in self.trials:
                message = f"the id {source.trial.id!r} is taken by another trial"
                report.add(Mistake.REPEATED_ID, source.id_line, message)
                continue
            check_trial(source, path.parent)
            self.trials[source.trial.id] = source, path

    def finish(self) -> Catalog:
        """The catalog with its digests, if nothing is wrong."""
        self._stop_if_faulty()
        scores = {name: source.score for name, source in self.scores.items()}
        sources = [source for source, _ in self.trials.values()]
        catalog = Catalog(
            tuple(s.trial for s in sources), self.vocabulary.concepts, self.vocabulary.groups, scores
        )
        for source in sources:
            check_on_empty_record(source, catalog)
        self._stop_if_faulty()
        trials = []
        for source in sources:
            digest = digest_of(source, catalog, self.names, self.scores)
            trials.append(replace(source.trial, facts=replace(source.trial.facts, digest=digest)))
        return replace(catalog, trials=tuple(trials))

    def _stop_if_faulty(self) -> None:
        if self.faults:
            raise DefinitionError(self.faults)

    def _trial_files(self, trial_paths: Sequence[Path] | None) -> list[Path]:
        found = []
        for path in (self.root / "trials",) if trial_paths is None else trial_paths:
            if not path.is_dir() and trial_paths is not None:
                found.append(path)
                continue
            files = self._files(path)
            if not files:
                self._report(path).add(Mistake.FILE_NOT_FOUND, 0, f"holds no trial definition (*{_SUFFIX})")
            found += files
        return found

    def _files(self, folder: Path) -> list[Path]:
        """The YAML files of a folder; a file that looks like one and is not read is reported."""
        entries: Iterable[Path] = sorted(folder.iterdir()) if folder.is_dir() else ()
        found = []
        for path in entries:
            if path.suffix == _SUFFIX:
                found.append(path)
            elif path.suffix.lower() in (_SUFFIX, *_OTHER_SUFFIXES):
                self._report(path).add(
                    Mistake.WRONG_FILE_NAME, 0, f"is not read; its name must end in {_SUFFIX}"
                )
        return found

    def _report(self, path: Path) -> Report:
        inside = path.is_relative_to(self.root)
        name = path.relative_to(self.root.parent) if inside else path
        return Report(name.as_posix(), self.faults)
