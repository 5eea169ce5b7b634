"""What the first rows of a source say of each column, and what is made of that: a kind, and expectations."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.data.cells import categories, is_text, numbers, truths
from keepfit.data.evidence import FormEvidence, Found
from keepfit.data.notation import NumberEvidence
from keepfit.quoting import visible, yaml

LARGEST = 1e150
"""The squares of larger values are no doubles."""
_SOME = 50


@dataclass(frozen=True)
class Choice:
    """What becomes of a column."""

    name: str
    kind: str | None
    """None: left out."""
    comment: str
    """Why, or what is in it, in a few words for the YAML."""
    said: str = ""
    """A sentence for the person, where something is out of the ordinary."""
    may_all_differ: bool = False
    """Whether values that are all different still tell something: two moments are seldom the same."""
    form: str = ""
    """How its texts are written, where that is not the plain way."""
    columns: str = ""
    """The span of columns that it is made of, where these are several."""


@dataclass(frozen=True)
class Suggestion:
    """One expectation and why it is there."""

    type: str
    kwargs: dict[str, Any]
    severity: str
    comment: str = ""

    def text(self) -> str:
        """The expectation as YAML; JSON is YAML too, and quotes what must be quoted."""
        kwargs = yaml(json.dumps(self.kwargs, ensure_ascii=False))
        comment = f"  # {self.comment}" if self.comment else ""
        return f"  - type: {self.type}{comment}\n    kwargs: {kwargs}\n    severity: {self.severity}\n"


_IDS = re.compile(r"(?i)(^|[_\s.-])(id|uid|uuid|guid|index|idx|key|rowid|row_name|code number)$|(?-i:[a-z]Id|ID)$")


@dataclass(frozen=True)
class ColumnFacts:
    """One column of N rows."""

    name: str
    codes: npt.NDArray[np.int64]
    """[N] index into `values`, -1 where missing."""
    values: tuple[str, ...]
    """The different values as text, in order of appearance."""
    type: pa.DataType
    """The type in the source."""
    looked: Mapping[type[FormEvidence], Found] = field(default_factory=dict)
    """How its texts are written, where more rows were looked at than are here."""

    yes_no: bool = False
    """Whether its cells are true and false, in type or in words; `values` has them as 1 and 0."""
    some: pa.Array | None = None
    """A few filled cells as they are, where the column is bytes or nested, so that `values` shows nothing."""

    @property
    def rows(self) -> int:
        """N."""
        return len(self.codes)

    @property
    def missing(self) -> int:
        """Cells without a value."""
        return int(np.count_nonzero(self.codes < 0))

    @property
    def filled(self) -> int:
        """Cells with a value."""
        return self.rows - self.missing

    @property
    def distinct(self) -> int:
        """Different values."""
        return len(self.values)

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Rows of each value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=self.distinct)

    @cached_property
    def texts(self) -> pa.Array:
        """The different values."""
        return pa.array(self.values, pa.string())

    def found(self, evidence: FormEvidence) -> Found:
        """How its texts are written."""
        if type(evidence) in self.looked:
            return self.looked[type(evidence)]
        evidence.add(self.cells if is_text(self.type) else pa.nulls(0, self.type))
        return evidence.found()

    @property
    def cells(self) -> pa.Array:
        """[N] texts, coded."""
        return pa.DictionaryArray.from_arrays(pa.array(self.codes, pa.int64(), mask=self.codes < 0), self.texts)

    @cached_property
    def notation(self) -> Found:
        """How its numbers are written."""
        return self.found(NumberEvidence())

    @cached_property
    def parsed(self) -> npt.NDArray[np.float64]:
        """Each value as a number; NaN where it reads as none."""
        found = numbers(self.texts, self.notation.form)
        parsed: npt.NDArray[np.float64] = found.to_numpy(zero_copy_only=False).astype(np.float64)
        return parsed

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64]:
        """[N] the cells as numbers; NaN where missing or no number."""
        return np.append(self.parsed, np.nan)[self.codes]

    @cached_property
    def number_share(self) -> float:
        """Share of the filled cells that read as numbers."""
        return float(self.counts[np.isfinite(self.parsed)].sum() / max(1, self.filled))

    @cached_property
    def words(self) -> float:
        """Words of a value on average, as the first of them have."""
        return float(np.mean([len(value.split()) for value in self.values[:1000]]))

    @property
    def called_id(self) -> bool:
        """Whether it has the name of what tells things apart."""
        return bool(_IDS.search(self.name))

    @property
    def gaps(self) -> str:
        """How many cells are missing, to be put behind a comment; empty where none is."""
        return f", {self.missing:,} missing" if self.missing else ""

    def share_like(self, pattern: str) -> float:
        """Share of the filled cells whose text a pattern is found in."""
        alike = pc.match_substring_regex(self.texts, pattern).to_numpy(zero_copy_only=False)
        return float(self.counts[alike].sum() / max(1, self.filled))

    @property
    def odd(self) -> list[str]:
        """The values that read as no number, most frequent first."""
        where = np.flatnonzero(~np.isfinite(self.parsed))
        return [self.values[i] for i in where[np.argsort(-self.counts[where], kind="stable")]]

    @property
    def top(self) -> list[tuple[str, int]]:
        """Values and their rows, most frequent first."""
        order = np.argsort(-self.counts, kind="stable")
        return [(self.values[i], int(self.counts[i])) for i in order]


def facts_of(batches: list[pa.RecordBatch]) -> list[ColumnFacts]:
    """The facts of every column of some batches, whose types may differ from one to the next."""
    return [_facts(name, [batch[name] for batch in batches]) for name in batches[0].schema.names]


def facts_of_classes(name: str, labels: list[str]) -> ColumnFacts:
    """The facts of a target of plain texts."""
    return _facts(name, [pa.array(labels, pa.string())])


def _facts(name: str, chunks: list[pa.Array]) -> ColumnFacts:
    kinds = {c.type.value_type if pa.types.is_dictionary(c.type) else c.type for c in chunks}
    kind = kinds.pop() if len(kinds) == 1 else pa.string()
    if pa.types.is_binary(kind) or pa.types.is_nested(kind):
        some = next((found for chunk in chunks if len(found := chunk.slice(0, _SOME).drop_null())), None)
        return ColumnFacts(name, np.full(sum(map(len, chunks)), -1), (), kind, some=some)
    texts = [categories(chunk).cast(pa.string()) for chunk in chunks]
    coded = pa.chunked_array(texts).combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    yes_no = set(coded.dictionary.to_pylist()) <= {"0", "1"} and all(map(_are_truths, chunks))
    return ColumnFacts(name, codes, tuple(coded.dictionary.to_pylist()), kind, yes_no=yes_no)


def _are_truths(cells: pa.Array) -> bool:
    """Whether the filled cells are true and false, in type or in words."""
    values = (cells.dictionary if pa.types.is_dictionary(cells.type) else pc.unique(cells)).drop_null()
    return bool(truths(values).null_count == len(values) - len(categories(values).drop_null()))


def short(text: str) -> str:
    """A value in a comment."""
    return visible(text if len(text) <= 40 else text[:37] + "…")


def full(name: str) -> Suggestion:
    """That no cell is missing."""
    return Suggestion("expect_column_values_to_not_be_null", {"column": name}, "warning")


def between(column: ColumnFacts) -> Suggestion:
    """The range seen, widened by its own width on both sides, and not below zero where nothing was."""
    finite = column.parsed[np.isfinite(column.parsed)]
    low, high = float(finite.min()), float(finite.max())
    width = high - low or abs(high) or 1.0
    lowest = max(0.0, low - width) if low >= 0 else low - width
    kwargs = {"column": column.name, "min_value": _rounded(lowest, down=True), "max_value": _rounded(high + width)}
    comment = f"seen: {low:g} to {high:g}; as much more is let by on each side"
    return Suggestion("expect_column_values_to_be_between", kwargs, "warning", comment)


def _rounded(number: float, *, down: bool = False) -> float:
    """To two digits, outwards."""
    if abs(number) < 1e-300:  # too near to zero to have two digits
        return number
    largest = sys.float_info.max
    number = min(max(number, -largest), largest)  # widened, 1e308 is beyond what a double holds
    step = 10.0 ** (math.floor(math.log10(abs(number))) - 1)
    outward = (math.floor if down else math.ceil)(number / step) * step
    return min(max(float(f"{outward:.2g}"), -largest), largest)
