"""The sections of a pipeline's YAML that say when and where it runs and who is asked and told; no stage reads them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, field_validator, model_validator

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


class Schedule(Section):
    """When `keepfit deploy` lets the pipeline run by itself."""

    cron: str | None = None
    """Five fields: minute, hour, day of month, month, day of week. "0 3 * * *" is three every night."""
    every: Duration | None = None
    """In place of cron: 6h, 1d, 2w …"""
    new_data: Duration | None = None
    """Look so often whether the source changed, and run when it did; alone, or beside cron or every."""
    on_drift: bool = False
    """Run when `monitor` finds that rows have moved, or that the model in service became worse."""
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
    def _one_clock(self) -> Schedule:
        if self.cron and self.every:
            raise ValueError("give either cron or every, and not both")
        if not (self.cron or self.every or self.new_data or self.on_drift):
            raise ValueError("says nothing: give cron, every, new_data or on_drift")
        return self


Occasion = Literal["failed", "asked", "reject", "hold", "first", "promote", "drift", "worse"]


class Notify(Section):
    """Who is told how a run ended."""

    to: tuple[str, ...] = Field(min_length=1)
    """Addresses as Apprise takes them: mailto://, slack://, json:// …; keep secrets in ${VAR}. Or block:TYPE/NAME, a
    notification block of the Prefect server, such as block:slack-webhook/ops."""
    on: tuple[Occasion, ...] = ("failed", "asked", "reject", "hold", "first", "promote", "drift", "worse")
    """What is told; failed: also, by the server, of a run that crashed and does not go on; asked: a person is, before a
    model goes into service; drift, worse: what `monitor` found. A run that finds nothing new is never told, and one
    that a person stopped neither."""


Approval = Literal["never", "on_promote", "always"]


class Retention(Section):
    """What `keepfit prune` leaves in the store, the newest first. What is in service, and what a run under way or one
    that waits for a person needs, stays whatever stands here."""

    runs: int = Field(default=100, ge=1)
    """Runs, each with its record and report; and as many records of scored batches and of looks by `monitor`."""
    outputs: int = Field(default=5, ge=1)
    """Different outputs of each stage, by the run that used them last."""
    models: int = Field(default=10, ge=2)
    """Models that are or were in service: what a rollback can bring back, and the registry of the store holds."""
