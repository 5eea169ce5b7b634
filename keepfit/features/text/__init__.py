"""Text in any language."""

from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature
from keepfit.data import transform
from keepfit.data.transform import View
from keepfit.features.shared.vocabulary import tokens_of

__all__ = ["Entry", "Settings"]


class Settings(Feature):
    """Words of people, in any language: read as tokens by networks, and as n-grams by linear models."""

    kind: Literal["text"] = "text"
    tokens: Literal["bpe", "words", "characters"] = "bpe"
    """bpe: frequent pieces of words (Sennrich et al. 2016), and bytes for what was never seen; words and characters:
    the frequent ones."""
    vocabulary: int = Field(default=8000, ge=300, le=200_000)
    """Tokens that are known, at most."""
    length: int = Field(default=256, ge=1, le=8192)
    """Tokens of a cell that a network reads; n-grams are taken from the first 20,000 characters."""


class Entry(transform.Entry):
    """The tokens, and how n-grams are taken."""

    group: ClassVar[str] = "text"
    dtype: ClassVar[str] = "<i4"
    rank: ClassVar[int] = 3

    tokenizer: str
    """The tokenizer as JSON, in the form of Hugging Face's `tokenizer.json`."""
    vocabulary: int
    """Tokens it knows, the one that pads, 0, among them."""
    length: int
    """Tokens of a cell at most."""
    grams: Literal["words", "characters"]
    """What n-grams are of: see `keepfit.features.text.grams`."""
    missing: int
    """Train rows without a text."""
    edges: tuple[float, ...] = ()
    """Lengths in tokens between which tenths of the train rows lie."""
    steps: int = 1
    """Tokens of a typical cell."""
    distinct: int = 1
    """Different n-grams of a typical cell."""

    @property
    def words(self) -> tuple[str, ...]:
        """The tokens."""
        return tokens_of(self.tokenizer)

    @property
    def views(self) -> tuple[View, ...]:
        """Token ids [T] from 1, and n-grams [T, 2]: a bucket from 1, and how often it occurs."""
        return (
            View("<i4", pad=0, steps=self.steps),
            View("<i4", (2,), name="grams", pad=0, steps=self.distinct),
        )
