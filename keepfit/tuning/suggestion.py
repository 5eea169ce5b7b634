"""The best settings beside the YAML, for a person to accept."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from keepfit.config import Pipeline, load
from keepfit.config.tunable import tunable
from keepfit.config.tuning import Value, written
from keepfit.config.yaml_editing import edited
from keepfit.config.yaml_reading import place, plain, read
from keepfit.errors import ConfigError
from keepfit.store import files
from keepfit.tuning.told import Tuned


def place_of(config: Pipeline) -> Path:
    """`pipeline.tuned.yaml` beside `pipeline.yaml`."""
    return config.file.with_suffix(f".tuned{config.file.suffix}")


def suggest(config: Pipeline, found: Tuned) -> Tuned:
    """Write what is better than the YAML as it stands, or take an older suggestion away.

    Gives the same search with the place of its suggestion.
    """
    file = place_of(config)
    if found.best is found.first:
        file.unlink(missing_ok=True)
        return found
    head = (
        f"# {date.today().isoformat()}: {found.sentence}\n"
        f"# keepfit tune {config.file.name} --accept puts this into {config.file.name}; the next run learns with it.\n"
    )
    values = found.best.settings
    files.write_bytes(file, edited(head, values, file).encode())
    return found.model_copy(update={"suggestion": str(file)})


def accept(config: Pipeline) -> list[str]:
    """Put the suggestion into the YAML, whose other lines stay as they are; gives a line for each setting.

    Raises ConfigError where there is no suggestion, or it no longer goes with the YAML.
    """
    file = place_of(config)
    tree = read(file, f"keepfit tune {config.file.name} writes it where something better was found")
    values = _flat(plain(tree, file))
    known = tunable(config)
    for path in values:
        if path not in known and f"{path.rpartition('.')[0]}.NAME" not in known:
            raise ConfigError(
                f'"{path}" is no setting that a search finds.',
                allowed=f"Allowed here: {', '.join(known)}.",
                todo="Take it out, or search again.",
                where=place(file, tree, tuple(path.split("."))),
            )
    load(config.file, {path: written(value) for path, value in values.items()})
    before = _flat(plain(read(config.file, ""), config.file))
    text = config.file.read_text(encoding="utf-8-sig")
    files.write_bytes(config.file, edited(text, values, config.file).encode())
    file.unlink()
    return [
        f"{path}: {written(value)}, {f'before {written(before[path])}' if path in before else 'which was left out'}"
        for path, value in values.items()
    ]


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in tree.items():
        path = f"{prefix}{key}"
        found |= _flat(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return found
