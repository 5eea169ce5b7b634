"""`keepfit verify`: what of a store is damaged, and what was mended."""

from __future__ import annotations

from dataclasses import asdict
from json import dumps
from pathlib import Path

from keepfit import config
from keepfit.cli.saying import say
from keepfit.errors import MachineError
from keepfit.serving.verify import verify


def verify_pipeline(pipeline: Path, *, as_json: bool) -> None:
    """Print what was found. Raises MachineError, after that, when a bundle that serves or served cannot be mended."""
    settings = config.load(pipeline)
    found = verify(settings)
    lines = [f"- {sentence}" for sentence in found.sentences]
    for line in [dumps(asdict(found), indent=2, ensure_ascii=False)] if as_json else lines:
        say(line)
    if not found.sound:
        raise MachineError(
            "a model that is or was in service is damaged, and no whole copy of it was found.",
            todo="Put its bundle back from a backup, or train anew with keepfit run.",
            where=str(settings.resolve(settings.store)),
        )
    if not as_json:
        say("Mended as far as it can be." if found.sentences else "Everything is as it was written.")
