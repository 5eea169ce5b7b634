"""Settings that several families have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model

STEPPED = ("sequence", "text", "image", "audio")
"""Kinds that are read step by step."""


Activation = Literal["relu", "gelu", "tanh", "sigmoid"]

APART = (*STEPPED, "passage")
"""Kinds that are no plain columns of a table."""


def lacks_steps(family: str, features: Mapping[str, Feature]) -> str:
    """Why a family that reads one feature step by step cannot learn from these; empty where it can."""
    stepped = sum(feature.kind in STEPPED for feature in features.values())
    if stepped == 1 and len(features) == 1:
        return ""
    found = f"there are {stepped}" if stepped != 1 else "there are other features beside it"
    kinds = ", ".join(STEPPED)
    return f"model.family {family} needs exactly one feature that is read step by step ({kinds}), and {found}"


def lacks_columns(family: str, features: Mapping[str, Feature]) -> str:
    """Why a family that asks about plain columns cannot learn from these; empty where it can."""
    others = sorted({feature.kind for feature in features.values()} & {*APART})
    if not others:
        return ""
    return f"model.family {family} needs numbers, categories, yes or no, and dates, and there is {', '.join(others)}"


class RecurrentSettings(Model):
    """Layers that go from step to step. What is left out is derived from the data's size and logged."""

    hint: ClassVar[str] = "or rnn, gru, lstm"
    width: int | None = Field(default=None, ge=1, le=8192)
    """Numbers of the state a layer, and of each direction."""
    depth: int | None = Field(default=None, ge=1, le=64)
    """Layers, one upon the other."""
    bidirectional: bool | None = None
    """Whether a second half of each layer reads from the end; the outputs of both stand side by side."""
    pool: Literal["last", "all"] | None = None
    """What is answered from. last: what each direction gives at its end; all: mean and maximum over all steps."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped after each layer."""

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It reads one series, text or picture, and nothing beside it."""
        return lacks_steps(self.family, features)


class DenseSettings(Model):
    """Dense layers over embeddings. What is left out is derived from the data's size and logged."""

    width: int | None = Field(default=None, ge=1, le=65_536)
    """Units a layer."""
    depth: int | None = Field(default=None, ge=1, le=1000)
    """Hidden layers."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped in training."""
    batch_norm: bool = False
    """Batch normalisation after each dense layer."""
    activation: Activation = "relu"
    """What follows on each dense layer."""
    members: int | None = Field(default=None, ge=1, le=1024)
    """Ensemble members that share parameters; 4 where rows are few, else 1."""
    bins: int | None = Field(default=None, ge=2, le=65_536)
    """Bins a numeric column."""
