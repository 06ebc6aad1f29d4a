"""What the demo prints: a table of all sample patients, and one card in full."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cds_service.demo.firing import Fired

OUTCOME_STYLES = {"possible-candidate": "bold cyan", "needs-data": "yellow", "ruled-out": "dim"}
ROOM_FOR_STORIES = 110
FLOW = """\
  1. {open_a_chart}
  2. Open the worksheet from the card: every criterion with its evidence. Answer what the record cannot say.
  3. Refer for screening, from the worksheet or from the card.
  4. Sign in as the coordinator at {study_team} and move the referral on.
  5. Open the chart again: the card has gone, and the chart shows where the referral stands."""
"""What can be done with the demo while it runs."""


def table(rows: Sequence[Fired], width: int) -> Table:
    """Every sample patient on a line; red where the answer is not what the story expects.

    The stories' titles are shown if there is room for them.
    """
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    shown.add_column("Patient", no_wrap=True)
    if width >= ROOM_FOR_STORIES:
        shown.add_column("Story", no_wrap=True, style="dim")
    shown.add_column("Outcome", no_wrap=True)
    for heading in ("Met", "Unknown", "Not met"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("Card")
    shown.add_column("Data", no_wrap=True)
    shown.add_column("ms", justify="right")
    for row in rows:
        story = [row.sample.title] if width >= ROOM_FOR_STORIES else []
        shown.add_row(_who(row), *story, *_cells(row))
    return shown


def _who(row: Fired) -> Text:
    return Text(row.sample.id, "bold red" if row.surprises else "")


def _cells(row: Fired) -> list[RenderableType]:
    found, exchange = row.assessment, row.exchange
    outcome = found.outcome + (f", {found.record_reason}" if found.record_reason else "")
    counts = ["–", "–", "–"] if found.record_reason else [str(count) for count in found.counts()]
    source = "prefetch" if exchange.used_prefetch else "pulled"
    took = f"{exchange.elapsed_ms:.0f}" if exchange.status else "–"
    card = "yes" if exchange.cards else ""
    return [Text(outcome, OUTCOME_STYLES[found.outcome]), *counts, card, source, took]


def surprises(rows: Sequence[Fired]) -> Text:
    """One line if all is as the stories say, or if they say nothing; else one more for each that is not."""
    wrong = [row for row in rows if row.surprises]
    if not wrong and not all(row.storied for row in rows):
        trial, several = rows[0].assessment.trial.id, rows[0].trials
        which = f"{trial}, the first of {several} trials" if several > 1 else trial
        told = f"The outcomes are those of {which}, for which the stories were not written."
        return Text(f"{told} A card may be of any trial." if several > 1 else told, "bold")
    if not wrong:
        return Text(f"All {len(rows)} are as their stories expect.", "bold green")
    lines = [f"{len(wrong)} of {len(rows)} are not as their stories expect:"]
    lines += [f"  {row.sample.id}: {'; '.join(row.surprises)}" for row in wrong]
    return Text("\n".join(lines), "bold red")


def flow(rows: Sequence[Fired], study_team: str) -> str:
    """What can be done with the demo while it runs, with a patient who has a card."""
    with_card = next((row.name for row in rows if row.exchange.cards), "")
    such_as = f"Open a chart with a card, such as that of {with_card}."
    opened = such_as if with_card else "Open a chart; none has a card."
    return FLOW.format(open_a_chart=opened, study_team=study_team)


def first_card(rows: Sequence[Fired]) -> Panel | None:
    """The card of the first patient who has one, in full."""
    return next((_card(row) for row in rows if row.exchange.cards), None)


def _card(row: Fired) -> Panel:
    shown = row.exchange.cards[0]
    parts: list[RenderableType] = [
        Text(str(shown.get("summary", "")), "bold"),
        Text(),
        Markdown(str(shown.get("detail", ""))),
    ]
    for suggestion in shown.get("suggestions", []):
        parts.append(Text(f"\n[ {suggestion.get('label', '')} ]", "bold cyan"))
        parts += [
            Text(f"    {action.get('description', '')}", "dim") for action in suggestion.get("actions", [])
        ]
    parts.append(Text())
    parts += [Text(f"{link.get('label', '')}: {link.get('url', '')}") for link in shown.get("links", [])]
    reasons = ", ".join(str(reason.get("display", "")) for reason in shown.get("overrideReasons", []))
    if reasons:
        parts.append(Text(f"Dismiss: {reasons}", "dim"))
    title = f"{row.sample.id}, {shown.get('indicator', 'info')}"
    label = str(shown.get("source", {}).get("label", ""))
    return Panel(Group(*parts), title=escape(title), subtitle=escape(label), padding=(1, 2))
