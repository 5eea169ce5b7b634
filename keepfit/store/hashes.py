"""Hashes of files, remembered beside size, times and inode, so that an unchanged file is read once and not every night.

A file that changed within the last seconds before it was read is not remembered: a second change within one tick of
the clock would leave no trace (the "racy" entries of git's index).
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from keepfit.store import files

RACY = 2.0
"""Seconds; the coarsest clock of a file system in use (FAT)."""
_MOST = 1_000_000
"""Files remembered; beyond that all are forgotten, as those that are gone are never missed."""
_LARGE = 16 << 20
"""Bytes whose reading is worth a write to disk at once; what is known of smaller files is written at the end."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS hashes (path TEXT PRIMARY KEY, stamp TEXT, sha256 TEXT) WITHOUT ROWID"


class FileHashes:
    """What is known of files' contents, in a SQLite file that may be lost or damaged: it only saves reading."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def sha256(self, file: Path) -> str:
        """The hash of a file's content; read only where its size, times or inode are not those remembered."""
        began, stamp = time.time(), stamp_of(file)
        known = self._recall(file, stamp)
        if known is not None:
            return known
        digest = files.sha256(file)
        if stamp == stamp_of(file) and began - _changed(file) > RACY:
            self._remember(file, stamp, digest)
        return digest

    def close(self) -> None:
        """Keep what was learned."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.commit()
            self._connection.close()
            self._connection = None

    def _recall(self, file: Path, stamp: str) -> str | None:
        with suppress(sqlite3.Error):
            query = "SELECT sha256 FROM hashes WHERE path = ? AND stamp = ?"
            row = self._opened().execute(query, (os.fsencode(file), stamp)).fetchone()
            return str(row[0]) if row else None
        return None

    def _remember(self, file: Path, stamp: str, digest: str) -> None:
        with suppress(sqlite3.Error):
            connection = self._opened()
            connection.execute("REPLACE INTO hashes VALUES (?, ?, ?)", (os.fsencode(file), stamp, digest))
            if file.stat().st_size > _LARGE:
                connection.commit()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self._path)
        return self._connection


def stamp_of(file: Path) -> str:
    """Size, times of change of content and of the entry, inode and device."""
    s = file.stat()
    return f"{s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino} {s.st_dev}"


def is_racy(file: Path, now: float) -> bool:
    """Whether the file changed so shortly before `now` that its stamp may not tell another change."""
    return now - _changed(file) <= RACY


def _changed(file: Path) -> float:
    s = file.stat()
    return max(s.st_mtime, s.st_ctime)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=1, check_same_thread=False)  # one thread at a time: a stage's, then ours
    try:
        connection.execute(_SCHEMA)
        if connection.execute("SELECT count(*) FROM hashes").fetchone()[0] > _MOST:
            connection.execute("DELETE FROM hashes")
    except sqlite3.DatabaseError as error:
        connection.close()
        if not isinstance(error, sqlite3.OperationalError):  # what lies there is no database
            with suppress(OSError):
                path.unlink()
        raise
    return connection
