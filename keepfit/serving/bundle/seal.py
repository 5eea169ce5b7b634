"""A bundle's manifest: written last, with the hash of every file; its own hash is the bundle's id."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ValidationError

from keepfit.errors import DataError, MachineError
from keepfit.store import files

FORMAT = 1
"""Version of the bundle's layout; a later keepfit reads or refuses it by this number."""
MANIFEST = "manifest.json"
SCHEMA = "schema.json"
_ANSWERING = ("model.onnx", SCHEMA, "tokenizer.json")
"""The files that decide an answer."""
_SAID = frozenset({"positive"})
"""What schema.json says that decides none."""


class _Manifest(BaseModel):
    format: int
    files: dict[str, tuple[int, str]]
    """Name → bytes and sha256."""


def seal(folder: Path) -> str:
    """Write the manifest over the files in `folder` and return the bundle's id, 24 hexadecimal digits."""
    paths = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
    listed = {path.name: [path.stat().st_size, files.sha256(path)] for path in paths}
    files.write_json(folder / MANIFEST, {"format": FORMAT, "files": listed})
    return id_of(folder)


def verify(folder: Path) -> str:
    """The id of a bundle whose files are all what the manifest says.

    Raises MachineError naming the file that is missing or was changed, DataError for a format of another version.
    """
    for name, (size, digest) in _listed(folder).items():
        path = folder / name
        if not path.is_file():
            raise MachineError("this file of the bundle is missing.", todo=_MEND, where=str(path))
        if path.stat().st_size != size or files.sha256(path) != digest:
            raise MachineError("this file was changed after the model was exported.", todo=_MEND, where=str(path))
    return id_of(folder)


_MEND = (
    "keepfit verify PIPELINE puts a model in service back from the registry's copy; keepfit run exports a model of its "
    "own anew; otherwise copy the whole bundle again."
)


def answers_of(folder: Path) -> str:
    """Digest of what a bundle answers: two of equal digest give equal answers to every row.

    Its id also changes with what is only said of it, such as the metrics of one more slice.
    Raises MachineError for a manifest that is missing or damaged.
    """
    listed = _listed(folder)
    found = {name: listed[name][1] for name in _ANSWERING if name in listed}
    schema = files.read_json(folder / SCHEMA) if SCHEMA in found else {}
    if _SAID & schema.keys():
        found[SCHEMA] = files.sha256_of({name: value for name, value in schema.items() if name not in _SAID})
    return files.digest_of(found)


def _listed(folder: Path) -> dict[str, tuple[int, str]]:
    path = folder / MANIFEST
    if not path.is_file():
        raise MachineError(f"no bundle lies here: {MANIFEST} is missing.", todo=_MEND, where=str(folder))
    try:
        manifest = _Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise MachineError(
            "this file was changed after the model was exported.", todo=_MEND, where=str(path)
        ) from error
    if manifest.format != FORMAT:
        raise DataError(
            f"the bundle has format {manifest.format}.", allowed=f"This keepfit reads format {FORMAT}.", where=str(path)
        )
    return manifest.files


def id_of(folder: Path) -> str:
    """The id of the bundle in a folder, its files not verified; the folder must hold a manifest."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()[:24]
