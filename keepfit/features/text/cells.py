"""Cells that are texts. n rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.config import Feature, Preprocessing
from keepfit.data.cells import categories, is_text
from keepfit.data.ragged import Block
from keepfit.features.kind import ClassicalColumns, Region, ServedColumn, Views
from keepfit.features.shared.tokenized import TokenizedFitter, TokenizedKind, size
from keepfit.features.text import Entry, Settings, grams, tokens

_STRANGE = (
    "", " ", "a", "?", "\x00\x07", "🙂🙃", "从未见过的文字", "ǅ ﬁ Ⅷ ａ", "word " * 300, "مرحبا שלום hello 你好",
)  # fmt: skip
_ROWS = 256
_PARTS = 100
"""Of a cell, at most."""
_WORD = re.compile(r"[\w@#'’-]+|[^\w\s]+")


class TextFitter(TokenizedFitter):
    """The tokenizer, from the train texts."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(grams.MOST)
        self._settings = settings

    def entry(self, name: str, slot: int) -> Entry:
        """The tokenizer, and how long texts are."""
        said, some = self._settings, self.texts
        made = tokens.trained(some, said.tokens, said.vocabulary)
        unit, spaced = grams.unit_of(some[:2000]), some[:: max(1, len(some) // 2000)]
        return Entry(
            name=name,
            kind="text",
            slot=slot,
            tokenizer=made,
            vocabulary=size(made),
            length=said.length,
            grams=unit,
            missing=self.missing,
            distinct=max(1, round(float(grams.counted(spaced, unit).lengths.mean()))),
            **self.measured(tokens.encoded(some, made, said.length).lengths),
        )

    def profile(self, entry: Any) -> dict[str, Any]:
        """Count, gaps, lengths, and the bins."""
        return {"missing": self.missing, "tokens": entry.vocabulary, **self.told(entry.edges)}


class Text(TokenizedKind):
    """Words of people."""

    name: ClassVar[str] = "text"
    has_parts: ClassVar[bool] = True
    parts_have_names: ClassVar[bool] = True

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """Text without blanks around it; missing where nothing is left."""
        texts = (cells if is_text(cells.type) else categories(cells)).cast(pa.string())
        trimmed = pc.utf8_trim_whitespace(texts)
        return pc.if_else(pc.equal(trimmed, ""), None, trimmed)

    def fitter(self, feature: Feature, _settings: Preprocessing, _source: dict[str, Any]) -> TextFitter:
        """The tokenizer."""
        assert isinstance(feature, Settings)
        return TextFitter(feature)

    def encode(self, cells: pa.Array, entry: Any, _called: Callable[[], list[str]]) -> Views:
        """Token ids, and n-grams; of a missing text none."""
        return _views(cells, entry.tokenizer, entry.length, entry.grams)

    def plain(self, values: Any) -> ClassicalColumns:
        """How often each n-gram occurs."""
        return ClassicalColumns(grams.matrix(values["grams"]), what="n-grams")

    def parts(self, cell: Any, entry: Any) -> list[Region]:
        """Words and signs; tokens, where no blanks part words; of very many, neighbours together."""
        if entry.grams == "words":
            return _few([found.span() for found in _WORD.finditer(cell[: grams.MOST])])
        spans = dict.fromkeys(tokens.pieces(cell, entry.tokenizer))
        return _few([(start, stop) for start, stop in spans if cell[start:stop].strip()])

    def without(self, cell: Any, parts: Sequence[Region], entry: Any) -> Views:
        """The text with the part cut out."""
        return self.encode(self.read(pa.array([cell[:start] + cell[stop:] for start, stop in parts])), entry, list)

    def part_name(self, cell: Any, part: Region) -> str:
        """The word, whatever its case."""
        return str(cell[slice(*part)]).casefold()

    def schema(self, entry: Any, _form: str | None) -> dict[str, Any]:
        """Two inputs of int32, and how a text becomes such."""
        return {"type": "text", **entry.model_dump(include={"tokenizer", "length", "grams"})}

    def feed(self, cells: pa.Array, column: ServedColumn, _unfit: dict[int, str]) -> Views:
        """As `encode`."""
        return _views(cells, column["tokenizer"], column["length"], column["grams"])

    def edges(self, entry: Any) -> Views:
        """Empty, blank, one letter, control characters, emoji, Chinese, ligatures, long, mixed scripts."""
        return _views(pa.array(_STRANGE), entry.tokenizer, entry.length, entry.grams)

    def rows_a_call(self, _column: ServedColumn) -> int:
        """All of a call are as long as the longest."""
        return _ROWS


KIND = Text()


def _few(parts: list[tuple[int, int]]) -> list[Region]:
    if len(parts) <= _PARTS:
        return [*parts]
    return [(int(some[0][0]), int(some[-1][1])) for some in np.array_split(np.array(parts), _PARTS)]


def _views(cells: pa.Array, tokenizer: str, length: int, unit: str) -> dict[str, Block]:
    texts = pc.fill_null(cells, "").to_pylist()
    return {"": tokens.encoded(texts, tokenizer, length), "grams": grams.counted(texts, unit)}
