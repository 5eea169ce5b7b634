"""Attention among the steps of a series, the words of a text, the patches of a picture, or the columns of a table."""

from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Model


class Settings(Model):
    """A Transformer encoder: over one series, text or picture that stands alone, or else over the columns."""

    hint: ClassVar[str] = "a Transformer encoder"
    family: Literal["attention"] = "attention"
    width: int | None = Field(default=None, ge=32, le=8192, multiple_of=32)
    """Units a token; each head has 32."""
    depth: int | None = Field(default=None, ge=1, le=64)
    """Layers."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped after each half of a layer."""
    bins: int | None = Field(default=None, ge=2, le=65_536)
    """Bins a numeric column."""
