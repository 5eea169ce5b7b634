"""Small tables of whatever kinds, names and gaps, as a person may hand them to `keepfit init`."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

ODD_NAMES = (
    "id", "yes", "no", "on", "null", "~", "1", "1.5", "-", "?", "a: b", "a#b", "# a", "a, b", "[x]", "{x}", "&a", "*a",
    "!t", "%x", "@x", "`x`", "'", "a'b", "a\\b", "a\"b", "a\nb", "北京", "é", "a\x07b", "a\x85b", "\u202eab", "🙂",
    "x" * 1100, "prediction", "probability", "model_version", "file", "row", "target", "keepfit_row",
    "columns", "columns/0", "column_0", "numbers", "codes", "labels", "image", "A",
    "a", "features", "kind", "batch", "select", "value", "count", "names", "number", "=1+1", "a.b", "a/b", "<b>", "0",
)  # fmt: skip
WORDS = ("a", "b", "c", "red", "grün", "yes", "no", "x y", "N/A-ish", "0", "01", "1e5", "-", "true", "ß", "'", "\u200b")


@dataclass(frozen=True)
class Made:
    """A table, and the column to ask for."""

    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    target: str

    def text(self, rows: slice = slice(None)) -> str:
        """As CSV."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.names)
        writer.writerows([*zip(*self.columns, strict=True)][rows])
        return out.getvalue()


def _cells(kind: str, rows: int, draw: st.DrawFn) -> list[str]:
    random = Random(draw(st.integers(0, 1 << 32)))
    some = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6, unique=True))
    made = {
        "float": lambda i: f"{random.gauss(0, 10 ** random.randint(-3, 4)):.6g}",
        "int": lambda i: str(random.randint(-5, 50)),
        "few": lambda i: str(random.randint(0, 2)),
        "huge": lambda i: str(random.randint(0, 10**18)),
        "word": lambda i: random.choice(some),
        "rare": lambda i: some[0] if i else "only once",
        "bool": lambda i: random.choice(["true", "false"]),
        "date": lambda i: f"20{random.randint(10, 24)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}",
        "count": lambda i: str(i),
        "id": lambda i: f"k{random.randint(0, 10**9)}",
        "constant": lambda i: some[0],
        "one value": lambda i: "7" if i == 0 else "",
        "empty": lambda i: "",
        "mixed": lambda i: random.choice(["1", "2.5", "x", "2020-01-01", ""]),
        "sentence": lambda i: f"this is what person {random.randint(0, 999)} had to say of it",
    }[kind]
    return [made(i) for i in range(rows)]


KINDS = ("float", "int", "few", "huge", "word", "rare", "bool", "date", "count", "id", "constant", "one value",
         "empty", "mixed", "sentence")  # fmt: skip
TARGETS = ("float", "int", "few", "word", "rare", "bool", "date", "few", "word", "bool", "mixed", "constant")


@st.composite
def tables(draw: st.DrawFn) -> Made:
    """A table of 4 to 90 rows and up to five columns, with gaps."""
    rows = draw(st.sampled_from([12, 25, 40, 60, 90, 130]))
    kinds = [draw(st.sampled_from(TARGETS)), *draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))]
    odd = st.sampled_from(ODD_NAMES) | st.text(st.characters(codec="utf-8", min_codepoint=1), min_size=1, max_size=8)
    names = draw(st.lists(odd, min_size=len(kinds), max_size=len(kinds), unique=True))
    columns = []
    for place, kind in enumerate(kinds):
        cells = _cells(kind, rows, draw)
        gaps = draw(st.sampled_from([0, 0, 0, 1, 3, rows // 2, rows - 1] if place else [0, 0, 1]))
        for gap in range(gaps):
            cells[(gap * 7 + place) % rows] = ""
        columns.append(tuple(cells))
    order = draw(st.permutations(range(len(kinds))))
    return Made(tuple(names[i] for i in order), tuple(columns[i] for i in order), names[0])
