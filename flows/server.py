"""A Prefect server of our own, when no PREFECT_API_URL names another.

Prefect's ephemeral mode leaves its server behind when the run is killed. This one ends when its standard input
closes, which the system does for any parent that is gone, kill -9 included: `python -m flows.server`.
One server serves all runs of a process: Prefect's event and log threads keep the first address they saw.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from typing import IO, Any, ParamSpec, TypeVar

import httpx
from prefect.flows import Flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from keepfit.errors import MachineError

P = ParamSpec("P")
R = TypeVar("R")

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
                return super().__call__(*args, **kwargs)
            with temporary_settings({PREFECT_API_URL: address()}):
                return super().__call__(*args, **kwargs)

    flow.__class__ = Served
    return flow


@cache
def address() -> str:
    """The API address of this process's own server, started at the first call.

    Raises MachineError with what the server said when it does not come up.
    """
    said = tempfile.TemporaryFile()  # noqa: SIM115  # the server writes to it as long as it lives
    command = [sys.executable, "-m", "flows.server"]
    # In a session of its own: a terminal sends Ctrl-C to all its processes, and the run needs the server to end well.
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, start_new_session=True
    )
    _owned.append((child, said))
    assert child.stdout is not None
    url = f"http://127.0.0.1:{child.stdout.readline().decode().strip()}/api"
    try:
        # The socket listens before the application is ready, so this one request waits for it.
        httpx.get(f"{url}/health", timeout=START_SECONDS, trust_env=False).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _not_started(child, said, error) from error
    return url


_owned: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
"""Kept for the life of the process: the pipe closes when its owner is collected."""


def _not_started(child: subprocess.Popen[bytes], said: IO[bytes], error: Exception) -> MachineError:
    child.kill()
    child.wait()
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()
    return MachineError(
        f"the local Prefect server did not start: {lines[-1] if lines else error}.",
        todo="Run prefect server start to see why, or set PREFECT_API_URL to a server that runs.",
    )


def _serve() -> None:
    """Serve on a free loopback port, say which on standard output, end when standard input does."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    import uvicorn
    from prefect.server.api.server import create_app

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
