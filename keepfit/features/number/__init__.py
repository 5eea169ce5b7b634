"""Numbers."""

from typing import Literal

from keepfit.config.sections import Feature
from keepfit.features.shared.entries import NumericEntry as Entry

__all__ = ["Entry", "Settings"]


class Settings(Feature):
    """A quantity; missing where a cell is no finite number."""

    kind: Literal["number"] = "number"
