"""Cells that are passages of text. n rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.config import Feature, Preprocessing
from keepfit.data.cells import is_text
from keepfit.features.kind import ClassicalColumns, ServedColumn, Views
from keepfit.features.passage import Entry, Settings, tokens
from keepfit.features.shared.tokenized import TokenizedFitter, TokenizedKind, ids_of, size

LITTLE = 5_000_000
"""Characters of the train rows below which a passage is cut into characters."""
VOCABULARY = {"characters": 10_000, "words": 20_000, "subwords": 4_000}
"""Tokens that are known, at most, unless the YAML says otherwise."""
_LETTERS = 0x110000
"""Characters that Unicode has room for."""
_STRANGE = ("", " ", "a", "?", "\0\a", "🙂🙃", "从未见过的文字", "\r\n\n", "word " * 300, "مرحبا שלום hello 你好")
_ROWS = 64


class PassageFitter(TokenizedFitter):
    """The tokenizer, from the train passages."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def entry(self, name: str, slot: int) -> Entry:
        """The tokenizer, and how long passages are."""
        kind = self._settings.tokens or ("characters" if self.taught < LITTLE else "subwords")
        made = tokens.trained(self.texts, kind, self._settings.vocabulary or VOCABULARY[kind])
        return Entry(
            name=name,
            kind="passage",
            slot=slot,
            tokens=kind,
            tokenizer=made,
            vocabulary=size(made),
            spelling=_spelling(kind, self.texts),
            **self.measured(ids_of(self.texts, made).lengths),
        )

    def profile(self, entry: Entry) -> dict[str, Any]:
        """Count, lengths, and the bins."""
        return {"tokens": entry.tokens, "vocabulary": entry.vocabulary, **self.told(entry.edges)}


def _spelling(kind: str, texts: list[str]) -> float:
    """What it costs, beside that a token is unknown, to say which it is: any character of Unicode alike; a word letter
    by letter, all letters and its end alike, as long as words that were seen once; subwords know every byte."""
    if kind == "subwords":
        return 0.0
    if kind == "characters":
        return math.log(_LETTERS)
    words = Counter(word for text in texts for word in text.split())
    rare = [len(word) for word, count in words.items() if count == 1] or [0]
    letters = len({letter for word in words for letter in word})
    return float((np.mean(rare) + 1) * math.log(letters + 1))


class Passage(TokenizedKind):
    """Passages of text."""

    name: ClassVar[str] = "passage"
    is_passage: ClassVar[bool] = True

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """As it is written; missing where it is empty."""
        texts = cells if pa.types.is_string(cells.type) else cells.cast(pa.string())
        return pc.if_else(pc.equal(texts, ""), None, texts) if is_text(texts.type) else texts

    def fitter(self, feature: Feature, settings: Preprocessing, source: dict[str, Any]) -> PassageFitter:  # noqa: ARG002
        """The tokenizer."""
        assert isinstance(feature, Settings)
        return PassageFitter(feature)

    def encode(self, cells: pa.Array, entry: Any, called: Callable[[], list[str]]) -> Views:  # noqa: ARG002
        """Token ids; of a missing passage none."""
        return _ids(cells, entry.tokenizer)

    def plain(self, values: Any) -> ClassicalColumns:
        """The length."""
        return ClassicalColumns(values.lengths.astype(np.float64)[:, None])

    def schema(self, entry: Any, form: str | None) -> dict[str, Any]:  # noqa: ARG002
        """int32, and how a passage becomes such."""
        return {"type": "text", **entry.model_dump(include={"tokenizer"})}

    def feed(self, cells: pa.Array, column: ServedColumn, unfit: dict[int, str]) -> Views:  # noqa: ARG002
        """As `encode`."""
        return _ids(cells, column["tokenizer"])

    def edges(self, entry: Any) -> Views:
        """Empty, blank, one letter, control characters, emoji, Chinese, line ends, long, mixed scripts."""
        return _ids(pa.array(_STRANGE), entry.tokenizer)

    def rows_a_call(self, _column: ServedColumn) -> int:
        """All of a call are as long as the longest, and each token's odds are held."""
        return _ROWS


KIND = Passage()


def _ids(cells: pa.Array, tokenizer: str) -> Views:
    return ids_of(pc.fill_null(cells, "").to_pylist(), tokenizer)
