"""Passages as token ids, and back without loss: Hugging Face's `tokenizers`, trained on the train rows. n texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keepfit.features.shared.tokenized import OFTEN, UNKNOWN, opened

_SPECIAL = ["<none>", "<unknown>"]
_CUTS = {"characters": r"[\s\S]", "words": r"\w+|\s|[^\w\s]"}


def trained(texts: Sequence[str], kind: str, vocabulary: int) -> str:
    """A tokenizer as JSON; the same for the same texts."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    made: Any
    trainer: Any
    limits: dict[str, Any] = {
        "vocab_size": vocabulary, "special_tokens": _SPECIAL, "show_progress": False, "min_frequency": OFTEN,
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


def decoded(ids: Sequence[int], tokenizer: str) -> str:
    """The text of ids; what is none or unknown is left out."""
    return str(opened(tokenizer).decode([*ids], skip_special_tokens=True))


def unknown(text: str, tokenizer: str) -> list[str]:
    """The different parts of a text that are unknown tokens, in their order."""
    found = opened(tokenizer).encode(text)
    pairs = zip(found.ids, found.offsets, strict=True)
    return [*dict.fromkeys(text[start:end] for id, (start, end) in pairs if id == UNKNOWN)]
