"""Back to the previous champion. The bundle taken out stays out until a person forces it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from keepfit.config import Pipeline
from keepfit.errors import ConfigError
from keepfit.serving import journal
from keepfit.serving.champion import Champion
from keepfit.serving.registry import open_registry
from keepfit.serving.settled import is_settled, registered, settled, whole
from keepfit.store.locks import service_lock
from keepfit.store.store import Store


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did."""

    barred: str
    """Id of the bundle taken out of service."""
    champion: Champion
    """The one back in service."""
    why: str

    def __str__(self) -> str:
        back = self.champion
        return (
            f"Rolled back: version {back.version} (bundle {back.bundle}) is in service again. "
            f"Bundle {self.barred} is barred until it is forced."
        )


def rollback(config: Pipeline, reason: str) -> RolledBack:
    """Put the previous champion back in service and bar the present one; a run under way does not hinder it.

    Killed and started again it goes back one champion, not two. Raises ConfigError when there is none to go back to,
    and, before anything is written, MachineError when its bundle is missing or damaged or the registry cannot be had.
    """
    store = Store(config.resolve(config.store))
    with service_lock(store.root):
        unfinished = _unfinished(store)
        if unfinished is None:
            unfinished = _line(journal.read(store), reason, config)
            _make_sure(store, config, unfinished)
            journal.append(store, unfinished)
        state = settled(store, config)
        assert state.champion is not None  # a rollback is written only with one to go back to
        return RolledBack(unfinished.bundle, state.champion, unfinished.why)


def _make_sure(store: Store, config: Pipeline, line: journal.Line) -> None:
    """Whatever can go wrong goes wrong before the line is written."""
    state = journal.after(journal.read(store), line)
    assert state.champion is not None
    whole(store, state.champion)
    registered(open_registry(store, config), store, state, state.champion)


def _unfinished(store: Store) -> journal.Line | None:
    """The rollback that was journalled and then killed."""
    state = journal.read(store)
    last = state.lines[-1] if state.lines else None
    if last is None or last.action != "rollback" or state.champion is None or is_settled(store, state.champion):
        return None
    return last


def _answers(state: journal.State, bundle: str) -> str:
    """What a bundle that was released answers, by its line."""
    return next((line.answers for line in reversed(state.lines) if line.bundle == bundle), "")


def _line(state: journal.State, reason: str, config: Pipeline) -> journal.Line:
    out = state.champion
    if out is None or all(c.bundle == out.bundle for c in state.served):
        raise ConfigError(
            "there is no earlier model to go back to." if out else "no model is in service yet.",
            todo="keepfit run trains one; a model in service stays there until a better one or a rollback.",
            where=str(config.file),
        )
    return journal.Line(
        id=journal.identity(state, "rollback", out.bundle),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        action="rollback",
        run="",
        bundle=out.bundle,
        path=out.path,
        answers=_answers(state, out.bundle),
        champion=out.bundle,
        version=out.version,
        rules="",
        why=reason,
    )
