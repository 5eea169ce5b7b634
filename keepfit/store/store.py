"""The content-addressed store beside the pipeline's YAML: the one module that knows where outputs lie.

    .keepfit/
      stages/<stage>/<key>/       a finished output: manifest.json was written last
      stages/<stage>/<key>.part/  one under way, or killed
      locks/                      of outputs under way
      runs/<run>/                 record.json, progress.json, report.html
      trash/                      what a prune that was killed had no time to delete
      registry.db  journal.jsonl  champion.json  hashes.db  code.json  run.lock  service.lock

What lies in an output's `beside/` folder (anything with a time in it) belongs to no digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from keepfit.errors import MachineError
from keepfit.store import files
from keepfit.store.artifacts import FORMAT, A
from keepfit.store.code import Code
from keepfit.store.hashes import FileHashes
from keepfit.store.keys import KeyParts, key_of
from keepfit.store.locks import is_being_written, is_held
from keepfit.store.records import Records

MANIFEST = "manifest.json"
CHECKPOINT = "beside/checkpoint.pt"
"""What a killed execution can go on from; an unfinished output without it is worth nothing."""


class Manifest(BaseModel):
    """What a finished output says of itself."""

    model_config = ConfigDict(frozen=True)

    format: int
    stage: str
    key: str
    run: str = ""
    """The run that made it."""
    parts: KeyParts
    """What the key was made of."""
    files: dict[str, tuple[int, str]]
    """Name → bytes and sha256."""
    artifact: dict[str, Any]

    @property
    def digest(self) -> str:
        """What the artifact's digest must be: a hash of the files' contents and of its own figures."""
        figures = {name: value for name, value in self.artifact.items() if name not in ("path", "digest")}
        return files.digest_of(
            {"files": {name: digest for name, (_, digest) in self.files.items()}, "figures": figures}
        )


class Store:
    """A folder of finished stage outputs and of run records."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hashes = FileHashes(root / "hashes.db")
        self.code = Code(root / "code.json")
        self.records = Records(root / "runs")

    def close(self) -> None:
        """Keep what was learned of files and of code, which saves reading them again; on a full disk it is lost."""
        self.hashes.close()
        with suppress(OSError, MachineError):
            self.code.close()

    def __truediv__(self, path: str) -> Path:
        return self.root / path

    def find(self, stage: str, key: str, kind: type[A]) -> tuple[A | None, str]:
        """The finished output under a key, verified; or None and why it cannot be used.

        The reason is empty where there never was one.
        """
        folder = self._folder(stage, key)
        if not folder.exists():
            return None, ""
        manifest = self.manifest(stage, key)
        if manifest is None:
            return None, f"its stored {MANIFEST} was damaged"
        if manifest.format != FORMAT:
            return None, f"its stored output has format {manifest.format}, and this keepfit reads {FORMAT}"
        damaged = self._damaged(folder, manifest)
        if damaged or manifest.artifact.get("digest") != manifest.digest or key_of(stage, manifest.parts) != key:
            return None, f"its stored {damaged or MANIFEST} was damaged"
        try:
            return kind.model_validate(manifest.artifact), ""
        except ValidationError:
            return None, "its stored output was made by another version of keepfit"

    def manifest(self, stage: str, key: str) -> Manifest | None:
        """What a finished output says of itself, unverified; None where there is none, or one that cannot be read."""
        try:
            return Manifest.model_validate_json((self._folder(stage, key) / MANIFEST).read_bytes())
        except (OSError, ValidationError):
            return None

    def part(self, stage: str, key: str) -> Path:
        """Where an output lies that is not finished."""
        return self._folder(stage, key).with_name(f"{key}.part")

    def begin(self, stage: str, key: str, *, resume: bool) -> Path:
        """The folder to write into; what a killed execution left there is kept only to `resume` from it."""
        part = self.part(stage, key)
        with files.machine_errors(part):
            if not resume:
                files.remove(part)
            part.mkdir(parents=True, exist_ok=True)
        return part

    def finish(self, stage: str, key: str, parts: KeyParts, artifact: A, run: str = "") -> A:
        """Hash what was written, write the manifest last, and give the folder its final name.

        What other executions of the stage left to go on from is taken away: the next one begins anew.
        """
        folder = self._folder(stage, key)
        part = self.part(stage, key)
        listed = {name: (path.stat().st_size, files.sha256(path)) for name, path in _contents(part)}
        made = Manifest(
            format=FORMAT, stage=stage, key=key, run=run, parts=parts, files=listed,
            artifact=artifact.model_copy(update={"path": f"stages/{stage}/{key}"}).model_dump(mode="json"),
        )  # fmt: skip
        named = artifact.model_copy(update={"path": f"stages/{stage}/{key}", "digest": made.digest})
        whole = made.model_copy(update={"artifact": named.model_dump(mode="json")})
        files.write_json(part / MANIFEST, whole.model_dump(mode="json"))
        with files.machine_errors(folder):
            if self._stands(folder, whole):  # a model may be in service from there
                files.remove(part)
            else:
                files.remove(folder)
                part.replace(folder)
                files.sync_folder(folder.parent)
        self._remove_parts(folder.parent.glob("*.part"), but=part)
        return named

    def left(self, stage: str, key: str) -> bool:
        """Whether a killed execution left something to go on from."""
        return (self.part(stage, key) / CHECKPOINT).is_file()

    def sweep(self, *, checkpoints: bool = False) -> None:
        """Take away what killed runs left and nobody can use, and on demand the checkpoints that somebody could.

        Whoever calls holds the run's lock.
        """
        parts = self.root.glob("stages/*/*.part")
        self._remove_parts(part for part in parts if checkpoints or not (part / CHECKPOINT).is_file())
        for lock in self.root.glob("locks/*.lock"):
            if not is_held(lock):
                lock.unlink(missing_ok=True)
        for left in (*self.root.glob("stages/**/.*.tmp"), *self.root.glob("runs/*/.*.tmp")):
            left.unlink(missing_ok=True)

    def _remove_parts(self, parts: Iterable[Path], but: Path | None = None) -> None:
        """Take away unfinished outputs, but for those that a process is writing into."""
        for part in parts:
            if part != but and not is_being_written(part):
                files.remove(part)

    def _stands(self, folder: Path, made: Manifest) -> bool:
        """Whether the very same output lies there whole."""
        there = self.manifest(made.stage, made.key)
        return there is not None and there.digest == made.digest and not self._damaged(folder, there)

    def damaged(self) -> Iterator[str]:
        """Every finished output that is not what its manifest says, read to the last byte; one sentence each."""
        for path in sorted(self.root.glob(f"stages/*/*/{MANIFEST}")):
            stage, key = path.parent.parent.name, path.parent.name
            if key.endswith(".part"):
                continue
            if bad := _first_bad(path.parent, self.manifest(stage, key)):
                yield f"{path.parent / bad} is not what was written"

    def _damaged(self, folder: Path, manifest: Manifest) -> str:
        """The first file that is not what the manifest says; unchanged ones are not read again."""
        for name, (size, digest) in manifest.files.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size or self.hashes.sha256(path) != digest:
                return name
        return ""

    def _folder(self, stage: str, key: str) -> Path:
        return self.root / "stages" / stage / key


def _first_bad(folder: Path, manifest: Manifest | None) -> str:
    if manifest is None or manifest.artifact.get("digest") != manifest.digest:
        return MANIFEST
    return next((name for name, (size, digest) in manifest.files.items() if not _is(folder / name, size, digest)), "")


def _is(path: Path, size: int, digest: str) -> bool:
    return path.is_file() and path.stat().st_size == size and files.sha256(path) == digest


def _contents(folder: Path) -> list[tuple[str, Path]]:
    """Every file of an output that counts, by its relative name."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    named = [(p.relative_to(folder).as_posix(), p) for p in paths]
    return [(name, p) for name, p in named if not name.startswith("beside/") and name != MANIFEST]
