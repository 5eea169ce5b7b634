"""A bundle's manifest: written last, with the hash of every file; its own hash is the bundle's id."""

from __future__ import annotations

import hashlib
from pathlib import Path

from keepfit import files
from keepfit.errors import DataError

FORMAT = 1
"""Version of the bundle's layout; a later keepfit reads or refuses it by this number."""
MANIFEST = "manifest.json"


def seal(folder: Path) -> str:
    """Write the manifest over the files in `folder` and return the bundle's id, 24 hexadecimal digits."""
    paths = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
    listed = {path.name: [path.stat().st_size, files.sha256(path)] for path in paths}
    files.write_json(folder / MANIFEST, {"format": FORMAT, "files": listed})
    return id_of(folder)


def verify(folder: Path) -> str:
    """The id of a bundle whose files are all what the manifest says.

    Raises DataError naming the file that is missing or was changed.
    """
    for name, (size, digest) in _listed(folder).items():
        path = folder / name
        if not path.is_file():
            raise DataError("this file of the bundle is missing.", todo=_MEND, where=str(path))
        if path.stat().st_size != size or files.sha256(path) != digest:
            raise DataError("this file was changed after the model was exported.", todo=_MEND, where=str(path))
    return id_of(folder)


_MEND = "Run keepfit run again to export the model anew, or copy the whole bundle again."


def _listed(folder: Path) -> dict[str, tuple[int, str]]:
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(f"no bundle lies here: {MANIFEST} is missing.", todo=_MEND, where=str(folder))
    try:
        manifest = files.read_json(path)
        found, listed = manifest["format"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError("this file was changed after the model was exported.", todo=_MEND, where=str(path)) from error
    if found != FORMAT:
        raise DataError(
            f"the bundle has format {found}.", allowed=f"This keepfit reads format {FORMAT}.", todo="", where=str(path)
        )
    return listed


def id_of(folder: Path) -> str:
    """The id of the bundle in a folder, its files not verified; the folder must hold a manifest."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()[:24]
