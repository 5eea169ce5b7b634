"""keepfit generate."""

from __future__ import annotations

from pathlib import Path

from keepfit.cli.saying import say


def generate(
    pipeline: Path,
    /,
    *,
    prompt: str,
    tokens: int = 200,
    temperature: float = 0.8,
    seed: int = 0,
    bundle: str | None = None,
) -> None:
    """Write on with the language model in service, token by token.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    prompt
        How the text begins.
    tokens
        How many tokens are written behind it.
    temperature
        Below 1 keeps to what is likely, 0 to what is likeliest; above 1 is bolder.
    seed
        Another one gives another text, the same one the same.
    bundle
        Use this bundle, by its id or the first letters of it, and not the one in service.
    """
    from keepfit import config
    from keepfit.serving.generation import Wish
    from keepfit.serving.generation import generate as texts

    found = texts(config.load(pipeline), Wish(prompt, tokens, temperature, seed), bundle)
    say(prompt, end="")
    for text in found:
        say(text, end="")
    say("")
