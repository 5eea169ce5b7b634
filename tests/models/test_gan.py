"""Networks that learn against each other, and what is drawn: before training, and step by step."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch

from keepfit.config import Training
from keepfit.data.batch import Inputs, Rows
from keepfit.data.feed import held
from keepfit.data.noise import NOISE, drawn, noise_of
from keepfit.data.transform import Transform
from keepfit.features.category import Entry as Names
from keepfit.features.image import Entry as Picture
from keepfit.features.number import Entry as Number
from keepfit.learning.adversarial import Adversarial
from keepfit.learning.device import Machine
from keepfit.learning.plan import settle
from keepfit.models.adversary import energy
from keepfit.models.gan import Settings as Against
from keepfit.models.gan import net as gan
from keepfit.models.vae import Settings as Auto
from keepfit.models.vae import net as vae
from keepfit.problems.described import rebuilt
from keepfit.problems.synthesis import Target, given_places
from keepfit.problems.synthesis.learn import Made
from tests.stages.training.training_data import number, picture

ROWS = 120


def asked(*, pictures: bool = False) -> tuple[Transform, Inputs]:
    """Rows of two kinds, whose numbers and pictures are about one place or another."""
    draw = np.random.default_rng(0)
    kind = draw.integers(0, 2, ROWS)
    level = draw.normal(size=ROWS) + 4 * kind
    cells = np.stack([level, -level + 0.1 * draw.normal(size=ROWS)], 1)
    features: list[Any] = [Number.model_validate(number(f"x{i}", i, one)) for i, one in enumerate(cells.T)]
    features += [Names(name=n, kind="category", slot=i, vocabulary=("a", "b")) for i, n in enumerate(("sort", "also"))]
    inputs = {"numbers": torch.from_numpy(cells), "codes": torch.from_numpy(np.stack([kind, kind], 1) + 2)}
    if pictures:
        images = np.clip(60 + 120 * kind[:, None, None, None] + draw.normal(0, 9, (ROWS, 6, 6, 1)), 0, 255).astype("u1")
        features.append(Picture.model_validate(picture(images)))
        inputs["image"] = torch.from_numpy(images)
    bare = Transform(target=Target(name="whole_row", problem="synthesis"), features=tuple(features))
    target = Target(name="whole_row", problem="synthesis", columns=rebuilt(bare), given=("sort",), code=4)
    return Transform(target=target, features=tuple(features)), inputs


def network(family: str, transform: Transform) -> Any:
    torch.manual_seed(0)
    module, settings = {"gan": (gan, Against(width=32)), "vae": (vae, Auto(width=32))}[family]
    return module.build(module.defaults(settings, transform, 100), transform)


FAMILIES = ["gan", "vae"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("pictures", [False, True])
def test_a_row_gives_itself_and_a_new_one_that_is_given_the_same(family, pictures):
    transform, inputs = asked(pictures=pictures)
    model = network(family, transform).eval()
    with torch.no_grad():
        found = model({**inputs, NOISE: torch.randn(ROWS, model.noise)})[:, 0]
    assert found.shape == (ROWS, transform.target.outputs)
    own, made = found[:, 1:].split(transform.target.cells, 1)
    places = given_places(transform.target)
    assert torch.equal(own[:, places], made[:, places])
    assert torch.equal(own[:, places[0]].long(), inputs["codes"][:, 0])
    also = places[0] + 1
    assert set(made[:, also].tolist()) <= {2.0, 3.0}
    if pictures:
        assert made[:, -36:].min() >= 0
        assert made[:, -36:].max() <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_other_random_numbers_give_other_rows_and_the_same_the_same(family):
    transform, inputs = asked()
    model = network(family, transform).eval()
    with torch.no_grad():
        one, same, other = (
            model({**inputs, NOISE: torch.from_numpy(drawn(ROWS, model.noise, seed))}) for seed in (1, 1, 2)
        )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("pictures", [False, True])
def test_a_gradient_reaches_every_weight_of_the_network_whose_turn_it_is(pictures):
    transform, inputs = asked(pictures=pictures)
    model = network("gan", transform).train()
    for net, loss in ((model.rival, model.rival_loss), (model.maker, model.maker_loss)):
        torch.autograd.backward(loss(inputs), inputs=[*net.parameters()])
        for name, weight in net.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name
    assert all(weight.grad is None for weight in model.mean.parameters())


def recipe(transform: Transform, inputs: Inputs) -> Adversarial:
    model = network("gan", transform)
    derived = gan.defaults(Against(), transform, 100)
    plan = settle(Training(), derived, 1)
    rows = held(Rows(inputs, torch.zeros(ROWS)))
    return Adversarial(model, Made(), plan, Machine(torch.device("cpu"), torch.float32), rows)


def test_what_is_made_comes_near_to_the_rows_and_a_state_goes_on_to_the_same_bits():
    transform, inputs = asked()
    begun = recipe(transform, inputs)
    batch = held(Rows(inputs, torch.zeros(ROWS))).load((0,)).batch()
    first = begun.judge()["loss"]
    for _ in range(300):
        begun.step(batch, 0.5)
    state, noise = deepcopy(begun.state()), torch.get_rng_state()
    for _ in range(3):
        begun.step(batch, 0.5)
    assert begun.judge()["loss"] < first / 3
    again = recipe(transform, inputs)
    again.restore(state)
    torch.set_rng_state(noise)
    for _ in range(3):
        again.step(batch, 0.5)
    for name, weight in begun.weights().items():
        assert torch.equal(weight, again.weights()[name]), name


def test_the_energy_distance_is_about_0_for_one_distribution_alone():
    draw = torch.Generator().manual_seed(0)
    one, same = (torch.randn(400, 3, generator=draw) for _ in range(2))
    assert abs(float(energy(one, same))) < 0.05
    assert float(energy(one, same + 1)) > 0.3
    assert float(energy(one, same * 0.1)) > 0.3


def test_a_rows_random_numbers_are_its_own():
    _, inputs = asked(pictures=True)
    arrays = {name: tensor.numpy() for name, tensor in inputs.items()}
    whole = noise_of(arrays, 5)
    some = noise_of({name: array[7:9] for name, array in reversed(arrays.items())}, 5)
    assert np.array_equal(whole[7:9], some)
    assert len(np.unique(whole[:, 0])) == ROWS
    narrow = noise_of({**arrays, "codes": arrays["codes"].astype(np.int32)}, 5)
    assert np.array_equal(narrow, whole)
    assert whole.mean() == pytest.approx(0, abs=0.15)
    assert whole.std() == pytest.approx(1, abs=0.1)


def test_a_missing_number_is_one_however_it_is_spelled():
    plain, other = np.array([[np.nan, 0.0]]), np.array([[-np.nan, -0.0]])
    assert np.array_equal(noise_of({"numbers": plain}, 3), noise_of({"numbers": other}, 3))


def test_more_rows_of_a_seed_begin_with_the_same():
    assert np.array_equal(drawn(10, 4, 3)[:6], drawn(6, 4, 3))
    assert not np.array_equal(drawn(6, 4, 3), drawn(6, 4, 4))


def test_a_larger_picture_is_made_by_convolutions_of_any_size():
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (20, 18, 21, 3)).astype("u1")
    features = (
        Names(name="sort", kind="category", slot=0, vocabulary=("a", "b")),
        Picture.model_validate(picture(images)),
    )
    bare = Transform(target=Target(name="whole_row", problem="synthesis"), features=features)
    target = Target(name="whole_row", problem="synthesis", columns=rebuilt(bare), given=("sort",), code=4)
    transform = Transform(target=target, features=features)
    model = network("gan", transform)
    assert isinstance(model.maker, gan.PictureMaker)
    inputs = {"codes": torch.from_numpy(draw.integers(2, 4, (20, 1))), "image": torch.from_numpy(images)}
    with torch.no_grad():
        found = model.eval()({**inputs, NOISE: torch.randn(20, model.noise)})[:, 0]
    assert found.shape == (20, target.outputs)
    for net, loss in ((model.rival, model.rival_loss), (model.maker, model.maker_loss)):
        torch.autograd.backward(loss(inputs), inputs=[*net.parameters()])
        assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in net.parameters())
