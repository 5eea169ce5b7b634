"""The second graph of a network that reads token by token: a step of it costs one step.

step.onnx takes `tokens` int64 [rows, steps] and the state before them, tensors by their names, and gives `logits`
[rows, steps, V], of what comes behind each token, and `next_…`, the state behind. At first the state is zeros in the
shape of the inputs, a dimension that grows being 0, and the first token is 0, which is none. B rows, T tokens.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from keepfit.data import feed
from keepfit.features.lookup import read_transform
from keepfit.models.architecture import load
from keepfit.serving.bundle.model import session_of
from keepfit.serving.generation import STEP, blank, step
from keepfit.stages.export.core import OPSET, quiet, refuse_frozen, strip
from keepfit.stages.export.parity import TOLERANCE
from keepfit.store import files

if TYPE_CHECKING:
    from keepfit.models.stepping import Stepping

ROWS, TOKENS = 8, 64
"""Test texts and tokens of each on which the graph is compared with torch, at once and token by token."""


class _Step(nn.Module):
    def __init__(self, net: nn.Module, stepping: Stepping) -> None:
        super().__init__()
        self.net, self._step = net, stepping.step

    def forward(self, tokens: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """One tensor a name → logits, and one a name."""
        logits, after = self._step(tokens, state)
        return logits, *after


def write(folder: Path, net: nn.Module) -> None:
    """step.onnx, where the network has one. Raises RuntimeError when the exporter froze a dimension."""
    if not hasattr(net, "stepping"):
        return
    stepping: Stepping = net.stepping()  # type: ignore[operator]
    rows, steps = torch.export.Dim("rows"), torch.export.Dim("steps")
    axes = {0: rows, 2: torch.export.Dim("past")} if stepping.grows else {0: rows}
    with quiet():
        program = torch.onnx.export(
            _Step(net, stepping).eval(),
            (stepping.tokens, *stepping.state.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=["tokens", *stepping.state],
            output_names=["logits", *(f"next_{name}" for name in stepping.state)],
            dynamic_shapes=({0: rows, 1: steps}, tuple(axes for _ in stepping.state)),
            external_data=False,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    strip(proto)
    refuse_frozen(proto, {"tokens", "logits"})
    files.write_bytes(folder / STEP, proto.SerializeToString(deterministic=True))


@torch.no_grad()
def compare(folder: Path, trained: Path, prepared: Path) -> str:
    """Why the graph does not say what torch says, on some test texts; empty where it does, or there is none."""
    if not (folder / STEP).is_file():
        return ""
    net, test = cast(Any, load(trained).net), feed.read(prepared / "test", read_transform(prepared))
    (texts,) = test.load((0,)).take(torch.arange(min(ROWS, len(test)))).batch().inputs.values()
    tokens = nn.functional.pad(texts, (1, 0))[:, :TOKENS]
    expected = net.logits(tokens, net.core.begin(tokens))[0].numpy()
    session = session_of((folder / STEP).read_bytes())
    for cut, how in ((tokens.shape[1], "at once"), (7, "by sevens"), (1, "token by token")):
        found = np.concatenate([*_steps(session, tokens.numpy(), cut)], axis=1)
        apart = float(np.abs(found - expected).max(initial=0.0))
        if not apart <= TOLERANCE * max(1.0, float(np.abs(expected).max(initial=0.0))):
            return f"Parity failed: {STEP} differs from torch by {apart:.2g} where texts are read {how}."
    return ""


def _steps(session: onnxruntime.InferenceSession, tokens: NDArray[np.int64], cut: int) -> list[NDArray[np.float32]]:
    """The logits of texts [B, T], so many tokens at a time."""
    state, found = blank(session, len(tokens)), []
    for start in range(0, tokens.shape[1], cut):
        logits, state = step(session, tokens[:, start : start + cut], state)
        found.append(logits)
    return found
