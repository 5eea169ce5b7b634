"""What predicting a file came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Predicted:
    """One file of predictions."""

    out: str
    rows: int
    """Lines."""
    bad: int
    """Of those, lines that are empty, as their rows could not be read; `out`.unread.json names them."""
    version: str
    bundle: str
    notes: tuple[str, ...]
    """What a person should read."""
    seconds: float

    def __str__(self) -> str:
        """A sentence, and a line for each note."""
        did = f"Predicted {self.rows - self.bad:,} rows with version {self.version} in {self.seconds:.1f} s: {self.out}"
        return "\n".join([did, *self.notes])

    def json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)
