"""Values of the data in sentences for a person: on one line, cut, and with nothing in them that a terminal obeys."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date

WIDEST = 60
"""Characters of a value that are quoted: enough to find it, and a cell may hold a novel."""
NAMED = 3
"""So many of several are named in a sentence; the rest are counted."""
_QUOTED = re.compile(r'"([^"]*)"')
_WORD = re.compile(r"[^\s/]{81,}?(?=\.?(?:[\s/]|$))")
"""None of ours is so long; a full stop behind it stays."""


def visible(text: str, kept: str = "") -> str:
    """The text with control characters, line breaks and marks of direction as escapes, but for those `kept`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else repr(c)[1:-1] for c in text)


def cut(text: str, width: int = WIDEST) -> str:
    """So many characters of a text; that there are more is said by the last."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def shown(value: object, width: int = WIDEST) -> str:
    """A value as YAML would write it, cut: 'wide', 3, true, null, [1, 2]; no object of Python's."""
    if isinstance(value, str):
        return f"'{cut(visible(value[: width + 1]), width)}'"
    if isinstance(value, date):
        return value.isoformat()
    return cut(visible(json.dumps(value, ensure_ascii=False, default=str)), width)


def yaml(json_text: str) -> str:
    """JSON as YAML takes it: what is no letter in YAML stands in JSON's texts alone, and is escaped there."""
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in json_text)


def some(clauses: Sequence[str], count: int | None = None) -> str:
    """The first of several, and how many more there are; `count` of them, where not all are here."""
    count = len(clauses) if count is None else count
    more = f"; and {count - NAMED:,} more" if count > NAMED else ""
    return "; ".join(clauses[:NAMED]) + more


def in_brief(error: BaseException) -> str:
    """What a library said of a fault, in a clause: its first line, or the error's name where it said nothing."""
    return (str(error) or type(error).__name__).splitlines()[0][:200].rstrip(".")


def one_line(text: str, most: int) -> str:
    """A sentence with what it quotes cut, and in so many characters: whatever was put into it, it can be printed."""
    quoted = _QUOTED.sub(lambda found: f'"{cut(found.group(1))}"', visible(text[: 20 * most]))
    return cut(_WORD.sub(lambda found: cut(found.group()), quoted), most)


def size(count: int) -> str:
    """So many bytes: `0 B`, `12.3 kB`, `4.5 GB`."""
    for step, unit in enumerate(("B", "kB", "MB", "GB")):
        if count < 1000 ** (step + 1):
            return f"{count / 1000**step:.{1 if step else 0}f} {unit}"
    return f"{count / 1000**4:.1f} TB"
