"""The draft of pictures that lie in no class's folder, and whose labels stand in a table in or beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from keepfit.data import images
from keepfit.data.sources.labelled import OURS, Pictures, names_column, pictures_of, tables_in, texts
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
"""A table that names no such share of the pictures is none of labels."""
_LOOKED_AT = 200


@dataclass(frozen=True)
class Labelled:
    """What is known of such pictures."""

    table: Path
    target: ColumnFacts
    sizes: list[tuple[int, int]]
    """Width and height of some of them."""
    said: list[str]
    offered: list[Choice]
    """The table's other columns that a model may learn from beside the picture."""


def labels_beside(root: Path, named: str | None) -> Labelled | None:
    """The table that names at least half of the pictures of a folder or zip; None where there is none.

    Raises ConfigError where there are several, or no column suggests itself as the label.
    """
    with TemporaryDirectory() as scratch, pictures_of((root,)) as pictures:
        near = _texts_near(root)
        tables = [(file, found) for file in near if (found := _naming(file, pictures, Path(scratch), named))]
        if len(tables) > 1:
            names = " and ".join(str(file) for file, _ in tables[:2])
            raise ConfigError(
                f"both {names} name the pictures.",
                allowed="One table of file names and labels stands in or beside the folder.",
                todo="Move the others away, or write into the YAML by hand: "
                f"source: {{path: {root}, labels: {tables[0][0]}}}.",
                where=str(root),
            )
        return _looked(tables[0][0], tables[0][1], pictures, named) if tables else None


def labels_of(table: Path, roots: tuple[Path, ...], named: str, beside: tuple[Path, ...]) -> Labelled | None:
    """The labels of some folders in a table that names the pictures of those `beside` too; None where it has none."""
    with TemporaryDirectory() as scratch, pictures_of(roots, beside) as pictures:
        found = _opened(table, Path(scratch), named)
        names, _ = names_column(found, pictures, named)
        used = {path for batch in found.batches() for cell in texts(batch, names) for path in pictures.called(cell)}
        count = len(used & pictures.read.keys())
        return _looked(table, (found, names, count), pictures, named) if count else None


def _texts_near(root: Path) -> list[Path]:
    """Text tables in a folder, and beside it or the zip, which may have one in it too."""
    above = Path(os.path.normpath(root)).parent
    beside = [path for path in sorted(above.iterdir()) if path.is_file() and path.name[0] not in "._"]
    inside = walk(root) if root.is_dir() else []
    texts = [path for path in (*inside, *beside) if suffix_of(path) and FORMS.get(suffix_of(path)) == "csv"]
    return texts if root.is_dir() else [root, *texts]


def _opened(file: Path, scratch: Path, named: str) -> Opened:
    return open_source(tables_in(file, scratch), Reading(scratch, target=named))


def _naming(file: Path, pictures: Pictures, scratch: Path, named: str | None) -> tuple[Opened, str, int] | None:
    """A table with its column of names and how many it names, where those are enough."""
    try:
        table = _opened(file, scratch, named or "")
        names, count = names_column(table, pictures, named or "")
    except DataError:  # a README, or a table of something else
        return None
    return (table, names, count) if count >= max(1, _SHARE * len(pictures.read)) else None


def _looked(path: Path, naming: tuple[Opened, str, int], pictures: Pictures, named: str | None) -> Labelled:
    table, names, count = naming
    file, unread = table.files[0], list[Unread]()
    there = list(_there(table, names, pictures, unread))
    columns = [column for column in facts_of(there) if column.name != names]
    if not columns:
        raise ConfigError(
            f'it has no column beside "{names}", the file names.', todo="Add one of labels.", where=str(file)
        )
    headless = not (table.dialect or {}).get("header", True)
    target = find_target(columns, named, str(file), headless=headless)
    said = [
        f'The labels are those of the column "{target.name}" of {file.name}, whose column "{names}" names '
        f"{count:,} of {len(pictures.read):,} pictures.",
        *table.notes,
    ]
    if unread:
        said.append(f"{sentence(unread, sum(map(len, there)) + len(unread))}; left out.")
    said += told_of(target, named)
    others = [column for column in columns if column.name not in (target.name, *OURS)]
    offered = _offered(others, target, str(file))
    if offered:
        listed = ", ".join(f'"{choice.name}"' for choice in offered)
        said.append(
            f"Beside the picture a row of {file.name} has {listed}: the YAML tells how to learn from "
            f"{'them' if len(offered) > 1 else 'it'} too."
        )
    return Labelled(path, target, _sizes(pictures), said, offered)


def _offered(columns: list[ColumnFacts], target: ColumnFacts, where: str) -> list[Choice]:
    """Those that a run would take as features."""
    tied = target_column(ask(target, where).problem).codes(target)
    choices = (learnable(choose(column, tied), column, target) for column in columns)
    return [choice for choice in choices if choice.kind]


def _there(table: Opened, names: str, pictures: Pictures, unread: list[Unread]) -> Iterator[pa.RecordBatch]:
    """The rows whose picture is there: what a run learns from."""
    places, mine = RowPlaces(table.unread), list[Unread]()
    for batch in table.batches():
        cells = texts(batch, names)
        lacking = [pictures.lacks(cell) for cell in cells]
        mine += [
            Unread(int(place), f"{table.files[0].name}, row {place:,}", why)
            for place, why in zip(places.next(len(batch)), lacking, strict=True)
            if why
        ]
        there = [not why and not pictures.of_another(cell) for cell, why in zip(cells, lacking, strict=True)]
        yield batch.filter(pa.array(there, pa.bool_()))
    unread.extend(sorted([*mine, *table.unread], key=lambda one: one.row))


def _sizes(pictures: Pictures) -> list[tuple[int, int]]:
    paths = list(pictures.read)
    contents = (pictures.bytes_of(path)[0] for path in paths[:: max(1, len(paths) // _LOOKED_AT)])
    shapes = [images.shape(content) for content in contents if not images.fault(content)]
    if not shapes:
        raise DataError("none of the pictures looked at can be read.", todo="Mend them, or name another folder.")
    return [(shape.width, shape.height) for shape in shapes]
