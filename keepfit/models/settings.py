"""Settings that several families have."""

from __future__ import annotations

from pydantic import Field

from keepfit.config.sections import Model


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
    members: int | None = Field(default=None, ge=1, le=1024)
    """Ensemble members that share parameters; 8 where rows are few, else 1."""
    bins: int | None = Field(default=None, ge=2, le=65_536)
    """Bins a numeric column."""
