"""Back to an earlier champion. The bundle taken out stays out until a person forces it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from keepfit.config import Pipeline
from keepfit.errors import ConfigError
from keepfit.quoting import shown
from keepfit.serving import journal
from keepfit.serving.champion import Champion
from keepfit.serving.registry import open_registry
from keepfit.serving.settled import is_settled, registered, settled, whole
from keepfit.store.locks import service_lock
from keepfit.store.store import Store

_LETTERS = 6
"""Fewer are no beginning of a bundle's id: `--to 9` means a version, and must not find the bundle 9b31…"""


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did."""

    barred: str
    """Id of the bundle taken out of service; empty where the one that was asked for served already."""
    champion: Champion
    """The one in service now."""
    why: str

    def __str__(self) -> str:
        back = f"version {self.champion.version} (bundle {self.champion.bundle})"
        if not self.barred:
            return f"Nothing to do: {back} is in service already."
        return f"Rolled back: {back} is in service again. Bundle {self.barred} is barred until it is forced."

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def rollback(config: Pipeline, reason: str, to: str = "") -> RolledBack:
    """Put an earlier champion back in service and bar the present one; a run under way does not hinder it.

    `to` is a version in the registry, or six or more letters that a bundle's id begins with; without it the champion
    before comes back. Those that are gone past are not barred, and can be named later. Killed and started again it
    goes back once, not twice. Raises ConfigError when there is none to go back to, and, before anything is written,
    MachineError when its bundle is missing or damaged or the registry cannot be had.
    """
    store = Store(config.resolve(config.store))
    with service_lock(store.root):
        state, line = journal.read(store), _unfinished(store)
        target = _named(state, to, config) if to else None
        if target is not None and target == state.champion and line is None:
            settled(store, config)
            return RolledBack("", target, reason)
        if line is None or target not in (None, state.champion):
            line = _line(state, reason, target, config)
            _make_sure(store, config, line)
            journal.append(store, line)
        state = settled(store, config)
        assert state.champion is not None  # a rollback is written only with one to go back to
        return RolledBack(line.bundle, state.champion, line.why)


def _named(state: journal.State, to: str, config: Pipeline) -> Champion:
    """The one bundle that can be in service again and has this version, or an id that begins so."""
    known = list(state.reachable.values())
    starts = [c for c in known if len(to) >= _LETTERS and c.bundle.startswith(to)]
    fits = [c for c in known if c.version == to] or starts
    if len(fits) == 1:
        return fits[0]
    there = ", ".join(f"version {c.version} (bundle {c.bundle})" for c in known)
    raise ConfigError(
        f"{len(fits) or 'no'} model{'s' if fits else ''} of {config.name} that can be in service again "
        f"{'fit' if fits else 'fits'} {shown(to)}.",
        allowed=f"There are: {there or 'none'}. One that was rolled back comes in by keepfit run --force alone, and "
        "what was pruned is gone.",
        todo=f"Name a version, or {_LETTERS} or more letters of a bundle's id. keepfit history tells them.",
        where=str(config.file),
    )


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


def _line(state: journal.State, reason: str, target: Champion | None, config: Pipeline) -> journal.Line:
    out = state.champion
    if out is None or (target is None and all(c.bundle == out.bundle for c in state.served)):
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
        to=target.bundle if target else "",
        path=out.path,
        answers=_answers(state, out.bundle),
        champion=out.bundle,
        version=out.version,
        rules="",
        why=reason,
    )
