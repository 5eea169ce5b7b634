"""Texts as counts of hashed n-grams: what linear models learn from. n texts, C characters in all of them.

Of `words`: runs of 2 to 5 characters within a word and its two blanks, words, and pairs of words. Of `characters`, for
languages that put no blanks between words: runs of 1 to 3. A run's bucket is a polynomial hash of its characters (Karp
and Rabin 1987) modulo 2^64, spread by multiplication: the same on every machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from keepfit.data.ragged import Ragged, ends

BITS = 20
BUCKETS = 1 << BITS
"""Numbered from 1; 0 pads. Of 300,000 n-grams a fifth share theirs with another one: no figure changed by it."""
MOST = 20_000
"""Characters of a text that are looked at: a text of a megabyte says by then what it is about."""
_BASE, _SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))
_BLANK = 32
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese."""
_LETTER = re.compile(r"[^\W\d_]")

Places = NDArray[np.int64]


def normal(text: str) -> str:
    """A text's first characters, in one form whatever width, case and blanks they have."""
    return " ".join(unicodedata.normalize("NFKC", text[:MOST]).lower().split())


def unit_of(texts: Sequence[str]) -> Literal["words", "characters"]:
    """What n-grams of such texts are best of: whether a third of the letters belong to scripts without blanks."""
    letters = unspaced = 0
    for text in texts:
        letters += len(_LETTER.findall(text[:1000]))
        unspaced += len(_UNSPACED.findall(text[:1000]))
    return "characters" if 3 * unspaced > letters else "words"


def counted(texts: Sequence[str], unit: str) -> Ragged:
    """Texts → int32 pairs [T, 2] a text, of a bucket, rising, and how often it occurs."""
    codes, rows, starts, stops = spans([f" {normal(text)} " for text in texts], unit)
    keys = (rows[starts].astype(np.int64) << BITS) | buckets(codes, starts, stops)
    found, counts = np.unique(keys, return_counts=True)
    lengths = np.bincount(found >> BITS, minlength=len(texts))
    pairs = np.stack([(found & (BUCKETS - 1)) + 1, counts], axis=1).astype(np.int32)
    return Ragged(pairs, ends(lengths), 0)


def matrix(counts: Ragged) -> Any:
    """What `counted` gave, as scipy's csr_matrix [n, BUCKETS] of float32."""
    from scipy import sparse

    buckets, times = counts.values[:, 0] - 1, counts.values[:, 1].astype(np.float32)
    return sparse.csr_matrix((times, buckets, counts.offsets), (len(counts), BUCKETS))


def spans(spaced: Sequence[str], unit: str) -> tuple[NDArray[Any], Places, Places, Places]:
    """Texts in their normal form between two blanks → their characters behind each other [C], which text each is of,
    and where each n-gram begins and ends."""
    codes = np.frombuffer("".join(spaced).encode("utf-32-le", "surrogatepass"), np.uint32)
    rows = np.repeat(np.arange(len(spaced)), [len(text) for text in spaced])
    return codes, rows, *(_of_words if unit == "words" else _of_characters)(codes, rows)


def buckets(codes: NDArray[Any], starts: Places, stops: Places) -> Places:
    """Characters [C] and spans of them → a bucket each, from 0; of equal spans the same, wherever they stand."""
    powers = np.cumprod(np.full(len(codes), _BASE, np.uint64))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers)])
    inverse = np.cumprod(np.full(len(codes), _INVERSE, np.uint64))
    found = (sums[stops] - sums[starts]) * inverse[starts]
    found ^= found >> np.uint64(32)
    return np.asarray((found * _SPREAD) >> np.uint64(64 - BITS), np.int64)


def _of_characters(codes: NDArray[Any], rows: Places) -> tuple[Places, Places]:
    """Runs of 1 to 3 characters without a blank."""
    return _runs(np.flatnonzero(codes != _BLANK), codes, rows, (1, 2, 3), blanks=False)


def _of_words(codes: NDArray[Any], rows: Places) -> tuple[Places, Places]:
    """Runs of 2 to 5 characters within a word and its blanks, words, and pairs of words."""
    runs = _runs(np.arange(len(codes)), codes, rows, (2, 3, 4, 5), blanks=True)
    blank = codes == _BLANK
    first = np.flatnonzero(~blank & np.concatenate([[True], blank])[:-1])
    last = np.flatnonzero(~blank & np.concatenate([blank[1:], [True]])) + 1
    paired = rows[first[:-1]] == rows[first[1:]] if len(first) else np.zeros(0, bool)
    # A word is marked by its blanks: as runs, "on" within "stone" and the word "on" are two things already.
    starts = np.concatenate([runs[0], first - 1, first[:-1][paired]])
    return starts, np.concatenate([runs[1], last + 1, last[1:][paired]])


def _runs(
    starts: Places, codes: NDArray[Any], rows: Places, lengths: Sequence[int], *, blanks: bool
) -> tuple[Places, Places]:
    """Spans of so many characters of one text, no blank among them; with `blanks` one may begin or end them."""
    blank = np.concatenate([[0], np.cumsum(codes == _BLANK)])
    begins, stops = [], []
    for length in lengths:
        start = starts[starts + length <= len(codes)]
        stop = start + length
        low, high = (start + 1, stop - 1) if blanks else (start, stop)
        fit = (rows[start] == rows[stop - 1]) & (blank[high] == blank[low]) & (blank[stop] - blank[start] < length)
        begins.append(start[fit])
        stops.append(stop[fit])
    return np.concatenate(begins), np.concatenate(stops)
