"""A YAML file as a tree of plain values, within bounds: whatever it holds, the answer is a tree or says where it is at
fault.
"""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from keepfit import redact
from keepfit.errors import ConfigError
from keepfit.quoting import shown

_BYTES = 16 << 20
_DEPTH = 50
_NODES = 1_000_000
"""Values in a file, those that an alias repeats counted each time: ten lines of aliases can stand for a billion."""

Steps = tuple[str | int, ...]


def read(file: Path, hint: str) -> CommentedMap:
    """The tree, with the lines and columns of its keys; `hint` says where such a file comes from.

    Raises ConfigError where there is no such file, or it is no YAML of keys and values.
    """
    text = _text(file, hint)
    _within_bounds(text, file)
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(file)
        raise ConfigError(f"not valid YAML: {error.problem}.", todo="Mend that line.", where=where) from error
    except (
        YAMLError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
    ) as error:  # its constructors pass on what values raise
        raise ConfigError(f"not valid YAML: {_line(error)}.", todo="Mend it.", where=str(file)) from error
    except RecursionError as error:
        raise _too_deep(str(file)) from error
    if not isinstance(tree, CommentedMap):
        raise ConfigError("expected keys and values at the top level, such as name: people.", where=str(file))
    return tree


def _text(file: Path, hint: str) -> str:
    try:
        if file.is_file() and file.stat().st_size > _BYTES:
            raise ConfigError(f"it has more than {_BYTES >> 20} MB.", todo="Name a YAML file.", where=str(file))
        if not file.is_file():
            is_there = file.exists() or file.is_symlink()
            found = "this is no regular file." if is_there else "there is no such file."
            raise ConfigError(found, todo=f"Check the path; {hint}.", where=str(file))
        text = file.read_text(encoding="utf-8-sig")
        # JSON is YAML but for tabs, and in JSON a tab stands between values only.
        return text.replace("\t", " ") if file.suffix == ".json" else text
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"not UTF-8 text at byte {error.start}.", todo="Save it as UTF-8.", where=str(file)
        ) from error
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}.", todo="Check the path.", where=str(file)) from error


def _within_bounds(text: str, file: Path) -> None:
    """Refuse what would take minutes to read, by the events of libyaml, which takes a hundredth of the time."""
    depth = nodes = 0
    with suppress(yaml.YAMLError):  # told better below, with its line
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            nodes += isinstance(event, yaml.NodeEvent)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEPTH or nodes > _NODES:
                where = f"{file}, line {event.start_mark.line + 1}, column {event.start_mark.column + 1}"
                if depth > _DEPTH:
                    raise _too_deep(where)
                raise ConfigError(
                    f"it has more than {_NODES:,} values.", todo="No pipeline needs as many.", where=where
                )


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def plain(tree: Any, file: Path) -> Any:
    """The tree's values without what ruamel adds to them.

    Raises ConfigError for what is no text, finite number, boolean, date, list or mapping, and for a tree too large.
    """
    return _Plain(tree, file).of(tree, ())


class _Plain:
    def __init__(self, root: Any, file: Path) -> None:
        self._root, self._file = root, file
        self._seen = 0

    def of(self, value: Any, steps: Steps) -> Any:
        self._seen += 1
        if self._seen > _NODES or len(steps) > _DEPTH:
            raise _too_deep(self._place(steps[:1])) if len(steps) > _DEPTH else self._wrong(
                steps[:1], f"more than {_NODES:,} values, those that an alias (*) repeats counted each time"
            )  # fmt: skip
        if isinstance(value, dict):
            found = {self._scalar(str(key), steps): self.of(one, (*steps, key)) for key, one in value.items()}
            return found if len(found) == len(value) else self._refuse(steps, "two keys that read alike")
        if isinstance(value, list):
            return [self.of(one, (*steps, place)) for place, one in enumerate(value)]
        return self._scalar(value, steps)

    def _scalar(self, value: Any, steps: Steps) -> Any:
        if isinstance(value, str):
            if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
                self._refuse(steps, f"the text {shown(str(value))}, in which a character stands for nothing")
            if "://" in value:
                redact.address(value)  # before any message quotes it
            return str(value)
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse(steps, f"{float(value)}, which is no finite number")
        if isinstance(value, datetime) or type(value) is date or value is None or isinstance(value, bool):
            return value
        kind = next((kind for kind in (int, float) if isinstance(value, kind)), None)
        return kind(value) if kind else self._refuse(steps, f"a value of the kind {type(value).__name__}")

    def _refuse(self, steps: Steps, found: str) -> Any:
        raise self._wrong(steps, found)

    def _wrong(self, steps: Steps, found: str) -> ConfigError:
        allowed = "Values are text, finite numbers, booleans, dates, lists and mappings."
        return ConfigError(f"here stands {found}.", allowed=allowed, todo="Mend it.", where=self._place(steps))

    def _place(self, steps: Steps) -> str:
        return place(self._file, self._root, steps)


def _too_deep(where: str) -> ConfigError:
    return ConfigError(
        f"lists and mappings stand in each other more than {_DEPTH} deep.", todo="No setting needs that.", where=where
    )


def place(file: Path, tree: Any, steps: Steps) -> str:
    """File, line and column of the value that `steps` lead to, or of the last of them that is there."""
    line, column = 0, 0
    for step in steps:
        try:
            line, column = tree.lc.key(step) if hasattr(tree, "items") else tree.lc.item(step)
            tree = tree[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return f"{file}, line {line + 1}, column {column + 1}"
