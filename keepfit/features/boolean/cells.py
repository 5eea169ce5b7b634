"""Cells that are yes or no."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from keepfit.config import Feature, Preprocessing
from keepfit.data.cells import categories
from keepfit.features.kind import Fitter
from keepfit.features.shared.coded import CodedFitter, CodedKind

_TRUE = ("true", "yes", "t", "y", "1")
_FALSE = ("false", "no", "f", "n", "0")
VOCABULARY = ("false", "true")


class Boolean(CodedKind):
    """Yes or no."""

    name: ClassVar[str] = "boolean"
    coded: ClassVar[bool] = False

    def read(self, cells: pa.Array, *, decimal: str = ".", form: str = "") -> pa.Array:  # noqa: ARG002
        """bool, in any case of letters; null where a cell is neither."""
        if pa.types.is_boolean(cells.type):
            return cells
        lower = pc.utf8_lower(categories(cells).cast(pa.string()))
        known = pc.is_in(lower, pa.array([*_TRUE, *_FALSE]))
        return pc.if_else(known, pc.is_in(lower, pa.array(_TRUE)), pa.scalar(None, pa.bool_()))

    def fitter(self, _feature: Feature, _settings: Preprocessing, _source: dict[str, Any]) -> Fitter:
        """Counts; both values are known beforehand."""
        return CodedFitter(self.name, self.texts, lambda _: VOCABULARY)

    def texts(self, cells: pa.Array) -> pa.Array:
        """true and false."""
        return pc.if_else(cells, "true", "false") if pa.types.is_boolean(cells.type) else cells


KIND = Boolean()
