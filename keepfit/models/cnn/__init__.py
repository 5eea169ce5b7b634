"""Convolutions over a picture, or over a series."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model


class Settings(Model):
    """Convolutions over a picture, or over the steps of a series; the default for either alone."""

    hint: ClassVar[str] = "variant: plain is the textbook's; the default is fast and strong"
    family: Literal["cnn"] = "cnn"
    variant: Literal["fast", "plain"] = "fast"
    """Over pictures. fast: the strong default; plain: textbooks' conv-pool blocks, with batch norm and dropout."""
    width: int | None = Field(default=None, ge=4, le=4096)
    """Channels of the first block."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped before the head."""

    @classmethod
    def suits(cls, kinds: frozenset[str]) -> int:
        """Pictures, or series, best of all."""
        return 2 if kinds in ({"image"}, {"sequence"}) else 0

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It sees one picture or one series, and nothing beside it."""
        seen = sum(feature.kind in ("image", "sequence") for feature in features.values())
        if seen == 1 and len(features) == 1:
            return ""
        found = f"there are {seen}" if seen != 1 else "there are other features beside it"
        return f"model.family cnn needs exactly one image or sequence feature, and {found}"
