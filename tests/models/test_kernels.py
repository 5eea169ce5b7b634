"""A linear model of what many small kernels answer to, fitted to series before a network learns what it leaves."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from keepfit.data.batch import RaggedTensor, Rows
from keepfit.data.feed import held
from keepfit.data.transform import Transform
from keepfit.features.sequence import Entry
from keepfit.models.linear_fit import Chosen, Fitting, LinearFit
from keepfit.models.wide_deep import Settings, net
from keepfit.models.wide_deep.kernels import KERNELS, Kernels, columns_for
from keepfit.problems.classification.learn import CrossEntropy
from tests.tables import classified

NAN = float("nan")


LINEAR = LinearFit(np.zeros((1, 2), np.float32), np.zeros(2, np.float32))
LOSSES = ([0.5, 0.1, 0.4, 0.2] * 9, [0.1, 0.4, 0.2, 0.4] * 9, [0.3, 0.0, 0.3, 0.1] * 9)
"""Of groups of rows: the second list is less on the mean, by chance."""


def entry_of(channels: int = 1, steps: int = 60) -> Entry:
    moments = {"mean": (0.0,) * channels, "std": (1.0,) * channels}
    return Entry(name="s", kind="sequence", slot=0, channels=channels, length=500, missing=0, steps=steps, **moments)


def rows_of(series: list[np.ndarray], labels: list[int]) -> Rows:
    """Series [T, C] each."""
    ends = torch.tensor([0, *np.cumsum([len(one) for one in series])])
    values = torch.from_numpy(np.concatenate(series).astype(np.float32))
    return Rows({"sequence": RaggedTensor(values, ends, NAN)}, torch.tensor(labels))


def walks(count: int, memory: tuple[float, float], seed: int = 0, channels: int = 1) -> Rows:
    """Two classes whose series remember their last step differently, and are alike otherwise."""
    random, series = np.random.default_rng(seed), []
    for number in range(count):
        found = random.normal(size=(int(random.integers(40, 80)), channels))
        for step in range(1, len(found)):
            found[step] += memory[number % 2] * found[step - 1]
        series.append((found - found.mean(0)) / found.std(0))
    return rows_of(series, [number % 2 for number in range(count)])


def kernels(channels: int = 1, columns: int = 12 * KERNELS) -> Kernels:
    torch.manual_seed(0)
    return Kernels(entry_of(channels), 2, columns)


@pytest.mark.parametrize("columns", [12 * KERNELS, 4 * KERNELS])
@pytest.mark.parametrize("variant", [False, True])
def test_the_module_gives_the_numbers_of_the_fit(columns, variant):
    part, rows = kernels(2, columns), walks(50, (0.2, 0.8), channels=2)
    other = walks(9, (0.2, 0.8), seed=1, channels=2)
    part.see(rows, other)
    known, asked = part.turn(variant)
    fit = Fitting(CrossEntropy(), 2, part.strengths).fitted(known, rows.labels, 30.0)
    part.take(fit.weight)
    for some, found in ((rows, known), (other, asked)):
        given = part(some.batch().inputs["sequence"]).numpy() + fit.bias
        offset = given - fit.logits(found)
        np.testing.assert_allclose(offset, np.zeros_like(offset), atol=2e-3)


def test_a_column_is_the_share_of_steps_above_its_bias():
    part, rows = kernels(), walks(20, (0.0, 0.5))
    part.see(rows)
    series = rows.take(torch.arange(1)).batch().inputs["sequence"]
    found = part.answers(series)[0]
    weights = np.full((KERNELS, 9), -1.0)
    for number, places in enumerate(combinations(range(9), 3)):
        weights[number, list(places)] = 2
    padded = np.pad(series[0, :, 0].numpy(), 4)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 9)
    first = 4 + KERNELS  # behind the moments, and the greatest answers of the first dilation
    for number in (0, 17, KERNELS - 1):
        answers = (windows @ weights[number])[slice(4, -4) if number % 2 == 0 else slice(None)]
        np.testing.assert_allclose(found[4 + number], answers.max(), rtol=1e-4)
        place = first + number * part.biases.shape[-1]
        assert abs(found[place].item() - (answers > part.biases[0, 0, number, 0].item()).mean()) < 0.02


def test_padding_and_the_rows_beside_change_nothing():
    part, rows = kernels(), walks(20, (0.0, 0.5))
    part.see(rows)
    odd = rows_of([np.zeros((0, 1)), np.ones((1, 1)), np.full((30, 1), 0.1), np.full((7, 1), 1e30)], [0, 1, 0, 1])
    for some in (rows, odd):
        together: Tensor = part.answers(some.batch().inputs["sequence"])
        assert together.isfinite().all()
        for number in range(len(some)):
            alone = part.answers(some.take(torch.tensor([number])).batch().inputs["sequence"])
            torch.testing.assert_close(alone[0], together[number], atol=1e-5, rtol=1e-5)


def test_where_in_a_row_things_are_is_told():
    """The same two bumps, in one order or the other, in noise: every kernel's answers over whole rows are alike."""

    def bumps(count: int, seed: int) -> Rows:
        random, series = np.random.default_rng(seed), []
        for number in range(count):
            one = random.normal(size=60) / 5
            for place, sign in ((random.integers(5, 20), 1), (random.integers(35, 50), -1)):
                one[place : place + 6] += sign * (2 * (number % 2) - 1)
            series.append(one[:, None])
        return rows_of(series, [number % 2 for number in range(count)])

    train, test = bumps(60, 0), bumps(200, 1)
    part = kernels(columns=30 * KERNELS)
    part.see(train, test)
    known, asked = part.turn(False)
    best = Fitting(CrossEntropy(), 2, Kernels.strengths).chosen(known, train.labels, asked, test.labels)
    assert (best.linear.logits(asked).argmax(1) == test.labels.numpy()).mean() > 0.97


