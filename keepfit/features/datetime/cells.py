"""Cells that are points in time, as seconds since 1970-01-01 UTC. n rows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.cells import is_text
from keepfit.data.evidence import FormEvidence
from keepfit.features.datetime import DAY, forms
from keepfit.features.datetime.evidence import DateEvidence, is_number, texts_of
from keepfit.features.kind import Bins
from keepfit.features.shared.figures import Values
from keepfit.features.shared.numeric import NumericKind


class Datetime(NumericKind):
    """A point in time."""

    name: ClassVar[str] = "datetime"
    is_moment: ClassVar[bool] = True

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:
        """timestamp[us], in UTC where a zone is given; null where the form does not fit."""
        return moments(cells, form or forms.ISO)

    def evidence(self) -> FormEvidence:
        """Its form."""
        return DateEvidence()

    def schema(self, entry: Any, form: str | None) -> dict[str, Any]:
        """A double of seconds, and how the source writes its dates."""
        return {"format": form or forms.ISO, **super().schema(entry, form)}

    def bins(self, entry: Any) -> dict[str, Bins]:
        """Missing, and tenths of the train rows; new rows are expected in the last."""
        return {part: Bins(bins.names, alarms=False) for part, bins in super().bins(entry).items()}

    def written(self, value: float) -> str:
        """The moment, to the day or the second."""
        moment = np.datetime64(round(value), "s")
        return str(moment.astype("datetime64[D]") if value % DAY == 0 else moment)

    def rebuilt(self, values: NDArray[np.float64], how: Mapping[str, Any]) -> pa.Array:
        """Moments, to the second."""
        seconds = np.asarray(super().rebuilt(values, how)).round().clip(-(1 << 40), 1 << 40)
        return pa.array(seconds.astype(np.int64) * 1_000_000).cast(pa.timestamp("us"))

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
    if not is_text(cells.type) and (form == forms.ISO or not is_number(cells.type)):
        return pa.nulls(len(cells), wanted)
    texts = pc.utf8_trim_whitespace(texts_of(cells))
    if form == forms.ISO:
        with suppress(pa.ArrowInvalid):
            return texts.cast(wanted)
    return forms.moments(texts, form)
