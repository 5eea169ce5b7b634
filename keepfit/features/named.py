"""What the places of a network's tensors mean, so that another network can take over what was learned.

A module may have `named(outputs) → {tensor: axes}`: of a tensor in it, by its dotted name, what each axis counts, be it
columns, words of a vocabulary or the `outputs`, which are the target's `words`; None for an axis whose places no data
decides, such as units. A network whose own module has it says so of all its tensors: those that it does not name mean
the same whatever the columns, the words and the outputs are.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

Axis = Sequence[Hashable] | None
Axes = tuple[Axis, ...]


def head(outputs: Sequence[str], name: str = "head") -> dict[str, Axes]:
    """Of a dense layer that gives the outputs."""
    return {f"{name}.weight": (outputs, None), f"{name}.bias": (outputs,)}
