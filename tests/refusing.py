"""A pipeline over real rows that fails and goes on: how it ends, what it said, what its store holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from keepfit import config
from keepfit.cli.main import exit_code
from keepfit.store.events import Event, watching
from keepfit.store.files import sha256
from tests import chain


def go(pipeline: Path, listener: Callable[[Event], None] = lambda _: None) -> int:
    """The exit code of a run without Prefect."""
    with watching(listener):
        return exit_code(lambda: chain.retrain(config.load(pipeline)))


OWN = ("run.lock", "service.lock", "hashes.db", "code.json", "hashes.db-journal")
"""What tells nothing of the outputs."""


def kept(folder: Path) -> dict[str, str]:
    """Every file of a store that must outlive a refused run, with its content's hash; the runs' own records apart."""
    store = folder / ".keepfit"
    paths = [p for p in store.rglob("*") if p.is_file() and "runs" not in p.relative_to(store).parts]
    return {str(p.relative_to(store)): sha256(p) for p in paths if p.name not in OWN}


def refused(message: str, *words: str) -> None:
    """One message for a person: it begins with the place, says all the words, and has no traceback in it."""
    lines = [line for line in message.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, message
    assert "Traceback" not in message
    assert "keepfit failed" not in message
    for word in words:
        assert re.search(word, message), f"{word!r} is not in {message!r}"
