"""The sections of a pipeline's YAML that say when and where it runs and who is asked and told; no stage reads them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from keepfit.config.clock import Clock, Duration
from keepfit.config.sections import Section


class Schedule(Clock):
    """When `keepfit deploy` lets the pipeline run by itself."""

    occasions: ClassVar[tuple[str, ...]] = ("new_data", "on_drift")
    new_data: Duration | None = None
    """Look so often whether the source changed, and run when it did; alone, or beside cron or every."""
    on_drift: bool = False
    """Run when `monitor` finds that rows have moved, or that the model in service became worse."""


class Scoring(Clock):
    """Which rows the model in service answers by itself, once deployed, and when. Rows that it has answered are not
    answered again."""

    rows: str | None = None
    """The rows: a file, folder, glob or zip, relative to the YAML; it may hold ${VAR}."""
    sql: str | None = None
    """The rows, as a query in the place of rows."""
    out: str | None = None
    """Where the answers go: a .parquet file, or a folder, relative to the YAML; the newest batch takes the place of the
    one before."""
    table: str | None = None
    """A database table for the answers, in the place of out; batches stand beside each other."""
    database: str | None = None
    """The address for sql and table, with its secrets as ${VAR}; that of the source when left out."""
    keep: tuple[str, ...] = ()
    """Columns of the rows to put beside the answers; those that are no features when left out."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Scoring:
        for one, other in (("rows", "sql"), ("out", "table")):
            if (getattr(self, one) is None) == (getattr(self, other) is None):
                raise ValueError(f"give either {one} or {other}")
        return self

    @property
    def asked(self) -> dict[str, Any]:
        """What `score` is asked, by its parameters."""
        return self.model_dump(mode="json", exclude={*Clock.model_fields}, exclude_defaults=True)


class Monitoring(Clock):
    """When the rows that come are looked at by themselves, once deployed. Without rows it is the newest batch that was
    scored, or the source where there is none."""

    occasions: ClassVar[tuple[str, ...]] = ("after_scoring",)
    after_scoring: bool = False
    """Whenever `score/<name>` has answered new rows; alone, or beside cron or every."""
    rows: str | None = None
    """Recent rows: a file, folder, glob or zip, relative to the YAML."""
    labels: str | None = None
    """A table with the true values of the target, for rows that do not hold them; relative to the YAML."""
    key: str | None = None
    """The column by which the labels find their rows."""

    @model_validator(mode="after")
    def _labels_have_a_key(self) -> Monitoring:
        if (self.labels is None) != (self.key is None):
            raise ValueError("give labels and key, or neither: labels find their rows by the column key")
        return self

    @property
    def asked(self) -> dict[str, Any]:
        """What `monitor` is asked, by its parameters."""
        return self.model_dump(mode="json", include={"rows", "labels", "key"}, exclude_defaults=True)


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
