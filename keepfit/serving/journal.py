"""journal.jsonl: every decision ever made on a pipeline's models, one line each, only ever added to.

The journal is the truth. champion.json and the registry's aliases follow from it, so that a release killed after
its line was written is finished by whoever comes next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from keepfit.errors import MachineError
from keepfit.serving.champion import Champion
from keepfit.store import files
from keepfit.store.artifacts import Outcome, Verdict
from keepfit.store.store import Store

JOURNAL = "journal.jsonl"


class Line(BaseModel):
    """One decision."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Digest of what was decided upon: a decision that is made again after a kill has the same."""
    time: str
    """ISO 8601."""
    action: Literal["release", "rollback", "retire"]
    """retire: the bundle's files are taken away, and no rollback brings it back."""
    run: str
    """The run that decided; empty where none did."""
    bundle: str
    """The bundle judged, taken out of service, or retired."""
    to: str = ""
    """The bundle that a rollback brought back; empty for the one before."""
    path: str
    """Its folder, relative to the store."""
    answers: str = ""
    """Digest of what it answers."""
    champion: str | None
    """The bundle in service before."""
    version: str | None
    """Its version in the registry, if it has one."""
    rules: str
    """Digest of the release rules it was judged by."""
    rows: str = ""
    """Digest of the test rows it was judged on."""
    outcome: Outcome | None = None
    """The verdict; None where there is none."""
    reason: str = ""
    sentence: str = ""
    figures: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    """Of the bundle that was judged, on the test rows; the run's record tells them too, and does not stay for ever."""
    why: str = ""
    """What a person gave as reason for a force, an answer or a rollback."""
    who: str = ""
    """That person's name, where one was given."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of a release."""
        if self.outcome is None:
            return None
        return Verdict(outcome=self.outcome, reason=self.reason, sentence=self.sentence, figures=self.figures)


@dataclass(frozen=True)
class State:
    """What the journal says is so."""

    lines: tuple[Line, ...] = ()
    served: tuple[Champion, ...] = ()
    """Every bundle in the order it came into service, without those that were rolled back or gone past; the last is the
    champion."""
    passed: tuple[Champion, ...] = ()
    """Those that a rollback to an earlier one went past: a rollback that names one of them brings it back."""
    barred: frozenset[str] = frozenset()
    """Ids and answers of the bundles that were rolled back and not forced since."""
    changes: int = 0
    """How often the bundle in service changed."""

    @property
    def champion(self) -> Champion | None:
        """The bundle in service."""
        return self.served[-1] if self.served else None

    @property
    def reachable(self) -> dict[str, Champion]:
        """By id, each bundle that is in service or that a rollback could bring back."""
        return {champion.bundle: champion for champion in (*self.passed, *self.served)}

    @property
    def previous(self) -> Champion | None:
        """The bundle that a rollback would bring back."""
        return self.served[-2] if len(self.served) > 1 else None


def read(store: Store) -> State:
    """The journal replayed. A torn last line, from a crash, was never written.

    Raises MachineError naming a line that cannot be read, or where the journal cannot be.
    """
    path = store / JOURNAL
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise MachineError(
            f"the journal cannot be read: {error.strerror}.", todo="Nothing is decided without it: mend that first.",
            where=str(path),
        ) from error  # fmt: skip
    whole, _, _torn = content.rpartition(b"\n")
    rows = whole.split(b"\n") if whole else []
    return reduce(after, (_parse(row, f"{path}, line {n}") for n, row in enumerate(rows, 1)), State())


def append(store: Store, line: Line) -> None:
    """Add a decision, unless it stands there already."""
    if all(line.id != known.id for known in read(store).lines):
        files.append_line(store / JOURNAL, line.model_dump(mode="json"))


def identity(state: State, action: str, bundle: str, **circumstances: Any) -> str:
    """The id of a decision: the same decision in the same state of affairs is the same line."""
    return files.digest_of({"action": action, "bundle": bundle, "changes": state.changes, **circumstances})


def _parse(row: bytes, where: str) -> Line:
    try:
        return Line.model_validate_json(row)
    except ValidationError as error:
        raise MachineError(
            "this line of the journal is damaged.",
            todo="Put it back from a copy; nothing else can tell it.",
            where=where,
        ) from error


def after(state: State, line: Line) -> State:
    """The state of affairs once a line's decision holds."""
    lines = (*state.lines, line)
    if line.action == "rollback":
        return _back(replace(state, lines=lines), line)
    if line.action == "retire":
        return _without(replace(state, lines=lines), line.bundle)
    verdict = line.verdict
    if verdict is None or not verdict.enters_service:
        return replace(state, lines=lines)
    champion = Champion(line.bundle, line.path, line.version or "", line.time, verdict.model_dump(mode="json"))
    return replace(
        state, lines=lines, served=(*state.served, champion), barred=state.barred - _names(line),
        changes=state.changes + 1,
    )  # fmt: skip


def _back(state: State, line: Line) -> State:
    """The bundle in service is barred, and the one before it, or that which the line names, is in service again."""
    barred = state.barred | _names(line)
    served = [c for c in state.served if c.bundle not in barred]
    passed = [c for c in state.passed if c.bundle not in barred]
    ends = [end for end, c in enumerate(served, 1) if c.bundle == line.to][-1:]
    if ends:
        served, passed = served[: ends[0]], [*passed, *served[ends[0] :]]
    elif line.to:
        served += [c for c in passed if c.bundle == line.to][-1:]
    names = {c.bundle for c in served}
    passed = [c for c in passed if c.bundle not in names]
    return replace(state, served=tuple(served), passed=tuple(passed), barred=barred, changes=state.changes + 1)


def _without(state: State, bundle: str) -> State:
    """The champion stays, whatever a line says."""
    if state.champion is not None and state.champion.bundle == bundle:
        return state
    served, passed = ([c for c in kept if c.bundle != bundle] for kept in (state.served, state.passed))
    return replace(state, served=tuple(served), passed=tuple(passed))


def _names(line: Line) -> frozenset[str]:
    """What a bundle is known by: one that is exported anew, with the same answers, is the same model."""
    return frozenset({line.bundle, line.answers} - {""})
