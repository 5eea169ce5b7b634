"""The pieces of training, each on its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from keepfit.config import Training
from keepfit.data.batch import Batch
from keepfit.data.feed import Feed, held
from keepfit.errors import ConfigError, OutOfMemoryError
from keepfit.features.image.augment import Amount, changed
from keepfit.learning import device, memory
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.plan import Plan
from keepfit.learning.recipe import Recipe
from keepfit.learning.schedule import schedule
from keepfit.problems.classification.learn import CrossEntropy, log_probabilities
from keepfit.problems.objective import Objective

CPU = torch.device("cpu")


@given(st.sampled_from(["cosine", "one_cycle", "step", "plateau", "constant"]), st.floats(0, 0.5))
def test_the_rate_rises_in_the_warm_up_and_never_after(kind, warmup):
    shares = [schedule(kind, warmup)(i / 100) for i in range(101)]
    assert all(0 <= share <= 1 for share in shares)
    turn = int(warmup * 100)
    rising = shares[:turn] if kind == "step" else shares[: turn + 1]  # its drop may be where the warm-up ends
    assert all(a <= b + 1e-9 for a, b in pairwise(rising))
    assert all(a >= b - 1e-9 for a, b in pairwise(shares[turn + 1 :]))
    last = {"constant": 1, "plateau": 1, "step": 0.001}
    assert shares[-1] == pytest.approx(last.get(kind, 0), abs=1e-12)


def test_one_cycle_starts_at_a_25th_and_peaks_after_the_warm_up():
    share = schedule("one_cycle", 0.25)
    assert share(0) == pytest.approx(1 / 25)
    assert share(0.25) == 1


def feed(rows: int, batch_size: int, seed: int = 0) -> Feed:
    """Rows that are labelled with their own number."""
    return Feed(held(Batch({}, torch.arange(rows))), batch_size, seed)


def labels(batches: Iterable[Batch]) -> list[int]:
    return [int(label) for batch in batches for label in batch.labels]


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 5), st.integers(0, 5))
def test_an_epoch_holds_every_row_once_in_batches_of_nearly_one_size(rows, batch_size, seed, number):
    made = feed(rows, batch_size, seed)
    sizes = [len(batch) for batch in made.epoch(number)]
    assert sorted(labels(made.epoch(number))) == list(range(rows))
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert labels(made.epoch(number)) == labels(made.epoch(number))
    assert [made.seen(batches) for batches in range(len(made) + 1)] == [sum(sizes[:n]) for n in range(len(sizes) + 1)]


def test_every_epoch_and_every_seed_has_an_order_of_its_own():
    orders = {tuple(labels(feed(50, 8, seed).epoch(n))) for seed in range(3) for n in range(3)}
    assert len(orders) == 9


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 45))
def test_an_epoch_goes_on_where_it_was_left(rows, batch_size, first):
    made = feed(rows, batch_size)
    done = labels(made.epoch(3))[: made.seen(min(first, len(made)))]
    assert done + labels(made.epoch(3, first)) == labels(made.epoch(3))


@given(st.integers(1, 40), st.integers(1, 50))
def test_the_parts_of_a_batch_are_its_rows_in_their_order(rows, count):
    (batch,) = feed(rows, rows).epoch(0)
    parts = list(batch.parts(count))
    assert labels(parts) == labels([batch])
    assert len(parts) == min(count, rows)


PLAN = Plan(
    epochs=1, batch_size=30, accumulate=1, lr=1e-2, weight_decay=1e-2, schedule="constant", warmup=0.0, clip=1.0,
    label_smoothing=0.0, augment=None, longer=1.0, patience=None, max_seconds=None, seed=0,
)  # fmt: skip


def recipe(model: nn.Module, objective: Objective, plan: Plan) -> Recipe:
    nothing = held(Batch({}, torch.zeros(0)))
    return Recipe(model, objective, plan, device.Machine(CPU, torch.float32), nothing)


class Summed(Objective):
    """A loss that the network gives itself."""

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return outputs.sum()

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return self.loss(outputs, labels)[None]

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        return {"loss": sums[0] / rows}


class Dense(nn.Module):
    """Logits [B, 1, 3] of five numbers, in float64."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)).double()

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        found: Tensor = self.layers(inputs["numbers"])[:, None]
        return found


class Doubles(CrossEntropy):
    """The loss in float64."""

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return nn.functional.cross_entropy(outputs[:, 0], labels, reduction="sum")


def weights_after(accumulate: int) -> Tensor:
    """What three steps on the same 30 rows of float64 learn, in so many parts each."""
    torch.manual_seed(0)
    model = Dense()
    batch = Batch({"numbers": torch.randn(30, 5, dtype=torch.float64)}, torch.arange(30) % 3)
    learning = recipe(model, Doubles(), replace(PLAN, accumulate=accumulate))
    for _ in range(3):
        learning.step(batch, 0.5)
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.mark.parametrize("accumulate", [2, 4, 7, 100])
def test_accumulated_parts_learn_what_the_whole_batch_learns(accumulate):
    torch.testing.assert_close(weights_after(accumulate), weights_after(1), rtol=1e-7, atol=1e-9)


