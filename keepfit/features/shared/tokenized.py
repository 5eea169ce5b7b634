"""Kinds whose cells are cut into tokens by a tokenizer that is trained on the train rows. n texts, T tokens of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.data.ragged import Ragged, ragged
from keepfit.features.kind import Binned, Bins, Fitter, Kind, Seen
from keepfit.features.shared.figures import fallen, ranges, tenths

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NONE, UNKNOWN = 0, 1
"""The ids of the token that is none, which pads, and of that which stands for all that are unknown."""
OFTEN = 2
"""How often a token must be seen: of those seen once a network learns how likely unknown ones are."""
_TAUGHT = 50_000_000
"""Characters that a tokenizer is trained on: what is frequent is known by then."""


@lru_cache(maxsize=16)
def opened(tokenizer: str) -> Tokenizer:
    """A tokenizer from its JSON, made once and not for every batch."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str(tokenizer)


def size(tokenizer: str) -> int:
    """Tokens it knows."""
    return int(opened(tokenizer).get_vocab_size())


def ids_of(texts: Sequence[str], tokenizer: str, length: int | None = None) -> Ragged:
    """Ids int32 [T] a text, T at most `length`; none of an empty one."""
    found = opened(tokenizer).encode_batch_fast([*texts], add_special_tokens=False)
    return ragged([np.array(one.ids[:length], np.int32) for one in found], np.empty(0, np.int32), NONE)


class TokenizedFitter(Fitter):
    """Holds the train rows' texts for the tokenizer, and then how many tokens they have."""

    def __init__(self, most: int | None = None) -> None:
        """`most`: characters of a text that are looked at."""
        self._most = most
        self.texts: list[str] = []
        self.taught = self._rows = 0
        """Characters of these texts, and rows, those without a text among them."""
        self.lengths = np.zeros(0, np.int64)

    @property
    def missing(self) -> int:
        """Rows without a text."""
        return self._rows - self.held

    def add(self, cells: pa.Array, seen: Seen) -> None:
        """Take texts [n]."""
        texts = cells.take(pa.array(seen.rows)).drop_null().to_pylist()
        self._rows += len(seen.rows)
        self.held += len(texts)
        for text in texts:
            if self.taught < _TAUGHT:
                self.texts.append(text[: self._most])
                self.taught += len(self.texts[-1])

    def measured(self, lengths: NDArray[np.int64]) -> dict[str, Any]:
        """Take the lengths in tokens; gives what an entry says of them."""
        self.lengths = lengths
        edges = tenths(np.sort(lengths.astype(np.float64))).tolist()
        return {"steps": max(1, round(float(lengths.mean()))), "edges": tuple(edges)}

    def told(self, edges: tuple[float, ...]) -> dict[str, Any]:
        """What a profile says of them: count, median, longest, and the bins."""
        rows = _binned(self.lengths, self.missing, edges)
        middle, longest = float(np.median(self.lengths)), int(self.lengths.max())
        return {"count": self.held, "median": middle, "longest": longest, "bins": {"length": rows.tolist()}}


class TokenizedKind(Kind):
    """What such kinds have in common."""

    coded: ClassVar[bool] = False

    def bins(self, entry: Any) -> dict[str, Bins]:
        """Missing, and tenths of the lengths in tokens."""
        return {"length": Bins(ranges(np.array(entry.edges), lambda count: f"{count:.0f} tokens"))}

    def binned(self, cells: pa.Array, fed: Any, entry: Any) -> Binned:
        """By those tenths."""
        there = cells.is_valid().to_numpy(zero_copy_only=False)
        return {"length": _binned(fed.lengths[there], cells.null_count, entry.edges)}


def _binned(lengths: NDArray[np.int64], missing: int, edges: tuple[float, ...]) -> NDArray[np.int64]:
    """Texts of these lengths, and those that are missing → in each bin."""
    rows = fallen(lengths.astype(np.float64), np.array(edges))
    rows[0] = missing
    return rows
