"""A pipeline whose training stops where a test wants it, and a run of it that a test can kill.

Its network is the pipeline's own, in a module beside the YAML: in training it says that it was reached, and learns
on when it is let go. What it learns does not depend on that.
"""

from __future__ import annotations

import os
import select
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.operation.served import LONG, LOOK
from tests.store.test_kill import small

NET = '''
"""A small network that waits in its third epoch until it is let go, or its training is told to stop."""

import os
import time
from pathlib import Path

from torch import nn

from keepfit.store.interrupt import stopping

HERE = Path(__file__).parent
STEPS = 30


class Net(nn.Module):
    def __init__(self, columns, units, outputs):
        super().__init__()
        self.head = nn.Linear(columns * units, outputs)
        self.steps = 0

    def forward(self, cells):
        if self.training:
            self.steps += 1
            if self.steps == STEPS and (HERE / "hold").exists():
                with open(HERE / "reached", "w") as reached:  # waits for the test to read
                    reached.write(str(os.getpid()))
                while (HERE / "hold").exists() and not stopping():
                    time.sleep(0.02)
        return self.head(cells.flatten(1))
'''


@dataclass(frozen=True)
class Held:
    """One such pipeline."""

    pipeline: Path

    @property
    def folder(self) -> Path:
        return self.pipeline.parent

    def hold(self) -> None:
        """The next training stops in its third epoch."""
        (self.folder / "hold").touch()

    def let_go(self) -> None:
        (self.folder / "hold").unlink(missing_ok=True)

    def reached(self) -> int:
        """Wait until a training stops there; the process it runs in."""
        with (self.folder / "reached").open() as pipe:
            assert select.select([pipe], [], [], LONG)[0]
            return int(pipe.read())

    def judged(self) -> None:
        """Wait until there is a verdict."""
        end = time.monotonic() + LONG
        while not (self.folder / ".keepfit/journal.jsonl").exists():
            assert time.monotonic() < end, f"no verdict within {LONG} seconds"
            time.sleep(LOOK)

    @property
    def runs(self) -> list[str]:
        return sorted(path.name for path in (self.folder / ".keepfit/runs").iterdir())


def held(folder: Path, name: str, more: str = "") -> Held:
    """A pipeline of this name in a folder of its own; `more` is put at the end of its YAML."""
    place = folder / name
    place.mkdir()
    file = small(place)
    text = file.read_text().replace("name: breast-cancer", f"name: {name}")
    head, _, tail = text.partition("model:")
    _, _, rest = tail.partition("training:")
    model = f"model:\n  family: custom\n  module: {name}_net:Net\n"
    file.write_text(f"{head}{model}training:{rest}{more}")
    module = f"{name}_net.py"
    sys.path[:] = [
        path for path in sys.path if not (Path(path) / module).exists()
    ]  # of an earlier test in this process
    (place / module).write_text(NET)
    os.mkfifo(place / "reached")
    return Held(file)
