"""What comes next in a text: a language model."""

from typing import ClassVar, Literal

from keepfit.config.sections import Problem
from keepfit.data import transform

__all__ = ["Settings", "Target"]


class Settings(Problem):
    """What comes next in a text, token by token; the text is the target and the one feature."""

    compared: ClassVar[tuple[str, ...]] = ("nats_per_character", "bits_per_character")
    gated: ClassVar[tuple[str, ...]] = ("nats_per_character", "bits_per_character", "perplexity")
    proofs: ClassVar[tuple[str, ...]] = ()
    guess: ClassVar[str] = "shares of the tokens"
    reads_itself: ClassVar[bool] = True
    kind: Literal["next_token"] = "next_token"


class Target(transform.Target):
    """How long the train rows' texts are."""

    dtype: ClassVar[str] = "<i8"
    """A label is how many characters a text has."""

    characters: float
    """Of a text, in the mean."""

    @property
    def outputs(self) -> int:
        """What a text cost in nats, and how many tokens it has."""
        return 2
