"""Real English texts that the project may carry: sentences of scikit-learn's descriptions of its data sets."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import pandas as pd

HOLDS = {
    "twenty_newsgroups": "texts", "rcv1": "texts", "lfw": "pictures", "olivetti_faces": "pictures",
    "digits": "pictures",
}  # fmt: skip
"""What a set holds; the others hold tables."""


@cache
def sentences() -> pd.DataFrame:
    """`said`, a sentence or a line of a list, and `of`, what the set that it tells of holds; some 300 rows."""
    rows = []
    for path in sorted(files("sklearn.datasets.descr").iterdir(), key=lambda one: one.name):
        if path.name.endswith(".rst"):
            parts = re.split(r"(?<=[.:;])\s+|\n\s*\n", path.read_text("utf-8"))
            kept = [" ".join(part.split()) for part in parts]
            of = HOLDS.get(path.name.removesuffix(".rst"), "tables")
            rows += [(part, of) for part in kept if len(part.split()) > 5]
    return pd.DataFrame(rows, columns=["said", "of"])
