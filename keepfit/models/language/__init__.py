"""A language model: what comes next in a text, from what came before."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model


class Settings(Model):
    """Reads a text token by token, and says of each place what comes next; for the problem next_token."""

    hint: ClassVar[str] = "variant: lstm, gru or attention"
    family: Literal["language"] = "language"
    variant: Literal["lstm", "gru", "attention"] = "lstm"
    """lstm, gru: recurrent networks; attention: a causal Transformer."""
    width: int | None = Field(default=None, ge=8, le=8192)
    """Numbers of the state a layer."""
    depth: int | None = Field(default=None, ge=1, le=64)
    """Layers."""
    window: int | None = Field(default=None, ge=8, le=4096)
    """Tokens that an error is followed back through; of attention, how far it looks back."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped between layers."""

    @classmethod
    def suits(cls, kinds: frozenset[str]) -> int:
        """Passages, which no other family reads."""
        return 3 if kinds == {"passage"} else 0

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It reads one passage and nothing beside it."""
        passages = sum(feature.kind == "passage" for feature in features.values())
        if passages == 1 and len(features) == 1:
            return ""
        found = f"there are {passages}" if passages != 1 else "there are other features beside it"
        return f"model.family language needs exactly one passage feature, and {found}"
