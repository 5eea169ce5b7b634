"""The convolutional networks: before training, after it, and exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from keepfit.data.transform import Transform
from keepfit.features.image import Entry as ImageEntry
from keepfit.models.cnn import Settings
from keepfit.models.cnn.net import Fast, build, defaults
from keepfit.problems.classification.learn import CrossEntropy
from tests.tables import classified

VARIANTS = ["fast", "plain"]


def network(variant: str = "fast", side: int = 8, channels: int = 1, rows: int = 1000, **settings: Any) -> nn.Module:
    """A fresh network for three classes, as the defaults for so many rows have it."""
    seen = picture((side, side), channels)
    derived = defaults(Settings(variant=variant, **settings), seen, rows)
    torch.manual_seed(0)
    return build(derived, seen)


def picture(size: tuple[int, int], channels: int = 1) -> Transform:
    """A fitted picture of that size, and three classes."""
    moments = {"mean": (0.3,) * channels, "std": (0.2,) * channels}
    entry = ImageEntry(
        name="image", kind="image", slot=0, size=size, channels=channels, pixels=None, resample="bilinear", **moments
    )
    return Transform(target=classified(["a", "b", "c"]), features=(entry,))


def noise(rows: int, side: int, channels: int = 1) -> Tensor:
    return torch.randint(0, 256, (rows, side, side, channels), dtype=torch.uint8)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    ("side", "channels"), [(4, 1), (8, 1), (8, 3), (28, 1), (32, 3), (45, 3), (64, 1), (100, 3), (224, 3)]
)
def test_every_size_gives_one_row_of_logits_a_picture(variant, side, channels):
    model = network(variant, side, channels).eval()
    assert model({"image": noise(2, side, channels)}).shape == (2, 1, 3)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_picture_need_not_be_square(variant):
    seen = picture((12, 30))
    model = build(defaults(Settings(variant=variant), seen, 100), seen)
    assert model({"image": torch.zeros(3, 12, 30, 1, dtype=torch.uint8)}).shape == (3, 1, 3)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(1, 1), (2, 30), (30, 3), (1, 100)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_may_be_a_line_or_a_dot(variant, size, channels):
    seen = picture(size, channels)
    model = build(defaults(Settings(variant=variant), seen, 100), seen)
    images = torch.randint(0, 256, (8, *size, channels), dtype=torch.uint8)
    if isinstance(model, Fast):
        model.see({"image": images})
    assert model({"image": images}).isfinite().all()
    assert not torch.equal(model.eval()({"image": images[:1]}), model({"image": 255 - images[:1]}))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_gradient_reaches_every_parameter_that_learns(variant):
    model = network(variant)
    model({"image": noise(16, 8)}).square().sum().backward()
    idle = [name for name, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert not idle


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_learns_one_batch_by_heart(variant):
    model = network(variant, dropout=0)
    images, labels = noise(24, 8), torch.arange(24) % 3
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0)
    for _ in range(60):
        optimiser.zero_grad()
        loss = CrossEntropy().loss(model({"image": images}), labels) / 24
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


def test_the_first_layer_gives_uncorrelated_patches_of_equal_size():
    model = network("fast", 28, 3)
    assert isinstance(model, Fast)
    smooth = nn.functional.interpolate(torch.rand(200, 3, 7, 7), size=28, mode="bilinear") * 255
    images = smooth.permute(0, 2, 3, 1).byte()
    model.see({"image": images})
    maps = model.whiten(model.pixels(images))[:, :8, 2:-2, 2:-2] - model.whiten.bias[:8, None, None]
    covariance = maps.transpose(0, 1).flatten(1).cov()
    strong = covariance[:4, :4]
    assert (strong - strong.diag().diag()).abs().max() < 0.2 * strong.diag().max()
    assert not model.whiten.weight.requires_grad


def test_what_the_yaml_says_goes_before_what_is_derived():
    seen = picture((28, 28))
    derived = defaults(Settings(), seen, 50_000)
    said = defaults(Settings(width=20, dropout=0.0, variant="plain"), seen, 500)
    assert (said["width"], said["dropout"], said["variant"]) == (20, 0.0, "plain")
    assert derived["epochs"] < defaults(Settings(), seen, 500)["epochs"]


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # inside torch's own exporter
@pytest.mark.parametrize("variant", ["fast", pytest.param("plain", marks=pytest.mark.slow)])
def test_exported_it_gives_the_same_logits_at_every_batch_size(tmp_path: Path, variant: str):
    model = network(variant, 28).eval()
    file = tmp_path / "model.onnx"
    rows = torch.export.Dim("rows", min=1)
    torch.onnx.export(
        Named(model).eval(), (noise(2, 28),), file, dynamo=True, opset_version=20, verbose=False,
        input_names=["image"], output_names=["logits"], dynamic_shapes={"image": {0: rows}},
    )  # fmt: skip
    session = onnxruntime.InferenceSession(file)
    for count in (1, 2, 7, 100):
        images = noise(count, 28)
        (found,) = session.run(None, {"image": images.numpy()})
        np.testing.assert_allclose(found, model({"image": images}).detach().numpy(), atol=1e-4)


class Named(nn.Module):
    """The network with its picture as a plain argument."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.model({"image": image})
        return logits
