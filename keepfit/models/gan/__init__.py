"""A generative adversarial network: new rows of random numbers, as a rival cannot tell them from those there are."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model
from keepfit.models.vae import lacks_cells


class Settings(Model):
    """Makes rows that a rival, which learns with it, cannot tell from the train rows; for the problem synthesis."""

    rows: ClassVar[frozenset[str]] = frozenset({"draw"})
    family: Literal["gan"] = "gan"
    width: int | None = Field(default=None, ge=4, le=65_536)
    """Units a layer of either network."""
    depth: int | None = Field(default=None, ge=1, le=64)
    """Hidden layers of either."""
    penalty: float = Field(default=1.0, ge=0)
    """Weight of the rival's squared gradient at the rows there are (R1)."""

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It makes single values and pictures."""
        return lacks_cells(self.family, features)
