"""What a value in the YAML should be, in our words and not in pydantic's."""

from __future__ import annotations

from typing import Any

from keepfit.config.sets import FEATURES, MODELS, PROBLEMS

_KINDS = {
    "tuple_type": "It is a list, such as [a, b].",
    "dict_type": "It is a section: names with values, each on a line of its own.",
    "model_type": "It is a section: names with values, each on a line of its own.",
    "model_attributes_type": "It is a section: names with values, each on a line of its own.",
    "string_type": "It is a text; what reads as a number or as true stands in quotes.",
    "int_type": "It is a whole number.",
    "int_parsing": "It is a whole number.",
    "int_from_float": "It is a whole number.",
    "float_type": "It is a number.",
    "float_parsing": "It is a number.",
    "bool_type": "It is true or false.",
    "bool_parsing": "It is true or false.",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "It is at least {:,}."),
    "greater_than": ("gt", "It is more than {:,}."),
    "less_than_equal": ("le", "It is at most {:,}."),
    "less_than": ("lt", "It is less than {:,}."),
}
_SETS = {"features": (FEATURES, "kind"), "problem": (PROBLEMS, "kind"), "model": (MODELS, "family")}
_PATTERNS = {
    "name": "It is made of small letters, digits, - and _, begins with none of the last two, and has 63 at most.",
    "delimiter": "It is one character, no quote and no end of a line.",
    "module": "It is a module and a class in it, such as my_network:Residual.",
}


def should_be(error: Any) -> str:
    """What is allowed where pydantic found an error; empty where its own sentence says it."""
    kind, context, steps = error["type"], error.get("ctx", {}), error["loc"]
    if kind == "model_attributes_type" and steps[0] in _SETS:
        members, tag = _SETS[steps[0]]
        bare = "" if steps[0] == "model" else "it is one of these, or "
        return f"Allowed here: {', '.join(members.names())}; {bare}a section whose {tag}: is one of them."
    if kind in _BOUNDS:
        name, sentence = _BOUNDS[kind]
        bound = context[name]
        return sentence.format(int(bound) if bound == int(bound) else bound)
    if kind == "literal_error":
        return f"Allowed here: {context['expected'].replace(chr(39), '').replace(' or ', ', ')}."
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(steps[-1]), f"It fits {context['pattern']}.")
    return _KINDS.get(kind, "")
