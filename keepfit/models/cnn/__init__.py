"""Convolutions over a picture, a series or a recording."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model
from keepfit.models.settings import Activation

SEEN = frozenset({"image", "sequence", "audio"})
"""Kinds that it sees."""


PLAIN = ("depth", "widest", "dense", "batch_norm", "activation")
"""Settings of one variant."""


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
    depth: int | None = Field(default=None, ge=1, le=16)
    """Of plain: blocks, each with twice the channels of the one before; as many as halve a side to 3 when left out."""
    widest: int | None = Field(default=None, ge=4, le=4096)
    """Of plain: channels of a block at most."""
    dense: int | None = Field(default=None, ge=1, le=65_536)
    """Of plain: units of the dense layer before the head."""
    batch_norm: bool | None = None
    """Of plain: batch normalisation after each convolution; on when left out."""
    activation: Activation | None = None
    """Of plain: what follows on each convolution and the dense layer; relu when left out."""

    @classmethod
    def suits(cls, kinds: frozenset[str]) -> int:
        """One picture or recording best of all; of series others see more."""
        return 2 if len(kinds) == 1 and kinds <= SEEN else 0

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It sees one picture, series or recording, and nothing beside it."""
        said = [name for name in PLAIN if getattr(self, name) is not None]
        pictures = all(feature.kind == "image" for feature in features.values())
        if said and (self.variant != "plain" or not pictures):
            return f"model.{said[0]} of a cnn needs model.variant plain, which is over a picture"
        seen = sum(feature.kind in SEEN for feature in features.values())
        if seen == 1 and len(features) == 1:
            return ""
        found = f"there are {seen}" if seen != 1 else "there are other features beside it"
        return f"model.family cnn needs exactly one image, sequence or audio feature, and {found}"
