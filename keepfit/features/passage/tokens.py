"""Passages as token ids, and back without loss: Hugging Face's `tokenizers`, trained on the train rows. n texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from keepfit.data.ragged import Ragged, ends

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NONE, UNKNOWN = 0, 1
_SPECIAL = ["<none>", "<unknown>"]
_CUTS = {"characters": r"[\s\S]", "words": r"\w+|\s|[^\w\s]"}
_OFTEN = 2
"""How often a token must be seen: of those seen once the model learns how likely unknown ones are."""


def trained(texts: Sequence[str], kind: str, vocabulary: int) -> str:
    """A tokenizer as JSON; the same for the same texts."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    made: Any
    trainer: Any
    limits: dict[str, Any] = {
        "vocab_size": vocabulary, "special_tokens": _SPECIAL, "show_progress": False, "min_frequency": _OFTEN,
    }  # fmt: skip
    if kind == "subwords":
        made = Tokenizer(models.BPE())
        made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
        trainer = trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **limits)
    else:
        made = Tokenizer(models.WordLevel(unk_token=_SPECIAL[UNKNOWN]))
        made.pre_tokenizer, made.decoder = pre_tokenizers.Split(Regex(_CUTS[kind]), "isolated"), decoders.Fuse()
        trainer = trainers.WordLevelTrainer(**limits)
    made.train_from_iterator(texts, trainer)
    return str(made.to_str())


def size(tokenizer: str) -> int:
    """Tokens it knows."""
    return int(_opened(tokenizer).get_vocab_size())


def encoded(texts: Sequence[str], tokenizer: str) -> Ragged:
    """Ids int32 [T] a text; none of an empty one."""
    found = [np.array(one.ids, np.int32) for one in _opened(tokenizer).encode_batch_fast([*texts])]
    lengths = np.array([len(ids) for ids in found], np.int64)
    return Ragged(np.concatenate([np.zeros(0, np.int32), *found]), ends(lengths), NONE)


def decoded(ids: Sequence[int], tokenizer: str) -> str:
    """The text of ids; what is none or unknown is left out."""
    return str(_opened(tokenizer).decode([*ids], skip_special_tokens=True))


def unknown(text: str, tokenizer: str) -> list[str]:
    """The different parts of a text that are unknown tokens, in their order."""
    found = _opened(tokenizer).encode(text)
    pairs = zip(found.ids, found.offsets, strict=True)
    return [*dict.fromkeys(text[start:end] for id, (start, end) in pairs if id == UNKNOWN)]


@lru_cache(maxsize=16)
def _opened(tokenizer: str) -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(tokenizer)
