"""Cells that are points in time, as seconds since 1970-01-01 UTC. n rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.data.cells import is_text
from keepfit.features.shared.figures import Values
from keepfit.features.shared.numeric import NumericKind

DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y", "%b %d, %Y")
TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M")
ISO = "ISO 8601"


class Datetime(NumericKind):
    """A point in time."""

    name: ClassVar[str] = "datetime"
    usual_form: ClassVar[str | None] = ISO

    def read(self, cells: pa.Array, *, decimal: str = ".", form: str = "") -> pa.Array:  # noqa: ARG002
        """timestamp[us], in UTC where a zone is given; null where the form does not fit."""
        return moments(cells, form or ISO)

    def form_of(self, cells: pa.Array) -> str | None:
        """The format that reads most of the texts, ISO first; None where none reads nine in ten."""
        filled = cells.drop_null()
        if not is_text(cells.type) or len(filled) == 0:
            return ISO if len(filled) and not is_text(cells.type) else None
        formats = [ISO, *(day + time for time in TIMES for day in DAYS)]
        few = filled.slice(0, 20)
        likely = [f for f in formats if 2 * moments(few, f).null_count <= len(few)]
        read = [len(filled) - moments(filled, format).null_count for format in likely]
        best = int(np.argmax(read)) if read else 0
        return likely[best] if read and read[best] >= 0.9 * len(filled) else None

    def schema(self, entry: Any, form: str | None) -> dict[str, Any]:
        """A double of seconds, and how the source writes its dates."""
        return {"format": form or ISO, **super().schema(entry, form)}

    def values(self, cells: pa.Array) -> Values:
        """Seconds since 1970 [n], NaN where missing."""
        whole = cells.cast(pa.timestamp("us")).cast(pa.int64())
        return np.asarray(whole.to_numpy(zero_copy_only=False), np.float64) / 1e6


KIND = Datetime()


def moments(cells: pa.Array, form: str) -> pa.Array:
    """Cells in a form as timestamp[us], null where it does not fit."""
    wanted = pa.timestamp("us")
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        return cells.cast(pa.timestamp("us", getattr(cells.type, "tz", None)), safe=False).cast(wanted)
    if not is_text(cells.type):
        return pa.nulls(len(cells), wanted)
    texts = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    if form != ISO:
        return pc.strptime(texts, format=form, unit="us", error_is_null=True)
    try:
        return texts.cast(wanted)
    except pa.ArrowInvalid:
        return pa.array([_moment(text) for text in texts.to_pylist()], wanted)


def _moment(text: str | None) -> datetime | None:
    """One ISO 8601 date and time, in UTC where it names its zone."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
