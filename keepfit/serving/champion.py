"""Which model is in service: champion.json, a small pointer that can be read without importing anything heavy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keepfit.errors import MachineError
from keepfit.store import files
from keepfit.store.store import Store

POINTER = "champion.json"


@dataclass(frozen=True)
class Champion:
    """The bundle in service."""

    bundle: str
    """Its id."""
    path: str
    """Its folder, relative to the store."""
    version: str
    """Its version in the registry."""
    since: str
    """When it was put in service, ISO 8601."""
    verdict: dict[str, Any]
    """The verdict that put it there: outcome, reason, sentence, figures."""
    announced: bool = False
    """Whether the registry's aliases were set; until then whoever comes next sets them."""


def current(store: Store) -> Champion | None:
    """The bundle in service; None where there never was one.

    Raises MachineError when the pointer was altered, or the bundle it names is gone or another one.
    """
    champion = pointed(store)
    if champion is not None and not matches(store / champion.path, champion.bundle):
        raise MachineError(
            f"the bundle in service, {champion.bundle}, is missing or was altered.",
            todo="keepfit verify PIPELINE puts it back from the registry's copy; keepfit rollback goes back to the "
            "one before.",
            where=str(store / champion.path),
        )
    return champion


def pointed(store: Store) -> Champion | None:
    """What champion.json says, with its own digest checked, and nothing else.

    Raises MachineError where it was altered or cannot be read.
    """
    path = store / POINTER
    try:
        content = dict(files.read_json(path))
        digest = content.pop("digest")
        champion = Champion(**content)
        if digest == files.digest_of(content) and _is_sound(champion):
            return champion
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError, RecursionError):
        pass
    raise MachineError(
        f"{POINTER} was altered or is damaged.",
        todo="keepfit run writes it again from the journal.",
        where=str(path),
    )


def _is_sound(champion: Champion) -> bool:
    """Whether the texts are texts: a file that a person wrote may have its own digest right."""
    return all(isinstance(text, str) for text in (champion.bundle, champion.path, champion.version, champion.since))


def point(store: Store, champion: Champion) -> None:
    """Put a bundle in service, at one instant."""
    content = asdict(champion)
    files.write_json(store / POINTER, {**content, "digest": files.digest_of(content)})


def matches(folder: Path, bundle: str) -> bool:
    """Whether a folder's manifest is that of this bundle: a bundle's id is its manifest's digest."""
    path = folder / "manifest.json"
    return path.is_file() and files.sha256(path).startswith(bundle)
