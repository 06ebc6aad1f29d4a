"""A report as JSON: members may be added, none is renamed or left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cds_service.codes.report import Found, NotUnderstood, Report
from mappings.results import SiteFacts


def report_document(report: Report, site: SiteFacts | None) -> dict[str, Any]:
    """The whole report, every concept included."""
    return {
        "site": {"name": site.name, "digest": site.digest} if site else None,
        "counts": report.counts._asdict(),
        "concepts": {
            concept.id: {
                "label": concept.display,
                "codes": [_found(one) for one in report.codes.get(concept.id, ())],
                "by_name": [_found(one) for one in report.by_name.get(concept.id, ())],
            }
            for concept in report.concepts.values()
        },
        "unmapped": [
            {**_found(one), "like": [{"concept": like.concept, "sure": like.sure} for like in one.like]}
            for one in report.unmapped
        ],
        "answers_not_understood": _not_understood(report.answers),
        "units_not_converted": _not_understood(report.units),
    }


def _found(found: Found) -> dict[str, Any]:
    return {
        "kind": found.area,
        "system": found.system or None,
        "code": found.code or None,
        "display": found.display or None,
        "times": found.times,
        "last": found.last or None,
    }


def _not_understood(found: Iterable[NotUnderstood]) -> list[dict[str, Any]]:
    return [
        {
            "concept": one.concept,
            "system": one.system or None,
            "code": one.code or None,
            "display": one.display,
            "times": one.times,
        }
        for one in found
    ]
