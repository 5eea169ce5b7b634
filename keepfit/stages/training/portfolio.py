"""One execution of the train stage for a portfolio: its members one after the other, then their mixture.

Each member's training is an output of its own, under a key of its own: a killed portfolio goes on with the member that
was under way, and a changed setting of one member trains that one alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from torch import Tensor

from keepfit.config.sections import Model
from keepfit.config.sets import MODELS
from keepfit.data import feed
from keepfit.data.feed import Part
from keepfit.errors import ConfigError
from keepfit.features.lookup import read_transform
from keepfit.models.table_defaults import SMALL, steps
from keepfit.problems.lookup import learn_of
from keepfit.problems.objective import Objective
from keepfit.stages.training import held_out
from keepfit.stages.training.folds import fold
from keepfit.stages.training.mixing import mixed, mixed_sparingly, mixed_within
from keepfit.stages.training.session import session
from keepfit.stages.training.together import Member, Whole, write
from keepfit.store.artifacts import Learnable, Trained
from keepfit.store.stage import Room, inner, parts_of

FOLDS = 5
"""Into how many parts the rows are cut."""
TURNS = ((8_000, 3), (50_000, 2))
"""Below so many rows, in how many turns a member learns from all but one of the parts; beyond, in one: of many rows
each turn learns enough."""
CELLS = 500_000
"""So many of them, too, are learned from in one turn: 2,000 rows of 2,000 columns took 53 CPU seconds in three, and of
13,737 rows of 52 columns one turn answered new rows as well as two (99.42 and 99.40 %), in two thirds of the time."""
MOST_STEPS = 5_000
"""Steps that a small table's network may take in all turns: those of many classes take more each, and 5,000 are 25 to
45 CPU seconds (6,400 rows of 26 classes took 118 in three turns, and one is 4,600)."""
_TELLING = 300
"""Rows by which a member may be left out after its first turn."""


def portfolio(room: Room, prepared: Learnable) -> Trained:
    """Everything that `keepfit.stages.training.train` promises."""
    folder = room.store / prepared.path
    transform = read_transform(folder)
    train, validation = (feed.read(folder / part, transform) for part in ("train", "validation"))
    learn = learn_of(transform.target.problem)
    objective = learn.objective(room.config.problem, transform.target, 0.0)
    rows, of = len(train) + len(validation), _cuts(room, train, validation)
    turns = _turns(rows, len(transform.features), transform.target.outputs) if of > 1 else 1
    members = [Member(one, turns if _learns_in_turns(one) else 1) for one in room.config.model.families]  # type: ignore[attr-defined]
    labels = _labels(train, validation, objective)
    torch.set_num_threads(room.config.training.threads)
    began = time.monotonic()
    turn = _Turns(room, prepared, members, rows, of)
    turn.all(0)
    left: list[Member] = []
    if of > 1:
        left = _left_out(room, members, labels, objective, learn)
        for number in range(1, FOLDS):
            limit = room.config.training.max_seconds
            if limit is None or time.monotonic() - began < limit:
                turn.all(number)
    common, outputs = _outputs(members, rows)
    shares, sharpness = _mixed(room, members, outputs, labels[common], objective, learn)
    found = learn.pooled(outputs, shares) * sharpness
    every = torch.cat([shares, torch.zeros(len(left))])
    return write(Whole(room, transform, members + left, every, sharpness), objective, found, labels[common])


class _Turns:
    """The members' trainings, and how far they are."""

    def __init__(self, room: Room, prepared: Learnable, members: Sequence[Member], rows: int, of: int) -> None:
        self.room, self.prepared, self.members, self.rows, self.of = room, prepared, members, rows, of
        self.done = 0

    def all(self, number: int) -> None:
        """The `number`-th turn of every member that has so many."""
        for member in self.members:
            if number < member.turns:
                self.one(member, number)

    def one(self, member: Member, number: int) -> None:
        """Train a member, or take what was trained before."""
        room, section = self.room, member.section
        training = room.config.training
        seeded = training.model_copy(update={"seed": training.seed + number})
        config = room.config.model_copy(update={"model": section, "training": seeded})
        anew = self.of > 1 and _learns_in_turns(section)
        cut = fold(self.prepared, number, self.of, self.rows) if anew else self.prepared
        planned = sum(one.turns for one in self.members)
        place = self.done / planned, (self.done + 1) / planned
        about = f"{section.family} {number + 1} of {member.turns}" if member.turns > 1 else section.family
        within = inner(room, config, about, place)
        from keepfit.stages.training import train

        made = within.made("member", Trained, parts_of(train, within.run, cut), lambda one: session(one, cut))
        member.trained.append(made)
        member.found.append(held_out.read(room.store / made.path))
        self.done += 1


