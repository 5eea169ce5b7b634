"""The table families: before training, in what must not change their answers, and in what they can learn."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from keepfit.config import Training
from keepfit.data.batch import Batch
from keepfit.data.feed import held
from keepfit.data.transform import Transform
from keepfit.features.image import Entry as ImageEntry
from keepfit.models import mlp, wide_deep
from keepfit.models.architecture import REACH, TrainedModel, build, load, resolve
from keepfit.models.settings import DenseSettings
from keepfit.models.table_defaults import defaults
from keepfit.problems.classification.learn import CrossEntropy, log_probabilities
from keepfit.store import files
from tests.tables import Table, breast_cancer, classified, mixed

MODELS = [mlp.Settings(), mlp.Settings(members=1, batch_norm=True), wide_deep.Settings(width=16)]
every_model = pytest.mark.parametrize("model", MODELS, ids=["ensemble", "single", "wide_deep"])


def architecture(model: DenseSettings, table: Table) -> dict[str, Any]:
    transform, _, labels = table
    return resolve(model, Training(), transform, len(labels))[0]


def fresh(model: DenseSettings, table: Table, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return build(architecture(model, table))


def learn(model: nn.Module, inputs: dict[str, Tensor], labels: Tensor, steps: int, lr: float = 3e-3) -> list[float]:
    optimiser = torch.optim.AdamW(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = CrossEntropy().loss(model(inputs), labels) / len(labels)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


@every_model
def test_logits_have_one_row_a_member(model: DenseSettings) -> None:
    table = mixed()
    found = fresh(model, table)(table[1])
    members = architecture(model, table)["settings"]["members"]
    assert found.shape == (len(table[2]), members, 3)
    assert found.isfinite().all()


@every_model
def test_gradients_reach_every_parameter(model: DenseSettings) -> None:
    table = mixed()
    module = fresh(model, table)
    CrossEntropy().loss(module(table[1]), table[2]).backward()
    unreached = [name for name, p in module.named_parameters() if p.grad is None or not p.grad.any()]
    assert unreached == []


@every_model
def test_one_batch_is_learned_by_heart(model: DenseSettings) -> None:
    transform, inputs, labels = mixed(64)
    still = model.model_copy(update={"dropout": 0.0})
    losses = learn(fresh(still, (transform, inputs, labels)), inputs, labels, steps=150)
    assert losses[-1] < 0.05 < losses[0]


@every_model
def test_the_same_seed_gives_the_same_losses(model: DenseSettings) -> None:
    table = mixed(64)
    first, second, other = (learn(fresh(model, table, seed), table[1], table[2], steps=3) for seed in (1, 1, 2))
    assert first == second != other


def test_members_start_apart() -> None:
    table = mixed()
    found = fresh(mlp.Settings(members=4), table)(table[1]).softmax(-1)
    assert all((a - b).abs().max() > 1e-3 for a, b in pairwise(found.unbind(1)))


@every_model
def test_answers_do_not_depend_on_order_or_batch(model: DenseSettings) -> None:
    transform, inputs, labels = mixed()
    trained = TrainedModel(fresh(model, (transform, inputs, labels)).eval(), transform.target, {})
    rows = held(Batch(inputs, labels))
    whole = trained.answers(rows)
    turned = {name: tensor.flip(0) for name, tensor in inputs.items()}
    backwards = held(Batch(turned, labels))
    np.testing.assert_allclose(trained.answers(rows, batch_size=7), whole, atol=1e-6)
    np.testing.assert_allclose(trained.answers(backwards)[::-1], whole, atol=1e-6)
    np.testing.assert_allclose(whole.sum(1), 1, atol=1e-5)


@every_model
def test_unknown_and_missing_values_get_an_answer(model: DenseSettings) -> None:
    transform, inputs, labels = mixed()
    numbers = torch.full_like(inputs["numbers"][:4], float("nan"))
    numbers[1], numbers[2] = float("inf"), -1e300
    odd = {"numbers": numbers, "codes": torch.tensor([[0, 0], [1, 1], [9, 9], [2, 3]])}
    found = log_probabilities(fresh(model, (transform, inputs, labels)).eval()(odd))
    assert found.isfinite().all()


def test_a_picture_goes_through_dense_layers() -> None:
    picture = ImageEntry(
        name="p", kind="image", slot=0, size=(8, 8), channels=1, pixels=None, resample="", mean=(0.3,), std=(0.2,)
    )
    transform = Transform(target=classified(["0", "1"]), features=(picture,))
    module = build(resolve(mlp.Settings(), Training(), transform, 1000)[0])
    images = torch.randint(0, 256, (5, 8, 8, 1), dtype=torch.uint8)
    assert module({"image": images}).shape[::2] == (5, 2)


def test_a_saved_model_answers_as_before(tmp_path: Path) -> None:
    table = mixed()
    module = fresh(mlp.Settings(), table).eval()
    files.write_json(tmp_path / "architecture.json", architecture(mlp.Settings(), table))
    files.write_json(tmp_path / REACH, {})
    save_file(module.state_dict(), tmp_path / "model.safetensors")
    assert torch.equal(load(tmp_path).net(table[1]), module(table[1]))


def test_what_the_yaml_says_goes_before_what_is_derived() -> None:
    transform, _, labels = breast_cancer()
    said = mlp.Settings(width=48, depth=1, bins=8, members=2, dropout=0.3)
    made, training = resolve(said, Training(epochs=3, lr=0.5), transform, len(labels))
    assert said.model_dump(exclude={"family"}).items() <= made["settings"].items()
    assert (training["epochs"], training["lr"]) == (3, 0.5)


def test_defaults_settle_every_setting_at_every_size() -> None:
    transform, _, _ = breast_cancer()
    for rows in (10, 100, 1_000, 10_000, 100_000, 10_000_000):
        found = defaults(mlp.Settings(), transform, rows)
        assert all(found[name] is not None for name in found if name != "patience")
        assert found["batch_size"] >= 1
        assert found["bins"] >= 2


def test_breast_cancer_is_learned() -> None:
    transform, inputs, labels = breast_cancer()
    train = torch.arange(len(labels)) % 3 > 0
    module = fresh(mlp.Settings(), (transform, inputs, labels))
    learn(module, {"numbers": inputs["numbers"][train]}, labels[train], steps=60)
    found = module.eval()({"numbers": inputs["numbers"][~train]})
    assert (log_probabilities(found).argmax(1) == labels[~train]).float().mean() > 0.94
