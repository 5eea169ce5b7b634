"""One of K classes."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

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


def _weights(value: Any) -> Any:
    if value is None or value == "balanced":
        return value
    if not isinstance(value, dict) or not all(map(_counts, value.values())):
        raise ValueError(f"balanced, or a number above 0 for some classes, such as {{rare: 5}}; this is {value}")
    return {_named(name): weight for name, weight in value.items()}


def _counts(weight: Any) -> bool:
    return isinstance(weight, int | float) and not isinstance(weight, bool) and weight > 0


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{cut(visible(name))}"' for name in names[:_LISTED]) + (" …" if names[_LISTED:] else "")


class Settings(Problem):
    """One of some classes: the answer is one of them, with the probability of each."""

    compared: ClassVar[tuple[str, ...]] = ("accuracy", "balanced_accuracy", "log_loss", "roc_auc", "pr_auc")
    gated: ClassVar[tuple[str, ...]] = (
        "accuracy", "balanced_accuracy", "macro_f1", "mcc", "precision", "recall", "f1", "roc_auc", "pr_auc",
        "log_loss", "brier",
    )  # fmt: skip
    # With rare classes a useful model may name the most frequent class every time.
    proofs: ClassVar[tuple[str, ...]] = ("roc_auc",)
    guess: ClassVar[str] = "most frequent class"
    judging: ClassVar[tuple[str, ...]] = ("positive", "decide")
    follows: ClassVar[dict[str, dict[str, str]]] = {"balanced_accuracy": {"decide": "balanced"}}
    kind: Literal["classification"] = "classification"
    positive: Annotated[str | None, BeforeValidator(_named)] = None
    """Of two classes the one that precision, recall, F1, ROC-AUC and PR-AUC are of; the rarer when left out."""
    decide: Literal["probable", "balanced"] = "probable"
    """Which class is said of a row: the most probable one, or the one that is most above its share of the train rows,
    which is the best by balanced accuracy; that where release.metric is balanced_accuracy. The probabilities stay."""
    weights: Annotated[Literal["balanced"] | dict[str, float] | None, BeforeValidator(_weights)] = None
    """What a row counts in training by its class: of all classes the same in sum, or a number for some classes, which
    is 1 for the others. Probabilities are then those of such a mixture of classes, and no longer those of the rows."""
    focus: float = Field(default=0.0, ge=0, le=5)
    """The power of the focal loss, which turns from rows that are answered well to the others: 2 in its paper; none is
    the log loss."""

    def check(self, names: tuple[str, ...], where: str, *, final: bool) -> None:
        """A positive class that is none, or one of more than two; a weight of a class that is none."""
        if not names:
            return
        if isinstance(self.weights, dict) and (odd := [name for name in self.weights if name not in names]):
            raise ConfigError(
                f'problem.weights names "{cut(visible(odd[0]))}", and no row is of such a class.',
                allowed=f"There are: {_listed(names)}.",
                todo=nearest(odd[0], list(names)) or "Name one of them, in quotation marks.",
                where=where,
            )
        if self.positive is None:
            return
        listed = _listed(names)
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
    rows: tuple[int, ...] = ()
    """Of the train part, in this order."""

    @property
    def outputs(self) -> int:
        """A logit a class."""
        return len(self.classes)

    @property
    def words(self) -> tuple[str, ...]:
        """The classes."""
        return self.classes
