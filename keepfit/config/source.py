"""The section `source` of a pipeline's YAML, and how series become its rows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from keepfit.config.sections import Section

HISTORY, UNTIL = "history", "until"
"""The columns that windows of series have besides the source's: see `Window`."""
SERIES = "series"
"""The column of whole series, where files or points hold them."""
WHOLE = "whole_row"
"""The column that stands for the target where no column is one."""


class Window(Section):
    """How series become rows: each point of a series is one, with the values up to it and those that come next."""

    time: str
    """The column that orders the points of a series: numbers, dates, or texts in one notation of dates."""
    by: str | None = None
    """The column that names the series, where there are several."""
    length: int = Field(ge=2, le=4096)
    """Values up to a point, itself among them, that a forecast is made from: the column `history`."""
    horizon: int = Field(default=1, ge=1, le=1000)
    """Values behind it that are forecast: the target."""

    def source_columns(self, needed: frozenset[str]) -> frozenset[str]:
        """From the columns that are needed of its rows to those of the source, besides the target."""
        return (needed - {HISTORY, UNTIL}) | {self.time, *([self.by] if self.by else [])}


class Points(Section):
    """How a line for each point of a series becomes a row for each series, which the column `series` holds whole."""

    id: str
    """The column that names the series. Every other column gives a series the first of its cells that is not empty."""
    time: str
    """The column that orders the points of a series: numbers, dates, or texts in one notation of dates."""
    values: tuple[str, ...] = Field(min_length=1)
    """The columns of the values, each a channel; or one, where `channel` tells which channel a line is of."""
    channel: str | None = None
    """The column that names the channel of a line, where each channel has lines of its own."""
    channels: tuple[str, ...] = ()
    """The names in it, in the order of the series' channels."""

    @field_validator("values", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _consistent(self) -> Points:
        if (self.channel is None) != (not self.channels):
            raise ValueError("channel, a column, and channels, the names in it, belong together: give both or neither")
        if self.channel is not None and len(self.values) > 1:
            raise ValueError("with a column of channels the values lie in one column: give one in values")
        named = [self.id, self.time, *self.values, *([self.channel] if self.channel else [])]
        if twice := [name for name in named if named.count(name) > 1]:
            raise ValueError(f'"{twice[0]}" is there twice: each column has one part')
        return self

    @property
    def columns(self) -> frozenset[str]:
        """Those that points are read from."""
        return frozenset([self.id, self.time, *self.values, *([self.channel] if self.channel else [])])

    def source_columns(self, needed: frozenset[str]) -> frozenset[str]:
        """From the columns that are needed of its rows to those of the source, besides the target."""
        return (needed - {SERIES}) | self.columns


class Source(Section):
    """Where the rows come from. What is left out is found by itself."""

    path: str | tuple[str, ...] | None = None
    """File, folder, glob or zip; relative to the YAML; may hold ${VAR}."""
    test: str | None = None
    """The publisher's own test file, in the same form; then nothing of `path` is used for the test."""
    labels: str | None = None
    """The label file of an idx file of images; of a folder or zip, a table with a column of their file names; of
    `points`, a table with a line for each series."""
    test_labels: str | None = None
    """The same of `test`."""
    names: str | None = None
    """What the names of pictures or recordings hold, in columns of their own: `{digit}_{speaker}_{take}`."""
    test_names: str | None = None
    """In place of `test`, which of the pictures or recordings only judge, by their names: `*_[0-4]`."""
    sql: str | None = None
    """A query; needs `database`."""
    database: str | None = None
    """A database address as SQLAlchemy or ADBC takes it; keep secrets in ${VAR}."""
    format: Literal[
        "auto",
        "csv",
        "jsonl",
        "json",
        "parquet",
        "arrow",
        "excel",
        "arff",
        "ts",
        "npz",
        "idx",
        "images",
        "sounds",
        "text",
        "sql",
    ] = "auto"
    """How to read `path`; auto goes by name and content, and takes no file for plain text without columns."""
    piece: int = Field(default=1024, ge=16, le=1_000_000)
    """Characters of a row, of plain text: it is cut behind a line or a word, and the rows are numbered in `piece`."""
    sheet: str | None = None
    """The sheet of a workbook; the first that is a table when left out."""
    columns: tuple[str, ...] | None = None
    """Column names of a file that has no header line, or that stand for those of a header line that lacks them."""
    delimiter: str | None = Field(default=None, pattern=r"^[^\r\n\"]$")
    """The character between cells; found from the file when left out."""
    encoding: str | None = None
    """The text encoding; Unicode and the usual older ones of each language are recognised when left out."""
    missing: tuple[str, ...] | None = None
    """Cells that mean "no value", in place of the usual ones (NA, ?, null and their like); empty cells always do."""
    window: Window | None = None
    """Of series to forecast, a line for each point: how their windows become the rows."""
    points: Points | None = None
    """Of whole series in long form, a line for each point: how these become the rows."""

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        if self.path is not None and not (self.path and all(self.path)):
            raise ValueError("path is empty: name a file")
        if (self.path is None) == (self.sql is None):
            raise ValueError("give either path or sql, and not both")
        if self.sql is not None and self.database is None:
            raise ValueError("sql needs database, the address to send the query to")
        if self.database is not None and self.sql is None:
            raise ValueError("database needs sql, the query to send to it")
        if self.test is not None and self.test_names is not None:
            raise ValueError("give either test or test_names: both tell which rows only judge")
        if self.labels is not None and (self.names is not None or self.test_names is not None):
            raise ValueError("give either labels or names: both tell what is known of a file")
        extra = [
            name for name in ("test", "labels", "test_labels", "names", "test_names") if getattr(self, name) is not None
        ]
        if self.sql is not None and extra:
            raise ValueError(f"{extra[0]} is of files, and the rows come from sql: leave it out")
        if self.window is not None and self.test is not None:
            raise ValueError("windows of series are split by time, and test names a file of its own: leave it out")
        self._check_points()
        return self

    def _check_points(self) -> None:
        if self.points is None:
            return
        if self.window is not None:
            raise ValueError("give either window, to forecast series, or points, to learn from whole ones")
        if self.labels is not None and self.test is not None and self.test_labels is None:
            raise ValueError("labels has those of path: name the table of test's in test_labels; it may be the same")
