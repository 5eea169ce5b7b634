"""What a person reads on the terminal."""

from __future__ import annotations

import sys

from keepfit.quoting import visible


def say(text: str, *, error: bool = False, end: str = "\n") -> None:
    """Print on standard output, or as an `error`; whatever letters the terminal can show, and no commands for it."""
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    print(
        visible(text, kept="\n\t").encode(encoding, "backslashreplace").decode(encoding),
        file=stream,
        end=end,
        flush=True,
    )
