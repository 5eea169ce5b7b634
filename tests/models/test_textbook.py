"""The networks of the textbooks: their shapes as counted by hand, their settings, and their graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from keepfit.config import Training, load
from keepfit.data.transform import Transform
from keepfit.errors import ConfigError
from keepfit.models import cnn, mlp
from keepfit.models.activations import ACTIVATIONS
from keepfit.models.architecture import build, resolve
from keepfit.models.towers import layers
from tests import CARRIED
from tests.models.test_cnn import picture

TEXTBOOK = CARRIED / "textbook"


def network(model: Any, side: int = 28) -> nn.Module:
    torch.manual_seed(0)
    seen: Transform = picture((side, side))
    return build(resolve(model, Training(), seen, 51_000)[0])


def convolution(inputs: int, outputs: int) -> int:
    return 9 * inputs * outputs + 2 * outputs  # and the scale and shift of its batch norm


def dense(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


COUNTED = {
    "mlp_64_64": dense(784, 64) + dense(64, 64) + dense(64, 3),
    "mlp_128_dropout": dense(784, 128) + dense(128, 3),
    "cnn_32_64": convolution(1, 32) + convolution(32, 64) + dense(7 * 7 * 64, 64) + dense(64, 3),
    "cnn_32_64_128": (
        convolution(1, 32) + convolution(32, 64) + convolution(64, 128) + dense(3 * 3 * 128, 128) + dense(128, 3)
    ),
    "cnn_32_64_64_64": (
        convolution(1, 32) + convolution(32, 64) + 2 * convolution(64, 64) + dense(3 * 3 * 64, 64) + dense(64, 3)
    ),
}


def test_every_carried_one_is_counted() -> None:
    assert {path.name for path in TEXTBOOK.iterdir() if path.is_dir()} == COUNTED.keys()


@pytest.mark.parametrize("name", COUNTED)
def test_a_network_has_the_weights_that_a_textbook_counts(name: str) -> None:
    made = network(load(TEXTBOOK / name).model)
    assert sum(p.numel() for p in made.parameters()) == COUNTED[name]
    assert made({"image": torch.zeros(2, 28, 28, 1, dtype=torch.uint8)}).shape == (2, 1, 3)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("family", [mlp, cnn])
def test_an_activation_is_between_the_layers_and_the_gradient_goes_through(family: Any, name: str) -> None:
    made = network(family.Settings(variant="plain", activation=name), 8)
    images = torch.randint(0, 256, (16, 8, 8, 1), dtype=torch.uint8)
    found = made({"image": images})
    found.square().sum().backward()
    assert not [p for p in made.parameters() if p.grad is None or not p.grad.any()]
    if name != "relu":
        other = network(family.Settings(variant="plain"), 8)
        other.load_state_dict(made.state_dict())
        assert not torch.allclose(other({"image": images}), found)


@pytest.mark.parametrize("side", [1, 2, 5, 9, 28, 64])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_more_blocks_than_a_picture_can_be_pooled_fit_all_the_same(side: int, batch_norm: bool) -> None:
    made = network(cnn.Settings(variant="plain", depth=5, width=4, widest=8, batch_norm=batch_norm), side)
    assert [one.out_channels for one in made.convolutions] == [4, 8, 8, 8, 8]  # type: ignore[union-attr]
    assert made({"image": torch.zeros(3, side, side, 1, dtype=torch.uint8)}).isfinite().all()


@pytest.mark.parametrize(
    ("model", "feature", "said"),
    [
        ("{family: cnn, depth: 2}", "image", "model.depth of a cnn needs model.variant plain"),
        ("{family: cnn, variant: plain, activation: gelu}", "sequence", "which is over a picture"),
        ("{family: mlp, variant: plain}", "number", "needs exactly one image feature"),
        ("{family: mlp, variant: plain, bins: 4}", "image", "model.bins are of columns"),
        ("{family: mlp, activation: swish}", "image", "Allowed here: relu, gelu, tanh, sigmoid"),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path: Path, model: str, feature: str, said: str) -> None:
    yaml = f"name: x\nsource: {{path: x.zip}}\ntarget: y\nfeatures: {{x: {feature}}}\nmodel: {model}\n"
    (tmp_path / "pipeline.yaml").write_text(yaml)
    with pytest.raises(ConfigError, match=said):
        load(tmp_path)


class All(nn.Module):
    """A dense layer with each activation."""

    def __init__(self) -> None:
        super().__init__()
        sizes = {"width": 5, "depth": 1, "dropout": 0.0, "batch_norm": True}
        self.each = nn.ModuleList(layers({**sizes, "activation": name}, 4, 1) for name in ACTIVATIONS)

    def forward(self, rows: Tensor) -> Tensor:
        return torch.cat([one(rows[:, None])[:, 0] for one in self.each], 1)


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # inside torch's own exporter
def test_exported_every_activation_gives_what_torch_gives(tmp_path: Path) -> None:
    made, file, rows = All().eval(), tmp_path / "model.onnx", torch.export.Dim("rows", min=1)
    torch.onnx.export(
        made, (torch.randn(2, 4),), file, dynamo=True, opset_version=20, verbose=False,
        input_names=["rows"], output_names=["found"], dynamic_shapes={"rows": {0: rows}},
    )  # fmt: skip
    session = onnxruntime.InferenceSession(file)
    for count in (1, 7, 100):
        cells = 4 * torch.randn(count, 4)
        (found,) = session.run(None, {"rows": cells.numpy()})
        np.testing.assert_allclose(found, made(cells).detach().numpy(), atol=1e-5)
