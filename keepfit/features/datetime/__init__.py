"""Moments."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from keepfit.config.sections import Feature
from keepfit.features.shared.entries import NumericEntry

__all__ = ["Entry", "Settings"]

DAY = 86_400.0


def _checked(form: str) -> str:
    from keepfit.features.datetime.forms import pattern

    pattern(form)
    return form


class Settings(Feature):
    """A point in time; missing where a cell does not fit the column's format."""

    kind: Literal["datetime"] = "datetime"
    format: Annotated[str, AfterValidator(_checked)] | None = None
    """How its cells are written: `ISO 8601`, or in strptime's words, such as `%d/%m/%Y %H:%M`, `%b %d, %Y %I:%M %p` or
    `%b %Y` (months by their names in most languages of Europe; `%z` takes +0100 and zones that have one meaning, such
    as CET or PST); found from all cells when left out."""


class Entry(NumericEntry):
    """Figures of the seconds."""

    @property
    def cycles(self) -> tuple[tuple[float, int], ...]:
        """Hours of the day, days of the week, half months of the year."""
        return (DAY, 24), (7 * DAY, 7), (365.2425 * DAY, 24)
