"""Convolutions over a picture, a series or a recording."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model

SEEN = frozenset({"image", "sequence", "audio"})
"""Kinds that it sees."""


class Settings(Model):
    """Convolutions over a picture, a series or a recording; the default for a picture or a recording alone."""

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
        """One picture or recording best of all; of series others see more."""
        return 2 if len(kinds) == 1 and kinds <= SEEN else 0

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It sees one picture, series or recording, and nothing beside it."""
        seen = sum(feature.kind in SEEN for feature in features.values())
        if seen == 1 and len(features) == 1:
            return ""
        found = f"there are {seen}" if seen != 1 else "there are other features beside it"
        return f"model.family cnn needs exactly one image, sequence or audio feature, and {found}"