def test_the_gradient_is_clipped_to_the_norm_asked_for():
    class Square(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.full((4,), 10.0))

        def forward(self, _inputs: dict[str, Tensor]) -> Tensor:
            return (self.weight**2).sum().expand(2)

    model = Square()
    learning = recipe(model, Summed(), replace(PLAN, lr=1.0, clip=0.5))
    learning.optimisers = [torch.optim.SGD(model.parameters(), lr=1.0)]
    learning.step(Batch({}, torch.zeros(2)), 0.5)
    assert (model.weight - 10).norm().item() == pytest.approx(0.5, rel=1e-4)


AMOUNTS = [
    Amount(shift=0.1),
    Amount(shift=0.1, rotate=15, scale=0.15, contrast=0.3, brightness=0.3),
    Amount(contrast=1.0, brightness=1.0),
    Amount(crop=0.5, colour=0.5, cutout=0.4, flip=0.5, flip_vertical=0.5),
]


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("channels", [1, 3])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(1, 5), side=st.integers(4, 20))
def test_augmented_pictures_keep_shape_and_range(amount, channels, seed, rows, side):
    torch.manual_seed(seed)
    images = torch.randint(0, 256, (rows, side, side + 1, channels), dtype=torch.uint8)
    altered = changed(amount)(images)
    assert altered.shape == images.shape
    assert altered.min() >= 0
    assert altered.max() <= 255


@pytest.mark.parametrize("amount", AMOUNTS)
def test_equal_pictures_are_each_changed_in_a_way_of_their_own(amount):
    torch.manual_seed(0)
    one = torch.randint(0, 256, (1, 16, 16, 1), dtype=torch.uint8)
    altered = changed(amount)(one.expand(64, -1, -1, -1)).float()
    assert len(altered.flatten(1).unique(dim=0)) > 8


def test_a_shift_moves_whole_pixels_by_at_most_the_share_asked_for():
    torch.manual_seed(0)
    picture = torch.zeros(1, 21, 21, 1, dtype=torch.uint8)
    picture[0, 10, 10] = 200
    places = changed(Amount(shift=0.1))(picture.expand(200, -1, -1, -1)).nonzero()[:, 1:3] - 10
    assert places.abs().max() == 2
    assert len(places.unique(dim=0)) == 25


def test_members_are_judged_by_their_mean_probability():
    logits = torch.tensor([[[4.0, 0.0], [0.0, 0.0]]]).log_softmax(-1)
    mean = logits.exp().mean(1)
    torch.testing.assert_close(log_probabilities(logits).exp(), mean)
    loss, right = CrossEntropy().score(logits, torch.tensor([0])).tolist()
    assert (loss, right) == (pytest.approx(-mean[0, 0].log().item()), 1)


def test_each_member_learns_on_its_own():
    logits, labels = torch.randn(6, 3, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    loss = CrossEntropy(0.1).loss
    alone = [loss(logits[:, m : m + 1], labels) for m in range(3)]
    torch.testing.assert_close(loss(logits, labels), torch.stack(alone).mean())


def test_a_full_memory_halves_the_next_try(tmp_path):
    note = tmp_path / "accumulate.json"
    assert memory.parts(note, 3) == 3
    with pytest.raises(OutOfMemoryError, match="parts of 34") as caught, memory.watched(note, 3, 100):
        torch.empty(2**60)
    assert caught.value.retryable
    assert memory.parts(note, 3) == 6


def test_other_errors_are_left_alone(tmp_path):
    with pytest.raises(RuntimeError, match="shapes"), memory.watched(tmp_path / "note", 1, 8):
        torch.ones(2, 3) @ torch.ones(2, 3)
    assert not (tmp_path / "note").exists()


def test_a_device_that_is_not_there_is_named_with_those_that_are():
    absent = next(name for name in ("mps", "cuda") if not getattr(torch, name).is_available())
    with pytest.raises(ConfigError, match=f"training.device is {absent}.*Here: auto, .*cpu"):
        device.choose(Training(device=absent), doubles=True, half=False)


def test_a_table_trains_in_float32_and_precision_can_be_set():
    for said, wanted in (
        (Training(device="cpu"), "float32"),
        (Training(device="cpu", precision="bfloat16"), "bfloat16"),
    ):
        assert device.choose(said, doubles=True, half=False).described()["precision"] == wanted


def test_the_process_keeps_its_settings():
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with device.repeatable(device.Machine(CPU, torch.float32), 0, before[0] + 1):
        assert torch.get_num_threads() == before[0] + 1
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before


def test_a_checkpoint_is_read_back_as_it_was_and_written_only_when_due(tmp_path: Path):
    file = tmp_path / "beside" / "checkpoint.pt"
    never, always = Checkpoint(file, 1e9), Checkpoint(file, 0)
    assert never.read(CPU) is None
    never.write_if_due(lambda: {"epoch": 1})
    assert not file.exists()
    always.write_if_due(lambda: {"epoch": 2, "weights": {"a": torch.arange(3.0)}})
    found = never.read(CPU)
    assert found is not None
    assert found["epoch"] == 2
    assert found["weights"]["a"].equal(torch.arange(3.0))
