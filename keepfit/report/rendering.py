"""Pages from our templates."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from keepfit.redact import redacted


def rendered(template: str, **filled: Any) -> str:
    """One of our templates, filled in: a page that loads nothing from elsewhere, with no secret in it."""
    environment = Environment(
        loader=PackageLoader("keepfit.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return redacted(environment.get_template(template).render(**filled))
