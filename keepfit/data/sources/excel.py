"""Workbooks: Excel's .xlsx, .xlsm, .xlsb and .xls, and OpenDocument's .ods, one sheet of each, read by calamine."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import python_calamine as calamine

from keepfit.data.sources.copies import by_copy, of_copy, write_rows
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.sources.text import open_text
from keepfit.data.sources.unpack import plain_file
from keepfit.errors import DataError, nearest
from keepfit.quoting import in_brief

BYTES = 512 << 20
"""A workbook that unpacks to more is refused: a sheet lies in memory whole, in about as much."""


def open_excel(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open one sheet of each workbook: that which the YAML names, or the first that is a table."""
    return by_copy(files, partial(_write, reading.sheet), open_text, of_copy(reading), "row")


def _write(wanted: str | None, file: Path, copy: Path) -> str:
    with plain_file(file) as stream:
        _check_size(stream, file)
        stream.seek(0)
        try:
            book = calamine.CalamineWorkbook.from_filelike(stream)
            sheet, others = _chosen(book, wanted, file)
            write_rows(_rows(sheet), copy)
        except (calamine.CalamineError, OSError, ValueError, OverflowError) as error:
            raise _unreadable(file, error) from error
        except BaseException as error:  # what calamine, in Rust, calls a panic is no Exception
            if type(error).__name__ != "PanicException":
                raise
            raise _unreadable(file, error) from error
    if not others:
        return ""
    told = ", ".join(others[:10])
    return f'{file.name}: the sheet "{sheet.name}" is read, the others are not: {told}; source.sheet names another.'


def _check_size(stream: Any, file: Path) -> None:
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as archive:
            size = sum(info.file_size for info in archive.infolist())
    else:
        size = stream.seek(0, 2)
    if size > BYTES:
        raise DataError(
            f"this workbook unpacks to {size >> 20:,} MB.",
            allowed=f"A workbook may have {BYTES >> 20}.",
            todo="Save the sheet as CSV.",
            where=str(file),
        )


def _chosen(book: Any, wanted: str | None, file: Path) -> tuple[Any, list[str]]:
    """The sheet to read, and the others."""
    visible = [sheet.name for sheet in book.sheets_metadata if _is_visible(sheet)]
    names = list(book.sheet_names)
    if wanted is not None and wanted not in names and len(names) > 1:
        raise DataError(
            f'there is no sheet "{wanted}".',
            allowed=f"There are: {', '.join(names[:40])}.",
            todo=nearest(wanted, names) or "Name one of them in source.sheet.",
            where=str(file),
        )
    if wanted in names:
        return book.get_sheet_by_name(wanted), []
    sheets = (book.get_sheet_by_name(name) for name in visible)
    sheet = next((sheet for sheet in sheets if sheet.height >= 2 and sheet.width >= 2), None)
    if sheet is None:
        raise DataError(
            "no sheet of this workbook holds a table.",
            allowed="A table has a header, a row and two columns.",
            todo=f"Look at its sheets: {', '.join(names[:40])}.",
            where=str(file),
        )
    return sheet, [other for other in names if other != sheet.name]


def _is_visible(sheet: Any) -> bool:
    is_sheet = sheet.typ == calamine.SheetTypeEnum.WorkSheet
    return bool(is_sheet and sheet.visible == calamine.SheetVisibleEnum.Visible)


def _rows(sheet: Any) -> Iterator[list[str]]:
    """The rows from the sheet's first on, so that a line of the copy is a row of the sheet."""
    for cells in sheet.iter_rows():
        yield [_cell(cell) for cell in cells]


def _cell(cell: Any) -> str:
    """A cell as CSV would say it: a whole number without a point, a time of the day or a duration in seconds."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return _cell(datetime.combine(date.min, cell) - datetime.min)
    if isinstance(cell, timedelta):
        return _cell(cell.total_seconds())
    return str(cell)


def _unreadable(file: Path, error: BaseException) -> DataError:
    if isinstance(error, calamine.PasswordError):
        return DataError("this workbook has a password.", todo="Save it without one.", where=str(file))
    found = in_brief(error)
    return DataError(
        f"this is no workbook that can be read ({found}).",
        allowed="Excel's .xlsx, .xlsm, .xlsb and .xls, and .ods are read.",
        todo="Open it in a spreadsheet and save it again, or save the sheet as CSV.",
        where=str(file),
    )
