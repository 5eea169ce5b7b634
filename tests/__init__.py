"""Proof on real parts and small real data; the folders are those of `keepfit/`, and what several share lies on top."""

import socket
from pathlib import Path

ROOT = Path(__file__).parent.parent
CARRIED = ROOT / "data"
"""The carried pipelines and their data."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
