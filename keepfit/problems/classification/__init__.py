"""One of K classes."""

from typing import ClassVar, Literal

from keepfit.config.sections import Problem
from keepfit.data import transform

__all__ = ["Settings", "Target"]


class Settings(Problem):
    """One of some classes: the answer is the most probable one, with the probability of each."""

    compared: ClassVar[tuple[str, ...]] = ("accuracy", "balanced_accuracy", "log_loss")
    gated: ClassVar[tuple[str, ...]] = (
        "accuracy", "balanced_accuracy", "macro_f1", "mcc", "roc_auc", "pr_auc", "log_loss", "brier",
    )  # fmt: skip
    # With rare classes a useful model may name the most frequent class every time.
    proofs: ClassVar[tuple[str, ...]] = ("roc_auc",)
    guess: ClassVar[str] = "most frequent class"
    kind: Literal["classification"] = "classification"


class Target(transform.Target):
    """The classes."""

    dtype: ClassVar[str] = "<i4"

    classes: tuple[str, ...]
    """In the order of their codes."""

    @property
    def outputs(self) -> int:
        """A logit a class."""
        return len(self.classes)
