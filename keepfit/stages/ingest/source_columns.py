"""The source's columns: which must be there, and what each one's cells are read as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from keepfit.config import Pipeline
from keepfit.data.cells import as_found, categories, is_text, numbers
from keepfit.data.sources.opening import Opened
from keepfit.errors import DataError, nearest
from keepfit.features.kind import Kind
from keepfit.features.lookup import kind_of
from keepfit.problems.lookup import target_column
from keepfit.stages.ingest.named_columns import listed


@dataclass(frozen=True)
class SourceColumn:
    """One column of the source."""

    name: str
    kind: Kind | None
    """That of a feature."""
    declared: bool
    """Whether it is a feature or the target."""
    read: Callable[[pa.Array], pa.Array]
    """How its cells become those of the snapshot; what cannot be read becomes null."""
    form: str | None = None
    """How its cells are written, where that has to be known to read them."""
    stored: pa.DataType = field(default_factory=pa.string)
    """Its type in the snapshot."""


def check_columns(opened: Opened, config: Pipeline) -> None:
    """Raise DataError for a target or feature that is not there, or a name that is ours."""
    names, where = list(opened.columns), str(opened.files[0])
    reserved = [name for name in names if name.startswith("keepfit_")]
    if reserved:
        raise DataError(
            f'the column "{reserved[0]}" begins with keepfit_, as the columns that we add do.',
            todo="Rename it.",
            where=where,
        )
    for name, role in ((config.target, "target"), *((f, "feature") for f in config.features)):
        if name not in names:
            raise DataError(
                f'there is no column "{name}", the {role}.',
                allowed=listed(names),
                todo=nearest(name, names) or "Check the names in the YAML against the header.",
                where=where,
            )


def columns_of(opened: Opened, first: pa.RecordBatch, config: Pipeline, as_text: frozenset[str]) -> list[SourceColumn]:
    """Every column and how it is read; a feature's form is that which reads most of the first rows.

    An undeclared column is a number while its cells are; `as_text` names those of which some later cell was not.
    """
    decimal = (opened.dialect or {}).get("decimal", ".")
    return [
        SourceColumn(name, None, declared=False, read=categories)
        if name in as_text
        else _column(name, config, first[name].slice(0, 10_000), decimal)
        for name in opened.columns
    ]


def _column(name: str, config: Pipeline, cells: pa.Array, decimal: str) -> SourceColumn:
    if name in config.features:
        kind = kind_of(config.features[name].kind)
        form = kind.form_of(cells) or kind.usual_form
        return SourceColumn(name, kind, True, partial(kind.read, decimal=decimal, form=form or ""), form)
    if name == config.target:
        read = partial(target_column(config.problem.kind).read, decimal=decimal)
        return SourceColumn(name, None, declared=True, read=read)
    plain = _all_plain_numbers(cells, decimal)
    return SourceColumn(name, None, declared=False, read=partial(numbers, decimal=decimal) if plain else as_found)


def _all_plain_numbers(cells: pa.Array, decimal: str) -> bool:
    """Whether texts are numbers, and would be written the same way again: 007 and 20-digit codes are names."""
    filled = cells.drop_null()
    if not is_text(cells.type) or len(filled) == 0:
        return False
    plain = rf"^ *-?(0|[1-9][0-9]{{0,14}})([{decimal}][0-9]+)? *$"
    return bool(pc.all(pc.match_substring_regex(filled.cast(pa.string()), plain)).as_py())