def _cuts(room: Room, train: Part, validation: Part) -> int:
    """Into how many parts the rows may be cut: groups and times stay as they were split, and so do rows on disk."""
    held = len(train.groups) == len(validation.groups) == 1
    split = room.config.preprocessing.split
    return FOLDS if held and split.by == "hash" and split.column is None else 1


def _learns_in_turns(section: Model) -> bool:
    """Whether a family does not itself answer each of its rows by what did not see it."""
    return not getattr(MODELS.module(section.family, "net"), "HOLDS_OUT", False)


def _turns(rows: int, columns: int, outputs: int) -> int:
    found = next((turns for most, turns in TURNS if rows < most and rows * columns < CELLS), 1)
    return max(1, min(found, MOST_STEPS // steps(rows, outputs))) if rows < SMALL else found


def _labels(train: Part, validation: Part, objective: Objective) -> Tensor:
    """Of all rows, as the objective takes them."""
    found = [torch.cat([batch.labels for batch in part.in_order(1 << 16)]) for part in (train, validation)]
    return objective.labels(torch.cat(found))


def _outputs(members: Sequence[Member], rows: int) -> tuple[Tensor, Tensor]:
    """The rows that every member has outputs for, and these [N, P, K]."""
    there, outputs = zip(*(member.outputs(rows) for member in members), strict=True)
    common = torch.stack(there).all(0)
    return common, torch.stack([one[common] for one in outputs], 1)


def _mixed(
    room: Room, members: Sequence[Member], outputs: Tensor, labels: Tensor, objective: Objective, learn: object
) -> tuple[Tensor, float]:
    """Shares and sharpness. Raises ConfigError where no member is as small as the YAML wants the whole."""
    most = room.config.model.max_megabytes  # type: ignore[attr-defined]
    if most is None:
        return mixed_sparingly(outputs, labels, objective, learn)
    sizes = torch.tensor([member.bytes(room.store) / 1e6 for member in members])
    if sizes.min() > most:
        named = ", ".join(f"{m.section.family} {size:.2g}" for m, size in zip(members, sizes.tolist(), strict=True))
        raise ConfigError(
            f"model.max_megabytes is {most:g}, and no member of the portfolio is so small.",
            allowed=f"In megabytes they take: {named}.",
            todo="Raise it, name smaller families, or give one fewer trees or units.",
            where=str(room.config.file),
        )
    return mixed_within(outputs, labels, objective, learn, sizes, most)


def _left_out(room: Room, members: list[Member], labels: Tensor, objective: Objective, learn: object) -> list[Member]:
    """Take out the members that the others can do without, by the rows of the first turn: they have no further one."""
    common, outputs = _outputs(members, len(labels))
    if int(common.sum()) < _TELLING:
        return []
    shares, _ = mixed(outputs, labels[common], objective, learn)
    left = [m for m, share in zip(members, shares.tolist(), strict=True) if not share and m.turns > 1]
    for member in left:
        room.note(f"{member.section.family} is left out: the other members answer as well without it")
        members.remove(member)
    return left
