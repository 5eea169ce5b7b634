"""A kind by its name: only what is asked for is imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from keepfit.config.sets import FEATURES, PROBLEMS
from keepfit.data import transform
from keepfit.data.transform import Entry, Target, Transform
from keepfit.store import files

if TYPE_CHECKING:
    import torch

    from keepfit.features.kind import Kind
    from keepfit.features.rebuilder import Rebuilder
    from keepfit.features.words import Words


def kind_of(name: str) -> Kind:
    """What can be done with a column of a kind, without torch."""
    return cast("Kind", FEATURES.module(name, "cells").KIND)


def entry_of(name: str) -> type[Entry]:
    """The class of a kind's entries in transform.json."""
    return cast(type[Entry], FEATURES.module(name).Entry)


def target_of(problem: str) -> type[Target]:
    """The class of a problem's target in transform.json."""
    return cast(type[Target], PROBLEMS.module(problem).Target)


def words_of(name: str) -> Words:
    """What is said of a column of a kind."""
    return cast("Words", FEATURES.module(name, "words").WORDS)


def encoder_of(entries: Sequence[Entry], bins: int, units: int, *, alone: bool) -> torch.nn.Module:
    """The module over one tensor, that stands alone or beside others; see `keepfit.features.encoder`."""
    net = FEATURES.module(entries[0].kind, "net")
    encoder = net.encoder if alone else getattr(net, "encoder_beside", net.encoder)
    made: torch.nn.Module = encoder(entries, bins, units)
    return made


def rebuilder_of(entries: Sequence[Entry]) -> Rebuilder:
    """The module that gives back the cells of one tensor; see `keepfit.features.rebuilder`."""
    return cast("Rebuilder", FEATURES.module(entries[0].kind, "net").rebuilder(entries))


def steps_of(entry: Entry) -> torch.nn.Module:
    """The module that gives what is read step by step [B, T, width] and which steps are there [B, T, 1], of a kind that
    has steps; its `width` is the numbers a step, its `hop` how many of the shards' steps are one, where not each."""
    made: torch.nn.Module = FEATURES.module(entry.kind, "net").steps(entry)
    return made


def amounts_of(entry: Entry, rows: int) -> dict[str, Any] | None:
    """How much rows of a kind that can be changed in training are changed, where the YAML does not say."""
    net = FEATURES.module(entry.kind, "net")
    found: dict[str, Any] | None = net.amounts(entry, rows) if hasattr(net, "amounts") else None
    return found


def graph_of(name: str) -> Any:
    """The module that makes the nodes before the net; see `keepfit.features.front`."""
    return FEATURES.module(name, "graph")


def read_transform(folder: Path) -> Transform:
    """The transform.json in a folder."""
    return parsed(files.read_json(folder / transform.NAME))


def parsed(content: dict[str, Any]) -> Transform:
    """What a transform.json holds, in the classes of the members it names."""
    return transform.parse(content, entry_of, target_of)
