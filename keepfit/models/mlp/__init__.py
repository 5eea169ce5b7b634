"""Embeddings of every column, or a picture's pixels, through dense layers."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from keepfit.config.sections import Feature
from keepfit.models.settings import DenseSettings


class Settings(DenseSettings):
    """Embeddings of every column, concatenated, through dense layers."""

    hint: ClassVar[str] = "or auto, wide_deep"
    family: Literal["mlp"] = "mlp"
    variant: Literal["embedded", "plain"] = "embedded"
    """embedded: dense layers over vectors that columns become; plain: textbooks', over the pixels of one picture."""

    @classmethod
    def suits(cls, _kinds: frozenset[str]) -> int:
        """Everything, somehow."""
        return 1

    def problem(self, features: Mapping[str, Feature]) -> str:
        """Pixels are those of one picture, and have no bins."""
        if self.variant == "embedded":
            return ""
        if [feature.kind for feature in features.values()] != ["image"]:
            return "model.variant plain of an mlp needs exactly one image feature, and nothing beside it"
        return "model.bins are of columns, which model.variant plain does not have" if self.bins else ""
