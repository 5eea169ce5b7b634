"""Cells there and back: what a network of whole rows sees of them, and what becomes of what it gives back."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from keepfit.features.lookup import kind_of, rebuilder_of
from keepfit.features.principal import principal
from keepfit.features.shared.entries import CodedEntry, NumericEntry
from keepfit.features.shared.numeric_rebuilder import Bent, bend
from tests.stages.training.training_data import number


def column(values: np.ndarray, scale: str = "quantile", name: str = "x", slot: int = 0) -> NumericEntry:
    found = {**number(name, slot, values), "scale": scale, "missing": int(np.isnan(values).sum())}
    return NumericEntry.model_validate(found)


SHAPES = {
    "normal": lambda draw: draw.normal(50, 7, 500),
    "skewed": lambda draw: np.exp(draw.normal(0, 2, 500)),
    "mostly 0": lambda draw: np.where(draw.random(500) < 0.8, 0.0, draw.exponential(100, 500)),
    "whole": lambda draw: draw.integers(0, 4, 500).astype(float),
    "tiny": lambda draw: draw.normal(0, 1e-9, 500),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", ["quantile", "standard"])
def test_a_map_rises_and_is_turned_round_by_its_inverse(shape, scale):
    values = SHAPES[shape](np.random.default_rng(0))
    x, y = bend(column(values, scale))
    there, back = Bent([(x, y)]), Bent([(y, x)])
    asked = torch.linspace(-30, 30, 4001, dtype=torch.float64)[:, None]
    found, rises = there(asked)
    assert (found.diff(dim=0) > 0).all()
    assert torch.allclose(back(found)[0], asked, atol=1e-9)
    middle = (asked[1:] + asked[:-1]) / 2
    slopes = found.diff(dim=0) / asked.diff(dim=0)
    here = there(middle)[1].exp()
    assert ((slopes - here).abs() < 1e-6).float().mean() > 0.99  # but where a point lies between the two
    assert rises.isfinite().all()


def test_a_skewed_column_becomes_about_normal():
    values = np.exp(np.random.default_rng(0).normal(0, 2, 4000))
    (seen,) = rebuilder_of([column(values)]).seen(torch.from_numpy(values)[:, None]).T
    shares = [float((seen < level).float().mean()) for level in (-1.0, 0.0, 1.0)]
    assert shares == pytest.approx([0.159, 0.5, 0.841], abs=0.03)


def test_the_density_of_a_column_adds_up_to_one():
    values = np.exp(np.random.default_rng(0).normal(0, 1, 2000))
    rebuilder = rebuilder_of([column(values)])
    asked = torch.linspace(-20, 200, 400_001, dtype=torch.float64)[:, None]
    nats, _ = rebuilder.cost(torch.full((len(asked), 1), 0.3), asked)
    mass = (-nats.double()).exp().sum() * float(asked[1, 0] - asked[0, 0])
    assert float(mass.detach()) == pytest.approx(1, abs=0.01)


def test_what_is_missing_costs_nothing_and_is_seen():
    values = np.array([1.0, 2.0, np.nan, 4.0] * 10)
    entry = column(np.nan_to_num(values)).model_copy(update={"missing": 10})
    rebuilder = rebuilder_of([entry])
    rows = torch.from_numpy(values)[:, None]
    nats, off = rebuilder.cost(torch.full((40, 1), 5.0), rows)
    assert (nats[2::4] == 0).all()
    assert (off[2::4] == 0).all()
    assert (off[0::4] > 0).all()
    seen = rebuilder.seen(rows)
    assert seen.shape == (40, rebuilder.width) == (40, 2)
    assert seen[:4, 1].tolist() == [0, 0, 1, 0]


def test_what_is_infinite_or_vast_costs_much_and_not_everything():
    rebuilder = rebuilder_of([column(np.random.default_rng(0).normal(size=200))])
    nats, off = rebuilder.cost(torch.zeros(3, 1), torch.tensor([[0.0], [1e300], [-1e300]], dtype=torch.float64))
    assert nats.isfinite().all()
    assert off[1, 0] > 50 * (off[0, 0] + 1e-6)


WORDS = ("red", "green", "blue")


def codes() -> CodedEntry:
    return CodedEntry(name="colour", kind="category", slot=0, vocabulary=WORDS)


def test_the_shares_of_names_add_up_to_one_without_missing_ones():
    rebuilder = rebuilder_of([codes()])
    given = torch.randn(1, 5)
    nats = [float(rebuilder.cost(given, torch.tensor([[code]]))[0]) for code in (1, 2, 3, 4)]
    assert sum(math.exp(-one) for one in nats) == pytest.approx(1, abs=1e-5)
    assert float(rebuilder.cost(given, torch.tensor([[0]]))[0]) == 0


@given(st.lists(st.floats(-5, 5, width=32), min_size=5, max_size=5))
def test_a_name_that_is_given_back_is_one_that_was_learned(logits):
    rebuilder, kind = rebuilder_of([codes()]), kind_of("category")
    (code,) = rebuilder.mended(torch.tensor([logits]))[0]
    (word,) = kind.rebuilt(np.array([float(code)]), kind.rebuilding(codes()))
    assert word == WORDS[int(np.argmax(logits[2:]))]


def test_rows_of_another_size_than_training_saw_are_unknown_names():
    rebuilder = rebuilder_of([codes()])
    unknown = rebuilder.seen(torch.tensor([[1]]))
    assert torch.equal(rebuilder.seen(torch.tensor([[99]])), unknown)


def test_principal_components_are_those_of_the_density_they_stand_for():
    draw = torch.Generator().manual_seed(0)
    ways = torch.randn(6, 2, generator=draw, dtype=torch.float64)
    rows = torch.randn(5000, 2, generator=draw, dtype=torch.float64) @ ways.T + 3
    rows = rows + 0.3 * torch.randn(5000, 6, generator=draw, dtype=torch.float64)
    found = principal(rows, 2)
    made = found.ways @ found.ways.T + found.noise.diag()
    assert torch.allclose(made, ways @ ways.T + 0.09 * torch.eye(6), atol=0.25)
    assert torch.allclose(found.noise, torch.tensor(0.09, dtype=torch.float64), atol=0.03)
    code = (rows - found.centre) @ found.reading.T
    near = found.centre + code @ found.ways.T
    assert float((near - rows).square().mean()) < 0.1
