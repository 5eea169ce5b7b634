"""A Prefect server of our own, when no PREFECT_API_URL names another.

Prefect's ephemeral mode leaves its server behind when the run is killed. This one ends when its standard input
closes, which the system does for any parent that is gone, kill -9 included: `python -m flows.server`.
One server serves all runs of a process, and one that died is started again on its port: Prefect's event and log threads
keep the first address they saw.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import IO, Any, ParamSpec, TypeVar

import httpx
from prefect.exceptions import PrefectException
from prefect.flows import Flow
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_MESSAGING_BROKER,
    PREFECT_SERVER_EVENTS_EXPIRED_BUCKET_BUFFER,
    temporary_settings,
)

from flows.surroundings import around_proxies, check_answers, check_home, silent
from keepfit.errors import MachineError

P = ParamSpec("P")
R = TypeVar("R")

PATIENT = {PREFECT_MESSAGING_BROKER: "flows.messages", PREFECT_SERVER_EVENTS_EXPIRED_BUCKET_BUFFER: 900}
"""How our own server bears a busy database. Prefect forgets what an automation waits for 60 seconds after its time: of
a Crashed event that SQLite let through after 62, the run was never tried again."""
START_SECONDS = 180
"""The first start creates Prefect's database: 13 CPU seconds, more on a busy machine."""
GRACE_SECONDS = 5
"""How long the server may take to write down what it was told."""


def with_server(flow: Flow[P, R]) -> Flow[P, R]:
    """The same flow; called directly where there is no Prefect server, it brings its own."""
    plain = type(flow)

    class Served(plain):  # type: ignore[misc, valid-type]
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            if PREFECT_API_URL.value():
                return _reported(super().__call__, *args, **kwargs)
            around_proxies()
            with temporary_settings({PREFECT_API_URL: address()}):
                try:
                    return super().__call__(*args, **kwargs)
                except (httpx.TransportError, PrefectException) as error:
                    raise _ended_meanwhile() or error from error

    flow.__class__ = Served
    return flow


def _reported(flow: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a flow that reports to the server that Prefect's settings name."""
    check_answers()
    try:
        return flow(*args, **kwargs)
    except (httpx.HTTPError, PrefectException) as error:
        raise silent(error) from error


def is_own() -> bool:
    """Whether this process brings its own server, which ends with it and which nobody looks at."""
    return PREFECT_API_URL.value() == f"http://127.0.0.1:{_Own.port}/api" if _Own.child else False


class _Own:
    """This process's server: the child, what it says, and the port it keeps when it has to be started again."""

    child: subprocess.Popen[bytes] | None = None
    said: IO[bytes] | None = None
    port = 0


_lock = threading.Lock()


def address() -> str:
    """The API address of this process's own server, started at the first call and whenever it is gone.

    Raises MachineError with what the server said when it does not come up.
    """
    with _lock:
        if _Own.child is None or _Own.child.poll() is not None:
            check_home()
            # On the old port: Prefect's event and log threads know no other.
            _Own.child, _Own.said, _Own.port = start([sys.executable, "-m", "flows.server", str(_Own.port)])
        return f"http://127.0.0.1:{_Own.port}/api"


def start(command: list[str], seconds: float = START_SECONDS) -> tuple[subprocess.Popen[bytes], IO[bytes], int]:
    """Start a server that says its port on standard output, and wait until it answers: the child, its words, the port.

    Raises MachineError when it says nothing within so many seconds, or does not answer.
    """
    said = tempfile.TemporaryFile()  # noqa: SIM115  # the server writes to it as long as it lives
    # In a session of its own: a terminal sends Ctrl-C to all its processes, and the run needs the server to end well.
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, start_new_session=True
    )
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], seconds)
    line = child.stdout.readline().decode().strip() if ready else ""
    if not line.isdigit():
        raise _not_started(child, said, TimeoutError(f"it named no port within {seconds:.0f} seconds"))
    try:
        # The socket listens before the application is ready, so this one request waits for it.
        httpx.get(f"http://127.0.0.1:{line}/api/health", timeout=seconds, trust_env=False).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _not_started(child, said, error) from error
    return child, said, int(line)


def _ended_meanwhile() -> MachineError | None:
    """The error for a server that is gone in the middle of a run; None where it lives and something else is wrong."""
    if _Own.child is None or _Own.child.poll() is None:
        return None
    return MachineError(
        f"the local Prefect server ended during the run, with code {_Own.child.returncode}.",
        todo="Run again: it goes on from where it was. See whether the machine ran out of memory.",
    )


def _not_started(child: subprocess.Popen[bytes], said: IO[bytes], error: Exception) -> MachineError:
    child.kill()
    child.communicate()
    with said:
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
    return MachineError(
        f"the local Prefect server did not start: {lines[-1] if lines else error}.",
        todo="Run prefect server start to see why, or set PREFECT_API_URL to a server that runs.",
    )


def _serve() -> None:
    """Serve on the port that was named, or a free one, on loopback; say which, and end when standard input does."""
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    print(listener.getsockname()[1], flush=True)
    import uvicorn
    from prefect.server.api.server import create_app

    with temporary_settings(set_defaults=PATIENT):
        web = uvicorn.Server(uvicorn.Config(create_app(), log_level="error", lifespan="on"))
        threading.Thread(target=_end_with_parent, args=[web], daemon=True).start()
        web.run(sockets=[listener])


def _end_with_parent(web: Any) -> None:
    sys.stdin.buffer.read()
    web.should_exit = True
    time.sleep(GRACE_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    _serve()
