"""One of K classes."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from keepfit.config.sections import Problem
from keepfit.data import transform
from keepfit.data.names import name_of
from keepfit.errors import ConfigError, nearest
from keepfit.quoting import cut, visible

__all__ = ["Settings", "Target"]


_LISTED = 20


def _named(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict | list) or not (name := name_of(value)):
        raise ValueError("name one class")
    return name


class Settings(Problem):
    """One of some classes: the answer is the most probable one, with the probability of each."""

    compared: ClassVar[tuple[str, ...]] = ("accuracy", "balanced_accuracy", "log_loss", "roc_auc", "pr_auc")
    gated: ClassVar[tuple[str, ...]] = (
        "accuracy", "balanced_accuracy", "macro_f1", "mcc", "precision", "recall", "f1", "roc_auc", "pr_auc",
        "log_loss", "brier",
    )  # fmt: skip
    # With rare classes a useful model may name the most frequent class every time.
    proofs: ClassVar[tuple[str, ...]] = ("roc_auc",)
    guess: ClassVar[str] = "most frequent class"
    judging: ClassVar[tuple[str, ...]] = ("positive",)
    kind: Literal["classification"] = "classification"
    positive: Annotated[str | None, BeforeValidator(_named)] = None
    """Of two classes the one that precision, recall, F1, ROC-AUC and PR-AUC are of; the rarer when left out."""

    def check(self, names: tuple[str, ...], where: str, *, final: bool) -> None:
        """A positive class that is none, or one of more than two."""
        if self.positive is None or not names:
            return
        listed = ", ".join(f'"{cut(visible(name))}"' for name in names[:_LISTED]) + (" …" if names[_LISTED:] else "")
        if self.positive not in names:
            raise ConfigError(
                f'problem.positive is "{self.positive}", and no row is of such a class.',
                allowed=f"There are: {listed}.",
                todo=nearest(self.positive, list(names)) or "Name one of them, in quotation marks.",
                where=where,
            )
        if final and len(names) > 2:
            raise ConfigError(
                f"problem.positive names one of two classes, and there are {len(names):,}.",
                allowed=f"They are: {listed}.",
                todo="Take it out, or set the rows of other classes aside by an expectation.",
                where=where,
            )


class Target(transform.Target):
    """The classes."""

    dtype: ClassVar[str] = "<i4"

    classes: tuple[str, ...]
    """In the order of their codes."""

    @property
    def outputs(self) -> int:
        """A logit a class."""
        return len(self.classes)
