"""The reference's tables of the YAML, made from the models themselves: `make reference` writes them.

They stand in docs/reference.md between two marks; a test holds that they are what this module makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from keepfit.config.pipeline import Pipeline
from keepfit.config.sections import Expectation, Model
from keepfit.store import files

BEGIN, END = "<!-- made by python -m keepfit.drafting.reference -->", "<!-- to here -->"
_HIDDEN = ("suite",)
"""Filled in from the expectations' file, and refused in the YAML."""
_TAGS = ("kind", "family")
"""The key that says which member of an open set a section is of."""
_ELSEWHERE = (Expectation, Model)
"""Sections that have tables of their own."""
_WORDS = {"str": "text", "int": "whole number", "float": "real number", "bool": "true or false", "Any": "anything"}


def tables() -> str:
    """Every key of pipeline.yaml and expectations.yaml: what is allowed, the default, the meaning."""
    parts = [*_section("The pipeline", "", Pipeline), *_section("expectations.yaml", "expectations[].", Expectation)]
    return "\n\n".join(parts)


def put_into(page: str) -> str:
    """The page with the tables between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{tables()}\n\n{END}{tail}"


def _section(title: str, prefix: str, model: type[BaseModel]) -> Iterator[str]:
    """A section's own keys, then the sections inside it."""
    fields = {name: field for name, field in model.model_fields.items() if name not in (*_HIDDEN, *_TAGS)}
    inner = {name: _models(field.annotation) for name, field in fields.items()}
    rows = [_row(f"{prefix}{name}", field) for name, field in fields.items() if not inner[name] or field.is_required()]
    said = [] if model is Pipeline or model is Expectation else [" ".join((model.__doc__ or "").split()), ""]
    table = ["| key | allowed | default | meaning |", "|---|---|---|---|", *rows] if rows else []
    yield "\n".join([f"### {title}", "", *said, *table]).rstrip()
    for name, models in inner.items():
        one = f".<{'column' if name == 'features' else 'path'}>" if _is_mapping(fields[name].annotation) else ""
        step = f"{prefix}{name}{one}."
        for found in models:
            tag = next((tag for tag in _TAGS if tag in found.model_fields), None)
            named = f"{step.rstrip('.')}: {tag} {found.model_fields[tag].default}" if tag else step.rstrip(".")
            yield from _section(named, step, found)


def _row(key: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else _shown(field.get_default(call_default_factory=True))
    meaning = " ".join((field.description or "").split())
    return f"| `{key}` | {_allowed(field)} | {default} | {meaning} |".replace("  ", " ")


def _shown(value: Any) -> str:
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        return f"`{{{', '.join(f'{key}: {_plain(one)}' for key, one in value.items())}}}`"
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _allowed(field: FieldInfo) -> str:
    bounds = {Ge: "at least", Gt: "above", Le: "at most", Lt: "below"}
    limits = [
        f"{words} {getattr(limit, kind.__name__.lower()):,}"
        for limit in field.metadata
        for kind, words in bounds.items()
        if isinstance(limit, kind)
    ]
    return ", ".join([_type(field.annotation), *limits])


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if get_origin(annotation) in (tuple, list):
        return f"list of {_type(get_args(annotation)[0])}"
    if _is_mapping(annotation):
        names, values = get_args(annotation) or (str, Any)
        return f"{_type(names)} → {_type(values)}"
    if get_origin(annotation) is Annotated:
        return _type(get_args(annotation)[0])
    inner = [a for a in get_args(annotation) if a is not type(None) and not isinstance(a, FieldInfo)]
    if inner:
        return " or ".join(dict.fromkeys(_type(a) for a in inner))
    return _WORDS.get(getattr(annotation, "__name__", ""), str(annotation))


def _is_mapping(annotation: Any) -> bool:
    return annotation is dict or get_origin(annotation) is dict


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in _ELSEWHERE:
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


if __name__ == "__main__":
    path = Path(sys.argv[1])
    files.write_bytes(path, put_into(path.read_text(encoding="utf-8")).encode())
