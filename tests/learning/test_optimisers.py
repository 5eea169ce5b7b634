"""Each optimiser, schedule and penalty, on a network that is quickly learned."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from keepfit.config import Training
from keepfit.data.batch import Batch
from keepfit.data.feed import Feed, held
from keepfit.learning import device
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.fit import Fit
from keepfit.learning.optimisers import OPTIMISERS
from keepfit.learning.pace import Pace
from keepfit.learning.plan import RATES, Plan, settle
from keepfit.learning.recipe import Recipe
from keepfit.learning.schedule import Plateau, schedule
from keepfit.problems.classification.learn import CrossEntropy

SCHEDULES = ("cosine", "one_cycle", "step", "plateau", "constant")
DERIVED = {
    "epochs": 6, "batch_size": 16, "lr": 3e-3, "weight_decay": 0.5, "schedule": "constant", "warmup": 0.0,
    "label_smoothing": 0.0, "longer": None, "augment": {}, "patience": None,
}  # fmt: skip


class Small(nn.Module):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        found: Tensor = self.net(inputs["x"])
        return found[:, None]


def plan(**said: Any) -> Plan:
    """What the YAML's training makes of the defaults above."""
    training = Training(**said)
    return settle(
        training, {**DERIVED, **training.model_dump(include={*DERIVED} - {"augment", "longer"}, exclude_none=True)}, 1
    )


def fit(settled: Plan) -> Fit:
    """A training of 96 rows whose class is the sign of a sum, 32 of them for validation."""
    rows = torch.randn(96, 4, generator=torch.Generator().manual_seed(1))
    labels = (rows.sum(1) > 0).long()
    train, validation = (held(Batch({"x": rows[part]}, labels[part])) for part in (slice(64), slice(64, 96)))
    machine = device.Machine(torch.device("cpu"), torch.float32)
    torch.manual_seed(2)
    return Fit(Recipe(Small(), CrossEntropy(), settled, machine, validation), Feed(train, 16, 0), settled)


def learn(one: Fit) -> list[dict[str, float]]:
    one.run(Checkpoint(Path("unused"), 1e9), Pace(lambda *_, **__: None, one.plan.epochs))
    return one.position.history


def test_the_yaml_names_the_optimisers_there_are() -> None:
    assert OPTIMISERS.keys() == RATES.keys()


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_learns_at_the_rate_it_has_when_none_is_said(optimiser: str) -> None:
    history = learn(fit(plan(optimiser=optimiser, epochs=20)))
    assert history[-1]["validation_loss"] < 0.85 * history[0]["validation_loss"]


@pytest.mark.parametrize("kind", SCHEDULES)
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_stopped_after_an_epoch_each_optimiser_and_schedule_goes_on_to_the_same_bits(optimiser: str, kind: str) -> None:
    settled = plan(optimiser=optimiser, schedule=kind, lr=0.3, l1=1e-3, drop=0.5, drop_after=1)
    whole = fit(settled)
    expected = learn(whole)
    cut = fit(replace(settled))
    kept = io.BytesIO()

    class Stop(Exception):  # noqa: N818
        pass

    def stop(epoch: int, _figures: object) -> None:
        if epoch == 3:
            torch.save(cut.state(), kept)
            raise Stop

    with pytest.raises(Stop):
        cut.run(Checkpoint(Path("unused"), 1e9), Pace(lambda *_, **__: None, settled.epochs), stop)
    again = fit(settled)
    kept.seek(0)
    again.restore(torch.load(kept, weights_only=True))
    assert learn(again) == expected
    ours, theirs = again.recipe.weights(), whole.recipe.weights()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    if kind == "plateau":
        assert expected[-1]["lr"] < 0.3, "the rate was never lowered, and the test shows nothing"


@given(st.integers(1, 30), st.integers(1, 10), st.floats(0.05, 0.9))
def test_step_drops_the_rate_at_the_first_batch_of_an_epoch(epochs: int, after: int, drop: float) -> None:
    share = schedule("step", 0.0, drop, after / epochs)
    for epoch in range(epochs):
        first, last = share(epoch / epochs), share((epoch + 0.999) / epochs)
        assert first == last == pytest.approx(drop ** (epoch // after))


@given(st.lists(st.floats(0, 1), max_size=40), st.integers(1, 4))
def test_plateau_lowers_the_rate_after_so_many_epochs_without_a_better_loss(losses: list[float], after: int) -> None:
    kept, dropped, least, stale = Plateau(), 0, float("inf"), 0
    for loss in losses:
        kept.heed(loss, 0.5, after)
        stale = 0 if loss < least else stale + 1
        least = min(least, loss)
        if stale == after:
            dropped, stale = dropped + 1, 0
        assert kept.share == 0.5**dropped


def test_the_gradient_of_l1_is_the_sign_of_each_weight() -> None:
    one = fit(plan(optimiser="sgd", momentum=0, lr=1.0, l1=0.01, clip=None))
    other = fit(plan(optimiser="sgd", momentum=0, lr=1.0, clip=None))
    before = {name: p.detach().clone() for name, p in one.recipe.model.named_parameters()}  # type: ignore[attr-defined]
    for each in (one, other):
        torch.manual_seed(3)
        each.recipe.step(next(iter(each.feed.epoch(0))), 0.5)
    after = dict(other.recipe.model.named_parameters())  # type: ignore[attr-defined]
    for name, p in one.recipe.model.named_parameters():  # type: ignore[attr-defined]
        pulled = 0.01 * before[name].sign() if p.dim() > 1 else torch.zeros_like(p)
        torch.testing.assert_close(after[name] - p, pulled, atol=1e-6, rtol=0)


def test_what_decays_is_adamws_own_unless_the_yaml_says_more() -> None:
    assert plan().weight_decay == plan(optimiser="adamw").weight_decay == 0.5
    assert plan(optimiser="sgd").weight_decay == 0
    assert plan(optimiser="sgd", weight_decay=0.1).weight_decay == 0.1
    assert plan(optimiser="sgd").lr == pytest.approx(3e-2)
    assert plan(optimiser="sgd", lr=0.2).lr == 0.2
