"""Everything a report is made of, read from a run's record and from the folders of its stages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from keepfit.problems.lookup import show_of
from keepfit.problems.show import Show
from keepfit.store import files
from keepfit.store.records import Failure, Record
from keepfit.store.run import Run

ORDER = ("ingest", "validate", "preprocess", "train", "baseline", "evaluate", "export", "release")
COMPARED = "compared.json"
"""Champion and challenger side by side, in the run's folder; release writes it."""


@dataclass(frozen=True)
class RunFacts:
    """One run, as its record and its stages tell it. Missing files read as empty: a report is never the obstacle."""

    run: Run

    @cached_property
    def record(self) -> Record:
        """The run's own notes."""
        return self.run.record()

    @property
    def seen(self) -> list[str]:
        """What was seen in the data and is not used, or not as it stands there."""
        return self.record.seen

    @property
    def nothing_new(self) -> bool:
        """Whether the run only repeats an earlier verdict."""
        return self.record.verdict is not None and self.record.verdict.reason == "nothing_new"

    @property
    def made_a_model(self) -> bool:
        """Whether it came so far that there is a model to tell of."""
        return self.failure is None and not self.record.mode

    @property
    def failure(self) -> Failure | None:
        """Why the run has no verdict."""
        return self.record.failure

    @property
    def checks(self) -> list[dict[str, Any]]:
        """What came of the expectations; of a run that they stopped, as it lies in its own folder."""
        stopped = self.run.folder / "validation/checks.json"
        found: list[dict[str, Any]] = self.read("validate", "checks.json", [])
        return files.read_json(stopped) if not found and stopped.is_file() else found

    @cached_property
    def stages(self) -> list[dict[str, Any]]:
        """The stages that ran or were reused, in the pipeline's order: name, reused, reason, seconds, key, artifact."""
        noted = self.record.stages
        names = [*(n for n in ORDER if n in noted), *(n for n in noted if n not in ORDER)]
        return [{"name": n, **noted[n].model_dump(), "artifact": self._artifact(n, noted[n].key)} for n in names]

    @cached_property
    def libraries(self) -> dict[str, str]:
        """The versions that the stages' outputs were made with."""
        found = (self.run.store.manifest(name, note.key) for name, note in self.record.stages.items())
        return {name: at for manifest in found if manifest for name, at in manifest.parts["libraries"].items()}

    def artifact(self, stage: str) -> dict[str, Any]:
        """What a stage of this run handed on; empty when it did not run."""
        return next((s["artifact"] for s in self.stages if s["name"] == stage), {})

    def read(self, stage: str, name: str, default: Any) -> Any:
        """A JSON file in the folder of a stage."""
        path = self.folder(stage) / name
        return files.read_json(path) if path.is_file() else default

    def folder(self, stage: str) -> Path:
        """Where a stage's output lies."""
        path: str = self.artifact(stage).get("path", f"stages/{stage}/none")
        return self.run.store / path

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """metrics.json."""
        return self.read("evaluate", "metrics.json", {})  # type: ignore[no-any-return]

    @property
    def show(self) -> Show:
        """What the problem says of itself."""
        return show_of(self.run.config.problem.kind)

    @property
    def earlier_report(self) -> str | None:
        """The report of the verdict that this run repeats, as a link from this one."""
        other = self.record.repeats
        there = other and (self.run.store / f"runs/{other}/report.html").is_file()
        return f"../{other}/report.html" if there else None

    def _artifact(self, stage: str, key: str) -> dict[str, Any]:
        manifest = self.run.store.manifest(stage, key)
        return manifest.artifact if manifest else {}
