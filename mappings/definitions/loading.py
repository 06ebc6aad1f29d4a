"""Loads all definitions once, or tells everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mappings.concept import Concept, ConceptGroup
from mappings.definitions.checks import check_on_empty_record, check_trial
from mappings.definitions.faults import DefinitionError, Fault, Mistake, Report
from mappings.definitions.one_meaning import check_meanings
from mappings.definitions.parsing.concept_parser import ConceptFile, check_concepts, parse_concept_file
from mappings.definitions.parsing.names import Vocabulary
from mappings.definitions.parsing.product_parser import Meanings, parse_product_file, with_products
from mappings.definitions.parsing.score_parser import ScoreSource, parse_score_file
from mappings.definitions.parsing.source import MapNode, read_source
from mappings.definitions.parsing.trial_parser import TrialSource, parse_trial_file
from mappings.definitions.signing.content import Content, digest_of, signed_content
from mappings.definitions.signing.signature import Signature, read_signature, signature_path
from mappings.results import TrialFacts
from mappings.trial_definition import Catalog, TrialDefinition

PACKAGED = Path(__file__).resolve().parent.parent
_TRIALS = "trials"
_CONCEPTS = "concepts"
_SUFFIX = ".yaml"
_OTHER_SUFFIXES = (".yml", ".json")
_SIGNED = ("reviewed", "active")


@dataclass(frozen=True, slots=True)
class Definitions:
    """A catalog, and for each trial its file, what a signature on it is about, and the signature there is.

    ``damaged``: why the signature that there is cannot be used.
    """

    catalog: Catalog
    files: Mapping[str, Path]
    contents: Mapping[str, Content]
    signatures: Mapping[str, Signature]
    damaged: Mapping[str, Fault]


def load_catalog(trial_paths: Sequence[Path] | None = None, *, root: Path | None = None) -> Catalog:
    """All trials, concepts and scores, checked.

    ``root`` is the folder that holds ``trials``, ``concepts`` and ``scores``; the packaged one if not given.
    ``trial_paths``, files or folders of them, take the place of the folder ``trials``. One that has a folder
    ``trials`` in it is a site's own set: its ``concepts`` and ``scores`` come beside those of the root.
    Raises DefinitionError with every fault found.
    """
    return load_definitions(trial_paths, root=root).catalog


def load_definitions(
    trial_paths: Sequence[Path] | None = None, *, root: Path | None = None, to_be_signed: bool = False
) -> Definitions:
    """What ``load_catalog`` loads, with what is needed to sign it and to compare it with what was signed.

    ``to_be_signed``: a trial whose status asks for a signature is loaded without one, or with a damaged one.
    """
    root = root or PACKAGED
    own = [path for path in trial_paths or () if (path / _TRIALS).is_dir()]
    if trial_paths is not None:
        trial_paths = [path / _TRIALS if path in own else path for path in trial_paths]
    loading = _Loading(root, (root, *(path for path in own if not path.samefile(root))))
    loading.read_concepts()
    loading.read_scores()
    loading.read_trials(trial_paths)
    return loading.finish(to_be_signed=to_be_signed)


@dataclass(slots=True)
class _Loading:
    """What has been read so far."""

    root: Path
    roots: Sequence[Path]
    faults: list[Fault] = field(default_factory=list)
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary({}, {}, {}, ()))
    names: dict[str, MapNode] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    scores: dict[str, ScoreSource] = field(default_factory=dict)
    trials: dict[str, tuple[TrialSource, Path]] = field(default_factory=dict)
    score_files_broken: bool = False

    def read_concepts(self) -> None:
        files: dict[str, ConceptFile] = {}
        paths = self._files_in(_CONCEPTS)
        for path in paths:
            report = self._report(path)
            node = read_source(path, report)
            if path.stem in files:
                message = "a concept file of this name is there already; give it another name"
                report.add(Mistake.REPEATED_ID, 0, message)
            elif node is not None:
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
            check_meanings(source for file in files.values() for source in file.concepts)
            self._read_products(concepts)

    def _read_products(self, concepts: dict[str, Concept]) -> None:
        meanings = Meanings(concepts)
        for path in self._files_in(f"{_CONCEPTS}/products"):
            report = self._report(path)
            node = read_source(path, report)
            for name, products in parse_product_file(node, meanings, report).items() if node else ():
                concept = concepts[name]
                concepts[name] = replace(concept, products=(*concept.products, products.listed))
                self.names[name] = with_products(self.names[name], path.stem, products)

    def _is_new(self, name: str, node: MapNode, report: Report) -> bool:
        if name in self.names:
            message = f"the id {name!r} is taken in {self.places[name]}"
            report.add(Mistake.REPEATED_ID, node.line, message)
            return False
        self.names[name] = node
        self.places[name] = f"{report.file}:{node.line}"
        return True

    def read_scores(self) -> None:
        for path in self._files_in("scores"):
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
            maxima = {name: source.score.maximum for name, source in self.scores.items()}
            scores = None if self.score_files_broken else maxima
            vocabulary = replace(self.vocabulary, unread=self._unread(path.resolve().parent.parent))
            source = parse_trial_file(node, vocabulary, scores, report) if node else None
            if source is None:
                continue
            if source.trial.id in self.trials:
                other = self._report(self.trials[source.trial.id][1]).file
                message = f"the id {source.trial.id!r} is taken in {other}"
                report.add(Mistake.REPEATED_ID, source.id_line, message)
                continue
            check_trial(source, path.parent)
            self.trials[source.trial.id] = source, path

    def _unread(self, folder: Path) -> dict[str, str]:
        """The concept files of a site's own set of which only a trial is looked at."""
        stems = (path.stem for path in sorted((folder / _CONCEPTS).glob(f"*{_SUFFIX}")))
        return {stem: folder.as_posix() for stem in stems if stem not in self.vocabulary.stems}

    def finish(self, *, to_be_signed: bool) -> Definitions:
        """The catalog with its digests and signatures, if nothing is wrong."""
        self._stop_if_faulty()
        scores = {name: source.score for name, source in self.scores.items()}
        sources = {name: source for name, (source, _) in self.trials.items()}
        catalog = Catalog(
            tuple(s.trial for s in sources.values()), self.vocabulary.concepts, self.vocabulary.groups, scores
        )
        for source in sources.values():
            check_on_empty_record(source, catalog)
        contents = {name: signed_content(s, catalog, self.names, self.scores) for name, s in sources.items()}
        signatures, damaged = self._signatures()
        self.faults += () if to_be_signed else damaged.values()
        trials = [
            _signed(source, digest_of(contents[name]), signatures.get(name), to_be_signed)
            for name, source in sources.items()
            if to_be_signed or name not in damaged
        ]
        self._stop_if_faulty()
        files = {name: path for name, (_, path) in self.trials.items()}
        return Definitions(replace(catalog, trials=tuple(trials)), files, contents, signatures, damaged)

    def _signatures(self) -> tuple[dict[str, Signature], dict[str, Fault]]:
        """The signatures there are, and what is wrong with those that cannot be used."""
        found: dict[str, Signature] = {}
        damaged: dict[str, Fault] = {}
        for name, (_, path) in self.trials.items():
            place = signature_path(path, name)
            report = Report(self._report(place).file)
            signature = read_signature(place, name, report)
            if signature is not None:
                found[name] = signature
            damaged.update((name, fault) for fault in report.faults)
        return found, damaged

    def _stop_if_faulty(self) -> None:
        if self.faults:
            raise DefinitionError(self.faults)

    def _trial_files(self, trial_paths: Sequence[Path] | None) -> list[Path]:
        found = []
        for path in (self.root / _TRIALS,) if trial_paths is None else trial_paths:
            if not path.is_dir() and trial_paths is not None:
                found.append(path)
                continue
            files = self._files(path)
            if not files:
                self._report(path).add(Mistake.FILE_NOT_FOUND, 0, f"holds no trial definition (*{_SUFFIX})")
            found += files
        return found

    def _files_in(self, name: str) -> list[Path]:
        """Those of a folder of each root."""
        return [path for root in self.roots for path in self._files(root / name)]

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


def _signed(
    source: TrialSource, digest: str, signature: Signature | None, to_be_signed: bool
) -> TrialDefinition:
    """The trial with its digest, and its reviewer if what was signed is what it says now."""
    facts = replace(source.trial.facts, digest=digest)
    if signature is not None and signature.digest == digest:
        facts = replace(facts, reviewed_by=signature.reviewed_by, reviewed_on=signature.reviewed_on)
    elif facts.status in _SIGNED and not to_be_signed:
        source.report.add(Mistake.NOT_SIGNED, source.status_line, _unsigned(facts, signature))
    return replace(source.trial, facts=facts)


def _unsigned(facts: TrialFacts, signature: Signature | None) -> str:
    head = f"a trial whose status is {facts.status!r} needs a signature"
    if signature is None:
        return f"{head}: 'trialhook trials sign {facts.id}'"
    return (
        f"{head} on what it says now. It was changed after {signature.reviewed_by} signed it on "
        f"{signature.reviewed_on.isoformat()}: look at 'trialhook trials diff {facts.id}' and sign it again, "
        "or set the status to draft"
    )
