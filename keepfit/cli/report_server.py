"""The pages of `keepfit reports`, on loopback: made anew at each look; nothing else of the disk can be asked for."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from keepfit import config
from keepfit.cli.saying import say
from keepfit.config import Pipeline
from keepfit.errors import ConfigError, ours
from keepfit.quoting import some
from keepfit.report import history

_RUN = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}")
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Frame-Options": "DENY",
}


def pipelines_in(paths: tuple[Path, ...]) -> dict[str, Pipeline]:
    """The pipelines of files and folders, by name. Raises ConfigError where there is none, or two are called alike."""
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("pipeline.yaml")))]
    found: dict[str, Pipeline] = {}
    for file in files:
        one = config.load(file)
        if one.name in found:
            raise ConfigError(
                f"two pipelines are called {one.name}: {found[one.name].file} and {one.file}.",
                todo="Give one of them another name.",
            )
        found[one.name] = one
    if not found:
        raise ConfigError(
            f"no pipeline.yaml in {some([str(path) for path in paths])}.", todo="Name a folder that has one."
        )
    return found


def application(pipelines: dict[str, Pipeline]) -> Starlette:
    """The pages: / for all pipelines, /NAME for one, /NAME/RUN/report.html for a report."""

    async def all_of_them(_request: Request) -> HTMLResponse:
        return await _page(lambda: history.index([(f"/{name}", one) for name, one in pipelines.items()]))

    async def one_of_them(request: Request) -> HTMLResponse:
        found = pipelines.get(request.path_params["name"])
        if found is None:
            return _none("There is no such pipeline here.")
        return await _page(lambda: history.page(found, f"/{found.name}"))

    async def report(request: Request) -> HTMLResponse:
        found, run = pipelines.get(request.path_params["name"]), request.path_params["run"]
        if found is None or not _RUN.fullmatch(run):
            return _none("There is no such run here.")
        path = found.resolve(found.store) / "runs" / run / "report.html"
        return await _page(lambda: path.read_text(encoding="utf-8")) if path.is_file() else _none("It has no report.")

    pages = {"/": all_of_them, "/{name}": one_of_them, "/{name}/{run}/report.html": report}
    return Starlette(routes=[Route(path, page) for path, page in pages.items()])


def serve(paths: tuple[Path, ...], port: int) -> None:
    """Serve until Ctrl-C. Raises ConfigError for a port that is taken."""
    import uvicorn

    found = pipelines_in(paths)
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise ConfigError(
            f"the port {port} cannot be had: {error.strerror}.", todo="Name another with --port."
        ) from error
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    say(f"{len(found)} pipelines at {address}")
    say(f"KEEPFIT_REPORTS={address} lets runs link to their reports there. Ctrl-C ends it.")
    web = uvicorn.Server(uvicorn.Config(application(found), log_level="error"))
    web.run(sockets=[listener])


async def _page(make: Any) -> HTMLResponse:
    try:
        return HTMLResponse(await run_in_threadpool(make), headers=_SAFE)
    except Exception as error:  # a damaged journal is told on the page
        return HTMLResponse(f"<p>{_escaped(str(ours(error)))}</p>", status_code=500, headers=_SAFE)


def _none(said: str) -> HTMLResponse:
    return HTMLResponse(f"<p>{said}</p>", status_code=404, headers=_SAFE)


def _escaped(text: str) -> str:
    import html

    return html.escape(text)
