"""The form of a deployment: what of a flow's parameters a person is asked, and what is allowed there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect.flows import Flow
from prefect.utilities.callables import parameter_schema

from tasks.elsewhere import AUTO, HERE

_UNSHOWN = ("settings",)
"""For programs and the command line: a form has no good way to ask for a table of settings."""
_SOME = {"type": "string", "minLength": 1}
"""Not a pattern: the page would quote it. That a reason is not all blanks, the run itself checks."""


def asked(flow: Flow[..., Any], filled: dict[str, Any], pools: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of a flow's form. What is `filled` in is not shown, and is refused with any other value.

    The server checks it before a run begins, and its pages as a person types.
    """
    schema = parameter_schema(flow).model_dump_for_openapi()
    asks: dict[str, Any] = schema["properties"]
    shown = {name: _on_one_line(asked) for name, asked in asks.items() if name not in (*filled, *_UNSHOWN)}
    if "train_on" in shown:
        shown["train_on"]["enum"] = ["", HERE, AUTO, *pools]
    if "minutes" in shown:
        shown["minutes"]["minimum"] = 0
    rules = [{"properties": {name: {"const": value} for name, value in filled.items()}}, *_rules(shown)]
    required = [name for name in schema.get("required", []) if name in shown]
    return {**schema, "properties": shown, "required": required, "allOf": rules}


def _on_one_line(asked: dict[str, Any]) -> dict[str, Any]:
    """A parameter's description without the line breaks that its docstring has."""
    described = " ".join(str(asked.get("description", "")).split())
    return {**asked, "description": described} if described else dict(asked)


def _rules(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """What flows/form.py refuses, too."""
    if "promote" not in shown or "reason" not in shown:
        return []
    forced = {"properties": {"promote": {"const": "force"}}, "required": ["promote"]}
    without = {"properties": {"mode": {"enum": ["evaluate only", "dry run"]}}, "required": ["mode"]}
    return [
        {"if": forced, "then": {"properties": {"reason": _SOME}, "required": ["reason"]}},
        {"if": without, "then": {"properties": {"promote": {"const": "auto"}}}},
    ]
