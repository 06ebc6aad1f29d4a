"""Any text and any assessment, sensible or not."""

from __future__ import annotations

from datetime import date
from typing import get_args

from hypothesis import strategies as st

from cards.composing import CardContext
from mappings.language import LANGUAGES, language
from mappings.results import (
    Assessment,
    CriterionResult,
    Evidence,
    How,
    MissingFact,
    NextStep,
    NextSteps,
    NextStepSet,
    Orderable,
    ScoreItemResult,
    ScoreResult,
    TrialFacts,
    Unreadable,
    Want,
    WantKind,
)
from mappings.verdicts import Reason, Verdict
from tests.cards.examples import Ahead

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- x -->",
    "[a](https://evil.example)",
    "![a](https://evil.example/x.png)",
    "[a]: https://evil.example",
    "www.evil.example",
    "see www",
    "http://evil.example/path",
    "HTTPS://EVIL.EXAMPLE",
    "//localhost/x",
    "ftp://evil.example",
    "mailto:eve@evil.example",
    "eve@evil.example",
    "evil.com",
    "javascript:alert(1)",
    "<https://evil.example>",
    "&lt;b&gt; &#60; &copy;",
    "# heading",
    "heading\n===",
    "heading\n---",
    "- item\n- item",
    "1. item",
    "1) item",
    "+ item",
    "* item",
    "> quote",
    "> [!WARNING]",
    "    code",
    "```\ncode\n```",
    "`code`",
    "~~~",
    "~gone~ ~~gone~~",
    "*a* **b** _c_ __d__",
    "| a | b |\n| - | - |",
    ":--",
    "[ ] task",
    "[^1]",
    "***",
    "trailing backslash \\",
    "\\*",
    "line\u2028separator",
    "bidi \u202eevil\u202c",
    "zero\u200bwidth\u200d\ufeff",
    "soft\u00adhyphen",
    "nul\x00bell\x07",
    "lone \ud800 surrogate",
    "filler \u3164\u2800\u115f",
    "emoji 👩‍⚕️ 🇩🇪",
    "{format} {0} %s",
    "...",
    "1.4 g/g",
    "",
    " ",
    "\t\n",
)
_PIECES = st.sampled_from(
    (*HOSTILE, *"<>&[]()*_`~|#-+=.:/\\@!^$\n\t 1aw", "www.", "http", "://", ".com", "@a.b")
)

anything = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(_PIECES, max_size=8).map("".join),
    st.text(max_size=200),
    st.text(alphabet="ab1. /:@w-_*[]()<>#\\`|~&!", max_size=40),
)
days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
written_dates = st.one_of(
    days.map(str),
    st.sampled_from(("", "2026", "2026-02", "2026-13-45", "0000", "2026-02-10T08:00:00Z")),
    anything,
)
values = st.one_of(st.none(), st.floats(), anything)
references = st.one_of(st.sampled_from(("Condition/ln-1", "Observation/2", "urn:uuid:x", "")), anything)
reasons = st.sampled_from(Reason)
verdicts = st.sampled_from(Verdict)
concepts = st.sampled_from(("upcr", "hcg", "c3", "c4", "sledai-2k", "eular-acr-2019", "judgement"))

