"""Cells that are yes or no."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from keepfit.config import Feature, Preprocessing
from keepfit.data.cells import categories
from keepfit.features.kind import Fitter
from keepfit.features.shared.coded import CodedFitter, CodedKind

_YES = (
    "true t yes y 1 on ja j oui o vrai v si sì sí s sim da да д tak wahr w verdadero verdadeiro vero evet ano igen hai "
    "是 有 真 对 はい 有り 예 네 истина"
)
_NO = (
    "false f no n 0 off nein nee nej non faux não nao nu nie ne нет н не falsch falso hayır nem iie "
    "否 无 假 错 没有 いいえ 無し 아니오 아니요 ложь"
)
TRUE, FALSE = frozenset(_YES.split()), frozenset(_NO.split())
"""In any case of letters; no word means yes in one language and no in another."""
VOCABULARY = ("false", "true")


class Boolean(CodedKind):
    """Yes or no."""

    name: ClassVar[str] = "boolean"
    coded: ClassVar[bool] = False

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """bool, in any case of letters; null where a cell is neither."""
        if pa.types.is_boolean(cells.type):
            return cells
        lower = pc.utf8_lower(categories(cells).cast(pa.string()))
        known = pc.is_in(lower, pa.array([*TRUE, *FALSE]))
        return pc.if_else(known, pc.is_in(lower, pa.array([*TRUE])), pa.scalar(None, pa.bool_()))

    def fitter(self, _feature: Feature, _settings: Preprocessing, _source: dict[str, Any]) -> Fitter:
        """Counts; both values are known beforehand."""
        return CodedFitter(self.name, self.texts, lambda _: VOCABULARY)

    def texts(self, cells: pa.Array) -> pa.Array:
        """true and false."""
        return pc.if_else(cells, "true", "false") if pa.types.is_boolean(cells.type) else cells


KIND = Boolean()
