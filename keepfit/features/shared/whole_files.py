"""Cells that are whole files, such as pictures and recordings, in whatever a caller holds them. n rows."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.data.cells import is_text
from keepfit.data.media import Medium, medium_of
from keepfit.data.spelled_files import of_text
from keepfit.errors import DataError
from keepfit.features.kind import Kind, Seen


class FileKind(Kind):
    """A kind whose cells are such files."""

    is_raw: ClassVar[bool] = True
    coded: ClassVar[bool] = False
    allowed: ClassVar[str]
    """What may stand for a file in a frame, in a sentence."""

    @property
    def medium(self) -> Medium:
        """What its files are."""
        return medium_of(self.whole_file)

    @property
    def none(self) -> str:
        """Why a cell without a file is unfit, in a clause."""
        return f"it has no {self.medium.one}"

    @abstractmethod
    def file(self, value: Any, row: int) -> bytes:
        """The file of what else may stand for one in a frame. Raises DataError where nothing may."""

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """The bytes of files, in whatever form Arrow holds them: what a file is shows when it is decoded."""
        return contents(cells)

    def lacking(self, cells: pa.Array) -> dict[int, str]:
        """The cells without a file."""
        return {int(row): self.none for row in np.flatnonzero(cells.is_null().to_numpy(zero_copy_only=False))}

    def unfit(self, cells: pa.Array, _pixels: Sequence[int] | None) -> dict[int, str]:
        """The files that are damaged, too large, or of another sort."""
        filled = ((row, content.as_py()) for row, content in enumerate(cells) if content.is_valid)
        return {row: why for row, content in filled if (why := self.medium.fault(content))}

    def taken(self, cells: Any) -> pa.Array:
        """Files of a frame: bytes, paths, data URLs, dicts with `bytes`, and what else the kind takes."""
        if isinstance(cells, pa.Array | pa.ChunkedArray) and not is_text(cells.type):
            return self._of_arrow(cells)
        values = cells.to_pylist() if isinstance(cells, pa.Array | pa.ChunkedArray) else list(cells)
        return pa.array([self._content(value, row) for row, value in enumerate(values, 1)], pa.binary())

    def _of_arrow(self, cells: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        try:
            if isinstance(cells, pa.ChunkedArray):
                return pa.chunked_array([contents(chunk) for chunk in cells.chunks], pa.binary())
            return contents(cells)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
            raise DataError(
                f"its cells are {cells.type}, and {self.medium.many} are asked for.", allowed=self.allowed
            ) from error

    def _content(self, value: Any, row: int) -> bytes | None:
        """The bytes of a file for whatever a person may put into a frame."""
        if isinstance(value, dict):  # as Hugging Face's data sets hold files
            value = value.get("bytes") or value.get("path") or value
        if value is None or isinstance(value, bytes):
            return value
        if isinstance(value, float) and math.isnan(value):  # how pandas writes a missing object
            return None
        if isinstance(value, str) and value[:64].lstrip().lower().startswith("data:"):
            return of_text(value)
        if isinstance(value, str | Path):
            return self._at(Path(value), row)
        return self.file(value, row)

    def _at(self, path: Path, row: int) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(
                f"the {self.medium.one} of row {row} cannot be read: {error.strerror}.",
                todo="Give a path from the working folder, or an absolute one.",
                where=str(path),
            ) from error


def missing(cells: pa.Array, seen: Seen) -> int:
    """Train rows without a file."""
    return int(cells.is_null().to_numpy(zero_copy_only=False)[seen.rows].sum()) if cells.null_count else 0


def contents(cells: pa.Array) -> pa.Array:
    """Files in cells, in whatever form Arrow holds them, as binary; a struct is Hugging Face's, with a field `bytes`.

    A text is a data URL, or a file in base64; any other is given as it is, and is no file.

    Raises ArrowNotImplementedError where the cells are something else.
    """
    if isinstance(cells, pa.ExtensionArray):
        return contents(cells.storage)
    if is_text(cells.type):
        texts = cells.cast(pa.large_string()).to_pylist()
        return pa.array([None if text is None else of_text(text) for text in texts], pa.binary())
    if pa.types.is_struct(cells.type) and cells.type.get_field_index("bytes") >= 0:
        inner = cells.field("bytes") if not cells.null_count else pc.struct_field(cells, "bytes")
        return contents(inner)
    return cells if pa.types.is_binary(cells.type) else cells.cast(pa.binary())
