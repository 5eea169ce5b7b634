"""A text for a dense network: convolutions over its tokens, the maximum of each filter (Kim 2014, arXiv:1408.5882).

B rows, T tokens, E units a token, F filters a width, d units a column.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.features.named import Axes
from keepfit.features.text import Entry

COLUMNS = 8
"""Vectors of d units that one text becomes."""
_UNITS, _FILTERS, _WIDTHS = 64, 64, (1, 3, 5)
_STEP_UNITS = 128
_DROPPED = 0.2
"""Share of the tokens' units dropped in training."""


class TokenFilters(nn.Module):
    """Each filter's strongest answer anywhere in the text, then mixed."""

    def __init__(self, entry: Entry, units: int) -> None:
        super().__init__()
        self.columns, self.units, self.tokens = COLUMNS, units, entry.words
        self.table = nn.Embedding(entry.vocabulary, _UNITS, padding_idx=0)
        nn.init.normal_(self.table.weight, std=0.1)
        self.filters = nn.ModuleList(nn.Conv1d(_UNITS, _FILTERS, width, padding=width // 2) for width in _WIDTHS)
        self.dropout = nn.Dropout(_DROPPED)
        self.mix = nn.Linear(len(_WIDTHS) * _FILTERS, COLUMNS * units)

    def forward(self, tokens: Tensor) -> Tensor:
        """int64 [B, T], 0 behind the end → [B, 8, d]."""
        there = (tokens > 0)[:, None]
        steps = self.dropout(self.table(tokens)).transpose(1, 2) * there
        # Below zero nothing is said, so that a text without a token says nothing.
        strongest = [(F.relu(one(steps)) * there).amax(2) for one in self.filters]
        mixed: Tensor = self.mix(torch.cat(strongest, 1))
        return mixed.view(-1, COLUMNS, self.units)

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """A row a token."""
        return {"table.weight": (self.tokens, None)}


class TokenSteps(nn.Module):
    """A vector a token."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.width, self.tokens = _STEP_UNITS, entry.words
        self.table = nn.Embedding(entry.vocabulary, _STEP_UNITS, padding_idx=0)
        nn.init.normal_(self.table.weight, std=0.1)
        self.dropout = nn.Dropout(_DROPPED)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """int64 [B, T], 0 behind the end → [B, T, E], 0 there; and 1 or 0 [B, T, 1]."""
        there = (tokens > 0)[..., None].float()
        return self.dropout(self.table(tokens)) * there, there

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """A row a token."""
        return {"table.weight": (self.tokens, None)}


def steps(entry: Entry) -> nn.Module:
    """int64 [B, T] → [B, T, E], and which tokens are there [B, T, 1]."""
    return TokenSteps(entry)


def encoder(entries: Sequence[Entry], bins: int, units: int) -> nn.Module:  # noqa: ARG001
    """int64 [B, T] → [B, 8, d]."""
    return TokenFilters(entries[0], units)
