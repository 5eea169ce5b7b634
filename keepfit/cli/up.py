"""`keepfit up`: a Prefect server, its workers and all pipelines of a folder, on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

from keepfit.cli.saying import say
from keepfit.errors import ConfigError, MachineError

HOME = ".prefect"
"""Inside the folder: the server's database, and the logs of server and workers."""
DEMO = ("breast_cancer", "digits")
DAYS = 90
"""The server forgets runs that ended so long ago, with their logs and artifacts; else its database only grows."""


def up(folder: Path | None = None, /, *, port: int = 4200, demo: bool = False) -> None:
    """Start a Prefect server and workers on this machine, and deploy every pipeline of a folder. Ctrl-C ends all.

    Parameters
    ----------
    folder
        The folder with the pipelines; the current one when left out, with --demo keepfit-demo.
    port
        The port of the server, on this machine only.
    demo
        First copy small pipelines with their data into the folder, to see how it works. Nothing is fetched.
    """
    place = (folder or Path("keepfit-demo" if demo else ".")).expanduser().resolve()
    if demo:
        _copy(place)
    if not place.is_dir():
        raise ConfigError("there is no such folder.", todo="Name one, or try --demo.", where=str(place))
    _check_port(port)
    home = place / HOME
    home.mkdir(exist_ok=True)
    _settle(home, port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(place, home, port)
    except KeyboardInterrupt:
        say("Stopped. The same command goes on from here.")


def _run(place: Path, home: Path, port: int) -> None:
    from flows.operating import machine
    from flows.operating.pools import POOL

    with ExitStack() as stack:
        say("Starting a Prefect server …")
        server = stack.enter_context(machine.server(port))
        for sentence in machine.prepare(place):
            say(f"  {sentence}")
        pools = (POOL, machine.GPU)
        stack.enter_context(machine.workers(pools, home))
        machine.wait_for_workers(pools)
        say(f"Ready: http://127.0.0.1:{port}/deployments")
        say("Choose retrain/… there, and Run. Its runs are told below; Ctrl-C stops everything.")
        say(f"Server's data and workers' logs are in {home}.")
        for line in machine.follow(server):
            say(line)


def _settle(home: Path, port: int) -> None:
    """What Prefect reads from the environment when it is imported, here and in the children."""
    for name in ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_PROFILE"):
        os.environ.pop(name, None)
    os.environ.update(
        PREFECT_HOME=str(home),
        PREFECT_API_URL=f"http://127.0.0.1:{port}/api",
        PREFECT_SERVER_UI_API_URL="/api",  # whatever the port is, and behind a tunnel
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED="events,flow_runs",
        PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD=str(DAYS * 86400),
        PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="WARNING",
        DO_NOT_TRACK="1",
    )


def _check_port(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise MachineError(
            f"port {port} cannot be used: {error.strerror}.",
            todo=f"Take another: --port {port + 1}. If keepfit up runs already, it is at http://127.0.0.1:{port}.",
        ) from error


def _copy(place: Path) -> None:
    """The carried pipelines that are small; one that is there stays as it is."""
    carried = Path(__file__).parents[2] / "data"
    for name in DEMO:
        if not (carried / name).is_dir():
            raise MachineError("the carried pipelines are not there.", todo="Run it in a checkout.", where=str(carried))
        if not (place / name).exists():
            shutil.copytree(carried / name, place / name, ignore=shutil.ignore_patterns(".*"))
    say(f"The demo's pipelines are in {place}.")
