"""Great Expectations' Data Docs of one validation: a page to look at in a browser that is online."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView

from keepfit import files


def write(result: Any, folder: Path) -> None:
    """Render a suite's result into `folder`/index.html."""
    page: Any = ValidationResultsPageRenderer().render(result)
    html: str = DefaultJinjaPageView().render(page)
    files.write_bytes(folder / "index.html", html.encode())
