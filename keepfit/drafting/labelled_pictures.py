"""The draft of pictures that lie in no class's folder, and whose labels stand in a table in or beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from keepfit.data import images
from keepfit.data.sources.labelled import Pictures, names_column, pictures_of, texts
from keepfit.data.sources.locate import FORMS, suffix_of, walk
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.data.unread import RowPlaces, Unread, sentence
from keepfit.drafting.target import find_target, told_of
from keepfit.errors import ConfigError, DataError
from keepfit.features.column import ColumnFacts, facts_of

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


def labels_beside(root: Path, named: str | None) -> Labelled | None:
    """The table that names at least half of the pictures of a folder or zip; None where there is none.

    Raises ConfigError where there are several, or no column suggests itself as the label.
    """
    with TemporaryDirectory() as scratch, pictures_of((root,)) as pictures:
        tables = [found for file in _texts_near(root) if (found := _naming(file, pictures, Path(scratch), named))]
        if len(tables) > 1:
            names = " and ".join(str(table.files[0]) for table, _, _ in tables[:2])
            raise ConfigError(
                f"both {names} name the pictures.",
                allowed="One table of file names and labels stands in or beside the folder.",
                todo="Move the others away, or write into the YAML by hand: "
                f"source: {{path: {root}, labels: {tables[0][0].files[0]}}}.",
                where=str(root),
            )
        return _looked(*tables[0], pictures, named) if tables else None


def _texts_near(root: Path) -> list[Path]:
    """Text tables in a folder, and beside it or the zip."""
    above = Path(os.path.normpath(root)).parent
    beside = [path for path in sorted(above.iterdir()) if path.is_file() and path.name[0] not in "._"]
    near = [*(walk(root) if root.is_dir() else []), *beside]
    return [path for path in near if suffix_of(path) and FORMS.get(suffix_of(path)) == "csv"]


def _naming(file: Path, pictures: Pictures, scratch: Path, named: str | None) -> tuple[Opened, str, int] | None:
    """A table with its column of names and how many it names, where those are enough."""
    try:
        table = open_source((file,), Reading(scratch, target=named or ""))
        names, count = names_column(table, pictures, named or "")
    except DataError:  # a README, or a table of something else
        return None
    return (table, names, count) if count >= max(1, _SHARE * len(pictures.read)) else None


def _looked(table: Opened, names: str, count: int, pictures: Pictures, named: str | None) -> Labelled:
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
    return Labelled(file, target, _sizes(pictures), said)


def _there(table: Opened, names: str, pictures: Pictures, unread: list[Unread]) -> Iterator[pa.RecordBatch]:
    """The rows whose picture is there: what a run learns from."""
    places, mine = RowPlaces(table.unread), list[Unread]()
    for batch in table.batches():
        lacking = [pictures.lacks(cell) for cell in texts(batch, names)]
        mine += [
            Unread(int(place), f"{table.files[0].name}, row {place:,}", why)
            for place, why in zip(places.next(len(batch)), lacking, strict=True)
            if why
        ]
        yield batch.filter(pa.array([not why for why in lacking], pa.bool_()))
    unread.extend(sorted([*mine, *table.unread], key=lambda one: one.row))


def _sizes(pictures: Pictures) -> list[tuple[int, int]]:
    paths = list(pictures.read)
    contents = (pictures.bytes_of(path)[0] for path in paths[:: max(1, len(paths) // _LOOKED_AT)])
    shapes = [images.shape(content) for content in contents if not images.fault(content)]
    if not shapes:
        raise DataError("none of the pictures looked at can be read.", todo="Mend them, or name another folder.")
    return [(shape.width, shape.height) for shape in shapes]
