"""Moments."""

from typing import Literal

from keepfit.config.sections import Feature
from keepfit.features.shared.entries import NumericEntry

__all__ = ["Entry", "Settings"]

DAY = 86_400.0


class Settings(Feature):
    """A point in time; missing where a cell does not fit the column's format."""

    kind: Literal["datetime"] = "datetime"


class Entry(NumericEntry):
    """Figures of the seconds."""

    @property
    def cycles(self) -> tuple[tuple[float, int], ...]:
        """Hours of the day, days of the week, half months of the year."""
        return (DAY, 24), (7 * DAY, 7), (365.2425 * DAY, 24)
