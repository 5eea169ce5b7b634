"""Kinds whose cells are one of a vocabulary: categories, booleans. n rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.transform import Entry
from keepfit.features.kind import Binned, Bins, ClassicalColumns, Fitter, Kind, Seen, ServedColumn
from keepfit.features.lookup import entry_of
from keepfit.features.shared.entries import FIRST, MISSING, REBUILT, UNKNOWN
from keepfit.quoting import shown

STRANGE = ("", "never seen", "从未见过的值", "　", "a" * 100, "nan", "true", "🙂", "\n")
_PENDING = 200_000
_TOP = 10
"""Values that the profile names."""
_BINNED = 30
"""Values that have a bin of their own."""
_MOST_VALUES = 1_000_000
_LARGEST_CODE = 254
"""HistGradientBoosting knows 255 categories a column; codes stand by falling count, so the rare ones are joined."""

Codes = NDArray[np.int32]


@lru_cache(maxsize=1024)
def _words(vocabulary: tuple[str, ...]) -> pa.Array:
    """A vocabulary as Arrow holds it, made once and not for every batch."""
    return pa.array(vocabulary, pa.string())


@dataclass
class CategoryCounts:
    """One category column's counts over all values added."""

    held: int = 0
    missing: int = 0
    pending: list[pa.Table] = field(default_factory=list)
    _waiting: int = 0

    def add(self, column: pa.Array, rows: NDArray[np.intp]) -> None:
        """Add the values of a column (strings or a dictionary of them) [n] in some rows."""
        coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        size = len(coded.dictionary)
        places = coded.indices.fill_null(size).to_numpy(zero_copy_only=False)[rows]
        counts = np.bincount(places, minlength=size + 1)
        self.missing += int(counts[size])
        self.held += int(counts[:size].sum())
        seen = np.flatnonzero(counts[:size])
        values = coded.dictionary.cast(pa.string()).take(pa.array(seen))
        self.pending.append(pa.table({"value": values, "rows": counts[seen]}))
        self._waiting += len(seen)
        if self._waiting > _PENDING:
            self._merge()

    def ranked(self) -> list[tuple[str, int]]:
        """Values and their rows, by falling count, then by name."""
        self._merge()
        table = self.pending[0].sort_by([("rows", "descending"), ("value", "ascending")])
        return list(zip(table["value"].to_pylist(), table["rows"].to_pylist(), strict=True))

    def _merge(self) -> None:
        merged = pa.concat_tables(self.pending).group_by("value", use_threads=False).aggregate([("rows", "sum")])
        merged = merged.rename_columns({"rows_sum": "rows"})
        if merged.num_rows > _MOST_VALUES:  # bounded memory: of a column of ids only the most frequent stay
            order = merged.sort_by([("rows", "descending"), ("value", "ascending")])
            merged = order.slice(0, _MOST_VALUES // 2)
        self.pending, self._waiting = [merged.combine_chunks()], 0


class CodedFitter(Fitter):
    """Counts of the values, of which a function keeps some."""

    def __init__(
        self,
        kind: str,
        texts: Callable[[pa.Array], pa.Array],
        kept: Callable[[list[tuple[str, int]]], Sequence[str]],
        rare: int = 0,
    ) -> None:
        self._kind, self._texts, self._kept, self._rare = kind, texts, kept, rare
        self._counts = CategoryCounts()

    def add(self, cells: pa.Array, seen: Seen) -> None:
        """Take cells [n]."""
        self._counts.add(self._texts(cells), seen.rows)
        self.held = self._counts.held

    def entry(self, name: str, slot: int) -> Entry:
        """The vocabulary."""
        known = tuple(self._kept(self._counts.ranked()))
        found = {"name": name, "kind": self._kind, "slot": slot, "vocabulary": known}
        return entry_of(self._kind).model_validate({**found, "missing": self._counts.missing})

    def profile(self, entry: Any) -> dict[str, Any]:
        """Count, gaps, the most frequent values, and the bins."""
        ranked = self._counts.ranked()
        top = [{"value": value, "rows": rows} for value, rows in ranked[:_TOP]]
        found = {"count": self._counts.held, "missing": self._counts.missing, "distinct": len(ranked), "top": top}
        return {**found, "bins": {"": self._binned(dict(ranked), entry)}}

    def _binned(self, rows: dict[str, int], entry: Any) -> list[int]:
        """Each row as if it came to a model that learned from the others: a value just frequent enough is unseen."""
        known = np.array([rows.get(word, 0) for word in entry.vocabulary], np.int64)
        known[known <= self._rare] = 0
        codes = np.concatenate([[self._counts.missing, self._counts.held - known.sum()], known])
        return [int(count) for count in _folded(codes)]


def _folded(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cells of each code → of each bin: missing, unseen, the most frequent values, the others."""
    first = counts[: FIRST + _BINNED]
    return first if len(first) == len(counts) else np.append(first, counts[len(first) :].sum())


class CodedKind(Kind):
    """What categories and booleans have in common."""

    looks_up: ClassVar[bool] = True

    def texts(self, cells: pa.Array) -> pa.Array:
        """Typed cells as they stand in the vocabulary."""
        return cells

    def encode(self, cells: pa.Array, entry: Any, _called: Callable[[], list[str]]) -> Codes:
        """Codes [n]."""
        return np.array(self.looked_up(cells, entry), np.int32)

    def plain(self, values: NDArray[Any]) -> ClassicalColumns:
        """Categories from 0, the rare joined, NaN where missing."""
        categories = np.where(values > _LARGEST_CODE, 1, values).astype(np.float64) - 1
        return ClassicalColumns(np.where(values == MISSING, np.nan, categories), is_category=True)

    def rebuilding(self, entry: Any) -> dict[str, Any]:
        """The values that can be told apart."""
        return {"vocabulary": [*entry.vocabulary[:REBUILT]]}

    def rebuilt(self, values: NDArray[np.float64], how: Mapping[str, Any]) -> NDArray[Any] | pa.Array:
        """Codes, in which the last of those that can be told apart stands for all others."""
        words = np.array(["", "", *how["vocabulary"]], object)
        return np.asarray(words[values.round().astype(np.int64).clip(0, len(words) - 1)])

    def schema(self, _entry: Any, _form: str | None) -> dict[str, Any]:
        """A string; empty where missing."""
        return {"type": "string", "missing": ""}

    def feed(self, cells: pa.Array, _column: ServedColumn, _unfit: dict[int, str]) -> NDArray[Any]:
        """[n] Python strings, each distinct one made once: twice as fast, end to end, as making one a cell."""
        texts = self.texts(cells)
        coded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
        distinct = np.array([*coded.dictionary.to_pylist(), ""], dtype=object)
        return np.asarray(distinct[pc.fill_null(coded.indices, len(coded.dictionary)).to_numpy(zero_copy_only=False)])

    def looked_up(self, cells: pa.Array, entry: Any) -> NDArray[np.int64]:
        """Codes [n], not to be written to; each distinct text is looked up once."""
        texts = self.texts(cells)
        coded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
        places = pc.index_in(coded.dictionary.cast(pa.string()), _words(entry.vocabulary))
        codes = pc.add(places, FIRST).fill_null(UNKNOWN).cast(pa.int64()).take(coded.indices)
        found: NDArray[np.int64] = codes.fill_null(MISSING).to_numpy(zero_copy_only=False)
        return found

    def unseen(self, cells: pa.Array, entry: Any) -> pa.Array:
        """Texts that are not in the vocabulary."""
        texts = self.texts(cells)
        coded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
        new = pc.is_null(pc.index_in(coded.dictionary.cast(pa.string()), _words(entry.vocabulary)))
        if not new.true_count:
            return pa.array([], pa.string())
        return coded.dictionary.cast(pa.string()).take(coded.indices.filter(new.take(coded.indices)).drop_null())

    def bins(self, entry: Any) -> dict[str, Bins]:
        """Missing, unseen, and the values."""
        words = tuple(shown(word) for word in entry.vocabulary[:_BINNED])
        others = ("another value",) if len(entry.vocabulary) > _BINNED else ()
        return {"": Bins(("missing", "a value that training did not see", *words, *others))}

    def binned(self, cells: pa.Array, fed: NDArray[Any], entry: Any) -> Binned:
        """By their codes."""
        codes = fed if fed.dtype == np.int64 else self.looked_up(cells, entry)
        return {"": _folded(np.bincount(codes, minlength=FIRST + len(entry.vocabulary)))}

    def served(self, values: NDArray[Any], entry: Any) -> NDArray[Any]:
        """Strings as codes."""
        known = {word: FIRST + index for index, word in enumerate(entry.vocabulary)} | {"": MISSING}
        return np.array([known.get(word, UNKNOWN) for word in values], dtype=np.int32)

    def edges(self, entry: Any) -> NDArray[Any]:
        """Empty, unknown, Chinese, long, and the most frequent value."""
        return np.array([*STRANGE, entry.vocabulary[0] if entry.vocabulary else ""], dtype=object)
