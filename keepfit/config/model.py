"""The model families and their settings. What is left out is derived from the data and logged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from keepfit.config.sections import Section


class MLP(Section):
    """Embeddings of every column, concatenated, through dense layers; the default for tables."""

    family: Literal["mlp"] = "mlp"
    width: int | None = Field(default=None, ge=1, le=65_536)
    """Units a layer."""
    depth: int | None = Field(default=None, ge=1, le=1000)
    """Hidden layers."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped in training."""
    batch_norm: bool = False
    """Batch normalisation after each dense layer."""
    members: int | None = Field(default=None, ge=1, le=1024)
    """Ensemble members that share parameters; 8 where rows are few, else 1."""
    bins: int | None = Field(default=None, ge=2, le=65_536)
    """Bins a numeric column."""


class WideDeep(MLP):
    """The MLP beside a linear (wide) part over the same columns and their bins."""

    family: Literal["wide_deep"] = "wide_deep"  # type: ignore[assignment]


class CNN(Section):
    """Convolutions over a picture; the default for images."""

    family: Literal["cnn"] = "cnn"
    variant: Literal["fast", "plain"] = "fast"
    """fast: the strong default; plain: the conv-pool blocks of textbooks, with batch norm and dropout."""
    width: int | None = Field(default=None, ge=4, le=4096)
    """Channels of the first block."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped before the head."""


Model = Annotated[MLP | WideDeep | CNN, Field(discriminator="family")]
