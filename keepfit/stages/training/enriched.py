"""Train rows, and beside them made ones of rare classes. N rows of a class."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor

from keepfit.data.batch import Inputs, Rows, joined
from keepfit.data.transform import Transform
from keepfit.features.whole import Whole
from keepfit.store.artifacts import Learnable

NEAR = 5
"""Rows next to a row, of which one is drawn to make another between the two (Chawla et al. 2002, "SMOTE")."""
AT_ONCE = 1024
"""Rows whose nearest ones are looked for at a time."""


class Enriched(Learnable):
    """Rows to learn from, with more of some classes."""

    by: str
    """How they are made: see `keepfit.config.sections.Synthesis`."""
    more: dict[int, int]
    """A class's code → how many rows more."""
    seed: int
    drawn: dict[int, str]
    """A class's code → the file of rows that a network drew; empty where none did."""


def enriched(rows: Rows, cut: Enriched, transform: Transform, store: Path) -> Rows:
    """The train rows with those made ones behind them."""
    return joined([rows, *(_made(of_class(rows, code), code, cut, transform, store) for code in cut.more)])


def _made(own: Rows, code: int, cut: Enriched, transform: Transform, store: Path) -> Rows:
    """So many rows more of a class as are wanted."""
    count, draw = cut.more[code], torch.Generator().manual_seed(cut.seed * 1_000_003 + code)
    if cut.by == "repeat":
        return own.take(torch.randint(len(own), (count,), generator=draw))
    drawn = load((store / cut.drawn[code]).read_bytes()) if cut.drawn else between(own, count, transform, draw)
    return Rows(drawn, own.labels[:1].expand(count))


def of_class(rows: Rows, code: int) -> Rows:
    """Those of one class."""
    return rows.take((rows.labels == code).nonzero()[:, 0])


def between(own: Rows, count: int, transform: Transform, draw: torch.Generator) -> Inputs:
    """Rows that each lie somewhere between a row and one of those nearest to it."""
    whole, inputs = Whole(transform), own.batch().inputs
    first = torch.randint(len(own), (count,), generator=draw)
    near = nearest(whole.seen(inputs))
    second = near[first, torch.randint(near.shape[1], (count,), generator=draw)]
    shares = torch.rand(count, generator=draw)
    one, two = (own.take(places).batch().inputs for places in (first, second))
    return whole.between(one, two, shares)


def nearest(seen: Tensor) -> Tensor:
    """[N, S] → the places of those next to each row [N, up to NEAR]; of a single row it is itself."""
    few = min(NEAR, max(1, len(seen) - 1))
    found = []
    for start in range(0, len(seen), AT_ONCE):
        some = seen[start : start + AT_ONCE]
        away = torch.cdist(some, seen)
        if len(seen) > 1:
            away[torch.arange(len(some)), torch.arange(start, start + len(some))] = torch.inf
        found.append(away.topk(few, largest=False).indices)
    return torch.cat(found)
