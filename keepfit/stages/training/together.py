"""A portfolio on disk, as any trained network. P members, K outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from safetensors.torch import load_model, save
from torch import Tensor

from keepfit.config.sections import Model
from keepfit.data.transform import Transform
from keepfit.models.architecture import FORMAT, REACH, build
from keepfit.models.portfolio import Portfolio
from keepfit.problems.objective import Objective
from keepfit.stages.training.held_out import HeldOut
from keepfit.store import files
from keepfit.store.artifacts import Trained
from keepfit.store.stage import Room
from keepfit.store.store import Store

NAME, WEIGHTS = "members.json", "model.safetensors"


@dataclass
class Member:
    """One family, and what came of its turns."""

    section: Model
    turns: int
    trained: list[Trained] = field(default_factory=list)
    found: list[HeldOut] = field(default_factory=list)

    def bytes(self, store: Store) -> int:
        """What the weights of all its trainings take."""
        return sum((store / one.path / WEIGHTS).stat().st_size for one in self.trained)

    def outputs(self, rows: int) -> tuple[Tensor, Tensor]:
        """For which of the rows it has outputs that it did not learn from [N], and these [N, K]."""
        there = torch.zeros(rows, dtype=torch.bool)
        outputs = torch.zeros(rows, self.found[0].outputs.shape[1])
        for one in self.found:
            there[one.places], outputs[one.places] = True, one.outputs
        return there, outputs


@dataclass(frozen=True)
class Whole:
    """What goes into one graph."""

    room: Room
    transform: Transform
    members: list[Member]
    shares: Tensor
    """[P]."""
    sharpness: float

    def architecture(self) -> dict[str, Any]:
        """Of all parts that have a share: a member has one a turn."""
        parts = [files.read_json(self.room.store / one.path / "architecture.json") for one in self.trained()]
        named = [{"family": part["family"], "settings": part["settings"]} for part in parts]
        family = self.room.config.model.family
        return {"format": FORMAT, "family": family, "settings": {"parts": named}, "transform": self.transform.plain()}

    def trained(self) -> list[Trained]:
        """The parts."""
        return [one for member, share in self._shared() for one in member.trained if share]

    def net(self, architecture: dict[str, Any]) -> Portfolio:
        """The whole network, its weights read."""
        net = build(architecture)
        assert isinstance(net, Portfolio)
        for part, one in zip(net.parts, self.trained(), strict=True):
            load_model(part, self.room.store / one.path / WEIGHTS)
        shares = [share / len(member.trained) for member, share in self._shared() for _ in member.trained if share]
        net.shares.copy_(torch.tensor(shares))
        net.sharpness.fill_(self.sharpness)
        return net

    def described(self) -> list[dict[str, Any]]:
        """Each member as the report shows it."""
        return [
            {
                "family": member.section.family,
                "settings": member.section.model_dump(mode="json", exclude={"family"}, exclude_defaults=True),
                "trainings": len(member.trained),
                "share": share,
                "parameters": sum(one.parameters for one in member.trained),
                "validation": _mean([one.validation for one in member.trained]),
            }
            for member, share in self._shared()
        ]

    def seconds(self) -> list[float]:
        """What each member took, in the order of `described`."""
        folders = ([self.room.store / one.path for one in member.trained] for member, _ in self._shared())
        return [
            sum(files.read_json(one / "beside" / "timings.json")["cpu_seconds"] for one in some) for some in folders
        ]

    def _shared(self) -> list[tuple[Member, float]]:
        return list(zip(self.members, self.shares.tolist(), strict=True))


def write(whole: Whole, objective: Objective, outputs: Tensor, labels: Tensor) -> Trained:
    """The trained folder; `outputs` [N, 1, K] are for rows that no member learned from."""
    folder, architecture = whole.room.path, whole.architecture()
    net = whole.net(architecture)
    files.write_bytes(folder / WEIGHTS, save({k: v.contiguous() for k, v in net.state_dict().items()}))
    files.write_json(folder / "architecture.json", architecture)
    files.write_json(folder / REACH, objective.reach(objective.misses(outputs, labels)[1:].cpu().double()))
    files.write_json(folder / "history.json", [])
    files.write_json(folder / NAME, {"members": whole.described(), "sharpness": whole.sharpness, "rows": len(labels)})
    files.write_json(folder / "resolved.json", {"rows": {"validation": len(labels)}})
    files.write_json(folder / "beside" / "timings.json", {"members": whole.seconds()})
    trained = whole.trained()
    return Trained(
        family=architecture["family"],
        parameters=sum(one.parameters for one in trained),
        epochs=sum(one.epochs for one in trained),
        best_epoch=sum(one.best_epoch for one in trained),
        validation=objective.judged(objective.score(outputs, labels).tolist(), len(labels)),
    )


def _mean(figures: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(one[name] for one in figures) / len(figures) for name in figures[0]}
