"""A run of numbered columns by its first and last: `v1..v140`."""

from __future__ import annotations

import re

_SPAN = re.compile(r"(.*?)(\d+)\.\.(.*?)(\d+)")
_MOST = 1_000_000


def checked(columns: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """A list of names or a span, as it is. Raises ValueError for what is no span."""
    listed(columns)
    return columns


def listed(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    """The names of either."""
    return named(columns) if isinstance(columns, str) else columns


def named(said: str) -> tuple[str, ...]:
    """`v1..v140` → v1, v2, … v140. Raises ValueError for what is no such span."""
    found = _SPAN.fullmatch(said)
    if not found or found[1] != found[3] or not 0 < int(found[4]) - int(found[2]) < _MOST:
        raise ValueError(f'columns says "{said}": a span is FIRST..LAST, such as v1..v140; or list their names')
    width = len(found[2]) if len(found[2]) == len(found[4]) else 0
    return tuple(f"{found[1]}{number:0{width}d}" for number in range(int(found[2]), int(found[4]) + 1))
