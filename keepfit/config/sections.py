"""The sections of a pipeline's YAML, each read by the stage of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator


class Section(BaseModel):
    """Frozen, and an unknown key is an error: a misspelt setting must never be silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Feature(Section):
    """One input column; each kind has a section of its own, with what else can be said of it."""

    kind: str
    """What it holds."""

    @property
    def form(self) -> str | None:
        """How its cells are written, where the YAML says so."""
        return getattr(self, "format", None)

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns of the source that it is made of, where these are several."""
        return ()


class Problem(Section):
    """What is asked of a model; each problem has a section of its own, with what else can be said of it."""

    compared: ClassVar[tuple[str, ...]]
    """The metrics that champion and challenger can be compared on, the usual one first."""
    gated: ClassVar[tuple[str, ...]]
    """The metrics that can have a bound."""
    bounds: ClassVar[dict[str, float]] = {}
    """Bounds on such metrics that hold where release.gates says nothing of them."""
    proofs: ClassVar[tuple[str, ...]]
    """Metrics that prove a model useful too, where the one that is compared does not."""
    guess: ClassVar[str]
    """What is answered without a look at any column, behind "always giving the"."""
    judging: ClassVar[tuple[str, ...]] = ()
    """Settings that matter to judging alone: nothing is learned anew for them."""
    follows: ClassVar[dict[str, dict[str, str]]] = {}
    """A metric that models may be compared on → settings that follow from it, where the YAML does not say them."""
    reads_itself: ClassVar[bool] = False
    """Whether the target is the one feature, too: a text is asked what comes next in it."""
    reads_rows: ClassVar[str] = ""
    """Of a problem that is asked of whole rows, where no column is the target: what a family must do with them."""
    reads_windows: ClassVar[bool] = False
    """Whether its rows are windows of series: see `keepfit.config.source.Window`."""
    kind: str
    """Which problem."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns of the source that the target is made of, where these are several: each says yes or no."""
        return ()

    @property
    def labelled(self) -> str:
        """The column of the labels that files such as pictures have, where it is another than the target."""
        return ""

    @property
    def form(self) -> str | None:
        """How the target's cells are written, where the YAML says so."""
        return getattr(self, "format", None)

    def problem(self, _features: Mapping[str, Feature]) -> str:
        """Why it cannot be asked of these features, in a clause; empty where it can."""
        return ""

    def check(self, names: tuple[str, ...], where: str, *, final: bool) -> None:
        """Raise ConfigError, naming `where`, for a setting that does not fit the target's values, if these are names.

        With `final` no row will be set aside any more.
        """


class Model(Section):
    """The network; each family has a section of its own, with its settings."""

    hint: ClassVar[str] = ""
    """What `keepfit init` says behind it."""
    by_steps: ClassVar[bool] = True
    """Whether it learns by steps, and not by a fit: only then can it go on from what another one learned."""
    rows: ClassVar[frozenset[str]] = frozenset()
    """What its networks do with whole rows, as a problem that is asked of them needs: describe, draw."""
    family: str
    """The network's family."""

    @classmethod
    def suits(cls, _kinds: frozenset[str]) -> int:
        """How well it suits features of these kinds, as `keepfit init` chooses; 0 where it must be asked for."""
        return 0

    def problem(self, _features: Mapping[str, Feature]) -> str:
        """Why it cannot learn from these features, in a clause; empty where it can."""
        return ""

    def modules(self) -> tuple[str, ...]:
        """Modules of the user's own that it is made of, besides the family's."""
        return ()


class Expectation(Section):
    """One line of expectations.yaml, in Great Expectations' own words."""

    type: str
    """A Great Expectations type, such as expect_column_values_to_be_between."""
    kwargs: dict[str, Any] = {}
    """Its arguments, under Great Expectations' own names."""
    severity: Literal["critical", "warning", "info"] = "critical"
    """critical stops the run when it fails; critical and warning quarantine the rows that fail; info only counts."""


