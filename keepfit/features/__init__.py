"""OPEN SET 1: the kinds of columns, one folder each.

What a kind is stands in `kind.py`, and how one is found by its name in `lookup.py`.

A package of a user's that declares an entry point in the group `keepfit.features` adds a kind under the entry point's
name.
"""

TABLE = {
    "number": "keepfit.features.number",
    "category": "keepfit.features.category",
    "boolean": "keepfit.features.boolean",
    "datetime": "keepfit.features.datetime",
    "image": "keepfit.features.image",
    "text": "keepfit.features.text",
    "sequence": "keepfit.features.sequence",
    "audio": "keepfit.features.audio",
    "passage": "keepfit.features.passage",
}
"""Name → the package; nothing is imported yet."""
