"""Any of K labels at once."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from keepfit.config.sections import Problem
from keepfit.data import transform
from keepfit.data.spans import checked, listed

__all__ = ["Settings", "Target"]


class Settings(Problem):
    """Any of some labels at once: the answer is those that are probable, with the probability of each."""

    compared: ClassVar[tuple[str, ...]] = ("log_loss", "label_accuracy", "subset_accuracy")
    gated: ClassVar[tuple[str, ...]] = (
        "subset_accuracy", "label_accuracy", "micro_f1", "macro_f1", "roc_auc", "pr_auc", "log_loss",
    )  # fmt: skip
    # With rare labels a useful model may give none in most rows.
    proofs: ClassVar[tuple[str, ...]] = ("roc_auc",)
    guess: ClassVar[str] = "labels' shares"
    kind: Literal["multilabel"] = "multilabel"
    format: Annotated[str, Field(min_length=1, max_length=10)] | None = None
    """What stands between the labels of a cell, such as ";", or json for lists; found from all cells when left out."""
    columns: Annotated[str | tuple[str, ...], AfterValidator(checked)] = ()
    """The columns that say yes or no, one a label, where labels lie side by side: a list of names, or `t1..t9`."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns with a label each."""
        return listed(self.columns)


class Target(transform.Target):
    """The labels."""

    dtype: ClassVar[str] = "|u1"

    labels: tuple[str, ...]
    """In the order of their places."""
    shares: tuple[float, ...]
    """Of the train rows, how many have each."""

    @property
    def shape(self) -> tuple[int, ...]:
        """One byte a label, 1 where a row has it."""
        return (len(self.labels),)

    @property
    def outputs(self) -> int:
        """A logit a label."""
        return len(self.labels)

    @property
    def words(self) -> tuple[str, ...]:
        """The labels."""
        return self.labels
