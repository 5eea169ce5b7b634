"""The wide part over a text: logits linear in the TF-IDF of hashed n-grams.

TF-IDF with the logarithm of counts and rows of length 1; where the labels are classes, each n-gram's weight is what its
naive-Bayes log-count ratio is multiplied by (Wang and Manning 2012, "Baselines and bigrams"), so that those which tell
nothing stay near zero. N rows, B of them a batch, T n-grams of the longest, V n-grams that are known, K outputs.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from keepfit.data.batch import RaggedTensor, Rows
from keepfit.features.text.grams import BUCKETS
from keepfit.models.linear_fit import Floats, Matrix

KNOWN = 1 << 18
"""V: those in the most train rows, and in two at least."""
_LEAST = 2
"""Train rows that an n-gram must be in."""


class Grams(nn.Module):
    """Counts of n-grams → K numbers. Nothing here is learned by steps."""

    strengths: ClassVar[tuple[float, ...]] = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
    """On validation rows 30 was best of hotel reviews and airline tweets, and 100 or more of short messages."""
    variants: ClassVar[tuple[bool, ...]] = (True,)
    place: Tensor
    """Bucket → place from 1 [BUCKETS + 1]; 0 for one that is not known."""
    scale: Tensor
    """The logarithm of rows over rows with it [V + 1]; 0 for place 0."""
    weight: Tensor

    def __init__(self, name: str, outputs: int) -> None:
        super().__init__()
        self.name = name
        self.register_buffer("place", torch.zeros(BUCKETS + 1, dtype=torch.int32))
        self.register_buffer("scale", torch.zeros(KNOWN + 1))
        self.register_buffer("weight", torch.zeros(KNOWN + 1, outputs))

    def forward(self, pairs: Tensor) -> Tensor:
        """int64 [B, T, 2]: buckets, 0 behind the end, and counts → [B, K]."""
        place = self.place[pairs[..., 0].clamp(0, BUCKETS)].long()
        values = (1 + pairs[..., 1].clamp_min(1).float().log()) * self.scale[place]
        length = values.square().sum(1, keepdim=True).sqrt().clamp_min(1e-9)
        summed: Tensor = ((values / length)[..., None] * self.weight[place]).sum(1)
        return summed

    def see(self, rows: Rows, *others: Rows) -> None:
        """Which n-grams are known, and what each is worth, from the first rows; then look at all of them."""
        grams = _grams(rows, self.name)
        having = np.bincount(grams.values[:, 0].numpy(), minlength=BUCKETS + 1)
        order = np.argsort(-having, kind="stable")[:KNOWN]
        known = np.sort(order[having[order] >= _LEAST])
        self.known = len(known) + 1
        self.place.zero_()[torch.from_numpy(known)] = torch.arange(1, self.known, dtype=torch.int32)
        idf = np.log((1 + len(grams.lengths)) / (1 + having[known])) + 1
        self.scale.zero_()[1 : self.known] = torch.from_numpy(idf)
        self._seen = [self._columns(some) for some in (rows, *others)]

    def turn(self, _variant: bool) -> list[Matrix]:
        """The columns [N, V + 1] of the rows that were seen, as they were given."""
        return self._seen

    def _columns(self, rows: Rows) -> Matrix:
        """[N, V + 1]."""
        grams = _grams(rows, self.name)
        pairs, lengths, ends = grams.values.numpy(), grams.lengths.numpy(), grams.offsets.numpy()
        place = self.place.numpy()[pairs[:, 0]]
        values = (1 + np.log(pairs[:, 1], dtype=np.float32)) * self.scale.numpy()[place]
        number = np.repeat(np.arange(len(lengths)), lengths)
        norm = np.sqrt(np.bincount(number, values**2, minlength=len(lengths))).astype(np.float32)
        made = sparse.csr_matrix((values / np.maximum(norm, 1e-9)[number], place, ends), (len(lengths), self.known))
        made.eliminate_zeros()
        return made

    def take(self, weight: Floats) -> None:
        """What was fitted [V + 1, K]."""
        self.weight.zero_()[: len(weight)] = torch.from_numpy(weight)
        del self._seen
        self.weight[0] = 0  # what is not known says nothing

    @staticmethod
    def prior(rows: Matrix, labels: Tensor, outputs: int) -> Floats:
        """Each n-gram's log-count ratio of a class against the others [V + 1, K], from whether rows have it."""
        there = sparse.csr_matrix((np.ones_like(rows.data), rows.indices, rows.indptr), rows.shape)
        classes = labels.numpy() if labels.ndim == 2 else np.eye(outputs, dtype=np.float32)[labels.numpy()]
        within = there.T @ classes + 1
        without = there.T @ (1 - classes) + 1
        return np.asarray(np.log((within / within.sum(0)) / (without / without.sum(0))), np.float32)


def _grams(rows: Rows, name: str) -> RaggedTensor:
    found = rows.inputs[name]
    assert isinstance(found, RaggedTensor)
    return found
