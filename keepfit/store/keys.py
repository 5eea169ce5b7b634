"""Identity of a stage's execution: what its result depends on, and nothing else.

A key is the digest of its parts, and the parts are kept, so that two keys can be compared in words:
"ran because config.training.lr changed".
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from keepfit.store.files import digest_of

KeyParts = dict[str, dict[str, Any]]
"""Group (takes, config, code, libraries, environment) → name → value."""

_GROUND = frozenset(
    f"keepfit.{name}" if name else "keepfit"
    for name in (
        "", "errors", "redact", "data", "stages", "serving", "learning",
        "store", *(f"store.{name}" for name in (
            "artifacts", "events", "files", "hashes", "interrupt", "keys", "locks", "progress", "records", "run",
            "store",
        )),
        "config", *(f"config.{name}" for name in ("loading", "pipeline", "sections", "sets")),
        "features", "problems", "models",
    )
)  # fmt: skip
"""How and where outputs are kept does not change what they are. Of the config it is the values that count, and they
are in the key by themselves: a new option of one section touches no stage that does not read it."""

_DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}
"""Packages that are not called as their distribution is."""


def code_of(*modules: str) -> dict[str, str]:
    """Hash of each module of ours that these import, themselves included; docstrings and comments do not count.

    Ours are those of the packages that these modules are in: keepfit, and one of a user's that brings a member of an
    open set.
    """
    return {name: found.digest for name, found in _closure(modules).items()}


def libraries_of(modules: Sequence[str], others: tuple[str, ...] = ()) -> dict[str, str]:
    """Installed version of each library that these, or one of ours that they use, import, and of `others`."""
    names = {name for found in _closure(modules).values() for name in found.libraries} | {*others}
    return {name: version(name) for name in sorted(_DISTRIBUTIONS.get(name, name) for name in names)}


def _closure(modules: Sequence[str]) -> dict[str, _Module]:
    ours = frozenset({"keepfit", *(name.partition(".")[0] for name in modules)})
    found: dict[str, _Module] = {}
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        if name in found or name in _GROUND:
            continue
        found[name] = _read(name, ours)
        waiting += found[name].imports
    return dict(sorted(found.items()))


def key_of(stage: str, parts: KeyParts) -> str:
    """The name of a stage's folder in the store: 24 hexadecimal digits."""
    return digest_of({"stage": stage, **parts})


def changes(before: KeyParts, now: KeyParts) -> list[str]:
    """What differs, in words that a person can act on; empty when nothing does."""
    words = {
        "takes": "{} changed",
        "config": "config.{} changed",
        "code": "code of {} changed",
        "libraries": "version of {} changed",
        "environment": "{} changed",
    }
    found = {group: _different(before, now, group) for group in words}
    if found["config"]:  # another kind or family is other modules and libraries: what was asked for says it
        both = {g: before.get(g, {}).keys() & now.get(g, {}).keys() for g in ("code", "libraries")}
        found |= {group: [name for name in found[group] if name in both[group]] for group in both}
    return [words[group].format(name) for group, names in found.items() for name in _told(group, names)]


def _different(before: KeyParts, now: KeyParts, group: str) -> list[str]:
    old, new = before.get(group, {}), now.get(group, {})
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _told(group: str, names: list[str]) -> list[str]:
    if group == "takes":  # source_rows, an argument's name, is "source rows" to a person
        return [name.replace("_", " ") for name in names]
    if group == "code" and len(names) > 2:  # a new version of keepfit touches dozens
        return [f"{names[0]} and {len(names) - 1} more of our modules"]
    return names


@dataclass(frozen=True)
class _Module:
    """What counts of one of our modules."""

    digest: str
    imports: tuple[str, ...]
    """Ours."""
    libraries: tuple[str, ...]
    """Others' packages, the standard library apart."""


@cache
def _read(module: str, packages: frozenset[str]) -> _Module:
    tree = ast.parse(_source(module))
    imported = set(_imported(tree, packages))
    ours = {name for name in imported if name.partition(".")[0] in packages}
    others = {name.partition(".")[0] for name in imported - ours} - sys.stdlib_module_names
    _strip_docstrings(tree)
    return _Module(digest_of(ast.dump(tree)), tuple(sorted(ours)), tuple(sorted(others)))


def _file(module: str) -> Path | None:
    """A module's source. importlib's find_spec would import its parents, and so torch and others."""
    package, *inner = module.split(".")
    path = _root(package).joinpath(package, *inner)
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def _root(package: str) -> Path:
    """The folder that a package lies in."""
    spec = None if package == "keepfit" else find_spec(package)
    if spec is None or spec.origin is None:
        return Path(__file__).parents[2]
    return Path(spec.origin).parents[1 if spec.submodule_search_locations else 0]


def _source(module: str) -> str:
    file = _file(module)
    if file is None:  # a stage of a test's own, outside the package
        file = Path(str(sys.modules[module].__file__))
    return file.read_text(encoding="utf-8")


def _imported(tree: ast.AST, packages: frozenset[str]) -> Iterator[str]:
    """Modules named in import statements anywhere, those inside functions included; not those for type checkers."""
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            inner = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in inner if name.partition(".")[0] in packages and _file(name))


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node, but for what stands under `if TYPE_CHECKING`, which is never run."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING"):
            yield from _nodes(child)


def _strip_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not _is_text(s)]  # type: ignore[attr-defined]


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
