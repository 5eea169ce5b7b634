"""What code a stage's result depends on: our modules that it imports, by content, and the libraries that they name.

Every run asks it of some hundred modules, so what was found in a source is remembered under the source's own hash.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from keepfit.store.files import digest_of, write_bytes

_GROUND = frozenset(
    f"keepfit.{name}" if name else "keepfit"
    for name in (
        "", "errors", "redact", "data", "stages", "serving", "learning",
        "store", *(f"store.{name}" for name in (
            "artifacts", "code", "events", "files", "hashes", "interrupt", "keys", "locks", "progress", "records",
            "run", "stage", "store",
        )),
        "config", *(f"config.{name}" for name in ("loading", "operation", "overrides", "pipeline", "sections", "sets")),
        "features", "problems", "models",
    )
)  # fmt: skip
"""How and where outputs are kept does not change what they are. Of the config it is the values that count, and they
are in the key by themselves: a new option of one section touches no stage that does not read it."""

_DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}
"""Packages that are not called as their distribution is."""

_MOST = 2000
"""Sources remembered; of more, those that this run used."""

_PYTHON = ".".join(map(str, sys.version_info[:2]))
"""Its grammar decides what is found in a source."""


@dataclass(frozen=True)
class Module:
    """What counts of one of our modules."""

    digest: str
    imports: tuple[str, ...]
    """Ours."""
    libraries: tuple[str, ...]
    """Others' packages, the standard library apart."""


class Code:
    """Our modules, and what is remembered of them in a file that may be lost or damaged: it only saves reading."""

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._known: dict[str, Any] | None = None
        self._used: dict[str, Any] = {}
        self._modules: dict[tuple[str, frozenset[str]], Module] = {}
        self._learned = False

    def digests(self, *modules: str) -> dict[str, str]:
        """Hash of each module of ours that these import, themselves included; docstrings and comments do not count.

        Ours are those of the packages that these modules are in: keepfit, and one of a user's that brings a member of
        an open set.
        """
        return {name: found.digest for name, found in self._closure(modules).items()}

    def libraries(self, modules: Sequence[str], others: tuple[str, ...] = ()) -> dict[str, str]:
        """Installed version of each library that these, or one of ours that they use, import, and of `others`."""
        names = {name for found in self._closure(modules).values() for name in found.libraries} | {*others}
        return {name: version(name) for name in sorted(_DISTRIBUTIONS.get(name, name) for name in names)}

    def close(self) -> None:
        """Keep what was learned."""
        if self._learned and self._memory is not None:
            kept = self._known if len(self._known or ()) <= _MOST else self._used
            with suppress(OSError):
                write_bytes(self._memory, json.dumps({"python": _PYTHON, "sources": kept}).encode())
            self._learned = False

    def _closure(self, modules: Sequence[str]) -> dict[str, Module]:
        ours = frozenset({"keepfit", *(name.partition(".")[0] for name in modules)})
        found: dict[str, Module] = {}
        waiting = [*modules]
        while waiting:
            name = waiting.pop()
            if name in found or name in _GROUND:
                continue
            found[name] = self._module(name, ours)
            waiting += found[name].imports
        return dict(sorted(found.items()))

    def _module(self, name: str, packages: frozenset[str]) -> Module:
        """Read once: fourteen closures of a run share most of their modules."""
        if (name, packages) not in self._modules:
            self._modules[name, packages] = self._sorted_out(name, packages)
        return self._modules[name, packages]

    def _sorted_out(self, name: str, packages: frozenset[str]) -> Module:
        digest, imported, members = self._read(source_of(name))
        inner = (member for member in members if member.partition(".")[0] in packages and _file(member))
        names = {*imported, *inner}
        ours = {one for one in names if one.partition(".")[0] in packages}
        others = {one.partition(".")[0] for one in names - ours} - sys.stdlib_module_names
        return Module(digest, tuple(sorted(ours)), tuple(sorted(others)))

    def _read(self, source: str) -> tuple[str, list[str], list[str]]:
        """Digest, modules named, and what is imported from them, which may be modules too."""
        if self._known is None:
            self._known = self._recalled()
        key = sha256(source.encode()).hexdigest()
        if key not in self._known:
            self._known[key], self._learned = read(source), True
        self._used[key] = self._known[key]
        digest, imported, members = self._known[key]
        return digest, imported, members

    def _recalled(self) -> dict[str, Any]:
        with suppress(OSError, ValueError, TypeError, KeyError):
            held = json.loads(self._memory.read_bytes()) if self._memory else {}
            if held["python"] == _PYTHON and all(len(found) == 3 for found in held["sources"].values()):
                return dict(held["sources"])
        return {}


def read(source: str) -> tuple[str, list[str], list[str]]:
    """Of a source: a digest without docstrings and comments, modules named, and names imported from them."""
    tree = ast.parse(source)
    named = list(_imported(tree))
    _strip_docstrings(tree)
    members = sorted({f"{module}.{name}" for module, names in named for name in names})
    return digest_of(ast.dump(tree)), sorted({module for module, _ in named}), members


def source_of(module: str) -> str:
    """A module's text."""
    file = _file(module)
    if file is None:  # a stage of a test's own, outside the package
        file = Path(str(sys.modules[module].__file__))
    return file.read_text(encoding="utf-8")


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


def _imported(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Modules named in import statements anywhere, those inside functions included, and what is taken from them; not
    those for type checkers."""
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, [alias.name for alias in node.names]


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