def test_more_columns_must_be_better_by_more_than_chance():
    few, same, better = (Chosen(LINEAR, 1.0, None, np.array(losses, np.float32)) for losses in LOSSES)
    assert not same.surely_better(few)
    assert better.surely_better(few)
    assert not few.surely_better(few)


def test_differences_are_looked_at_where_they_tell_more():
    """An oscillation that fades within a slow wave is in the differences."""
    train, test = walks(120, (0.35, 0.65)), walks(400, (0.35, 0.65), seed=1)
    fitting, right = Fitting(CrossEntropy(), 2, Kernels.strengths), {}
    for variant in Kernels.variants:
        part = kernels(columns=30 * KERNELS)
        part.see(train, test)
        known, asked = part.turn(variant)
        best = fitting.chosen(known, train.labels, asked, test.labels)
        right[variant] = (best.linear.logits(asked).argmax(1) == test.labels.numpy()).mean()
    assert right[True] > right[False] > 0.6


def test_the_whole_begins_as_the_linear_model_and_learns_what_it_leaves():
    seen = Transform(target=classified(["a", "b"]), features=(entry_of(),))
    rows, other = walks(80, (0.1, 0.8)), walks(20, (0.1, 0.8), seed=1)
    torch.manual_seed(0)
    module = net.build(net.defaults(Settings(width=16), seen, len(rows)), seen)
    given, asked = module.begin(held(rows), held(other), CrossEntropy())  # type: ignore[operator]
    assert {name: one.shape for name, one in given.items()} == {"wide": (80, 2)}
    assert asked["wide"].shape == (20, 2)
    inputs = rows.batch().inputs
    with torch.no_grad():
        assert torch.equal(module.eval()(inputs)[:, 0], module.linear(inputs))  # type: ignore[operator]
    CrossEntropy().loss(module.train()({**inputs, **given}), rows.labels).backward()
    assert {name.split(".")[0] for name, value in module.named_parameters() if value.grad is not None} == {"deep"}


def test_many_or_long_rows_get_fewer_columns():
    assert columns_for(100, 100) > columns_for(20_000, 100) > columns_for(20_000, 5_000)
    assert columns_for(10_000_000, 10_000) == 4 * KERNELS
