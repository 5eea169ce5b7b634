"""Parts as Parquet files in a folder, or joined to one file; each is written beside its place and then renamed."""

from __future__ import annotations

import json
import os
import re
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.data.cells import is_text
from keepfit.errors import ConfigError
from keepfit.serving.scoring.part import Note, note_of
from keepfit.serving.scoring.place import Notes, Place
from keepfit.store import files
from keepfit.store.locks import score_lock

_KEY = b"keepfit"
_PART = re.compile(r"part-[0-9a-f]{24}-\d{5}\.parquet")


def to_files(out: Path, rows: Path | None) -> Place:
    """A .parquet file, or a folder. Raises ConfigError for another name, or a folder that holds something else."""
    if out.suffix.lower() == ".parquet" and not out.is_dir():
        if rows is not None and out.resolve() == rows.resolve():
            raise _refused(out, "these are the rows to score")
        return ToFile(out)
    if (out.exists() and not out.is_dir()) or out.suffix.lower() in (".csv", ".json", ".jsonl", ".xlsx"):
        raise _refused(out, "it is neither a .parquet file nor a folder")
    others = [p.name for p in out.glob("*") if p.name[0] not in "._" and not _PART.fullmatch(p.name)]
    if others:
        raise _refused(out, f"other files lie in that folder, such as {sorted(others)[0]}")
    return ToFolder(out)


def lines_in(out: Path, job: str) -> pa.Table | None:
    """The lines of a job that was scored into a file or folder; None where they are not there."""
    place = ToFolder(out) if out.is_dir() else ToFile(out)
    if not place.holds(job):
        return None
    paths = [out] if out.is_file() else sorted(out.glob(f"part-{job}-*.parquet"))
    return pa.concat_tables(pq.read_table(path).replace_schema_metadata(None) for path in paths)


def _refused(out: Path, why: str) -> ConfigError:
    return ConfigError(
        f"the answers cannot go to {out}: {why}.",
        allowed="A file whose name ends in .parquet, or a folder of its own.",
        todo="Name another with --out.",
    )


def _writer(file: IO[bytes], schema: pa.Schema) -> pq.ParquetWriter:
    """Only texts are told once each: of probabilities nearly every one is new. Of whole numbers the steps are written,
    in a quarter less time than all take else."""
    texts = [field.name for field in schema if is_text(field.type)]
    whole = {field.name: "DELTA_BINARY_PACKED" for field in schema if pa.types.is_integer(field.type)}
    return pq.ParquetWriter(
        file, schema, compression="zstd", compression_level=1, use_dictionary=texts, column_encoding=whole
    )


class _Staged(Place):
    """Parts wait in a hidden folder until all are there."""

    def __init__(self, out: Path) -> None:
        self._out, self._staging, self._job = out, out.absolute().with_name(f".{out.absolute().name}.keepfit"), ""

    @property
    def name(self) -> str:
        return str(self._out)

    @property
    def path(self) -> str:
        return str(self._out.absolute())

    @contextmanager
    def locked(self) -> Iterator[None]:
        try:
            with score_lock(self._staging):
                yield
        finally:
            if not any(self._staging.glob("part-*.parquet")):
                files.remove(self._staging)

    def begin(self, job: str) -> Notes:
        self._job = job
        if (whole := self._whole()) is not None:
            return whole
        for left in self._staging.glob("*.parquet*"):
            if not left.name.startswith(f"part-{job}-") or left.suffix != ".parquet":
                left.unlink()
        return {note.part: note for note in map(self._note, self._staging.glob("part-*.parquet"))}

    def is_whole(self) -> bool:
        return self._whole() is not None

    def holds(self, job: str) -> bool:
        """Whether all of a job is in place."""
        self._job = job
        return self.is_whole()

    def put(self, note: Note, lines: pa.Table) -> Note:
        path = self._part(note.part)
        temporary = path.with_name(f"{path.name}.tmp")
        told = lines.replace_schema_metadata({_KEY: json.dumps(note.json())})
        with files.machine_errors(path), temporary.open("wb") as file:
            with _writer(file, told.schema) as writer:
                writer.write_table(told)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        return note

    def finish(self, notes: Notes) -> None:
        if not self.is_whole():
            with files.machine_errors(self._out):
                self._join(notes)
        files.remove(self._staging)

    def _part(self, number: int) -> Path:
        return self._staging / f"part-{self._job}-{number:05}.parquet"

    @staticmethod
    def _note(path: Path) -> Note:
        return note_of(json.loads(pq.read_schema(path).metadata[_KEY]))

    @abstractmethod
    def _whole(self) -> Notes | None:
        """The notes of all parts, where all of the job is in place."""

    @abstractmethod
    def _join(self, notes: Notes) -> None:
        """Put the parts in place."""


class ToFile(_Staged):
    """One file, which tells of all parts what they hold."""

    def _whole(self) -> Notes | None:
        with suppress(OSError, pa.ArrowException, ValueError, KeyError, TypeError):
            content = json.loads(pq.read_schema(self._out).metadata[_KEY])
            if content["job"] == self._job:
                return {note.part: note for note in map(note_of, content["parts"])}
        return None

    def _join(self, notes: Notes) -> None:
        temporary = self._staging / "whole.parquet.tmp"
        parts = [self._part(number) for number in sorted(notes)]
        told = {"job": self._job, "parts": [notes[part].json() for part in sorted(notes)]}
        schema = pq.read_schema(parts[0]).with_metadata({_KEY: json.dumps(told)})
        with temporary.open("wb") as file:
            with _writer(file, schema) as writer:
                for part in parts:
                    writer.write_table(pq.read_table(part).replace_schema_metadata(schema.metadata))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._out)
        files.sync_folder(self._out.parent)


class ToFolder(_Staged):
    """A file a part, and nothing else, as not every reader passes over other files. The folder holds one batch: the
    parts of the one before go when all of the new ones are there."""

    def begin(self, job: str) -> Notes:
        """Also those that were moved already."""
        waiting = super().begin(job)
        return {**self._moved(), **waiting}

    def finish(self, notes: Notes) -> None:
        """The parts of the batch before go."""
        super().finish(notes)
        for old in self._out.glob("part-*.parquet"):
            if _PART.fullmatch(old.name) and not old.name.startswith(f"part-{self._job}-"):
                old.unlink()

    def _moved(self) -> Notes:
        return {note.part: note for note in map(self._note, self._out.glob(f"part-{self._job}-*.parquet"))}

    def _whole(self) -> Notes | None:
        found = self._moved()
        return found if found and len(found) == max(found) + 1 and found[max(found)].is_last else None

    def _join(self, notes: Notes) -> None:
        self._out.mkdir(parents=True, exist_ok=True)
        for part in map(self._part, sorted(notes)):
            if part.exists():
                part.replace(self._out / part.name)
        files.sync_folder(self._out)
