"""Texts as token ids: Hugging Face's `tokenizers`, trained on the train rows. n texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from keepfit.data.ragged import Ragged, ends
from keepfit.features.text.grams import MOST

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, UNKNOWN = "<pad>", "<unk>"
"""The first two ids, 0 and 1."""
_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
"""What stands for a character that training did not see, under names that decoders know."""
_ALPHABET = 6000
"""Different characters that are tokens by themselves: there are more Chinese ones, and each is rare."""
_OFTEN = 2
"""How often a token must be seen."""


def trained(texts: Sequence[str], kind: str, vocabulary: int) -> str:
    """A tokenizer as JSON; the same for the same texts."""
    from tokenizers import trainers

    made, special = _untrained(kind), [PAD, UNKNOWN]
    limits: dict[str, Any] = {"vocab_size": vocabulary, "min_frequency": _OFTEN, "show_progress": False}
    trainer: Any = trainers.WordLevelTrainer(special_tokens=special, **limits)
    if kind == "bpe":
        letters = min(_ALPHABET, vocabulary // 2)
        trainer = trainers.BpeTrainer(special_tokens=[*special, *_BYTES], limit_alphabet=letters, **limits)
    made.train_from_iterator((text[:MOST] for text in texts), trainer)
    return made.to_str()


def size(tokenizer: str) -> int:
    """Tokens it knows."""
    return int(_opened(tokenizer).get_vocab_size())


def encoded(texts: Sequence[str], tokenizer: str, length: int) -> Ragged:
    """Ids int32 [T] a text, T at most `length`; 1 where nothing is known."""
    # A character is a token at the least, but for blanks: what lies beyond is not read twice.
    cut = [text[: min(MOST, 16 * length)] for text in texts]
    ids = [found.ids[:length] for found in _opened(tokenizer).encode_batch_fast(cut, add_special_tokens=False)]
    flat = np.fromiter((one for found in ids for one in found), np.int32)
    return Ragged(flat, ends(np.array([len(found) for found in ids], np.int64)), 0)


def pieces(text: str, tokenizer: str) -> list[tuple[int, int]]:
    """Where each token stands in the text, from and to."""
    return [*_opened(tokenizer).encode(text[:MOST], add_special_tokens=False).offsets]


def _untrained(kind: str) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    model: Any
    cuts: list[Any]
    if kind == "bpe":
        model = models.BPE(unk_token=UNKNOWN, byte_fallback=True)
        cuts = [pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=True)]
    elif kind == "words":
        model = models.WordLevel(unk_token=UNKNOWN)
        cuts = [pre_tokenizers.Whitespace()]
    else:
        model = models.WordLevel(unk_token=UNKNOWN)
        cuts = [pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")]
    made = Tokenizer(model)
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Sequence(cuts)
    return made


@lru_cache(maxsize=16)
def _opened(tokenizer: str) -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(tokenizer)