class Strangers(Section):
    """Rows that are strange to another pipeline's model, which tells of whole rows how strange they are."""

    pipeline: str
    """Its YAML, or the folder of it, relative to this one; its model in service is asked."""
    beyond: float = Field(default=0.99, gt=0.5, lt=1)
    """The strangeness beyond which a row is a stranger; of ordinary rows a share of what is left to 1 is."""
    max_share: float = Field(default=0.05, ge=0, le=1)
    """Share of the rows that may be strangers."""
    severity: Literal["critical", "warning", "info"] = "critical"
    """Where more are: critical stops the run; critical and warning quarantine them; info only counts."""


class Validation(Section):
    """What must be true of the rows before a model may learn from them."""

    expectations: str | None = None
    """File with the expectations, relative to the YAML."""
    max_bad_share: float = Field(default=0.05, ge=0, le=1)
    """The run stops when more than this share of the rows is quarantined, or of a column's cells cannot be read."""
    stop: bool = True
    """False goes on with the rows that passed even when a critical expectation failed."""
    strangers: Strangers | None = None
    """Rows that another pipeline's model finds strange."""
    docs: bool = False
    """Also build Great Expectations' Data Docs (a few seconds, not offline)."""
    suite: tuple[Expectation, ...] = ()
    """The expectations themselves; filled from the file, so do not write them here."""
    _bookkeeping: tuple[str, ...] = PrivateAttr(default=())

    @property
    def bookkeeping(self) -> tuple[str, ...]:
        """Keys of the file that Great Expectations keeps for itself and that say nothing of the rows."""
        return self._bookkeeping


MOST_TESTED, MOST_VALIDATED = 0.2, 0.15
"""The shares that judge and that choose, of rows that are not very many."""


class Split(Section):
    """Which rows are for training, for choosing (validation) and for judging (test)."""

    by: Literal["hash", "group", "time"] = "hash"
    """hash: by content, stable as data grows; group: keeps groups whole; time: the newest are tested."""
    column: str | None = None
    """The group or time column; with hash, an optional key column to hash instead of the features."""
    test: float | None = Field(default=None, gt=0, lt=1)
    """Share of the rows kept for judging; left out, 0.2, halved for as long as 14,000 rows are in it. Not used when the
    source has its own test file."""
    validation: float | None = Field(default=None, gt=0, lt=1)
    """Share of the rows kept for choosing; left out, 0.15, halved for as long as 7,000 rows are in it."""

    @model_validator(mode="after")
    def _possible(self) -> Split:
        if self.by != "hash" and self.column is None:
            raise ValueError(f"a split by {self.by} needs column, the {self.by} column")
        if (self.test or MOST_TESTED) + (self.validation or MOST_VALIDATED) >= 0.9:
            raise ValueError("test and validation together leave under a tenth of the rows to learn from")
        return self


class Preprocessing(Section):
    """How rows become numbers. Everything fitted is fitted on the train part only."""

    split: Split = Split()
    numbers: Literal["quantile", "standard"] = "quantile"
    """quantile maps to a normal by rank (robust to outliers); standard subtracts the mean, divides by the deviation."""
    rare: int = Field(default=3, ge=1, le=1_000_000_000)
    """A category seen in fewer train rows than this is treated as unknown."""
    max_categories: int = Field(default=10_000, ge=2, le=10_000_000)
    """The most frequent categories a column keeps; the rest are unknown."""


AUTO = "auto"
"""An amount that the validation rows decide."""


class Synthesis(Section):
    """Rows of rare classes that are made, and learned from beside those there are: where the validation rows are then
    answered better, by the metric that champion and challenger are compared on, and else not."""

    family: str = "smote"
    """smote: each lies between two rows that are near each other; repeat: the rows there are, again; vae, gan or
    another that draws: by such a network, which learns those of one class."""
    classes: tuple[str, ...] = Field(min_length=1)
    """Of which classes."""
    factor: float = Field(default=2.0, gt=1, le=1000)
    """How many times as many rows a class then has."""


