"""Passages of text."""

from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature
from keepfit.data import transform
from keepfit.data.transform import View
from keepfit.features.shared.vocabulary import tokens_of

__all__ = ["Entry", "Settings"]

Tokens = Literal["characters", "words", "subwords"]


class Settings(Feature):
    """A text of which every character counts, blanks and capitals too, so that it can be written on."""

    kind: Literal["passage"] = "passage"
    tokens: Tokens | None = None
    """What it is cut into. When left out, characters where there is little text, and else subwords: frequent pieces of
    words, and bytes for what was never seen."""
    vocabulary: int | None = Field(default=None, ge=300, le=200_000)
    """Tokens that are known, at most."""


class Entry(transform.Entry):
    """How passages are cut."""

    group: ClassVar[str] = "passage"
    dtype: ClassVar[str] = "<i4"
    rank: ClassVar[int] = 4

    tokens: Tokens
    tokenizer: str
    """As JSON, in the form of Hugging Face's `tokenizer.json`."""
    vocabulary: int
    """Tokens it knows: 0, which is none, and 1, which stands for all that are unknown, among them."""
    spelling: float
    """Nats that it costs to say which an unknown token is; 0 where none is unknown."""
    steps: int
    """Tokens of a typical passage."""
    edges: tuple[float, ...]
    """Lengths in tokens between which tenths of the train rows lie."""

    @property
    def words(self) -> tuple[str, ...]:
        """The tokens."""
        return tokens_of(self.tokenizer)

    @property
    def views(self) -> tuple[View, ...]:
        """Token ids from 1 on."""
        return (View(self.dtype, pad=0, steps=self.steps),)
