"""Embeddings of every column through dense layers."""

from typing import ClassVar, Literal

from keepfit.models.settings import DenseSettings


class Settings(DenseSettings):
    """Embeddings of every column, concatenated, through dense layers."""

    hint: ClassVar[str] = "or auto, wide_deep"
    family: Literal["mlp"] = "mlp"

    @classmethod
    def suits(cls, _kinds: frozenset[str]) -> int:
        """Everything, somehow."""
        return 1