class Training(Section):
    """How the model learns. What is left out is derived from the data and logged."""

    epochs: int | None = Field(default=None, ge=1, le=1_000_000)
    """Passes over the train rows; early stopping may end before."""
    batch_size: int | None = Field(default=None, ge=1, le=1 << 24)
    """Rows a step."""
    accumulate: int = Field(default=1, ge=1, le=1 << 24)
    """Micro-batches a step; the batch is cut in so many parts."""
    optimiser: Literal["adamw", "adam", "sgd", "rmsprop"] = "adamw"
    """How gradients become steps."""
    lr: float | None = Field(default=None, gt=0)
    """Peak learning rate."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Of sgd."""
    weight_decay: float | None = Field(default=None, ge=0)
    """Of adamw, decoupled; with the others the weight of an L2 penalty, 0 when left out."""
    l1: float = Field(default=0.0, ge=0)
    """Weight of an L1 penalty: so many times the sum of the weights' magnitudes is added to the mean loss."""
    schedule: Literal["cosine", "one_cycle", "step", "plateau", "constant"] | None = None
    """How the rate moves after warm-up; plateau lowers it where the validation loss no longer falls."""
    drop: float = Field(default=0.1, gt=0, lt=1)
    """Of step and plateau: what the rate is multiplied by."""
    drop_after: int | None = Field(default=None, ge=1, le=1_000_000)
    """Of step: epochs between two drops, a third of all when left out; of plateau: epochs without a better loss, 2."""
    warmup: float | None = Field(default=None, ge=0, le=0.5)
    """Share of the steps in which the rate rises."""
    clip: float | None = Field(default=1.0, gt=0)
    """Largest gradient norm; null switches clipping off."""
    label_smoothing: float | None = Field(default=None, ge=0, lt=1)
    """Probability spread over the other classes."""
    augment: bool | dict[str, Annotated[float, Field(ge=0, le=180)] | Literal["auto"]] | None = None
    """Change pictures, series and recordings a little in training, by amounts that suit them; on when left out. Some
    may be named in a mapping, 0 switches one off. Pictures: flip, flip_vertical (auto: where validation allows it),
    shift, rotate, scale, crop, contrast, brightness, colour, cutout, mixup; series: noise, scale; recordings: speed,
    gain."""
    patience: int | None = Field(default=None, ge=1, le=1_000_000)
    """Epochs without a better validation loss before stopping."""
    max_seconds: float | None = Field(default=None, gt=0)
    """Stop after the epoch in which this wall time is passed; such a run is not bit-reproducible."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to train; auto takes CUDA, then MPS (pictures only: tables need float64), then the CPU."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the forward pass; auto takes bfloat16 where it is faster."""
    threads: int = Field(default=1, ge=1, le=256)
    """CPU threads; the bits of the result depend on it."""
    processes: int = Field(default=1, ge=1, le=64)
    """How many processes share out every batch, each with its own GPU where there are GPUs, or its own CPU threads. The
    same as one within rounding, but for batch norm, which looks at the rows of one process."""
    start: Literal["fresh", "champion"] = "fresh"
    """What it begins with: fresh weights, or those of the model in service, as far as they fit: of new classes and
    categories the rows are fresh. The settings of the network that the YAML leaves out are then that model's, too."""
    synthesis: Synthesis | None = None
    """Rows of rare classes that are made beside the train rows, and tried: see below."""
    seed: int = Field(default=0, ge=0, lt=1 << 63)
    """Seed of every random choice."""
    checkpoint_seconds: float = Field(default=30.0, ge=0)
    """A checkpoint is written at most this often, in seconds."""


class Evaluation(Section):
    """What is measured on the untouched test rows."""

    slices: tuple[str, ...] = ()
    """Columns for whose every value the metrics are also given."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Level of the intervals."""
    top_k: int = Field(default=3, ge=2, le=10_000)
    """For top-k accuracy, with more classes than this."""
    worst: int = Field(default=24, ge=0, le=1000)
    """How many of the worst predictions the report shows."""


class Release(Section):
    """When a model may go into service."""

    metric: str | None = None
    """What champion and challenger are compared on; the first of those that the problem allows when left out."""
    gates: dict[str, float] = {}
    """Absolute bounds on metrics of the problem: at least this much, of errors and losses at most."""
    margin: float = Field(default=0.01, ge=0)
    """A difference smaller than this counts as no worse (non-inferiority margin); of errors in the target's unit, as a
    share of the champion's."""
    level: float = Field(default=0.05, gt=0, lt=0.5)
    """One-sided error level of the paired test."""
    beat_classical: bool = False
    """True also demands to be no worse than the classical baseline."""
    registry: str | None = None
    """MLflow tracking address for a team; the store's own SQLite file when left out."""
