"""Families that read step by step: before training, after it, and exported."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from keepfit import config
from keepfit.data.transform import Entry, Transform
from keepfit.errors import ConfigError
from keepfit.features.audio import PAD
from keepfit.features.audio import Entry as Recording
from keepfit.features.image import Entry as Picture
from keepfit.features.sequence import Entry as Series
from keepfit.features.text import Entry as Text
from keepfit.models.recurrent import turned
from keepfit.problems.classification.learn import CrossEntropy
from tests.tables import classified

FAMILIES = ("rnn", "gru", "lstm", "attention")
KINDS = ("sequence", "text", "image")
HOP = 80
"""Samples of a recording from one moment to the next."""


def entry_of(kind: str, steps: int = 20) -> Entry:
    given: dict[str, Any] = {"name": kind, "kind": kind, "slot": 0}
    if kind == "sequence":
        return Series(**given, channels=2, length=500, mean=(0.5, 0.0), std=(2.0, 1.0), missing=0, steps=steps)
    if kind == "text":
        known = {"tokenizer": "{}", "vocabulary": 50, "length": 64, "grams": "words", "missing": 0}
        return Text.model_validate({**given, **known})
    if kind == "audio":
        return Recording(**given, rate=8000, seconds=10, resample="polyphase", steps=HOP * steps)
    moments = {"mean": (0.3,), "std": (0.2,)}
    return Picture(**given, size=(9, 7), channels=1, pixels=None, resample="bilinear", **moments)


def rows_of(kind: str, lengths: list[int]) -> Tensor:
    """Random rows of these lengths, of recordings in moments; pictures have one length."""
    torch.manual_seed(1)
    if kind == "audio":
        behind = torch.arange(HOP * max(1, *lengths)) >= HOP * torch.tensor(lengths)[:, None]
        return torch.randint(-9000, 9000, behind.shape, dtype=torch.int16).masked_fill(behind, PAD)
    steps = max(1, *lengths)
    behind = torch.arange(steps) >= torch.tensor(lengths)[:, None]
    if kind == "sequence":
        return torch.randn(len(lengths), steps, 2).masked_fill(behind[..., None], float("nan"))
    if kind == "text":
        return torch.randint(1, 50, (len(lengths), steps)).masked_fill(behind, 0)
    return torch.randint(0, 256, (len(lengths), 9, 7, 1), dtype=torch.uint8)


def network(family: str, kind: str, steps: int = 20, **settings: Any) -> nn.Module:
    """A fresh network for three classes, as the defaults have it."""
    package, net = (import_module(f"keepfit.models.{family}{part}") for part in ("", ".net"))
    seen = Transform(target=classified(["a", "b", "c"]), features=(entry_of(kind, steps),))
    torch.manual_seed(0)
    made: nn.Module = net.build(net.defaults(package.Settings(**{"width": 32, **settings}), seen, 300), seen)
    return made


every = pytest.mark.parametrize(
    ("family", "kind"), [(family, kind) for family in FAMILIES for kind in KINDS], ids=lambda value: value
)


@every
def test_padding_changes_nothing_nor_do_the_rows_beside(family, kind):
    model = network(family, kind).eval()
    rows = rows_of(kind, [5, 20, 1, 0, 12])
    found = model({kind: rows})
    assert found.shape == (5, 1, 3)
    assert found.isfinite().all()
    for place, length in enumerate([5, 20, 1, 0, 12]):
        alone = rows[place : place + 1] if kind == "image" else rows[place : place + 1, : max(length, 1)]
        torch.testing.assert_close(model({kind: alone}), found[place : place + 1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_of_recordings_changes_nothing(family):
    model = network(family, "audio", steps=300).eval()
    rows = rows_of("audio", [5, 20, 1, 0, 12])
    found = model({"audio": rows})
    for place, length in enumerate([5, 20, 1, 0, 12]):
        alone = rows[place : place + 1, : max(HOP * length, 1)]
        torch.testing.assert_close(model({"audio": alone}), found[place : place + 1], atol=1e-5, rtol=1e-4)


@every
def test_what_stands_anywhere_is_seen(family, kind):
    model = network(family, kind).eval()
    rows = rows_of(kind, [20, 20]) if kind != "image" else rows_of(kind, [9, 9])
    before = model({kind: rows})
    for place in range(rows.shape[1]):
        changed = rows.clone()
        changed[:, place] = (changed[:, place] + 20) % 50 + 1
        assert (model({kind: changed}) - before).abs().amax((1, 2)).min() > 0


@every
def test_the_gradient_reaches_every_parameter(family, kind):
    model = network(family, kind, depth=2)
    model({kind: rows_of(kind, [20] * 12)}).square().sum().backward()
    idle = [name for name, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert not idle


@every
def test_it_learns_one_batch_by_heart(family, kind):
    model = network(family, kind, dropout=0)
    rows, labels = rows_of(kind, [8, 20, 14] * 8), torch.arange(24) % 3
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0)
    for _ in range(80):
        optimiser.zero_grad()
        loss = CrossEntropy().loss(model({kind: rows}), labels) / 24
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.1


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # inside torch's own exporter
@pytest.mark.parametrize(("family", "kind", "more"), [
    ("lstm", "text", {"depth": 2}),
    ("gru", "sequence", {"pool": "last"}),
    ("rnn", "sequence", {"bidirectional": False, "pool": "last"}),
    ("lstm", "image", {"bidirectional": False}),
    ("attention", "text", {}),
    ("attention", "sequence", {"steps": 200}),
    ("attention", "image", {}),
    ("gru", "audio", {}),
    ("attention", "audio", {"steps": 200}),
])  # fmt: skip
def test_exported_it_gives_the_same_for_every_number_of_rows_and_steps(tmp_path: Path, family, kind, more):
    model = network(family, kind, **more).eval()
    file = tmp_path / "model.onnx"
    free = {0: torch.export.Dim("rows", min=1), **({} if kind == "image" else {1: torch.export.Dim("steps", min=1)})}
    torch.onnx.export(
        Named(model, kind).eval(), (rows_of(kind, [24, 24]),), file, dynamo=True, opset_version=20, verbose=False,
        input_names=[kind], output_names=["logits"], dynamic_shapes={"rows": free},
    )  # fmt: skip
    session = onnxruntime.InferenceSession(file)
    for lengths in ([1], [3, 40], [0, 7, 19, 2, 11], [150] * 3):
        rows = rows_of(kind, lengths)
        (found,) = session.run(None, {kind: rows.numpy()})
        np.testing.assert_allclose(found, model({kind: rows}).detach().numpy(), atol=1e-4)


class Named(nn.Module):
    """The network with its rows as a plain argument."""

    def __init__(self, model: nn.Module, kind: str) -> None:
        super().__init__()
        self.model, self.kind = model, kind

    def forward(self, rows: Tensor) -> Tensor:
        logits: Tensor = self.model({self.kind: rows})
        return logits


def test_turned_round_twice_a_row_is_as_it_was():
    there = torch.tensor([[1.0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]])[..., None]
    vectors = torch.arange(12.0).view(3, 4, 1)
    once = turned(vectors, there)
    assert once[0, :, 0].tolist() == [2, 1, 0, 3]
    assert once[1, :, 0].tolist() == [7, 6, 5, 4]
    assert torch.equal(turned(once, there), vectors)


@pytest.mark.parametrize("family", FAMILIES[:3])
def test_what_reads_one_thing_step_by_step_refuses_a_table(tmp_path: Path, family: str):
    (tmp_path / "pipeline.yaml").write_text(
        "name: n\nsource: {path: rows.csv}\ntarget: c\nfeatures: {a: number, b: text}\n"
        f"model: {{family: {family}}}\n"
    )
    with pytest.raises(ConfigError, match=f"{family} needs exactly one feature that is read step by step"):
        config.load(tmp_path / "pipeline.yaml")
