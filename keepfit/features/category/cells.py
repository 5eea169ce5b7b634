"""Cells that are names."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow as pa

from keepfit.config import Feature, Preprocessing
from keepfit.data.cells import categories
from keepfit.features.kind import Fitter
from keepfit.features.shared.coded import CodedFitter, CodedKind


class Category(CodedKind):
    """One of several names."""

    name: ClassVar[str] = "category"

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """Text without blanks around it; 1.0 is written 1."""
        return categories(cells)

    def fitter(self, _feature: Feature, settings: Preprocessing, _source: dict[str, Any]) -> Fitter:
        """Counts; the frequent values are kept."""

        def kept(ranked: list[tuple[str, int]]) -> list[str]:
            return [value for value, count in ranked if count >= settings.rare][: settings.max_categories]

        return CodedFitter(self.name, self.texts, kept, settings.rare)


KIND = Category()
