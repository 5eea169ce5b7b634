"""n-grams: how likely a token is by the few before it. The classical language model.

Modified Kneser-Ney smoothing, interpolated (Chen and Goodman 1999, "An empirical study of smoothing techniques for
language modeling"): of what follows k - 1 tokens each count is taken down a little, and what so falls free is shared as
what follows the last k - 2 of them; there it counts behind how many different tokens something stood.

n texts, S tokens of all and the blanks before each text, G different n-grams of one order, V tokens of the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.data.ragged import Ragged

LONGEST = 10
"""Tokens of the longest n-grams that are tried."""

Places = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """Texts behind each other, blanks before each."""

    tokens: Places
    """[S]."""
    real: NDArray[np.bool_]
    """Those that are no blanks, [S]."""
    texts: Places
    """Which text each token of `real` is of."""
    count: int
    """n."""

    def summed(self, values: Values) -> Values:
        """Of each real token → of each text [n]."""
        return _counts(self.texts, values, self.count)


def _counts(places: Places, weights: NDArray[Any], size: int) -> Values:
    """The summed weights of each place [size]."""
    return np.bincount(places, weights, minlength=size).astype(np.float64, copy=False)


def stream_of(texts: Ragged) -> Stream:
    """Token ids [n, …] → one stream."""
    lengths = texts.lengths
    whole = np.zeros(len(texts.values) + LONGEST * len(texts), np.int64)
    places = np.arange(len(texts.values)) + LONGEST * (np.repeat(np.arange(len(texts)), lengths) + 1)
    whole[places] = texts.values
    real = np.zeros(len(whole), np.bool_)
    real[places] = True
    return Stream(whole, real, np.repeat(np.arange(len(texts)), lengths), len(texts))


@dataclass(frozen=True)
class Order:
    """The n-grams of one order, each with a number."""

    keys: Places
    """Sorted, [G]: the first token and the number of the rest."""
    size: int
    """n-grams of the order below."""
    before: Places
    """[G]: the number of all tokens but the last, among the n-grams of the order below."""
    raw: Values
    """[G]: how often it stands there."""
    new: Values
    """[G]: behind how many different tokens."""

    def find(self, firsts: Places, rests: Places) -> Places:
        """The numbers of n-grams by their first token and the number of their rest; -1 for one that never was."""
        asked = firsts * self.size + rests
        place = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        return np.where((self.keys[place] == asked) & (rests >= 0), place, -1)


@dataclass(frozen=True)
class Smoothed:
    """What is left of the counts of one order, and what they leave to the order below."""

    kept: Values
    """[G]."""
    whole: Values
    """Counted behind each n-gram of the order below."""
    free: Values
    """Of that, what its counts were taken down by."""

    def apply(self, found: Places, before: Places, below: Values) -> Values:
        """Numbers of n-grams and of what stands before their last token, and odds by the order below → odds."""
        whole = np.where(before >= 0, self.whole[before], 0)
        kept = np.where(found >= 0, self.kept[found], 0)
        seen = whole > 0
        return np.where(seen, (kept + self.free[before] * below) / np.where(seen, whole, 1), below)


class NGrams:
    """The counts of some texts, up to LONGEST tokens, and the odds that they give."""

    def __init__(self, texts: Ragged, vocabulary: int) -> None:
        self.vocabulary = vocabulary
        self.orders = _counted(stream_of(texts))
        self.smoothed = {
            (number, whole): _smoothed(order, order.raw if whole else order.new)
            for number, order in enumerate(self.orders, 1)
            for whole in (False, True)
        }

    def odds(self, stream: Stream) -> list[Values]:
        """The odds of each real token, by n-grams of up to 1, 2, … tokens."""
        below = np.full(int(stream.real.sum()), 1 / self.vocabulary)
        rests = np.zeros(len(stream.tokens), np.int64)
        made = []
        for number, order in enumerate(self.orders, 1):
            before = np.concatenate([[0], rests[:-1]])
            rests = order.find(_shifted(stream.tokens, number - 1), rests)
            found, before = rests[stream.real], before[stream.real]
            made.append(self.smoothed[number, True].apply(found, before, below))
            below = self.smoothed[number, False].apply(found, before, below)
        return made


def _shifted(tokens: Places, by: int) -> Places:
    """At each place the token so many before it."""
    return np.concatenate([np.zeros(by, np.int64), tokens[: len(tokens) - by]])


def _counted(stream: Stream) -> list[Order]:
    """Every order, from single tokens on."""
    rests, size = np.zeros(len(stream.tokens), np.int64), 1
    found: list[Order] = []
    for number in range(LONGEST):
        before = np.concatenate([[0], rests[:-1]])
        keys, rests, one = _numbered(_shifted(stream.tokens, number) * size + rests)
        raw = _counts(rests, stream.real, len(keys))
        found.append(Order(keys, size, before[one], raw, np.zeros(len(keys))))
        size = len(keys)
    return [_told(order, above) for order, above in zip(found, [*found[1:], None], strict=True)]


def _numbered(keys: Places) -> tuple[Places, Places, Places]:
    """The different keys, the number of each key among them, and a place where each of them stands."""
    different, one, numbers = np.unique(keys, return_index=True, return_inverse=True)
    return different, numbers, one


def _told(order: Order, above: Order | None) -> Order:
    """With what the order above says: behind how many different tokens an n-gram stood."""
    if above is None:
        return order
    new = _counts(above.keys % above.size, above.raw > 0, len(order.keys))
    return Order(order.keys, order.size, order.before, order.raw, new)


def _smoothed(order: Order, counts: Values) -> Smoothed:
    """Each count taken down by as much as those of its height are too high."""
    taken = np.concatenate([[0.0], _discounts(counts)])[np.minimum(counts, 3).astype(np.int64)]
    whole, free = (_counts(order.before, values, order.size) for values in (counts, taken))
    return Smoothed(counts - taken, whole, free)


def _discounts(counts: Values) -> Values:
    """For what was counted once, twice, and more often [3]; half of the count where too few are there to tell."""
    once, twice, thrice, more = (int(np.count_nonzero(counts == count)) for count in (1, 2, 3, 4))
    if not (once and twice and thrice):
        return np.array([0.5, 0.75, 1.0])
    share = once / (once + 2 * twice)
    found = [1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * more / thrice]
    return np.clip(found, 0.05, [1.0, 2.0, 3.0])
