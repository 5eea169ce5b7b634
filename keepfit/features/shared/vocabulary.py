"""The tokens that a tokenizer knows, without the library that made it."""

from __future__ import annotations

import json


def tokens_of(tokenizer: str) -> tuple[str, ...]:
    """By their ids, from a tokenizer's JSON."""
    content = json.loads(tokenizer)
    ids = dict(content.get("model", {}).get("vocab", {}))
    ids |= {one["content"]: one["id"] for one in content.get("added_tokens", ())}
    return tuple(sorted(ids, key=lambda token: int(ids[token])))
