"""The search against trying everything, on small formulas of any shape."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.amounts import Bound
from mappings.next_steps.efforts import packaged
from mappings.next_steps.formula import (
    FALSE,
    TRUE,
    Atom,
    Both,
    Counted,
    Either,
    Formula,
    Points,
    Wanted,
    asked_for,
    atoms_of,
    both,
    compatible,
    either,
    holds,
)
from mappings.next_steps.search import Step, least_effort, reachable, single_facts, step_of

EFFORTS = packaged()
CLASS_IV, CLASS_V = (Wanted(one_of=frozenset({name}), several=True) for name in ("IV", "V"))
NOT_IV = Wanted(none_of=frozenset({"IV"}), several=True)
YES, NO = Wanted(one_of=frozenset({"positive"})), Wanted(one_of=frozenset({"negative"}))
ATOMS = [
    Atom("ecog", YES, "bedside"),
    Atom("lactation-status", YES, "bedside"),
    Atom("urine-protein-creatinine-ratio", Wanted((Bound("greater_than", 1.0, "1.0 g/g"),)), "urine"),
    Atom("urine-protein-creatinine-ratio", Wanted((Bound("greater_than", 0.5, "0.5 g/g"),)), "urine"),
    Atom("urine-red-cells", YES, "urine"),
    Atom("urine-white-cells", YES, "urine"),
    Atom("hcg", NO, "blood"),
    Atom("hcg", YES, "blood"),
    Atom("anti-dsdna", YES, "blood"),
    Atom("complement-c3", YES, "blood"),
    Atom("sle", Wanted(present=True), "records"),
    Atom("sledai-2k-total", YES, "examination"),
    Atom("kidney-biopsy-class", YES, "biopsy"),
]
atoms = st.sampled_from(ATOMS)


def _points(parts: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    item = st.builds(Counted, st.integers(1, 4), st.sampled_from("abc"), st.booleans(), parts)
    reached = st.lists(st.tuples(st.just("a"), st.integers(1, 3)), max_size=1).map(tuple)
    items = st.lists(item, min_size=1, max_size=4).map(tuple)
    return st.builds(Points, st.integers(1, 8), reached, st.booleans(), items)


def _composed(parts: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    several = st.lists(parts, min_size=1, max_size=4)
    return st.one_of(several.map(both), several.map(either), _points(parts))


formulas: st.SearchStrategy[Formula] = st.recursive(atoms, _composed, max_leaves=10)


def consistent(known: frozenset[Atom]) -> bool:
    return all(compatible([a.wanted for a in known if a.concept == one.concept]) for one in known)


def by_trying(formula: Formula) -> list[frozenset[Step]]:
    """Every minimal set of steps, by trying all sets of facts that can be true together.

    The least effort first; of one effort the fewest steps, then those that the definition names first.
    """
    every = atoms_of(formula)
    subsets = chain.from_iterable(combinations(every, size) for size in range(len(every) + 1))
    known = [frozenset(subset) for subset in subsets]
    enough = {
        frozenset(step_of(atom, EFFORTS) for atom in one)
        for one in known
        if consistent(one) and holds(formula, one)
    }
    minimal = [steps for steps in enough if not any(other < steps for other in enough)]
    order = list(dict.fromkeys(step_of(atom, EFFORTS) for atom in every))
    return sorted(minimal, key=lambda steps: (effort_of(steps), len(steps), sorted(map(order.index, steps))))


def effort_of(steps: frozenset[Step]) -> int:
    return sum(EFFORTS.weights[step.how] for step in steps)


def steps_of(facts: tuple[Atom, ...]) -> frozenset[Step]:
    return frozenset(step_of(atom, EFFORTS) for atom in facts)


@given(formulas)
@settings(max_examples=300, deadline=None)
def test_the_sets_found_are_the_minimal_ones_of_least_effort(formula: Formula) -> None:
    tried = by_trying(formula)

    found = least_effort(formula, EFFORTS, limit=3)

    assert [steps_of(facts) for facts in found.sets] == tried[:3]
    assert found.more == (len(tried) > 3)
    assert reachable(formula) == bool(tried)


@given(formulas)
@settings(max_examples=300, deadline=None)
def test_the_facts_of_a_set_suffice_and_none_can_be_left_out(formula: Formula) -> None:
    for facts in least_effort(formula, EFFORTS).sets:
        known = frozenset(facts)
        assert consistent(known)
        assert holds(formula, known)
        assert not any(holds(formula, known - {fact}) for fact in facts)


@given(formulas)
@settings(max_examples=300, deadline=None)
def test_single_facts_are_those_about_one_concept_that_suffice(formula: Formula) -> None:
    by_concept = {
        atom.concept
        for atom in atoms_of(formula)
        for subset in [frozenset(a for a in atoms_of(formula) if a.concept == atom.concept)]
        for size in range(1, len(subset) + 1)
        for known in map(frozenset, combinations(subset, size))
        if consistent(known) and holds(formula, known)
    }

    found = single_facts(formula)

    if not holds(formula, frozenset()):
        assert {facts[0].concept for facts in found} == by_concept
    assert all(holds(formula, frozenset(facts)) for facts in found)


def test_the_same_formula_gives_the_same_sets() -> None:
    formula = both([either(ATOMS[:6]), either(ATOMS[6:])])

    assert least_effort(formula, EFFORTS) == least_effort(formula, EFFORTS)


def test_a_biopsy_comes_last_whatever_else_it_would_save() -> None:
    everything_else = both([atom for atom in ATOMS if atom.how != "biopsy" and atom.wanted != NO])

    first, second = least_effort(either([everything_else, ATOMS[-1]]), EFFORTS).sets

    assert "biopsy" not in {atom.how for atom in first}
    assert second == (ATOMS[-1],)


@pytest.mark.parametrize(
    ("wanted", "possible"),
    [
        ([YES, NO], False),
        ([YES, Wanted(none_of=frozenset({"negative"}))], True),
        ([YES, Wanted(none_of=frozenset({"positive"}))], False),
        ([Wanted((Bound("greater_than", 1, ""),)), Wanted((Bound("at_most", 1, ""),))], False),
        ([Wanted((Bound("at_least", 1, ""),)), Wanted((Bound("at_most", 1, ""),))], True),
        ([Wanted((Bound("at_least", 1, ""),)), Wanted((Bound("less_than", 1, ""),))], False),
        ([Wanted(present=True), Wanted(present=False)], False),
        # One biopsy may be of class IV and of class V.
        ([CLASS_IV, CLASS_V], True),
        ([CLASS_IV, NOT_IV], False),
    ],
)
def test_one_fact_cannot_say_what_contradicts_itself(wanted: list[Wanted], possible: bool) -> None:
    assert compatible(wanted) is possible


def test_and_of_nothing_is_not_or_of_nothing() -> None:
    assert len({TRUE, FALSE}) == 2
    assert len({Both((ATOMS[0],)), Either((ATOMS[0],))}) == 2


def test_an_answer_beside_serves_where_the_concept_is_asked_for_and_nowhere_else() -> None:
    beside = ATOMS[3]._replace(beside=True)

    alone = asked_for({"score": beside})
    asked = asked_for({"score": beside, "proteinuria": ATOMS[2]})

    assert alone == {"score": FALSE}
    assert asked == {"score": ATOMS[3], "proteinuria": ATOMS[2]}


BLOOD = [Atom(name, YES, "blood") for name in ("ana", "anti-dsdna", "anti-sm", "hcg")]


def names_of(formula: Formula, limit: int) -> list[list[str]]:
    return [[atom.concept for atom in facts] for facts in least_effort(formula, EFFORTS, limit).sets]


def test_sets_of_one_effort_come_in_the_order_of_the_definition() -> None:
    """Two points are asked for; each of four blood tests brings one."""
    items = tuple(Counted(1, atom.concept, False, atom) for atom in BLOOD)

    assert names_of(Points(2, (), True, items), limit=4) == [
        ["ana", "anti-dsdna"],
        ["ana", "anti-sm"],
        ["ana", "hcg"],
        ["anti-dsdna", "anti-sm"],
    ]


def test_less_effort_comes_first_whatever_the_definition_names_first() -> None:
    total, ratio, lactation = ATOMS[11], ATOMS[2], ATOMS[1]

    assert names_of(either([total, BLOOD[0], ratio, lactation]), limit=4) == [
        ["lactation-status"],
        ["urine-protein-creatinine-ratio"],
        ["ana"],
        ["sledai-2k-total"],
    ]


def test_of_one_effort_fewer_steps_come_first() -> None:
    """Three urine tests are as much effort as two of blood."""
    one, two, three, four = ATOMS[2], ATOMS[4], *(Atom(f"new-test-{n}", YES, "urine") for n in (1, 2))
    ways = either([both([one, two, three]), both([two, three, four]), both(BLOOD[:2])])

    assert names_of(ways, limit=1) == [["ana", "anti-dsdna"]]
