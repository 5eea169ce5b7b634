"""The draft of pictures or recordings in no class's folder, whose labels stand in a table in or beside theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from keepfit.data.media import Medium, Size
from keepfit.data.sources.labelled import Named, named, names_column, ours, tables_in, texts
from keepfit.data.sources.locate import FORMS, suffix_of, walk
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.data.unread import RowPlaces, Unread, sentence
from keepfit.drafting.kinds import choose
from keepfit.drafting.learnable import learnable
from keepfit.drafting.target import ask, find_target, told_of
from keepfit.errors import ConfigError, DataError
from keepfit.features.column import Choice, ColumnFacts, facts_of
from keepfit.problems.lookup import target_column

_SHARE = 0.5
"""A table that names no such share of the files is none of labels."""
_LOOKED_AT = 200


@dataclass(frozen=True)
class Labelled:
    """What is known of such files."""

    table: Path
    target: ColumnFacts
    sizes: list[Size]
    """Of some of them."""
    said: list[str]
    offered: list[Choice]
    """The table's other columns that a model may learn from beside the file."""


def labels_beside(root: Path, target: str | None, medium: Medium) -> Labelled | None:
    """The table that names at least half of the files of a folder or zip; None where there is none.

    Raises ConfigError where there are several, or no column suggests itself as the label.
    """
    with TemporaryDirectory() as scratch, named((root,), medium) as there:
        near = _texts_near(root)
        tables = [(file, found) for file in near if (found := _naming(file, there, Path(scratch), target))]
        if len(tables) > 1:
            names = " and ".join(str(file) for file, _ in tables[:2])
            raise ConfigError(
                f"both {names} name the {medium.many}.",
                allowed="One table of file names and labels stands in or beside the folder.",
                todo="Move the others away, or write into the YAML by hand: "
                f"source: {{path: {root}, labels: {tables[0][0]}}}.",
                where=str(root),
            )
        return _looked(tables[0][0], tables[0][1], there, target) if tables else None


def labels_of(
    table: Path, roots: tuple[Path, ...], target: str, beside: tuple[Path, ...], medium: Medium
) -> Labelled | None:
    """The labels of some folders in a table that names the files of those `beside` too; None where it has none."""
    with TemporaryDirectory() as scratch, named(roots, medium, beside) as there:
        found = _opened(table, Path(scratch), target)
        names, _ = names_column(found, there, target)
        used = {path for batch in found.batches() for cell in texts(batch, names) for path in there.called(cell)}
        count = len(used & there.read.keys())
        return _looked(table, (found, names, count), there, target) if count else None


def _texts_near(root: Path) -> list[Path]:
    """Text tables in a folder, and beside it or the zip, which may have one in it too."""
    above = Path(os.path.normpath(root)).parent
    beside = [path for path in sorted(above.iterdir()) if path.is_file() and path.name[0] not in "._"]
    inside = walk(root) if root.is_dir() else []
    texts = [path for path in (*inside, *beside) if suffix_of(path) and FORMS.get(suffix_of(path)) == "csv"]
    return texts if root.is_dir() else [root, *texts]


def _opened(file: Path, scratch: Path, target: str) -> Opened:
    return open_source(tables_in(file, scratch), Reading(scratch, target=target))


def _naming(file: Path, there: Named, scratch: Path, target: str | None) -> tuple[Opened, str, int] | None:
    """A table with its column of names and how many it names, where those are enough."""
    try:
        table = _opened(file, scratch, target or "")
        names, count = names_column(table, there, target or "")
    except DataError:  # a README, or a table of something else
        return None
    return (table, names, count) if count >= max(1, _SHARE * len(there.read)) else None


def _looked(path: Path, naming: tuple[Opened, str, int], there: Named, asked: str | None) -> Labelled:
    table, names, count = naming
    file, unread = table.files[0], list[Unread]()
    rows, medium = list(_rows(table, names, there, unread)), there.medium
    columns = [column for column in facts_of(rows) if column.name != names]
    if not columns:
        raise ConfigError(
            f'it has no column beside "{names}", the file names.', todo="Add one of labels.", where=str(file)
        )
    target = find_target(columns, asked, str(file), headless=table.headless)
    said = [
        f'The labels are those of the column "{target.name}" of {file.name}, whose column "{names}" names '
        f"{count:,} of {len(there.read):,} {medium.many}.",
        *table.notes,
    ]
    if unread:
        said.append(f"{sentence(unread, sum(map(len, rows)) + len(unread))}; left out.")
    said += told_of(target, asked)
    others = [column for column in columns if column.name not in (target.name, *ours(medium))]
    offered = _offered(others, target, str(file))
    if offered:
        listed = ", ".join(f'"{choice.name}"' for choice in offered)
        said.append(
            f"Beside the {medium.one} a row of {file.name} has {listed}: the YAML tells how to learn from "
            f"{'them' if len(offered) > 1 else 'it'} too."
        )
    return Labelled(path, target, _sizes(there), said, offered)


def _offered(columns: list[ColumnFacts], target: ColumnFacts, where: str) -> list[Choice]:
    """Those that a run would take as features."""
    tied = target_column(ask(target, where).problem).codes(target)
    choices = (learnable(choose(column, tied), column, target) for column in columns)
    return [choice for choice in choices if choice.kind]


def _rows(table: Opened, names: str, there: Named, unread: list[Unread]) -> Iterator[pa.RecordBatch]:
    """The rows whose file is there: what a run learns from."""
    places, mine = RowPlaces(table.unread), list[Unread]()
    for batch in table.batches():
        cells = texts(batch, names)
        lacking = [there.lacks(cell) for cell in cells]
        mine += [
            Unread(int(place), f"{table.files[0].name}, row {place:,}", why)
            for place, why in zip(places.next(len(batch)), lacking, strict=True)
            if why
        ]
        kept = [not why and not there.of_another(cell) for cell, why in zip(cells, lacking, strict=True)]
        yield batch.filter(pa.array(kept, pa.bool_()))
    unread.extend(sorted([*mine, *table.unread], key=lambda one: one.row))


def _sizes(there: Named) -> list[Size]:
    paths, medium = list(there.read), there.medium
    contents = (there.bytes_of(path)[0] for path in paths[:: max(1, len(paths) // _LOOKED_AT)])
    sizes = [medium.size(content) for content in contents if not medium.fault(content)]
    if not sizes:
        raise DataError(f"none of the {medium.many} looked at can be read.", todo="Mend them, or name another folder.")
    return sizes
