"""How strange a row is, what about it is, and how it would look mended."""

from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Problem
from keepfit.data import transform
from keepfit.problems.described import Rebuilt, layout_of

__all__ = ["Settings", "Target"]


class Settings(Problem):
    """How strange a row is, what about it is strange, and how it would look mended; no column is the target."""

    compared: ClassVar[tuple[str, ...]] = ("elbo",)
    gated: ClassVar[tuple[str, ...]] = ("elbo", "strangers_auroc", "false_alarms", "active_units", "rate")
    proofs: ClassVar[tuple[str, ...]] = ()
    guess: ClassVar[str] = "shares and normal curves of each column by itself"
    bounds: ClassVar[dict[str, float]] = {"active_units": 1}
    judging: ClassVar[tuple[str, ...]] = ("alarm",)
    reads_rows: ClassVar[str] = "describe"
    kind: Literal["reconstruction"] = "reconstruction"
    code: int | None = Field(default=None, ge=1, le=1024)
    """Numbers that a row is described by; half as many as it has cells when left out, 16 at most."""
    alarm: float = Field(default=0.99, gt=0.5, lt=1)
    """The strangeness beyond which a row is told of; of ordinary rows the share beyond it is what is left to 1."""


class Target(transform.Target):
    """What is given back of a row."""

    dtype: ClassVar[str] = "|u1"
    """A label is always 0: there is nothing to know beside the row."""

    columns: tuple[Rebuilt, ...] = ()
    code: int = 0
    """Numbers that a row is described by."""

    @property
    def outputs(self) -> int:
        """See `keepfit.problems.described`."""
        return layout_of(self).outputs
