"""One file for each mistake an author can make, with the message it must give."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from mappings.definitions import DefinitionError, Fault, Mistake, load_catalog

FOLDER = Path(__file__).resolve().parents[2] / "bad_definitions"
GOOD = FOLDER / "_good"
FILES = sorted(FOLDER.glob("*.yaml"))

MESSAGE = re.compile(rb"^# message: (.+)$", re.MULTILINE)
PLACE = re.compile(rb"^# place: (.+)$", re.MULTILINE)

NOT_IN_A_FILE = {
    Mistake.TOO_LARGE: "a file of a megabyte; made by test_loading",
    Mistake.BAD_SIGNATURE: "not in a file of a trial but in one beside it; test_signing",
}


def load_with(path: Path, folder: Path) -> tuple[Fault, ...]:
    """The faults of the good definitions with this file among them."""
    root = folder / "definitions"
    shutil.copytree(GOOD, root)
    place = PLACE.search(path.read_bytes())
    try:
        if place is None:
            load_catalog([path], root=root)
        else:
            shutil.copy(path, root / place[1].decode() / path.name)
            load_catalog(root=root)
    except DefinitionError as error:
        return error.faults
    return ()


def check(path: Path, folder: Path) -> None:
    """The file gives just the messages that its first lines promise."""
    expected = [message.decode() for message in MESSAGE.findall(path.read_bytes())]
    faults = load_with(path, folder)
    assert [Path(fault.file).name + str(fault).removeprefix(fault.file) for fault in faults] == expected
    assert expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem.replace("_", " "))
def test_the_message_tells_the_mistake_when(path: Path, tmp_path: Path) -> None:
    check(path, tmp_path)


def test_every_kind_of_mistake_has_a_file(tmp_path: Path) -> None:
    found = {fault.mistake for path in FILES for fault in load_with(path, tmp_path / path.stem)}
    assert {mistake.name for mistake in set(Mistake) - found - NOT_IN_A_FILE.keys()} == set()
    assert {mistake.name for mistake in found & NOT_IN_A_FILE.keys()} == set()


def test_a_file_with_another_message_would_be_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a_key_of_a_rule_is_misspelt.yaml"
    content = (FOLDER / path.name).read_text(encoding="utf-8")
    path.write_text(content, encoding="utf-8")
    check(path, tmp_path / "as it is")

    path.write_text(content.replace("did you mean 'within'?", "did you mean 'width'?", 1), encoding="utf-8")
    with pytest.raises(AssertionError):
        check(path, tmp_path / "planted message")

    path.write_text("\n" + content, encoding="utf-8")
    with pytest.raises(AssertionError):
        check(path, tmp_path / "planted line")


def test_a_file_without_a_mistake_would_be_noticed(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    good = (GOOD / "trials" / "T-GOOD.yaml").read_text(encoding="utf-8")
    path.write_text(
        "# message: good.yaml:1: something\n" + good.replace(", text: T-GOOD.txt", ""), encoding="utf-8"
    )
    with pytest.raises(AssertionError):
        check(path, tmp_path / "run")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "three.yaml"
    text = (FOLDER / "a_key_of_a_rule_is_misspelt.yaml").read_text(encoding="utf-8")
    text = text.replace("status: draft", "status: drfat").replace("of: upcr", "of: uprc")
    path.write_text(text, encoding="utf-8")
    faults = load_with(path, tmp_path)
    assert {fault.mistake for fault in faults} == {
        Mistake.NOT_A_CHOICE,
        Mistake.UNKNOWN_CONCEPT,
        Mistake.UNKNOWN_KEY,
    }
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)


def test_an_unreadable_concept_file_does_not_make_its_concepts_unknown(tmp_path: Path) -> None:
    root = tmp_path / "definitions"
    shutil.copytree(GOOD, root)
    (root / "concepts" / "basics.yaml").write_text("schema: [", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_catalog(root=root)
    assert [fault.mistake for fault in caught.value.faults] == [Mistake.NOT_YAML]
