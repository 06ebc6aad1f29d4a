"""Resources that share a type and an id, and are not one: each of them with a name of its own.

What is promised. Entries of bundles are versions of one resource if they share the ``fullUrl`` (FHIR R4,
bdl-7), whatever its scheme and version. An entry without one, or with a ``urn:uuid:`` that is the id itself,
says no more than type and id: it is a version of what has them, and where several do, of the only one that is
about the same thing. What is the same word for word is the same resource, wherever it came from.

Only where two resources are left with one type and id are they renamed: ``Condition/1@b.example.org:fhir``,
or ``Condition/UUID`` for a ``urn:uuid:``. The one that also came without a fullUrl keeps its name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mappings.reading.fhir_elements import items, text_of
from mappings.reading.references import (
    UUID_SCHEME,
    identifiers_of,
    local_reference,
    reference_of,
    server_of,
)

_MOST_COMPARED = 50
"""So many Patients of one id are compared with each other; more are different people."""
_ABOUT = ("code", "medicationCodeableConcept", "medicationReference", "vaccineCode", "scope", "type")


class Held(NamedTuple):
    """A resource and the fullUrl of its entry, if it has one."""

    resource: Mapping[str, Any]
    full_url: str


class Names(NamedTuple):
    """What each resource is called, and where resources of that name are.

    ``renamed`` holds new names by old name and address, ``by_address`` the name of what has a fullUrl,
    ``on_servers`` the servers on which there is one of an (old) name. ``anywhere`` are the old names of what
    names no server.
    """

    renamed: Mapping[tuple[str, str], str]
    by_address: Mapping[str, str]
    on_servers: Mapping[str, frozenset[str]]
    anywhere: frozenset[str]

    def of(self, held: Held) -> str:
        """What a resource is called: ``Type/id``, or ``Type`` if it has no id."""
        name = own_name(held)
        return self.renamed.get((name, address_of(held)), name)


def is_of_one_server(full_urls: Mapping[str, str]) -> bool:
    """Whether no two fullUrls are of one ``Type/id``, and all of one server or of none; False if in doubt."""
    if not full_urls:
        return True
    url, name = next(iter(full_urls.items()))
    line = "\n" + url.removesuffix(name)
    # As nearly always. All compared at once, because a call brings hundreds of them.
    if line + line.join(full_urls.values()) == "\n" + "\n".join(full_urls):
        return "/" in name
    if len(set(full_urls.values())) < len(full_urls):
        return False
    low, high = min(full_urls), max(full_urls)  # whatever begins both begins all
    base = "urn:" if low.startswith("urn:") else low[: low.rfind("/", 0, max(low.rfind("/"), 0)) + 1]
    return base != "" and high.startswith(base)


def address_of(held: Held) -> str:
    """The fullUrl without scheme and version; "" where it says no more than the id."""
    url = held.full_url
    server = server_of(url)
    if server:
        return f"{server}/{local_reference(url)}"
    return "" if url.removeprefix(UUID_SCHEME) == held.resource.get("id") else url


def names_apart(everything: Sequence[Held]) -> Names:
    """What each of some resources is called, so that no two of different servers are called the same."""
    of_name: dict[str, list[Held]] = defaultdict(list)
    on_servers: dict[str, set[str]] = defaultdict(set)
    anywhere: set[str] = set()
    for held in everything:
        name, server = own_name(held), server_of(held.full_url)
        of_name[name].append(held)
        if server:
            on_servers[name].add(server)
        else:
            anywhere.add(name)
    renamed: dict[tuple[str, str], str] = {}
    for name, several in of_name.items():
        if len(several) > 1 and "/" in name:
            renamed.update(_renamed(name, several))
    servers = {name: frozenset(those) for name, those in on_servers.items()}
    names = Names(renamed, {}, servers, frozenset(anywhere))
    by_address = {address: names.of(held) for held in everything if (address := address_of(held))}
    return names._replace(by_address=by_address)


def own_name(held: Held) -> str:
    """``Type/id``; the id is that of the fullUrl where the resource itself has none."""
    name = reference_of(held.resource)
    if "/" in name or not held.full_url:
        return name
    if held.full_url.startswith(UUID_SCHEME):
        return f"{name}/{held.full_url.removeprefix(UUID_SCHEME)}"
    said = local_reference(held.full_url)
    return said if said.startswith(f"{name}/") else name


def _renamed(name: str, several: Sequence[Held]) -> Iterable[tuple[tuple[str, str], str]]:
    """New names, by name and address, of those that share one and are different resources."""
    groups = _groups(name, several)
    for group in groups if len(groups) > 1 else ():
        if "" not in group:
            called = _called(name, min(group))
            yield from (((name, address), called) for address in group)


def _called(name: str, address: str) -> str:
    kind, _, identity = name.partition("/")
    if address.startswith(UUID_SCHEME):
        return f"{kind}/{address.removeprefix(UUID_SCHEME)}"
    said = local_reference(address)
    if said == address:  # no address of a FHIR server
        return f"{name}@{address.replace('/', ':')}"
    return away(f"{kind}/{said.partition('/')[2] or identity}", address.removesuffix(f"/{said}"))


def away(name: str, server: str) -> str:
    """What ``Type/id`` is called on a server that is not the only one. No FHIR id is written so."""
    return f"{name}@{server.replace('/', ':')}"


def _groups(name: str, several: Sequence[Held]) -> list[frozenset[str]]:
    """The addresses of each different resource; "" stands for what came without one."""
    joined: dict[str, str] = {address_of(held): address_of(held) for held in several}
    stated = [held for held in several if address_of(held)]
    if len(joined) - ("" in joined) < 2:
        return [frozenset(joined)]
    for one, other in (*_copies(several), *(_one_person(stated) if name.startswith("Patient/") else ())):
        _join(joined, one, other)
    if [address for address in joined if _root(joined, address) == _root(joined, "")] == [""]:
        for address in _same_thing(several, joined):
            _join(joined, "", address)
    found: dict[str, set[str]] = defaultdict(set)
    for address in joined:
        found[_root(joined, address)].add(address)
    return [frozenset(group) for group in found.values()]


def _join(joined: dict[str, str], one: str, other: str) -> None:
    joined[_root(joined, other)] = _root(joined, one)


def _root(joined: Mapping[str, str], address: str) -> str:
    while joined.get(address, address) != address:
        address = joined[address]
    return address


def _copies(several: Sequence[Held]) -> Iterable[tuple[str, str]]:
    first: dict[str, str] = {}
    for held in several:
        address = address_of(held)
        known = first.setdefault(_word_for_word(held.resource), address)
        if known != address:
            yield known, address


def _word_for_word(element: object) -> str:
    try:
        return repr(element)
    except RecursionError:
        return f"too deep {id(element)}"


def _same_thing(several: Sequence[Held], joined: Mapping[str, str]) -> Iterable[str]:
    """The one resource of which all those without a fullUrl can be versions: by what they are about."""
    about: dict[str, set[str]] = defaultdict(set)
    for held in several:
        about[_about(held.resource)].add(_root(joined, address_of(held)))
    wanted = {_about(held.resource) for held in several if not address_of(held)}
    found = {root for each in wanted for root in about[each] if root}
    return found if len(found) == 1 else ()


def _about(resource: Mapping[str, Any]) -> str:
    return _word_for_word([resource.get(member) for member in _ABOUT])


def _one_person(several: Sequence[Held]) -> Iterable[tuple[str, str]]:
    """Those of some Patients of one id that are one person."""
    compared = several[:_MOST_COMPARED]
    for place, one in enumerate(compared):
        for other in compared[:place]:
            if _is_one_person(one, other):
                yield address_of(one), address_of(other)


def _is_one_person(one: Held, other: Held) -> bool:
    """Whether two Patients of one id are the same: by an identifier, else if they differ in nothing.

    On two servers of which nothing else is known, that they were born on the same day must say so as well.
    """
    mine, its = set(identifiers_of(one.resource)), set(identifiers_of(other.resource))
    if mine & its:
        return True
    if dict(mine).keys() & dict(its).keys() or _differ(one.resource, other.resource):
        return False
    if server_of(one.full_url) and server_of(other.full_url):
        return bool(text_of(one.resource.get("birthDate"))) and _birth(one) == _birth(other)
    return True


def _birth(held: Held) -> object:
    return held.resource.get("birthDate")


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    pairs = [(one.get(member), other.get(member)) for member in ("birthDate", "gender")]
    if any(mine is not None and its is not None and mine != its for mine, its in pairs):
        return True
    mine, its = _families(one), _families(other)
    return bool(mine and its and not mine & its)


def _families(patient: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(text_of(name.get("family")).casefold() for name in items(patient.get("name"))) - {""}
