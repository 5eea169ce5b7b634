"""One line of what `keepfit doctor` tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from keepfit.errors import ours
from keepfit.quoting import one_line
from keepfit.redact import redacted

Mark = Literal["good", "note", "bad"]
_WIDE = 400


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and how to mend it; `bad` is what keeps runs from going well."""

    what: str
    mark: Mark
    found: str
    todo: str = ""

    def __post_init__(self) -> None:
        for name in ("found", "todo"):
            object.__setattr__(self, name, one_line(redacted(getattr(self, name)), _WIDE))


def looked(what: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a look finds; whatever it stumbles over is a finding too, and the others go on."""
    try:
        yield from look()
    except Exception as error:  # of a machine that is not well anything may come
        told = ours(error)
        yield Finding(what, "bad", told.found.rstrip("."), " ".join(part for part in (told.allowed, told.todo) if part))
