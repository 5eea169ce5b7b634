"""What a backfill came to, as plain values: what `--json` prints, and page and artifact show."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from keepfit.metrics.naming import IN_UNITS, begun, figure, gap, signed
from keepfit.store.artifacts import Outcome

Way = Literal["followed", "never", "always"]
WAYS: dict[Way, str] = {
    "followed": "following the verdicts",
    "never": "never retraining",
    "always": "always promoting",
}
"""Three ways to choose the model of the next period: by the verdicts; the first for good; the newest, whatever its
verdict."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class Difference(_Told):
    """How much better one model, or way, did than another on the same rows, by the paired test; below zero worse."""

    difference: float
    low: float
    high: float
    rows: int

    @property
    def way(self) -> Literal["better", "worse", "level"]:
        """What the interval leaves no doubt about."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "level"


class Told(_Told):
    """One period."""

    at: str
    """When it retrained."""
    until: str
    """The end of the rows that came next."""
    rows: int
    """Rows it could learn from and be judged on."""
    coming: int
    """Rows that came next."""
    outcome: Outcome | Literal["FAILED"]
    reason: str
    """The verdict's code, or the error's name."""
    sentence: str
    report: str
    """Its own report.html, from the page's folder."""
    earned: dict[Way, float]
    """What each way's model made of the rows that came next, in the pipeline's metric; empty before there is one."""
    so_far: dict[Way, float]
    """The same of all rows up to here."""
    challenger: Difference | None
    """The new model against the one in service before, on the rows that came next."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def was_right(self) -> bool | None:
        """Whether the verdict kept or let in the better model; None where the rows that came next do not tell."""
        if self.challenger is None or self.challenger.way == "level":
            return None
        return (self.outcome == "PROMOTE") == (self.challenger.way == "better")


class Backfilled(_Told):
    """All periods."""

    pipeline: str
    metric: str
    every: str
    periods: tuple[Told, ...]
    rows: int
    """Rows that all three ways were measured on."""
    left_out: int
    """Rows left out of it, as they have an answer that no model knows, or some model could not answer them."""
    earned: dict[Way, float]
    """What each way made of all of them."""
    against: dict[Way, Difference]
    """Following the verdicts against each other way."""
    confidence: float
    """Of every interval."""
    page: str = ""
    """backfill.html, absolute."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def right(self) -> int:
        """Verdicts that the rows that came next bear out."""
        return sum(one.was_right is True for one in self.periods)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def wrong(self) -> int:
        """Verdicts that they speak against."""
        return sum(one.was_right is False for one in self.periods)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def failed(self) -> int:
        """Periods without a verdict."""
        return sum(one.outcome == "FAILED" for one in self.periods)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sentence(self) -> str:
        """The end of it."""
        if not self.earned:
            return f"No model came into service. The last period: {self.periods[-1].sentence}"
        ways = ", ".join(f"{WAYS[way]} {figure(self.metric, value)}" for way, value in self.earned.items())
        return f"{begun(self.metric)} on the {self.rows:,} rows that came next: {ways}."

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sentences(self) -> list[str]:
        """What a person should know besides."""
        said = [self._against(way, found) for way, found in self.against.items()]
        doubt = len([one for one in self.periods if one.challenger]) - self.right - self.wrong
        if self.right or self.wrong or doubt:
            said.append(
                f"Of the verdicts on a challenger the rows that came next bear out {self.right} and speak against "
                f"{self.wrong}; of {doubt} they do not tell."
            )
        if self.failed:
            said.append(f"Periods without a verdict: {self.failed} of {len(self.periods)}.")
        if self.left_out:
            said.append(f"Rows left out, as a model does not know their target or could not answer: {self.left_out:,}.")
        return said

    def _against(self, way: Way, found: Difference) -> str:
        ends = f"{signed(self.metric, found.low)} to {signed(self.metric, found.high)}"
        size = f"by {gap(self.metric, abs(found.difference))}{' of the error' if self.metric in IN_UNITS else ''} "
        words = "level with" if found.way == "level" else f"{found.way} {size}than"
        return f"Following the verdicts is {words} {WAYS[way]} ({100 * self.confidence:g} % interval {ends})."
