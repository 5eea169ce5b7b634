"""What is said of a column of series."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.features.column import Choice, ColumnFacts
from keepfit.features.kind import Region, ServedColumn
from keepfit.features.sequence.packed import packed, unpack, whole
from keepfit.features.shared import heat
from keepfit.features.words import Told, Words, share

_LEAST = 8
"""Steps that there must be on average: three numbers are a place or a telephone's."""
_WIDE, _HIGH, _SHOWN = 160, 160, 6
_COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2")


class SequenceWords(Words):
    """Words of this kind."""

    kind: ClassVar[str] = "sequence"
    asked: ClassVar[int] = 1

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Lists of numbers, lists of such lists, or texts of several numbers."""
        try:
            found = packed(column.some if column.some is not None else column.texts.slice(0, 50))
        except (pa.ArrowException, ValueError, TypeError):
            return None
        if pa.types.is_binary(getattr(column.some, "type", pa.string())) or found.null_count > len(found) // 10:
            return None
        series = [unpack(cell) for cell in found.drop_null().to_pylist()]
        lengths = [len(one) for one in series]
        if not series or np.mean(lengths) < _LEAST:
            return None
        channels = max(one.shape[1] for one in series)
        span = f"{min(lengths):,}" + ("" if min(lengths) == max(lengths) else f" to {max(lengths):,}")
        several = f" of {channels} channels" if channels > 1 else ""
        gaps = "" if column.some is not None else column.gaps
        return Choice(column.name, self.kind, f"series, {span} steps{several}{gaps}", may_all_differ=True)

    def meaning(self, column: ServedColumn) -> str:
        """In words."""
        return f"float32 [rows, steps, {column['channels']}], at most {column['length']:,} steps, NaN behind the end"

    def example(self) -> str:
        """Python."""
        return "series"

    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """How long they are."""
        low, high = profile["shortest"], profile["longest"]
        text = f"{low:,} steps" if low == high else f"{low:,} to {high:,} steps"
        several = f", {profile['channels']} channels" if profile["channels"] > 1 else ""
        return Told(text + several, missing=share(profile["missing"], rows))

    def picture(self, cell: Any, entry: Any) -> str | None:
        """A line a channel, each from its own least to its own most."""
        return None if cell is None else _drawn(cell, entry)

    def part(self, _cell: Any, part: Region, _entry: Any) -> str:
        """The steps."""
        return f"steps {part[0] + 1:,} to {part[1]:,}"

    def explained(self, cell: Any, entry: Any, rests_on: Sequence[Sequence[float]]) -> str | None:
        """The lines over the effects."""
        effects = heat.effects([min(len(unpack(cell)), entry.length)], rests_on)
        return _drawn(cell, entry, "".join(_bands(effects)))


WORDS = SequenceWords()


def _drawn(cell: bytes, entry: Any, behind: str = "") -> str:
    """A data: address of an SVG."""
    series = whole(unpack(cell), entry.channels, entry.length)
    lines = "".join(_line(channel, _COLOURS[n]) for n, channel in enumerate(series.T[:_SHOWN]))
    size = f'width="{_WIDE}" height="{_HIGH}" viewBox="0 0 {_WIDE} {_HIGH}"'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{ground}{behind}{lines}</svg>'
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"


def _bands(effects: NDArray[np.float64]) -> Iterator[str]:
    """Stripes from top to bottom, a step each or more."""
    count = min(len(effects), _WIDE - 8)
    wide = (_WIDE - 8) / max(count, 1)
    for number, place in enumerate(np.linspace(0, len(effects) - 1, count).round().astype(int)):
        colour = "#{:02x}{:02x}{:02x}".format(*(heat.FOR if effects[place] > 0 else heat.AGAINST))
        rect = f'<rect x="{4 + number * wide:.2f}" y="0" width="{wide:.2f}" height="{_HIGH}" fill="{colour}"'
        yield f'{rect} fill-opacity="{0.6 * abs(effects[place]):.2f}"/>'


def _line(values: Any, colour: str) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return ""
    low, high = float(known.min()), float(known.max())
    across = np.linspace(4, _WIDE - 4, len(values))
    down = _HIGH - 6 - (_HIGH - 12) * (values - low) / ((high - low) or 1.0)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True) if np.isfinite(y))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.2"/>'
