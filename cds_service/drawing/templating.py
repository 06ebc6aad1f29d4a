"""The templates of what is drawn."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@cache
def template(name: str) -> Template:
    """A template of ``templates/``. Everything that is put into it is escaped; nothing may be left out."""
    environment = Environment(
        loader=PackageLoader("cds_service.drawing"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
