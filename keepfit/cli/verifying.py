"""`keepfit verify`: what of a store is damaged, and what was mended."""

from __future__ import annotations

from pathlib import Path

from keepfit import config
from keepfit.cli.saying import say
from keepfit.errors import MachineError
from keepfit.serving.verify import verify


def verify_pipeline(pipeline: Path) -> None:
    """Print what was found. Raises MachineError when a bundle that serves or served cannot be mended."""
    settings = config.load(pipeline)
    found = verify(settings)
    for sentence in found.sentences:
        say(f"- {sentence}")
    if not found.sound:
        raise MachineError(
            "a model that is or was in service is damaged, and no whole copy of it was found.",
            todo="Put its bundle back from a backup, or train anew with keepfit run.",
            where=str(settings.resolve(settings.store)),
        )
    say("Mended as far as it can be." if found.sentences else "Everything is as it was written.")
