"""Every hyperparameter of one training, settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from keepfit.config import Training

RATES = {"adamw": 1.0, "adam": 1.0, "sgd": 10.0, "rmsprop": 0.3}
"""How many times AdamW's rate is a good one for each optimiser, roughly: Adam and RMSprop scale gradients to one."""


@dataclass(frozen=True)
class Plan:
    """How a model learns. The fields mean what those of the YAML's `training` mean."""

    epochs: int
    batch_size: int
    accumulate: int
    lr: float
    weight_decay: float
    schedule: Literal["cosine", "one_cycle", "step", "plateau", "constant"]
    warmup: float
    clip: float | None
    label_smoothing: float
    augment: dict[str, Any] | None
    """How far rows are changed in training: see `keepfit.learning.changes`; None for not at all."""
    longer: float
    """So many times the passes where the first one left much unknown."""
    patience: int | None
    max_seconds: float | None
    seed: int
    optimiser: Literal["adamw", "adam", "sgd", "rmsprop"] = "adamw"
    momentum: float = 0.9
    l1: float = 0.0
    drop: float = 0.1
    drop_after: int = 1

    def described(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.epochs:
            return "fitted at once"
        return (
            f"{self.epochs} epochs, batches of {self.batch_size}, {self.optimiser}, peak rate {self.lr:g},"
            f" {self.schedule},"
            f" weight decay {self.weight_decay:g}, label smoothing {self.label_smoothing:g}"
        )


def settle(training: Training, derived: Mapping[str, Any], accumulate: int) -> Plan:
    """`derived` has what the YAML may leave out, as `resolve` gives it; its `augment` is empty for none."""
    names = ("epochs", "batch_size", "schedule", "warmup", "label_smoothing", "patience")
    amounts = derived["augment"] or None if training.augment is not False else None
    decays = training.weight_decay is not None or training.optimiser == "adamw"  # what is derived is AdamW's
    longer = (derived.get("longer") or 1.0) if training.epochs is None and training.schedule is None else 1.0
    return Plan(
        **{name: derived[name] for name in names},
        **{name: getattr(training, name) for name in ("optimiser", "momentum", "l1", "drop")},
        lr=derived["lr"] * (1.0 if training.lr is not None else RATES[training.optimiser]),
        weight_decay=derived["weight_decay"] if decays else 0.0,
        drop_after=training.drop_after or (2 if derived["schedule"] == "plateau" else -(-derived["epochs"] // 3) or 1),
        accumulate=accumulate,
        clip=training.clip,
        augment=amounts,
        longer=longer,
        max_seconds=training.max_seconds,
        seed=training.seed,
    )
