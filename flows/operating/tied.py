"""Keeps a command running that ends with its parent, and with all that it started: `python -I tied.py COMMAND…`.

Its standard input is a pipe that the parent holds. The system closes it when the parent is gone, kill -9 included; then
everything below gets SIGTERM, and SIGKILL where that does not help. A worker starts its runs in sessions of their own,
which outlive it: so this process adopts what is orphaned below it. It imports nothing of ours and starts in no time.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

GRACE, AGAIN = 10.0, 3.0
"""Seconds that a run has to write its checkpoint, and until a command that ended is started again."""
_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of Linux; elsewhere a run whose worker was killed outlives us."""


def below(pid: int) -> list[int]:
    """The processes below one that have not ended, by the system's table."""
    parents: dict[int, list[int]] = {}
    for child, parent in _table():
        parents.setdefault(parent, []).append(child)
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found[1:]


def _table() -> list[tuple[int, int]]:
    """(process, parent) of all that run."""
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
        return [(int(pid), int(parent)) for pid, parent in (line.split() for line in listed.splitlines())]
    table = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            table += [] if state == "Z" else [(int(entry.name), int(parent))]
    return table


def main() -> None:
    """Start the command again whenever it ends, until standard input does."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to all; our parent says when
    signal.signal(signal.SIGTERM, lambda *_: _end())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True).wait()
        time.sleep(AGAIN)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    _end()


def _end() -> None:
    for how, seconds in ((signal.SIGTERM, GRACE), (signal.SIGKILL, 5.0)):
        for pid in below(os.getpid()):
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        until = time.monotonic() + seconds
        while below(os.getpid()) and time.monotonic() < until:
            time.sleep(0.1)
    os._exit(0)


if __name__ == "__main__":
    main()
