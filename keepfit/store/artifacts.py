"""What the stages hand each other: frozen values of a few hundred bytes. The heavy data lies in the store.

`path` and `digest` are filled in by the store when a stage's output is complete.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

FORMAT = 1
"""Version of what lies on disk; a later keepfit reads or refuses it by this number."""


class Artifact(BaseModel):
    """One stage's output."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: str = ""
    """Folder, relative to the store."""
    digest: str = ""
    """Hash of the content and the figures; equal digests mean equal outputs."""
    format: int = FORMAT


A = TypeVar("A", bound=Artifact)


class Snapshot(Artifact):
    """The source's rows as typed Parquet."""

    rows: int
    """Rows kept, the publisher's test rows included."""
    test_rows: int
    """Rows that come from the publisher's own test file; 0 without one."""
    without_target: int
    """Rows left out because they have no target."""
    unread: int
    """Rows left out because they could not be read, named in unread.parquet."""
    duplicates: int
    """Rows that repeat an earlier row in every feature and the target."""
    shared: int
    """Publisher's test rows that also stand in the train file."""
    unreadable: dict[str, int]
    """Cells a column that could not be read as its kind, and so became missing."""
    classes: tuple[str, ...]
    """The target's values, sorted, where they are names."""


class Validated(Artifact):
    """Which rows of a snapshot may be used."""

    snapshot: str
    """Path of the snapshot these rows are in."""
    rows: int
    """Rows that passed."""
    quarantined: int
    """Rows that did not, kept in quarantine.parquet."""
    expectations: int
    """Expectations checked."""
    failed: tuple[str, ...]
    """Expectations that were not met, whatever their severity, as short sentences."""


class Learnable(Artifact):
    """What a model is trained from: the typed shards of train and validation, and the fitted transforms."""

    train: int
    """Rows to learn from."""


class Start(Artifact):
    """What a training begins with: the model that was in service when its rows were first learned from."""

    bundle: str
    """Its id."""


PARTS = ("train", "validation", "test")
"""The folders of shards, in this order."""


class Prepared(Artifact):
    """Typed shards of the three parts, and the fitted transforms."""

    train: int
    """Rows to learn from."""
    validation: int
    """Rows to choose the best epoch by."""
    test: int
    """Rows to judge by; nothing else may look at them."""
    repeated: int
    """Rows left out of train, since their features are those of one of the publisher's test rows."""
    source: str
    """Digest of the snapshot the rows come from."""
    judged: str
    """Digest of the test rows' ids: a verdict on other rows is another verdict."""
    learned: str
    """Digest of what is learned from alone: where that is the same, so is the model."""

    @property
    def learnable(self) -> Learnable:
        """The part of it that training may look at."""
        return Learnable(path=self.path, digest=self.learned, train=self.train)


class Trained(Artifact):
    """A model at its best epoch."""

    family: str
    parameters: int
    """Numbers learned."""
    epochs: int
    """Passes over the train rows that were made."""
    best_epoch: int
    """The one kept, from 1."""
    validation: dict[str, float]
    """Figures on the validation rows at that epoch: the loss, and a metric that a person knows."""


class Interval(BaseModel):
    """A figure with its confidence interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float


class Baseline(Artifact):
    """What the trivial and the classical baseline answer on the test rows."""

    rows: int
    """Test rows."""
    classical: str
    """What the classical baseline is, in words."""


class Evaluated(Artifact):
    """How the model does on the test rows, beside its baselines."""

    rows: int
    """Test rows."""
    metrics: dict[str, float]
    """Every scalar metric, by its name."""
    intervals: dict[str, Interval]
    """The metrics that have a confidence interval."""
    baselines: dict[str, dict[str, float]]
    """The same metrics of `trivial` and of `classical`."""
    classical: str
    """What the classical baseline is, in words."""
    remarks: tuple[str, ...] = ()
    """What the figures alone do not tell."""


class Bundle(Artifact):
    """The exported model: one folder that predicts from raw columns without us."""

    id: str
    """Digest of the bundle's manifest: equal ids mean equal bundles."""
    answers: str
    """Digest of what it answers: a bundle that only says more of itself has the same."""
    bytes: int
    """Size of model.onnx."""
    parity: float
    """Largest difference of an answer between ONNX Runtime and torch; of values as a share of their range."""
    passed: bool
    """Whether the parity and isolation checks passed; a bundle that failed is kept, and rejected."""
    failure: str = ""
    """Which check failed and how, in one sentence."""

    @property
    def folder(self) -> str:
        """The bundle's own files, relative to the store; `keepfit.serving.bundle.model.open_bundle` takes it."""
        return f"{self.path}/bundle"


Outcome = Literal["FIRST", "PROMOTE", "REJECT", "HOLD"]


class Verdict(BaseModel):
    """The decision on one bundle."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    reason: str
    """A code, such as better, equal, worse, gate_failed, nothing_new."""
    sentence: str
    """The same in plain English, with the figures."""
    figures: dict[str, Any] = {}
    """What the decision was computed from."""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.sentence}"

    @property
    def enters_service(self) -> bool:
        """Whether it makes its bundle the champion."""
        return self.outcome in ("FIRST", "PROMOTE")


class Released(Artifact):
    """What came of a run."""

    verdict: Verdict
    bundle: str
    """Id of the bundle that was judged."""
    version: str | None
    """Its version in the registry."""
    champion: str | None
    """Id of the bundle in service afterwards."""
    metrics: dict[str, float]
    """The judged bundle's test metrics."""
    report: str
    """report.html, absolute."""
    summary: tuple[str, ...]
    """The test score beside its baselines, a line each."""
    model: str
    """Folder of the bundle in service, absolute; empty while there is none."""
