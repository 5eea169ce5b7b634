"""A network that begins with what another one learned, wherever that means the same: see `keepfit.features.named`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from keepfit.config import Model, Training
from keepfit.data.transform import Transform
from keepfit.features.lookup import parsed
from keepfit.features.named import Axes, Axis
from keepfit.models.architecture import load, resolve
from keepfit.store import files

Architecture = dict[str, Any]
"""What `keepfit.models.architecture.build` takes."""


@dataclass(frozen=True)
class TakenOver:
    """How much of a network is another one's."""

    numbers: int
    """Weights that are."""
    whole: int
    """Of so many."""
    fresh: tuple[str, ...]
    """Tensors that are not, or not in all their places."""


def why_not(model: Model, transform: Transform, earlier: Architecture) -> str:
    """Why nothing of an earlier network can be taken over, in a clause; empty where something may."""
    if earlier["family"] != model.family:
        return f"it is of the family {earlier['family']}, and this one is of {model.family}"
    problem = earlier["transform"]["target"]["problem"]
    return (
        "" if problem == transform.target.problem else f"it answers {problem}, and this one {transform.target.problem}"
    )


def resumed(
    earlier: Architecture, model: Model, training: Training, transform: Transform, rows: int
) -> tuple[Architecture, dict[str, Any]]:
    """As `keepfit.models.architecture.resolve`, of a network that goes on from an earlier one.

    What the YAML does not say is as it was, and figures that weights were learned for are the same.
    """
    before, settings = parsed(earlier["transform"]), earlier["settings"]
    own = [name for name in type(model).model_fields if name != "family"]
    as_it_was = {name: settings[name] for name in own if getattr(model, name) is None and name in settings}
    features = [
        entry.resumed(before.entries[entry.name]) if entry.name in before.entries else entry
        for entry in transform.features
    ]
    now = Transform(target=transform.target.resumed(before.target), features=tuple(features))
    made, derived = resolve(model.model_copy(update=as_it_was), training, now, rows)
    others = {name: settings[name] for name in made["settings"] if name not in own and name in settings}
    return {**made, "settings": {**made["settings"], **others}}, derived


@torch.no_grad()
def take_over(net: nn.Module, architecture: Architecture, folder: Path) -> TakenOver:
    """Put what the trained network in `folder` learned into a fresh one, in place; torch's generator is left as it was.

    Raises whatever a network raises that cannot be built any more.
    """
    earlier = files.read_json(folder / "architecture.json")
    with torch.random.fork_rng(devices=[]):
        old = load(folder).net
    before, now = parsed(earlier["transform"]), parsed(architecture["transform"])
    if not hasattr(net, "named") and _words(before) != _words(now):
        return TakenOver(0, sum(one.numel() for one in net.parameters()), ("all",))
    have, axes_of_old, axes = old.state_dict(), axes_of(old, before), axes_of(net, now)
    taken = {
        name: _put(tensor, have[name], axes.get(name, ()), axes_of_old.get(name, ())) if name in have else 0
        for name, tensor in net.state_dict().items()
        if tensor.is_floating_point()  # what counts places is each network's own
    }
    learned = {name: one.numel() for name, one in net.named_parameters()}
    return TakenOver(
        sum(taken[name] for name in learned),
        sum(learned.values()),
        tuple(name for name, size in learned.items() if taken[name] < size),
    )


def axes_of(net: nn.Module, transform: Transform) -> dict[str, Axes]:
    """Tensor → what its axes count, by all modules that say so; what one says goes before what those in it say."""
    found: dict[str, Axes] = {}
    for prefix, module in net.named_modules():
        for name, axes in module.named(transform.target.words).items() if hasattr(module, "named") else ():
            whole = f"{prefix}.{name}" if prefix else name
            both = zip_longest(found.get(whole, ()), axes)
            found[whole] = tuple(own if own is not None else inner for own, inner in both)
    return found


def _words(transform: Transform) -> list[Any]:
    """What decides which place of a network means what."""
    features = [(one.name, one.kind, one.tensor, one.slot, one.words) for one in transform.features]
    return [*features, transform.target.words]


def _put(tensor: Tensor, earlier: Tensor, axes: Axes, before: Axes) -> int:
    """Copy the places that mean the same; gives how many numbers that is."""
    if tensor.ndim != earlier.ndim:
        return 0
    places = [
        _same(size, was, here, there)
        for size, was, here, there, _ in zip_longest(tensor.shape, earlier.shape, axes, before, [])
    ]
    to, source = (_crossed(some) for some in zip(*places, strict=True)) if places else ((), ())
    tensor[to] = earlier[source].to(tensor)
    return math.prod(one.numel() for one in to)


def _crossed(places: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Places of each axis, as an index of all their crossings."""
    return tuple(one.view([-1 if n == axis else 1 for n in range(len(places))]) for axis, one in enumerate(places))


def _same(size: int, was: int, axis: Axis, before: Axis) -> tuple[Tensor, Tensor]:
    """The places of an axis that mean the same, here and there."""
    if axis is None and before is None and size == was:
        return torch.arange(size), torch.arange(size)
    known = {name: place for place, name in enumerate(before or ())}
    pairs = [(place, known[name]) for place, name in enumerate(axis or ()) if name in known]
    found = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
