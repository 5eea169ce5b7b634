"""The content-addressed store beside the pipeline's YAML: the one module that knows where outputs lie.

    .keepfit/
      stages/<stage>/<key>/       a finished output: manifest.json was written last
      stages/<stage>/<key>.part/  one under way, or killed
      runs/<run>/                 record.json, report.html
      registry.db  journal.jsonl  champion.json  lock

What lies in an output's `beside/` folder (anything with a time in it) belongs to no digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keepfit import files
from keepfit.artifacts import FORMAT, A
from keepfit.errors import MachineError
from keepfit.keys import Parts

MANIFEST = "manifest.json"


class Store:
    """A folder of finished stage outputs and of run records."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __truediv__(self, path: str) -> Path:
        return self.root / path

    def find(self, stage: str, key: str, kind: type[A]) -> tuple[A | None, str]:
        """The finished output under a key, verified byte by byte; or None and why it cannot be used.

        The reason is empty where there never was one.
        """
        folder = self._folder(stage, key)
        manifest = self.manifest(stage, key)
        if manifest is None:
            return None, ""
        if manifest.get("format") != FORMAT:
            return None, f"its stored output has format {manifest.get('format')}, and this keepfit reads {FORMAT}"
        for name, (size, digest) in manifest["files"].items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size or files.sha256(path) != digest:
                return None, f"its stored {name} was damaged"
        return kind.model_validate(manifest["artifact"]), ""

    def manifest(self, stage: str, key: str) -> dict[str, Any] | None:
        """What a finished output says of itself, unverified; None where there is none."""
        path = self._folder(stage, key) / MANIFEST
        try:
            return files.read_json(path)  # type: ignore[no-any-return]
        except FileNotFoundError:
            return None
        except ValueError:
            return {"format": "unreadable"}

    def begin(self, stage: str, key: str, *, resume: bool) -> Path:
        """The folder to write into; what a killed execution left there is kept only to `resume` from it."""
        part = self._folder(stage, key).with_name(f"{key}.part")
        with files.machine_errors(part):
            if not resume:
                files.remove(part)
            part.mkdir(parents=True, exist_ok=True)
        return part

    def finish(self, stage: str, key: str, parts: Parts, artifact: A) -> A:
        """Hash what was written, write the manifest last, and give the folder its final name."""
        folder = self._folder(stage, key)
        part = folder.with_name(f"{key}.part")
        listed = {name: (path.stat().st_size, files.sha256(path)) for name, path in _contents(part)}
        figures = artifact.model_dump(mode="json", exclude={"path", "digest"})
        digest = files.digest_of({"files": {n: d for n, (_, d) in listed.items()}, "figures": figures})
        named = artifact.model_copy(update={"path": f"stages/{stage}/{key}", "digest": digest})
        manifest = {
            "format": FORMAT, "stage": stage, "key": key, "parts": parts, "files": listed,
            "artifact": named.model_dump(mode="json"),
        }  # fmt: skip
        files.write_json(part / MANIFEST, manifest)
        with files.machine_errors(folder):
            files.remove(folder)
            part.replace(folder)
            files.sync_folder(folder.parent)
        return named

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Only one run of a pipeline at a time; the system frees the lock when the process is gone, kill -9 included.

        Raises MachineError when another run holds it.
        """
        from filelock import FileLock, Timeout

        self._make_root()
        lock = FileLock(self.root / "lock", timeout=0)
        try:
            with files.machine_errors(self.root):
                lock.acquire()
        except Timeout as error:
            raise MachineError(
                "another run of this pipeline is under way.",
                todo="Wait until it ends; keepfit show tells how far it is.",
                where=str(self.root),
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _make_root(self) -> None:
        try:
            with files.machine_errors(self.root):
                self.root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise MachineError(
                "a file stands where the store's folder has to be.",
                todo="Name another folder with store: in the YAML, and run again.",
                where=str(self.root),
            ) from error

    def _folder(self, stage: str, key: str) -> Path:
        return self.root / "stages" / stage / key


def _contents(folder: Path) -> list[tuple[str, Path]]:
    """Every file of an output that counts, by its relative name."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    named = [(p.relative_to(folder).as_posix(), p) for p in paths]
    return [(name, p) for name, p in named if not name.startswith("beside/") and name != MANIFEST]
