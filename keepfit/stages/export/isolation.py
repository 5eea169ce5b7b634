"""Does the bundle stand alone? A fresh process with onnxruntime and numpy and nothing else answers the golden rows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from keepfit.errors import TransientError
from keepfit.stages.export import isolated

QUIET = {"ORT_DISABLE_TELEMETRY": "1"}
"""All that the process knows of the environment: onnxruntime's wheel would ask for a host of its maker's."""
SECONDS = 600
"""Long beyond any model's answer to its golden rows, on however busy a machine."""


@dataclass(frozen=True)
class Isolation:
    """What the process measured, and what went wrong in it."""

    measured: dict[str, Any]
    """Seconds to load, milliseconds a call by batch size, peak memory, size, whether the network was cut off."""
    failure: str = ""


def isolate(bundle: Path) -> Isolation:
    """Ask the bundle in a process without torch, our package, environment variables or, where allowed, network.

    Raises TransientError when the process does not end by itself.
    """
    size = {"bytes": sum(path.stat().st_size for path in bundle.iterdir()), "network": "cut off" if _cut() else "open"}
    with tempfile.TemporaryDirectory() as libraries:
        _link_libraries(Path(libraries))
        command = [*_cut(), sys.executable, "-I", "-S", "-B", isolated.__file__, str(bundle), libraries]
        try:
            done = subprocess.run(command, env=QUIET, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise TransientError(f"the bundle's isolation check gave no answer within {SECONDS} s.") from error
    if done.returncode < 0:  # says something about this machine, not about the bundle, whose verdict would be kept
        raise TransientError(f"the bundle's isolation check was ended by signal {-done.returncode}.")
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"the process ended with code {done.returncode}"]
        return Isolation({**size, "error": done.stderr[-2000:]}, f"Isolation failed: {words[-1]}.")
    return Isolation({**size, **json.loads(done.stdout)})


def _link_libraries(folder: Path) -> None:
    """A folder to import from that holds the two allowed libraries and the shared objects they bring."""
    for name in ("numpy", "onnxruntime"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        for path in (package, package.with_name(f"{name}.libs")):
            if path.is_dir():
                (folder / path.name).symlink_to(path)


@cache
def _cut() -> tuple[str, ...]:
    """The command that takes the network away from a process, where the system lets us; else nothing."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    command = (unshare, "--map-root-user", "--net")
    allowed = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if allowed else ()
