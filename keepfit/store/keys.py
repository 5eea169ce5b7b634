"""Identity of a stage's execution: what its result depends on, and nothing else.

A key is the digest of its parts, and the parts are kept, so that two keys can be compared in words:
"ran because config.training.lr changed".
"""

from __future__ import annotations

from typing import Any

from keepfit.store.files import digest_of

KeyParts = dict[str, dict[str, Any]]
"""Group (takes, config, code, libraries, environment) → name → value."""


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


def without_builds(parts: KeyParts) -> KeyParts:
    """The same without what of a version only says how it was built: 2.13.0 of 2.13.0+cu130."""
    versions = {name: str(version).partition("+")[0] for name, version in parts.get("libraries", {}).items()}
    return {**parts, "libraries": versions}


def _different(before: KeyParts, now: KeyParts, group: str) -> list[str]:
    old, new = before.get(group, {}), now.get(group, {})
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _told(group: str, names: list[str]) -> list[str]:
    if group == "takes":  # source_rows, an argument's name, is "source rows" to a person
        return [name.replace("_", " ") for name in names]
    if group == "code" and len(names) > 2:  # a new version of keepfit touches dozens
        return [f"{names[0]} and {len(names) - 1} more of our modules"]
    return names
