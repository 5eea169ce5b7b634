"""Every hyperparameter of one training, settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from keepfit.config import Training


@dataclass(frozen=True)
class Plan:
    """How a model learns. The fields mean what those of the YAML's `training` mean."""

    epochs: int
    batch_size: int
    accumulate: int
    lr: float
    weight_decay: float
    schedule: Literal["cosine", "one_cycle", "constant"]
    warmup: float
    clip: float | None
    label_smoothing: float
    augment: dict[str, float] | None
    """How far rows are changed in training; None for not at all."""
    patience: int | None
    max_seconds: float | None
    seed: int

    def described(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.epochs:
            return "fitted at once"
        return (
            f"{self.epochs} epochs, batches of {self.batch_size}, peak rate {self.lr:g}, {self.schedule},"
            f" weight decay {self.weight_decay:g}, label smoothing {self.label_smoothing:g}"
        )


def settle(training: Training, derived: Mapping[str, Any], accumulate: int) -> Plan:
    """`derived` has what the YAML may leave out, as `resolve` gives it; its `augment` is empty for none."""
    names = ("epochs", "batch_size", "lr", "weight_decay", "schedule", "warmup", "label_smoothing", "patience")
    amounts = derived["augment"] or None if training.augment is not False else None
    return Plan(
        **{name: derived[name] for name in names},
        accumulate=accumulate,
        clip=training.clip,
        augment=amounts,
        max_seconds=training.max_seconds,
        seed=training.seed,
    )
