"""What every run noted of itself, in runs/<run>/record.json: read the newest first, and no more than is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from keepfit import redact
from keepfit.store import files
from keepfit.store.artifacts import Verdict

FILE = "record.json"
_OF_DATA = ("ingest", "validate", "preprocess")
"""The stages that look at the rows."""


class StageNote(BaseModel):
    """How a stage went in one run."""

    model_config = ConfigDict(frozen=True)

    key: str
    reused: bool
    reason: str
    """Why it ran, or which run made what was reused."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What a person should read of its output, in the words of the run that made it."""


class Failure(BaseModel):
    """Why a run ended without a verdict."""

    model_config = ConfigDict(frozen=True)

    stage: str
    """Where; empty between stages."""
    kind: str
    """Name of the error's class."""
    message: str
    """The whole message, as it was printed."""
    stopped: bool = False
    """Whether a person or the system ended the run, and nothing was wrong with it."""


class Asked(BaseModel):
    """A question to a person: whether a model goes into service."""

    model_config = ConfigDict(frozen=True)

    of: str
    """Digest of what the model answers."""
    until: float
    """When it is too late for an answer, in seconds since 1970."""
    times: int = 1
    """How often it was put."""


class Settled(BaseModel):
    """What the training of a run's rows begins with."""

    model_config = ConfigDict(frozen=True)

    rows: str
    """Digest of what is learned from."""
    bundle: str = ""
    """The model in service; empty where there was none."""
    path: str = ""
    """Its folder, relative to the store."""


class Record(BaseModel):
    """One run, in its own words."""

    model_config = ConfigDict(frozen=True)

    run: str
    pipeline: str
    started: str
    """ISO 8601, as is `ended`."""
    host: str = ""
    pid: int
    born: float = 0.0
    """When the process was started, in the host's clock ticks: a pid alone may be another process by now."""
    stages: dict[str, StageNote] = {}
    """In the order in which they ended."""
    request: str = ""
    """Who asked for it: Prefect's id of the flow run."""
    mode: str = ""
    """What it does in place of coming to a verdict: dry run or evaluate only; empty where it shall come to one."""
    notes: str = ""
    """What the person who started it wrote."""
    overrides: dict[str, str] = {}
    """Settings that counted in place of the YAML's."""
    start: Settled | None = None
    """What its training begins with, where that is the model in service."""
    asked: Asked | None = None
    """The question that a person was asked last; None where nobody was."""
    waiting: str = ""
    """What a person is asked before it goes on; empty where nobody is."""
    ended: str | None = None
    failure: Failure | None = None
    verdict: Verdict | None = None
    bundle: str | None = None
    """Id of the bundle that was judged."""
    version: str | None = None
    champion: str | None = None
    """Id of the bundle in service afterwards."""
    found: str = ""
    """What a dry run or an evaluation found, in a sentence."""
    metrics: dict[str, float] = {}
    repeats: str | None = None
    """The run whose verdict this one repeats."""

    @property
    def came_to(self) -> str:
        """Its verdict, or what it found or why it has none, in one line."""
        if self.verdict is not None:
            return str(self.verdict)
        return f"FAILED: {self.failure.message}" if self.failure else self.found

    @property
    def seen(self) -> list[str]:
        """What was seen in the data and is not used, or not as it stands there, in the order of the stages."""
        return [note for stage in _OF_DATA if stage in self.stages for note in self.stages[stage].notes]


class Records:
    """The runs of one store. Those whose record cannot be read are named in `damaged` and passed over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: list[Record] = []
        self._waiting: Iterator[Path] | None = None
        self.damaged: list[Path] = []

    def __iter__(self) -> Iterator[Record]:
        """The newest first; each is read once, and when it is asked for."""
        place = 0
        while place < len(self._known) or self._read_one():
            yield self._known[place]
            place += 1

    def asked_for_by(self, request: str) -> Record | None:
        """The newest run with this request; a record without it is read and not parsed."""
        for folder in sorted(_folders(self._folder), reverse=True):
            path = folder / FILE
            with suppress(OSError, ValueError):
                if request.encode() in path.read_bytes() and (record := read(path)).request == request:
                    return record
        return None

    def _read_one(self) -> bool:
        """Read one more; False where there is none."""
        if self._waiting is None:
            names = sorted(
                (path.name for path in _folders(self._folder)), reverse=True
            )  # a run's id begins with its time
            self._waiting = iter([self._folder / name / FILE for name in names])
        for path in self._waiting:
            try:
                self._known.append(read(path))
            except FileNotFoundError:  # a run that has not yet begun, or a person's folder
                continue
            except (OSError, ValueError):
                self.damaged.append(path)
                continue
            return True
        return False


def read(path: Path) -> Record:
    """One record. Raises FileNotFoundError, or OSError or ValueError for one that cannot be read."""
    try:
        return Record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is no record") from error


def write(path: Path, record: Record) -> None:
    """Replace a record at one instant."""
    files.write_json(path, redact.value(record.model_dump(mode="json")))


def _folders(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return
