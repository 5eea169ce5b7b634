"""Numbers."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from keepfit.config.sections import Feature
from keepfit.features.shared.entries import NumericEntry as Entry

__all__ = ["Entry", "Notation", "Settings"]


def _checked(form: str) -> str:
    from keepfit.data.notation import notation_of

    notation_of(form)
    return form


Notation = Annotated[str, AfterValidator(_checked)]
"""1234.56 as a column has it; for a regression's target as well."""


class Settings(Feature):
    """A quantity; missing where a cell is no finite number."""

    kind: Literal["number"] = "number"
    format: Notation | None = None
    """How its cells are written: 1234.56 as they would have it, such as `1.234,56`, `1 234,56 €`, `1234.56 kg`, or
    `1234.56-` and `(1,234.56)` where these are below zero; found from all cells when left out."""
