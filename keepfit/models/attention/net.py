"""A Transformer encoder (Vaswani et al. 2017), its answer read from a token of its own and from all others.

Over a picture it is that of Dosovitskiy et al. (2021) with the convolutional stem of Xiao et al. (2021); over the
columns of a table the FT-Transformer of Gorishniy et al. (2021, arXiv:2106.11959), with this project's own encoders of
columns. B rows, T tokens, D units, K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.transform import Entry, Transform
from keepfit.features.encoder import Encoder
from keepfit.features.image import Entry as Picture
from keepfit.features.named import Axes, head
from keepfit.features.shared.masked import pooled
from keepfit.models import table_defaults
from keepfit.models.attention import Settings
from keepfit.models.attention.tokens import Patches, Pieces
from keepfit.models.settings import STEPPED
from keepfit.models.step_defaults import batch_size, course
from keepfit.models.transformer import HEAD, AttentionLayer, turns_of


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter, from the number of train rows. What the YAML says goes before these."""
    derived: dict[str, Any] = {
        "width": 64,
        "depth": 2,
        "dropout": 0.1,
        "bins": table_defaults.bins(rows),
        "lr": 2e-3,
        **course(transform, rows, batch_size(rows)),
        **({} if alone(transform) else {"label_smoothing": 0.0, "augment": None}),
    }
    return {**derived, **model.model_dump(exclude={"family"}, exclude_none=True)}


def alone(transform: Transform) -> Entry | None:
    """The one feature, where it is read step by step."""
    first, *others = transform.features
    return first if not others and first.kind in STEPPED else None


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """Outputs [B, 1, K]."""
    outputs, one = transform.target.outputs, alone(transform)
    if one is None:
        return OfColumns(settings, transform)
    tokens = Patches(one, settings["width"]) if isinstance(one, Picture) else Pieces(one, settings["width"])
    return OfSteps(one.tensor, tokens, settings, outputs)


class Reader(nn.Module):
    """Layers of attention among tokens and one more, which is there for reading."""

    def __init__(self, settings: dict[str, Any], outputs: int) -> None:
        super().__init__()
        width = settings["width"]
        self.reading = nn.Parameter(torch.randn(width) * 0.02)
        self.layers = nn.ModuleList(AttentionLayer(width, settings["dropout"]) for _ in range(settings["depth"]))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(settings["dropout"])
        self.head = nn.Linear(3 * width, outputs)

    def forward(self, tokens: Tensor, there: Tensor, *, rotary: bool) -> Tensor:
        """[B, T, D], [B, T, 1] → [B, 1, K]."""
        first = self.reading.expand(tokens.shape[0], 1, -1)
        vectors = torch.cat([first, tokens], 1)
        # The token for reading is always there, so that a row without any other has something to look at.
        seen = torch.cat([torch.ones_like(there[:, :1]), there], 1)[:, None, None, :, 0] > 0
        turns = turns_of(torch.arange(vectors.shape[1], device=vectors.device), HEAD) if rotary else None
        for layer in self.layers:
            vectors, _ = layer(vectors, seen, turns)
        vectors = self.norm(vectors)
        rest = pooled(vectors[:, 1:].transpose(1, 2), there.transpose(1, 2))
        found: Tensor = self.head(self.dropout(torch.cat([vectors[:, 0], rest], 1)))
        return found[:, None]


class OfSteps(nn.Module):
    """Over one feature's steps."""

    def __init__(self, name: str, tokens: Pieces | Patches, settings: dict[str, Any], outputs: int) -> None:
        super().__init__()
        self.name, self.tokens = name, tokens
        self.reader = Reader(settings, outputs)

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's rows, padded → [B, 1, K]."""
        found: Tensor = self.reader(*self.tokens(inputs[self.name]), rotary=self.tokens.rotary)
        return found

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """By output."""
        return head(outputs, "reader.head")


class OfColumns(nn.Module):
    """Over the columns of a table; a text, series or picture among them is some columns."""

    def __init__(self, settings: dict[str, Any], transform: Transform) -> None:
        super().__init__()
        self.encoder = Encoder(transform, settings["bins"], settings["width"])
        self.reader = Reader(settings, transform.target.outputs)

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, 1, K]."""
        tokens = self.encoder(inputs)
        found: Tensor = self.reader(tokens, torch.ones_like(tokens[..., :1]), rotary=False)
        return found

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """By output."""
        return head(outputs, "reader.head")
