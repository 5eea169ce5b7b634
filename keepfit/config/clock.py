"""When something runs by itself: a length of time, and a section that holds a clock."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, ClassVar, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, field_validator, model_validator

from keepfit.config.sections import Section
from keepfit.errors import nearest

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """`90s`, `15m`, `6h`, `1d` or `2w`. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d{1,6})\s*([smhdw])", text)
    if found is None or not int(found[1]):
        raise ValueError(f'"{text}" is no length of time: write a number and s, m, h, d or w, such as 15m or 6h')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _checked(text: str) -> str:
    duration(text)
    return text


Duration = Annotated[str, AfterValidator(_checked)]


class Clock(Section):
    """When something runs by itself."""

    occasions: ClassVar[tuple[str, ...]] = ()
    """Keys of a section built on this one that say when, in the place of a clock or beside one."""
    cron: str | None = None
    """Five fields: minute, hour, day of month, month, day of week. "0 3 * * *" is three every night."""
    every: Duration | None = None
    """In place of cron: 6h, 1d, 2w …"""
    timezone: str = "UTC"
    """What the hours of cron mean, such as Europe/Berlin."""
    paused: bool = False
    """Deployed, and not started until a person switches it on; what a person switched stays as it is."""

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from datetime import UTC, datetime

        from cronsim import CronSim, CronSimError  # Prefect brings it and reads schedules by it

        try:
            next(CronSim(value, datetime.now(UTC)))
        except (CronSimError, StopIteration) as error:
            said = str(error) or "it never comes"
            raise ValueError(
                f"this is no cron line: {said}. It has minute, hour, day of month, month and day of week, "
                f'such as "0 3 * * *"'
            ) from error
        return value

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            hint = nearest(value, sorted(available_timezones()))
            raise ValueError(f"there is no such time zone, which has a name such as Europe/Berlin. {hint}") from error
        return value

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.cron and self.every:
            raise ValueError("give either cron or every, and not both")
        if not (self.cron or self.every or any(getattr(self, name) for name in self.occasions)):
            *first, last = ("cron", "every", *self.occasions)
            raise ValueError(f"does not say when: give {', '.join(first)} or {last}")
        return self
