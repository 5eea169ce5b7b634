"""What of the environment may keep a run from its Prefect server, each named with what to do."""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from urllib.request import getproxies_environment

from prefect.client.orchestration import get_client
from prefect.context import get_settings_context
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, PREFECT_PROFILES_PATH

from keepfit.errors import ConfigError, MachineError

_LOOPBACK = ("127.0.0.1", "localhost")


def around_proxies() -> None:
    """Let nothing that this process or its children send to this machine go through a proxy.

    A SOCKS proxy that httpx cannot use is taken out: it fails on one wherever the request goes, and the others here
    (requests, urllib) cannot use it either.
    """
    for name in ("NO_PROXY", "no_proxy"):
        known = [host for host in os.environ.get(name, "").split(",") if host.strip()]
        os.environ[name] = ",".join([*known, *(host for host in _LOOPBACK if host not in known)])
    if find_spec("socksio") is None:
        for scheme, address in getproxies_environment().items():
            if address.startswith("socks"):
                os.environ.pop(f"{scheme}_proxy", None)
                os.environ.pop(f"{scheme.upper()}_PROXY", None)


def check_home() -> None:
    """Raise MachineError where a server of our own cannot keep its database."""
    home = PREFECT_HOME.value()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise MachineError(
            f"Prefect cannot write to its folder: {error.strerror}.",
            allowed="It is .prefect in the home folder, or what the variable PREFECT_HOME names.",
            todo="Set PREFECT_HOME to a folder that can be written, or PREFECT_API_URL to a server that runs.",
            where=str(home),
        ) from error


def check_named() -> None:
    """Raise ConfigError where the settings name no server, MachineError where the one they name does not answer."""
    if not PREFECT_API_URL.value():
        raise ConfigError(
            "no Prefect server is named.",
            todo="keepfit up starts one on this machine; for another: export PREFECT_API_URL=http://HOST:4200/api.",
        )
    check_answers()


def check_answers() -> None:
    """Raise MachineError where the server that the settings name does not answer, with where they name it."""
    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
    if error is not None:
        raise silent(error) from error


def silent(error: Exception) -> MachineError:
    """The error for a server that the settings name and that cannot be reached, or refuses."""
    reason = str(error).rstrip(".") or type(error).__name__
    return MachineError(
        f"the Prefect server at {PREFECT_API_URL.value()} does not answer: {reason}.",
        allowed=f"{_source()} names it.",
        todo="Start it or name another; without one, keepfit brings its own.",
    )


def _source() -> str:
    if "PREFECT_API_URL" in os.environ:
        return "The variable PREFECT_API_URL"
    profile = get_settings_context().profile
    if "PREFECT_API_URL" in {setting.name for setting in profile.settings}:
        return f'The profile "{profile.name}" in {PREFECT_PROFILES_PATH.value()}'
    return "A file .env, prefect.toml or pyproject.toml in the working folder"
