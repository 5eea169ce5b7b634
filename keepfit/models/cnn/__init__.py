"""Convolutions over a picture."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model


class Settings(Model):
    """Convolutions over a picture; the default for images."""

    hint: ClassVar[str] = "variant: plain is the textbook's; the default is fast and strong"
    family: Literal["cnn"] = "cnn"
    variant: Literal["fast", "plain"] = "fast"
    """fast: the strong default; plain: the conv-pool blocks of textbooks, with batch norm and dropout."""
    width: int | None = Field(default=None, ge=4, le=4096)
    """Channels of the first block."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped before the head."""

    @classmethod
    def suits(cls, kinds: frozenset[str]) -> int:
        """Pictures, best of all."""
        return 2 if kinds == {"image"} else 0

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It sees one picture and nothing beside it."""
        pictures = sum(feature.kind == "image" for feature in features.values())
        if pictures == 1 and len(features) == 1:
            return ""
        found = f"there are {pictures}" if pictures != 1 else "there are other features beside it"
        return f"model.family cnn needs exactly one image feature, and {found}"
