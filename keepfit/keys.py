"""Identity of a stage's execution: what its result depends on, and nothing else.

A key is the digest of its parts, and the parts are kept, so that two keys can be compared in words:
"ran because config.training.lr changed".
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from keepfit.files import digest_of

Parts = dict[str, dict[str, Any]]
"""Group (takes, config, code, libraries, environment) → name → value."""

_GROUND = frozenset({"keepfit", "keepfit.errors", "keepfit.files", "keepfit.keys", "keepfit.store", "keepfit.run"})
"""How and where outputs are kept does not change what they are."""


def code_of(module: str) -> dict[str, str]:
    """Hash of each of our modules that `module` imports, itself included; docstrings and comments do not count."""
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name in _GROUND:
            continue
        found[name], imports = _hash_and_imports(name)
        waiting += imports
    return dict(sorted(found.items()))


def libraries_of(names: tuple[str, ...]) -> dict[str, str]:
    """Installed version of each distribution."""
    return {name: version(name) for name in names}


def key_of(stage: str, parts: Parts) -> str:
    """The name of a stage's folder in the store: 24 hexadecimal digits."""
    return digest_of({"stage": stage, **parts})


def changes(before: Parts, now: Parts) -> list[str]:
    """What differs, in words that a person can act on; empty when nothing does."""
    words = {
        "takes": "{} changed",
        "config": "config.{} changed",
        "code": "code of {} changed",
        "libraries": "version of {} changed",
        "environment": "{} changed",
    }
    return [template.format(name) for group, template in words.items() for name in _different(before, now, group)]


def _different(before: Parts, now: Parts, group: str) -> list[str]:
    old, new = before.get(group, {}), now.get(group, {})
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if group == "takes":  # source_rows, an argument's name, is "source rows" to a person
        return [name.replace("_", " ") for name in names]
    if group == "code" and len(names) > 2:  # a new version of keepfit touches dozens
        return [f"{names[0]} and {len(names) - 1} more of our modules"]
    return names


@cache
def _hash_and_imports(module: str) -> tuple[str, tuple[str, ...]]:
    tree = ast.parse(_source(module))
    imports = tuple(sorted(_imported(tree)))
    _strip_docstrings(tree)
    return digest_of(ast.dump(tree)), imports


def _file(module: str) -> Path | None:
    """The source of one of our modules. importlib's find_spec would import its parents, and so torch and others."""
    path = Path(__file__).parent.parent.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _source(module: str) -> str:
    file = _file(module)
    if file is None:  # a stage of a test's own, outside the package
        file = Path(str(sys.modules[module].__file__))
    return file.read_text(encoding="utf-8")


def _imported(tree: ast.AST) -> set[str]:
    """Our modules named in import statements anywhere, those inside functions included."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.startswith("keepfit.")}
        elif isinstance(node, ast.ImportFrom) and node.module and (node.module + ".").startswith("keepfit."):
            inner = {f"{node.module}.{a.name}" for a in node.names}
            found |= {node.module} | {name for name in inner if _file(name)}
    return found - {"keepfit"}


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
