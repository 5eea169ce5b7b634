"""The variational autoencoder: before training, and what it does of itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.boolean import Entry as Truths
from keepfit.features.image import Entry as Picture
from keepfit.features.number import Entry as Number
from keepfit.models.vae import Settings
from keepfit.models.vae.net import VAE, build, defaults, divergence
from keepfit.problems.described import layout_of, rebuilt
from keepfit.problems.reconstruction import Target
from tests.stages.training.training_data import number, picture

CODE = 4


def described(*, pictures: bool = False) -> tuple[Transform, Inputs]:
    """Some columns, and rows of them that hang together."""
    draw = np.random.default_rng(0)
    level = draw.normal(size=200)
    cells = np.stack([level + 0.1 * draw.normal(size=200), -2 * level, draw.normal(size=200)], 1)
    features: list[Any] = [Number.model_validate(number(f"x{i}", i, one)) for i, one in enumerate(cells.T)]
    features.append(Truths(name="up", kind="boolean", slot=0, vocabulary=("false", "true")))
    inputs = {"numbers": torch.from_numpy(cells), "codes": torch.from_numpy((level > 0) + 2)[:, None]}
    if pictures:
        images = np.clip(127 + 60 * level[:, None, None, None] + draw.normal(0, 9, (200, 6, 6, 1)), 0, 255)
        features.append(Picture.model_validate(picture(images.astype("u1"))))
        inputs["image"] = torch.from_numpy(images.astype("u1"))
    target = Target(name="whole_row", problem="reconstruction")
    bare = Transform(target=target, features=tuple(features))
    whole = target.model_copy(update={"columns": rebuilt(bare), "code": CODE})
    return Transform(target=whole, features=tuple(features)), inputs


def network(transform: Transform, **settings: Any) -> VAE:
    torch.manual_seed(0)
    made = build(defaults(Settings(**settings), transform, 100), transform)
    assert isinstance(made, VAE)
    return made


def cost(model: VAE, inputs: Inputs) -> Tensor:
    return model(inputs)[:, 0, 0]


@pytest.mark.parametrize("pictures", [False, True])
def test_a_row_gives_what_the_layout_says(pictures):
    transform, inputs = described(pictures=pictures)
    model = network(transform)
    assert model.train()(inputs).shape == (200, 1, 1)
    found = model.eval()(inputs)
    assert found.shape == (200, 1, transform.target.outputs)
    _, rate, looks, code, off, mended = layout_of(transform.target).split(found[:, 0])
    assert looks.shape[1] == (2 if pictures else 0)
    assert code.shape[1] == CODE
    assert off.shape == mended.shape == (200, 4 + 36 * pictures)
    assert (rate >= 0).all()
    assert (off >= 0).all()


def test_the_same_row_gets_the_same_answer_whatever_is_beside_it():
    transform, inputs = described(pictures=True)
    model = network(transform).eval()
    whole = model(inputs)
    some = model({name: rows[50:60] for name, rows in inputs.items()})
    assert torch.allclose(whole[50:60], some, rtol=1e-4, atol=1e-4)
    assert torch.equal(model(inputs), whole)


def test_it_begins_as_principal_components():
    transform, inputs = described(pictures=True)
    model = network(transform)
    before = cost(model.eval(), inputs).mean()
    model.see(inputs)
    after = cost(model.eval(), inputs).mean()
    assert after < before - 10
    code = layout_of(transform.target).split(model(inputs)[:, 0])[3]
    assert code.var(0).max() > 0.5


@pytest.mark.parametrize("pictures", [False, True])
def test_a_gradient_reaches_every_weight(pictures):
    transform, inputs = described(pictures=pictures)
    model = network(transform).train()
    model(inputs).sum().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


def test_one_batch_is_learned_by_heart():
    transform, inputs = described()
    batch = {name: rows[:16] for name, rows in inputs.items()}
    model = network(transform, width=64, hidden=0.0)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    first = cost(model.eval(), batch).mean().item()
    for _ in range(400):
        optimiser.zero_grad()
        torch.autograd.backward(model.train()(batch).mean())
        optimiser.step()
    assert cost(model.eval(), batch).mean().item() < first - 3
    mended = layout_of(transform.target).split(model(batch)[:, 0])[5]
    assert torch.equal(mended[:, -1].long(), batch["codes"][:, 0])


def test_the_same_seed_gives_the_same_network_and_the_same_loss():
    transform, inputs = described()
    losses = []
    for _ in range(2):
        model = network(transform).train()
        torch.manual_seed(5)
        losses.append(model(inputs))
    assert torch.equal(*losses)


def test_the_divergence_is_that_of_two_normal_densities():
    assert float(divergence(torch.zeros(1, 3), torch.ones(1, 3))) == 0
    middle, spread = torch.tensor([[0.7]]), torch.tensor([[0.4]])
    theirs, ours = torch.distributions.Normal(middle, spread), torch.distributions.Normal(0.0, 1.0)
    assert float(divergence(middle, spread)) == pytest.approx(float(torch.distributions.kl_divergence(theirs, ours)))


def test_more_rows_get_a_larger_network_and_fewer_passes():
    transform, _ = described()
    few, many = (defaults(Settings(), transform, rows) for rows in (200, 100_000))
    assert few["width"] < many["width"]
    assert few["epochs"] > many["epochs"]
