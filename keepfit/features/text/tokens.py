"""Texts as token ids: Hugging Face's `tokenizers`, trained on the train rows. n texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keepfit.data.ragged import Ragged
from keepfit.features.shared.tokenized import OFTEN, ids_of, opened
from keepfit.features.text.grams import MOST

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, UNKNOWN = "<pad>", "<unk>"
"""The first two ids, 0 and 1."""
_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
"""What stands for a character that training did not see, under names that decoders know."""
_ALPHABET = 6000
"""Different characters that are tokens by themselves: there are more Chinese ones, and each is rare."""


def trained(texts: Sequence[str], kind: str, vocabulary: int) -> str:
    """A tokenizer as JSON; the same for the same texts."""
    from tokenizers import trainers

    made, special = _untrained(kind), [PAD, UNKNOWN]
    limits: dict[str, Any] = {"vocab_size": vocabulary, "min_frequency": OFTEN, "show_progress": False}
    trainer: Any = trainers.WordLevelTrainer(special_tokens=special, **limits)
    if kind == "bpe":
        letters = min(_ALPHABET, vocabulary // 2)
        trainer = trainers.BpeTrainer(special_tokens=[*special, *_BYTES], limit_alphabet=letters, **limits)
    made.train_from_iterator((text[:MOST] for text in texts), trainer)
    return made.to_str()


def encoded(texts: Sequence[str], tokenizer: str, length: int) -> Ragged:
    """Ids int32 [T] a text, T at most `length`; 1 where nothing is known."""
    # A character is a token at the least, but for blanks: what lies beyond is not read twice.
    return ids_of([text[: min(MOST, 16 * length)] for text in texts], tokenizer, length)


def pieces(text: str, tokenizer: str) -> list[tuple[int, int]]:
    """Where each token stands in the text, from and to."""
    return [*opened(tokenizer).encode(text[:MOST], add_special_tokens=False).offsets]


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
