"""What a person says of a release, before a run or asked in the middle of one; it goes into the journal."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from keepfit.store.artifacts import Outcome, Verdict

UNSETTLED = ("held", "unanswered", "asked")
"""Reasons of a HOLD that says nothing of the model: the next run asks anew."""


class Decision(BaseModel):
    """A person's word on a model. Plain `auto` is nobody's, and the verdict stands."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["auto", "hold", "force", "approve", "decline", "unanswered", "asked"] = "auto"
    """hold: the model in service stays, whatever the verdict; force: this one goes in; asked: an earlier run asks about
    it; the others answer a question."""
    reason: str = ""
    who: str = ""
    """Who said it; empty where nobody gave a name."""

    @property
    def overrules(self) -> bool:
        """Whether it puts a model in service that the verdict would not."""
        return self.kind in ("force", "approve")

    @property
    def stays(self) -> bool:
        """Whether it keeps a model out of service that the verdict would let in."""
        return self.kind in ("hold", "decline", "unanswered", "asked")

    @property
    def because(self) -> str:
        """`by Ann, because: it is late` of what is there."""
        by = f" by {self.who}" if self.who else ""
        return f"{by}, because: {self.reason.rstrip('.')}." if self.reason else f"{by}."


NOBODYS = Decision()


def carried(verdict: Verdict, decision: Decision, entry: Outcome) -> Verdict:
    """The verdict with a person's word carried out. `entry` is what entering service is called here: FIRST, PROMOTE."""
    if decision.stays and verdict.enters_service:
        return _stays(verdict, decision)
    if decision.kind == "approve" and verdict.enters_service:
        return verdict.model_copy(update={"sentence": f"{verdict.sentence} Approved{decision.because}"})
    if decision.overrules and not verdict.enters_service:
        word = "Put in service by force" if decision.kind == "force" else "Approved"
        sentence = f"{word}{decision.because} Unforced: {verdict.sentence}"
        figures = {**verdict.figures, "force": decision.reason, "unforced": f"{verdict.outcome} {verdict.reason}"}
        return Verdict(outcome=entry, reason="forced", sentence=sentence, figures=figures)
    return verdict


def _stays(verdict: Verdict, decision: Decision) -> Verdict:
    reason, word = {
        "hold": ("held", "Held back"),
        "decline": ("declined", "Declined"),
        "unanswered": ("unanswered", "Nobody approved it in time"),
        "asked": ("asked", "A person is asked about this very model already"),
    }[decision.kind]
    sentence = f"{word}{decision.because} The verdict was: {verdict.sentence}"
    figures = {**verdict.figures, "verdict": f"{verdict.outcome} {verdict.reason}"}
    return Verdict(outcome="HOLD", reason=reason, sentence=sentence, figures=figures)
