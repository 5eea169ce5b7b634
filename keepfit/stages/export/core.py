"""The trained model as an ONNX graph over the fitted tensors: one input each, `answers` out.

B rows (a named, free dimension), A numbers an answer.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from keepfit.data.batch import tensor_of
from keepfit.data.transform import Tensor as FittedTensor
from keepfit.data.transform import Transform
from keepfit.models.architecture import TrainedModel, drawing
from keepfit.models.tree_nodes import ensembles
from keepfit.problems.lookup import learn_of

OPSET = 20
STEPS = 24
"""Of the example of an input whose rows differ in length; any number does."""
IR = 10
"""Newer ONNX files are refused by runtimes that are still in wide use."""


class Answering(nn.Module):
    """Tensors in the order of `names` → answers [B, A]."""

    def __init__(self, model: TrainedModel, names: tuple[str, ...]) -> None:
        super().__init__()
        self.net, self.names = model.net, names
        self._target, self._reach, self._answers = model.target, model.reach, learn_of(model.target.problem).answers

    def forward(self, *tensors: Tensor) -> Tensor:
        """One tensor a name → [B, A]."""
        outputs: Tensor = self.net(dict(zip(self.names, tensors, strict=True)))
        answers: Tensor = self._answers(outputs, self._target, self._reach)
        return answers


def example(transform: Transform, rows: int = 2) -> dict[str, Tensor]:
    """Missing values in the shapes that a fitted transform asks for; two rows, for one would be taken as fixed."""
    found = {}
    for tensor in transform.tensors:
        steps = () if tensor.pad is None else (STEPS,)
        found[tensor.name] = tensor_of(_missing((rows, *steps, *tensor.shape), np.dtype(tensor.dtype)))
    return found


def _missing(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.full(shape, np.nan if dtype.kind == "f" else 0, dtype)


def core_graph(model: TrainedModel, transform: Transform) -> onnx.ModelProto:
    """The model's graph, with nothing in it but the computation: no paths, no stack traces, no stale shapes.

    Raises RuntimeError when the exporter froze the number of rows, which it does silently.
    """
    inputs = drawing(model.net, example(transform))
    names = tuple(inputs)
    free = tuple(_free(tensor) for tensor in transform.tensors)
    free += tuple({0: torch.export.Dim("rows")} for _ in names[len(free) :])
    with quiet():
        program = torch.onnx.export(
            Answering(model, names).eval(),
            tuple(inputs.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(names),
            output_names=["answers"],
            dynamic_shapes=(free,),
            external_data=False,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    ensembles(proto)
    strip(proto)
    refuse_frozen(proto, {tensor.name for tensor in transform.tensors if tensor.pad is not None})
    return proto


def _free(tensor: FittedTensor) -> dict[int, torch.export.Dim]:
    """The axes of an input whose length is the caller's."""
    rows = {0: torch.export.Dim("rows")}
    return rows if tensor.pad is None else {**rows, 1: torch.export.Dim(f"{tensor.name}_steps")}


def strip(proto: onnx.ModelProto) -> None:
    """Take out what describes the making rather than the model, in place."""
    proto.ir_version = min(proto.ir_version, IR)
    proto.ClearField("metadata_props")
    proto.ClearField("doc_string")
    proto.graph.ClearField("value_info")
    for part in (proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")


def refuse_frozen(proto: onnx.ModelProto, ragged: Collection[str] = ()) -> None:
    """Raise RuntimeError when the first dimension of an input or output is a number, or the second of a ragged one."""
    for value in (*proto.graph.input, *proto.graph.output):
        axes = value.type.tensor_type.shape.dim
        if not axes[0].dim_param:
            raise RuntimeError(f"the exporter fixed the number of rows of {value.name}")
        if value.name in ragged and not axes[1].dim_param:
            raise RuntimeError(f"the exporter fixed the length of {value.name}")


@contextmanager
def quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own deprecations and on libraries that are not installed."""
    registration = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = registration.level
    registration.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        registration.setLevel(level)
