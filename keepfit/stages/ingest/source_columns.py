"""The source's columns: which must be there, and what each one's cells are read as."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from keepfit.config import Pipeline
from keepfit.data.cells import as_found, categories, is_text, numbers
from keepfit.data.evidence import FormEvidence, Found, settled
from keepfit.data.sources.opening import Opened
from keepfit.errors import DataError, nearest
from keepfit.features.column import short
from keepfit.features.kind import Kind
from keepfit.features.lookup import kind_of
from keepfit.problems.lookup import target_column
from keepfit.stages.ingest.named_columns import listed

_FIRST = 2_000
"""Rows that the forms are first told from."""
_UNDECLARED = 10_000


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
    found: Found | None = None
    """How its texts are written, where that was found from its cells."""
    form: str | None = None
    """How its texts are written, where that is not the plain way."""
    stored: pa.DataType = field(default_factory=pa.string)
    """Its type in the snapshot."""


class InDoubtError(Exception):
    """How some columns are written cannot be told from their first rows: all must be looked at."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(*names)
        self.names = names


def check_columns(opened: Opened, config: Pipeline) -> None:
    """Raise DataError for a target or feature that is not there, or a name that is ours."""
    names, where = list(opened.columns), str(opened.files[0])
    refuse_ours(names, where)
    for name, role in ((config.target, "target"), *((f, "feature") for f in config.features)):
        if name not in names:
            raise DataError(
                f'there is no column "{name}", the {role}.',
                allowed=listed(names),
                todo=nearest(name, names) or "Check the names in the YAML against the header.",
                where=where,
            )


def refuse_ours(names: Iterable[str], where: str) -> None:
    """Raise DataError for a name that begins as ours do."""
    for name in names:
        if name.startswith("keepfit_"):
            raise DataError(
                f'the column "{name}" begins with keepfit_, as the columns that we add do.',
                todo="Rename it.",
                where=where,
            )


def columns_of(
    opened: Opened, first: pa.RecordBatch, config: Pipeline, as_text: frozenset[str], looked: Mapping[str, Found]
) -> list[SourceColumn]:
    """Every column and how it is read, which `looked` tells of those all of whose cells were looked at.

    A form that alone reads all of the first rows is that of the column, unless a later cell says otherwise: then, and
    where two fit, InDoubtError. An undeclared column is a number while its cells are; `as_text` names those of which
    some later cell was not.
    """
    _check_types(first, config, str(opened.files[0]))
    found = dict(looked)
    for name, evidence in evidence_of(config).items():
        if name not in looked:
            evidence.add(first[name].slice(0, _FIRST))
            found[name] = evidence.found()
    found = settled(found)
    if doubtful := [name for name, form in found.items() if name not in looked and not form.is_sure]:
        raise InDoubtError(doubtful)
    return [
        SourceColumn(name, None, declared=False, read=_as_text)
        if name in as_text
        else _column(name, config, first[name], found.get(name))
        for name in opened.columns
    ]


def _check_types(first: pa.RecordBatch, config: Pipeline, where: str) -> None:
    """Raise DataError for a declared column of lists, or of structs, where its kind reads single cells."""
    kinds = {name: feature.kind for name, feature in config.features.items() if not kind_of(feature.kind).is_raw}
    asked = {} if target_column(config.problem.kind).lists else {config.target: "target"}
    for name, meant in {**kinds, **asked}.items():
        if pa.types.is_nested(first[name].type):
            raise unfit(name, first[name].type, meant, where)


def unfit(name: str, kind: pa.DataType, meant: str, where: str) -> DataError:
    """The error for a column of a type that what it is declared as cannot be read from."""
    return DataError(
        f'the column "{name}" holds {short(str(kind))}, which no {meant} can be read from.',
        todo="Take it out of features in the YAML, or give it another kind.",
        where=where,
    )


def evidence_of(config: Pipeline) -> dict[str, FormEvidence]:
    """What finds the forms of the features and the target of which the YAML does not say them."""
    asked = {n: kind_of(feature.kind).evidence() for n, feature in config.features.items() if feature.form is None}
    if config.problem.form is None:
        asked[config.target] = target_column(config.problem.kind).evidence()
    return {name: evidence for name, evidence in asked.items() if evidence is not None}


def _column(name: str, config: Pipeline, cells: pa.Array, found: Found | None) -> SourceColumn:
    if name in config.features:
        feature = config.features[name]
        kind, form = kind_of(feature.kind), feature.form or (found.form if found else "")
        return SourceColumn(name, kind, True, partial(kind.read, form=form), found, form or None)
    if name == config.target:
        form = config.problem.form or (found.form if found else "")
        read = partial(target_column(config.problem.kind).read, form=form)
        return SourceColumn(name, None, True, read, found, form or None)
    plain = _all_plain_numbers(cells.slice(0, _UNDECLARED))
    return SourceColumn(name, None, declared=False, read=numbers if plain else as_found)


def _as_text(cells: pa.Array) -> pa.Array:
    """Categories of whatever cells, since nobody asks for them as anything else."""
    if pa.types.is_nested(cells.type) or pa.types.is_binary(cells.type):
        shown = (None if cell is None else json.dumps(cell, sort_keys=True, default=repr) for cell in cells.to_pylist())
        return categories(pa.array(shown, pa.string()))
    return categories(cells)


def _all_plain_numbers(cells: pa.Array) -> bool:
    """Whether texts are numbers, and would be written the same way again: 007 and 20-digit codes are names."""
    filled = cells.drop_null()
    if not is_text(cells.type) or len(filled) == 0:
        return False
    plain = r"^ *-?(0|[1-9][0-9]{0,14})(\.[0-9]+)? *$"
    return bool(pc.all(pc.match_substring_regex(filled.cast(pa.string()), plain)).as_py())
