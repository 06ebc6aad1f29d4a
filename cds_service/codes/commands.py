"""``trialhook codes``: check a site's file, and see what of a site's records is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import orjson
from rich.console import Console

from cds_service.assessing import definitions
from cds_service.command_settings import tell_faults, unusable_input_told
from cds_service.screening.files import read_files
from mappings.definitions import DefinitionError
from mappings.definitions.sites import Site, load_site
from mappings.trial_definition import Catalog

SITE_HELP = "Read a site's own codes and units too (docs/sites.md)."
_UNUSABLE = 2
_WIDE = 160


@click.group()
def codes() -> None:
    """Fit a site: its own codes, names, answers and units."""


def site_or_usage(path: Path, catalog: Catalog) -> Site:
    """The site that a file describes; its faults, and exit status 2, if it has any."""
    try:
        return load_site(path, catalog)
    except DefinitionError as error:
        tell_faults(error)
        raise SystemExit(_UNUSABLE) from None


@codes.command("check")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
def check(path: Path) -> None:
    """Check a site's file: what it adds, what was known already, what was not taken, and its digest."""
    site = load_site(path, definitions())
    for line in _in_words(site):
        click.echo(line)
    for remark in (*site.redundant, *(remark for one in site.maps for remark in one.remarks)):
        click.echo(f"  {remark}", err=True)


def _in_words(site: Site) -> Iterator[str]:
    yield f"site {site.name}: ok, {site.facts.digest}"
    added = (
        ("codes", site.codes),
        ("names", site.names),
        ("answers", site.answers),
        ("units", site.units),
    )
    for name, counts in added:
        if counts:
            yield f"  {name} of {_concepts(counts)}"
    if not any((site.codes, site.names, site.answers, site.units)):
        yield "  adds nothing that is not known"
    for one in site.maps:
        yield (
            f"  {one.file}: {one.taken} mappings taken, {one.known} known already, "
            f"{one.unused} to codes that no concept uses, {one.refused} not taken"
        )


def _concepts(counts: Mapping[str, int]) -> str:
    names = [f"{name} ({count})" for name, count in sorted(counts.items())]
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"


@codes.command("coverage")
@click.argument("files", metavar="BUNDLES...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--site", "site_file", metavar="FILE", type=click.Path(path_type=Path), help=SITE_HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--snippet", is_flag=True, help="A site's file with what looks relevant, to be checked line by line."
)
def coverage(files: Sequence[Path], site_file: Path | None, as_json: bool, snippet: bool) -> None:
    """Show which codes of each concept BUNDLES have, and what in them looks relevant and is not read.

    BUNDLES are FHIR R4 Bundles, resources or NDJSON, read one after the other. No values are shown.
    """
    from cds_service.codes.report import report_of  # noqa: PLC0415 -- other commands do not need it
    from cds_service.codes.tally import Tally  # noqa: PLC0415

    if as_json and snippet:
        raise click.UsageError("--json and --snippet are two ways to print; give one")
    catalog = site_or_usage(site_file, definitions()).catalog if site_file else definitions()
    tally = Tally(catalog)
    for path in files:
        with unusable_input_told():
            tally.add(read_files([path]))
    report = report_of(tally)
    if snippet:
        from cds_service.codes.snippet import snippet_of  # noqa: PLC0415

        click.echo(snippet_of(report, catalog), nl=False)
    elif as_json:
        from cds_service.codes.report_json import report_document  # noqa: PLC0415

        click.echo(orjson.dumps(report_document(report, catalog.site)))
    else:
        from cds_service.codes.table import print_report  # noqa: PLC0415

        console = Console(highlight=False)
        # In a file or a pipe there is room for whole names.
        print_report(console if console.is_terminal else Console(highlight=False, width=_WIDE), report)
