"""The command line: `keepfit init | run | show | rollback | predict`."""

from keepfit.cli.main import main

__all__ = ["main"]