evidence = st.builds(
    Evidence,
    concept=st.one_of(concepts, anything),
    label=anything,
    reason=reasons,
    text=anything,
    value=values,
    unit=anything,
    date=written_dates,
    reference=references,
    counts_until=st.one_of(st.none(), days),
    note=anything,
    window=anything,
)
some_evidence = st.lists(evidence, max_size=5).map(tuple)
criteria = st.builds(
    CriterionResult,
    id=st.one_of(concepts, anything),
    label=anything,
    verdict=verdicts,
    reason=reasons,
    evidence=some_evidence,
    protocol=anything,
    to_settle=st.lists(concepts, max_size=5).map(tuple),
)
score_items = st.builds(
    ScoreItemResult,
    id=concepts,
    label=anything,
    points=st.integers(0, 12),
    verdict=verdicts,
    settled_by=st.sampled_from(("laboratory", "examination")),
    may_have_other_cause=st.booleans(),
    evidence=st.lists(evidence, max_size=2).map(tuple),
)
scores = st.builds(
    ScoreResult,
    id=st.sampled_from(("sledai-2k", "eular-acr-2019")),
    label=anything,
    at_least=st.integers(0, 105),
    at_most=st.integers(0, 105),
    basis=st.sampled_from(("recorded", "computed")),
    undecided=st.lists(concepts, max_size=5).map(tuple),
    items=st.lists(score_items, max_size=6).map(tuple),
    entry=st.one_of(st.none(), verdicts),
    threshold=st.one_of(st.none(), st.integers(0, 20)),
    recorded=st.one_of(st.none(), evidence),
)
systems = st.one_of(st.just("http://loinc.org"), anything)
orderables = st.dictionaries(
    concepts,
    st.builds(Orderable, concept=concepts, label=anything, system=systems, code=anything, display=anything),
)
trials = st.builds(
    TrialFacts,
    id=st.one_of(st.just("NCT06920433"), anything),
    title=anything,
    short_title=anything,
    status=st.sampled_from(("draft", "reviewed", "active")),
    version=anything,
    digest=anything,
    registry_url=st.one_of(st.just("https://clinicaltrials.gov/study/NCT06920433"), anything),
    registry_copy_of=days,
    reviewed_by=anything,
)
_words = st.lists(anything, max_size=4).map(tuple)
hows = st.sampled_from(get_args(How))
wants = st.builds(
    Want,
    kind=st.sampled_from(get_args(WantKind)),
    limit=st.one_of(st.just("1.0 g/g"), anything),
    answers=st.lists(st.one_of(st.sampled_from(("negative", "low", "III")), anything), max_size=5).map(tuple),
)
facts = st.builds(
    MissingFact,
    concept=st.one_of(concepts, anything),
    label=anything,
    how=hows,
    wanted=st.lists(wants, max_size=3).map(tuple),
    criteria=st.just(()),
)
some_orders = st.builds(
    Orderable,
    concept=st.one_of(concepts, anything),
    label=anything,
    system=systems,
    code=anything,
    display=anything,
)
steps = st.builds(
    NextStep,
    how=hows,
    label=anything,
    effort=st.integers(1, 9),
    facts=st.lists(facts, min_size=1, max_size=12).map(tuple),
    orders=st.lists(some_orders, max_size=12).map(tuple),
)
sets = st.builds(NextStepSet, st.integers(1, 99), st.lists(steps, min_size=1, max_size=8).map(tuple))
next_steps = st.builds(
    NextSteps,
    sets=st.lists(sets, max_size=4).map(tuple),
    more=st.booleans(),
    could_rule_out=st.lists(facts, max_size=9).map(tuple),
)
assessments = st.builds(
    Assessment,
    trial=trials,
    patient=anything,
    as_of=days,
    outcome=st.just("possible-candidate"),
    criteria=st.lists(criteria, max_size=20).map(tuple),
    gate=verdicts,
    gate_evidence=some_evidence,
    scores=st.lists(scores, max_size=3).map(tuple),
    not_encoded=_words,
    not_retrieved=_words,
    unreadable=st.lists(st.builds(Unreadable, reference=anything, what=anything), max_size=3).map(tuple),
    other_studies=_words,
    shown=some_evidence,
    orderable=orderables,
    outlook=st.one_of(
        st.none(),
        st.builds(Ahead, next_steps, days=st.dictionaries(st.one_of(concepts, anything), days, max_size=3)),
    ),
)
fhir_ids = st.from_regex(r"[A-Za-z0-9.-]{1,64}", fullmatch=True)
contexts = st.builds(
    CardContext,
    patient_id=fhir_ids,
    retrieved=days,
    encounter_id=st.one_of(st.none(), fhir_ids),
    user=st.one_of(st.none(), st.just("Practitioner/dr-1"), anything),
    recruitment_line=anything,
    sites=_words,
    contacts=_words,
    language=st.sampled_from([language(tag) for tag in LANGUAGES]),
)
