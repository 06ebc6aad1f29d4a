"""Product files: codes of products, by the drug that they hold, each file from one source.

schema: 1
system: rxnorm
source: "who published the list, and which version of it"
products:
  prednisone:
    198145: predniSONE 10 MG Oral Tablet
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mappings.concept import SYSTEMS, Code, Concept, ProductList
from mappings.definitions.code_checks import code_fault
from mappings.definitions.faults import Mistake, Report, suggestion
from mappings.definitions.parsing.fields import Fields, fields_of, text_of
from mappings.definitions.parsing.source import MapNode


class Products(NamedTuple):
    """One drug's products in one file, with the node that a signature covers."""

    listed: ProductList
    node: MapNode


def with_products(node: MapNode, file: str, products: Products) -> MapNode:
    """A concept's node that also holds the products of a file, so that what is signed includes them."""
    known = node.entries.get("products")
    lists = dict(known.entries) if isinstance(known, MapNode) else {}
    merged = MapNode({**lists, file: products.node}, {}, node.line)
    return MapNode({**node.entries, "products": merged}, node.lines, node.line)


class Meanings:
    """Which drug each code stands for: its own codes, then those of its products, each listed once."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self.concepts = concepts
        self._drugs = {
            code.token: concept.id
            for concept in concepts.values()
            if concept.kind == "drug"
            for code in concept.codes
        }

    def add(self, code: Code, concept: str) -> str | None:
        """The drug for which the code stands already; None, and it now stands for this one, if for none."""
        known = self._drugs.get(code.token)
        if known is None:
            self._drugs[code.token] = concept
        return known


def parse_product_file(root: MapNode, meanings: Meanings, report: Report) -> dict[str, Products]:
    """The products of one file by drug concept. A code that stands anywhere else already is a fault."""
    fields = Fields(root, report)
    fields.choice("schema", ("1",), needed=True)
    system, source = fields.choice("system", tuple(SYSTEMS), needed=True), fields.need_text("source")
    by_drug = fields.fields("products", needed=True)
    fields.close()
    found = {}
    for name in by_drug.node.entries if by_drug is not None and system else ():
        here = report.at(f"products of {name!r}")
        drug = fields_of(by_drug.node.entries[name], f"{name!r}", here) if by_drug is not None else None
        if drug is not None and _is_drug(name, drug.node.line, meanings, here):
            codes = _codes(drug, system, name, meanings)
            found[name] = Products(ProductList(source, codes), drug.node)
    return found


def _is_drug(name: str, line: int, meanings: Meanings, report: Report) -> bool:
    concept = meanings.concepts.get(name)
    if concept is None:
        message = f"unknown concept {name!r}{suggestion(name, meanings.concepts)}"
        report.add(Mistake.UNKNOWN_CONCEPT, line, message)
    elif concept.kind not in ("drug", ""):  # one without a kind is reported where it stands
        message = f"{name!r} is a concept of kind {concept.kind}; here it must be drug"
        report.add(Mistake.WRONG_KIND, line, message)
    return concept is not None and concept.kind == "drug"


def _codes(drug: Fields, system: str, name: str, meanings: Meanings) -> tuple[Code, ...]:
    found = []
    for text, node in drug.node.entries.items():
        code = Code(SYSTEMS[system], text, text_of(node, text, drug.report))
        fault = code_fault(system, text)
        other = None if fault else meanings.add(code, name)
        if fault:
            drug.report.add(Mistake.BAD_CODE, drug.line(text), f"{text!r} {fault}")
        elif other is not None:
            message = f"the code {text!r} stands for {other!r} already"
            drug.report.add(Mistake.REPEATED_VALUE, drug.line(text), message)
        else:
            found.append(code)
    return tuple(found)
