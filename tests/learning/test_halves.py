"""Distances of validation rows that had no say in the epoch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from keepfit.learning.halves import Halves
from keepfit.problems.regression import Settings
from keepfit.problems.regression.learn import Value
from keepfit.problems.regression.space import fitted

EPOCHS = 20


def added(misses: Tensor) -> Halves:
    """After these epochs [E, 1 + D, N]."""
    found = Halves()
    for epoch in misses:
        found.add(epoch)
    return found


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 3))
def test_a_rows_distances_are_those_of_the_epoch_in_which_the_other_half_is_best(
    seed: int, rows: int, several: int
) -> None:
    misses = torch.rand(EPOCHS, 1 + several, rows, generator=torch.Generator().manual_seed(seed)).double()
    losses, distances = misses[:, 0], misses[:, 1:]
    chosen = [losses[:, torch.arange(rows) % 2 != row % 2].sum(1).argmin() for row in range(rows)]
    wanted = torch.stack([distances[epoch, :, row] for row, epoch in enumerate(chosen)], 1)
    assert added(misses).distances.equal(wanted)


def test_going_on_is_as_if_never_stopped() -> None:
    misses = torch.rand(EPOCHS, 2, 9)
    again = Halves()
    again.restore(added(misses[:7]).state())
    for epoch in misses[7:]:
        again.add(epoch)
    assert again.distances.equal(added(misses).distances)


@pytest.mark.parametrize("rows", [20, 45, 57])
def test_rows_that_choose_among_chance_answers_cover_new_ones_as_often_as_they_say(rows: int) -> None:
    """Every epoch's answers are noise, so the rows that choose among them lie far too near to the chosen one's."""
    learning = Value(Settings(), fitted(np.array([-9.0, -1, 1, 9]), "y", log=False))
    draw, labels = torch.Generator().manual_seed(0), torch.zeros(rows)
    covered, naive = [], []
    for _ in range(400):
        outputs, new = torch.randn(EPOCHS, rows, 1, 1, generator=draw), torch.randn(400, generator=draw).abs()
        misses = torch.stack([learning.misses(epoch / 4, labels) for epoch in outputs])
        best = misses[misses[:, 0].sum(1).argmin(), 1:]
        for found, distances in ((covered, added(misses).distances), (naive, best)):
            found.append((new / 4 <= learning.reach(distances)["reach"]).double().mean())
    assert float(torch.stack(covered).mean()) == pytest.approx(0.9, abs=0.01)
    assert float(torch.stack(naive).mean()) < 0.87
