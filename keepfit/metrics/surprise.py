"""What texts cost a language model, in nats. N texts, which are what varies: the tokens of one hang together.

A figure is a ratio of two sums over the texts. How far it may lie from that of all texts of the kind is told by the
texts' influences on it (the delta method for a ratio, Cochran, Sampling Techniques, 1977, chapter 6), whose mean may
be skewed (`keepfit.metrics.means`). Pieces of one text that follow each other are taken as texts of their own.
"""

from __future__ import annotations

import numpy as np

from keepfit.errors import DataError
from keepfit.metrics.means import interval
from keepfit.metrics.paired import Paired, of_gains
from keepfit.metrics.probabilistic import Values
from keepfit.store.artifacts import Interval

BIT = float(np.log(2))
"""Nats."""
_FAR = 100.0
"""Nats a character, beyond which no interval need reach."""


def scores(nats: Values, tokens: Values, characters: Values) -> dict[str, float]:
    """nats_per_character and bits_per_character; perplexity: among how many equally likely tokens one was as hard to
    tell. What texts of no character cost is not defined, and left out."""
    if not characters.sum():
        return {}
    each = float(nats.sum() / characters.sum())
    perplexity = float(np.exp(min(nats.sum() / max(tokens.sum(), 1), _FAR)))
    return {"nats_per_character": each, "bits_per_character": each / BIT, "perplexity": perplexity}


def intervals(nats: Values, tokens: Values, characters: Values, confidence: float) -> dict[str, Interval]:
    """Of all of them; none where one text alone tells nothing of others."""
    if len(nats) < 2 or not characters.sum() or not tokens.sum():
        return {}
    level = (1 - confidence) / 2
    each, of_tokens = _ratio(nats, characters, level), _ratio(nats, tokens, level)
    return {
        "nats_per_character": Interval(**each),
        "bits_per_character": Interval(**{end: value / BIT for end, value in each.items()}),
        "perplexity": Interval(**{end: float(np.exp(min(value, _FAR))) for end, value in of_tokens.items()}),
    }


def _ratio(costs: Values, sizes: Values, level: float) -> dict[str, float]:
    ratio = float(costs.sum() / sizes.sum())
    low, high = interval(ratio + (costs - ratio * sizes) / sizes.mean(), level)
    return {"value": ratio, "low": max(low, 0.0), "high": min(high, _FAR)}


def compare(characters: Values, champion: Values, challenger: Values, metric: str, level: float) -> Paired:
    """The paired comparison of what the same texts cost two models [N], at a one-sided level, in nats or bits a
    character; above zero the challenger is better. Raises DataError without a character."""
    if not characters.sum():
        raise DataError("the texts that can be compared are all empty.")
    gains = (champion - challenger) / (characters.mean() * (BIT if metric == "bits_per_character" else 1.0))
    return of_gains(gains, level, most=_FAR)
