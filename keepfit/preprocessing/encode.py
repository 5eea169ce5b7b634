"""A batch of rows as the typed, untransformed arrays of the shards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.preprocessing.fit import TENSOR, numbers_of, texts_of
from keepfit.preprocessing.pictures import decoded, names_of
from keepfit.preprocessing.split import codes_of

MISSING, UNKNOWN, FIRST = 0, 1, 2
"""Codes of a category; the i-th of the vocabulary is FIRST + i."""

_TYPES: dict[str, np.dtype[Any]] = {"numbers": np.dtype("<f8"), "codes": np.dtype("<i4")}

Arrays = dict[str, NDArray[Any]]
"""`numbers` float64 [n, …], `codes` int32 [n, …], `image` uint8 [n, h, w, c]: those that the features have."""


class Encoder:
    """Turns batches into arrays; the vocabularies are made into arrow arrays once."""

    def __init__(self, features: list[dict[str, Any]]) -> None:
        self._features = features
        self._vocabularies = {f["name"]: pa.array(f.get("vocabulary", []), pa.string()) for f in features}
        self.sizes: dict[str, int] = {}
        """Bytes of a row in each array."""
        for feature in features:
            tensor = TENSOR[feature["kind"]]
            cell = math.prod([*feature["size"], feature["channels"]]) if tensor == "image" else _TYPES[tensor].itemsize
            self.sizes[tensor] = self.sizes.get(tensor, 0) + cell

    def encode(self, batch: pa.RecordBatch, first_row: int) -> Arrays:
        """n rows → arrays of n rows. Raises DataError naming the picture that cannot be decoded."""
        plain = {tensor: kind for tensor, kind in _TYPES.items() if tensor in self.sizes}
        arrays: Arrays = {t: np.empty((batch.num_rows, self.sizes[t] // k.itemsize), k) for t, k in plain.items()}
        for feature in self._features:
            name, tensor = feature["name"], TENSOR[feature["kind"]]
            if tensor == "numbers":
                arrays[tensor][:, feature["slot"]] = numbers_of(batch[name], feature["kind"])
            elif tensor == "codes":
                arrays[tensor][:, feature["slot"]] = self._codes(texts_of(batch[name]), name)
            else:
                arrays[tensor] = decoded(batch[name], feature, names_of(batch, first_row))
        return arrays

    def _codes(self, column: pa.Array, name: str) -> NDArray[np.int32]:
        places = codes_of(column, self._vocabularies[name])
        codes = np.where(places < 0, np.int32(UNKNOWN), places + np.int32(FIRST))
        if column.null_count:
            codes[column.is_null().to_numpy(zero_copy_only=False)] = MISSING
        return codes
