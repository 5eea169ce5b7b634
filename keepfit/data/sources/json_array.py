"""The elements of a JSON array, one by one, as they are written; a damaged one does not take the others with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TextIO

LONGEST = 64 << 20
"""Characters that one element may have."""
_STEP = 1 << 20
_NEAR = 64
"""What is wrong so near to the end of what was read may only be cut off there."""
_BLANKS = re.compile(r"[ \t\r\n]*")
_FIRST = r'\{[ \t\r\n]*"((?:[^"\\]|\\.)*)"'
_OBJECT, _BEGINS = re.compile(_FIRST), re.compile(rf",[ \t\r\n]*{_FIRST}")
"""An object with its first name; a comma before it."""
_DECODER = json.JSONDecoder()


class BrokenArrayError(Exception):
    """What is wrong with an array as a whole, in a clause."""


class Array:
    """An array behind its opening bracket.

    A damaged element ends where an object begins that has the first name of one before it: nothing else tells an
    element from what lies in it.
    """

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._held, self._at = "", 0
        self._names: set[str] = set()
        """The first names of the objects so far."""

    def __iter__(self) -> Iterator[str]:
        """Each element on a line. Raises BrokenArrayError where the array has no end, or something stands behind it."""
        rows = 0
        while (mark := self._mark()) not in ("]", ""):
            rows += 1
            end = self._end(rows) if mark != "," else self._at + 1  # between two commas is nothing
            yield self._held[self._at : end].replace("\n", " ").replace("\r", " ")
            self._at = end
            if mark != "," and self._mark() == ",":
                self._at += 1
        if not mark:
            raise BrokenArrayError(f"it ends behind row {rows}, within the array")
        self._at += 1
        if self._mark():
            raise BrokenArrayError(f"something stands behind the array's end, which is behind row {rows}")

    def _mark(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            self._at = self._past_blanks(self._at)
            if self._at < len(self._held) or not self._more():
                return self._held[self._at : self._at + 1]

    def _past_blanks(self, place: int) -> int:
        found = _BLANKS.match(self._held, place)
        return found.end() if found else place

    def _more(self) -> bool:
        """Read on, and forget what lies behind; the place is 0 from then on."""
        rest = self._held[self._at :]
        more = self._text.read(max(_STEP, len(rest))) if len(rest) < LONGEST else ""
        self._held, self._at = rest + more, 0
        return bool(more)

    def _end(self, row: int) -> int:
        """Where the element that begins here ends, whole or damaged."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except (ValueError, RecursionError) as error:
                if _may_be_cut(error, self._held) and self._more():
                    continue
                return self._next(row)
            behind = self._past_blanks(end)
            if behind == len(self._held) and self._more():
                continue
            if self._held[behind : behind + 1] not in (",", "]", "{", ""):
                return self._next(row)
            if isinstance(value, dict) and value:
                self._names.add(next(iter(value)))
            return end

    def _next(self, row: int) -> int:
        """Where the element behind a damaged one begins, or the array ends."""
        own = _OBJECT.match(self._held, self._at)
        names = self._names or ({own[1]} if own else set())
        while True:
            for found in _BEGINS.finditer(self._held, self._at + 1):
                if not names or found[1] in names:
                    return found.start()
            if not self._more():
                break
        end = self._held.rstrip()
        if not end.endswith("]"):
            raise BrokenArrayError(f"row {row} is damaged, and no other begins behind it")
        return len(end) - 1


def _may_be_cut(error: Exception, held: str) -> bool:
    """Whether what is wrong may be that the text was not read far enough."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.pos >= len(held) - _NEAR or error.msg.startswith("Unterminated string")
