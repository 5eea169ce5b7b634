"""A store as nights of runs leave it, made of real files in milliseconds a night: nothing in it was trained."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path

from keepfit import config
from keepfit.serving import champion, journal
from keepfit.serving.bundle.seal import seal
from keepfit.store import files, records
from keepfit.store.artifacts import Artifact, Verdict
from keepfit.store.keys import key_of
from keepfit.store.records import Asked, Failure, Record, Records, StageNote
from keepfit.store.store import CHECKPOINT, Store
from tests.stages.release.releasing import YAML

STAGES = ("ingest", "validate", "preprocess", "train", "baseline", "evaluate", "export")


class Nights:
    """One pipeline, a run a night. `seed` decides what happens where nothing else does."""

    def __init__(self, folder: Path, retention: str = "", seed: int = 0) -> None:
        self.file = folder / "pipeline.yaml"
        self.file.write_text(f"{YAML}retention: {{{retention}}}\n", encoding="utf-8")
        self.config = config.load(self.file)
        self.store = Store(folder / ".keepfit")
        self.random = random.Random(seed)
        self.count = 0

    @property
    def state(self) -> journal.State:
        return journal.read(self.store)

    @property
    def records(self) -> list[Record]:
        """The newest first."""
        return list(Records(self.store / "runs"))

    def run(self, data: str = "", verdict: str = "HOLD", *, until: str = "", waits: bool = False) -> Record:
        """A run on these rows, the night's own when left out; one that fails begins `until`, and not ends it."""
        self.count += 1
        data = data or f"night {self.count}"
        id = f"{datetime.fromtimestamp(1_700_000_000 + 86400 * self.count, UTC):%Y%m%d-%H%M%S-%f}"
        notes = {}
        for stage in STAGES:
            if stage == until:
                break
            notes[stage] = self._made(stage, data, id)
        record = Record(run=id, pipeline=self.config.name, started=id, pid=1, stages=notes)
        if until:
            self._killed(until, data)
            record = record.model_copy(update={"ended": id, "failure": Failure(stage=until, kind="x", message="x")})
        elif waits:
            asked = Asked(of="x", until=time.time() + 1e6)
            record = record.model_copy(update={"waiting": "Shall it?", "asked": asked})
        else:
            record = record.model_copy(update={"ended": id, **self._judged(id, notes, verdict)})
        records.write(self.store / f"runs/{id}/{records.FILE}", record)
        files.write_bytes(self.store / f"runs/{id}/report.html", self.random.randbytes(2000))
        return record

    def anything(self) -> None:
        """A night of some kind."""
        kind = self.random.choice(["HOLD"] * 5 + ["PROMOTE"] * 3 + ["same", "failed", "waiting", "back", "named"])
        reach = list(self.state.reachable)
        if kind in ("back", "named") and len(set(reach)) > 1:
            self.back(self.random.choice(reach[:-1]) if kind == "named" else "")
        elif kind == "failed":
            self.run(until=self.random.choice(STAGES))
        else:
            data = f"night {max(1, self.count)}" if kind == "same" else ""
            self.run(data, kind if kind in ("HOLD", "PROMOTE") else "HOLD", waits=kind == "waiting")

    def back(self, to: str = "") -> None:
        """A rollback without its registry."""
        out = self.state.champion
        assert out is not None
        if out.bundle != to:
            self._line("rollback", out.bundle, out.path, "", to=to)

    def _made(self, stage: str, data: str, run: str) -> StageNote:
        parts = {"takes": {"source_rows": data}}
        key = key_of(stage, parts)
        if self.store.find(stage, key, Artifact)[0] is None:
            part = self.store.begin(stage, key, resume=False)
            (part / "rows").write_bytes(random.Random(key).randbytes(500))
            if stage == "export":
                (part / "bundle").mkdir()
                (part / "bundle/model.onnx").write_text(data)
                seal(part / "bundle")
            self.store.finish(stage, key, parts, Artifact(), run)
        return StageNote(key=key, reused=False, reason="x")

    def _killed(self, stage: str, data: str) -> None:
        part = self.store.begin(stage, key_of(stage, {"takes": {"source_rows": data}}), resume=False)
        if self.random.random() < 0.7:
            files.write_bytes(part / CHECKPOINT, b"weights")

    def _judged(self, run: str, notes: dict[str, StageNote], outcome: str) -> dict[str, object]:
        path = f"stages/export/{notes['export'].key}/bundle"
        bundle = files.sha256(self.store / path / "manifest.json")[:24]
        verdict = Verdict(outcome=outcome, reason="x", sentence="x")
        if bundle not in self.state.barred:
            self._line("release", bundle, path, run, **verdict.model_dump())
        return {"verdict": verdict, "bundle": bundle}

    def _line(self, action: str, bundle: str, path: str, run: str, **other: object) -> None:
        line = journal.Line(
            id=f"{self.count} {len(self.state.lines)}", time=run or "t", action=action, run=run, bundle=bundle,
            path=path, champion=None, version=str(len(self.state.lines)), rules="", **other,
        )  # fmt: skip
        journal.append(self.store, line)
        if (now := self.state.champion) is not None:
            champion.point(self.store, champion.Champion(**{**vars(now), "announced": True}))
