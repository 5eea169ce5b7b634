"""What a person reads on the terminal."""

from __future__ import annotations

import sys


def say(text: str, *, error: bool = False) -> None:
    """Print on standard output, or as an `error`; whatever letters the terminal can show, and no commands for it."""
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    print(visible(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def visible(text: str) -> str:
    """Control characters as escapes: a name from the data must not clear the screen or write what we did not say."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)
