"""The ``steelyard`` command: every subcommand prints facts, errors go to stderr, status says it."""

from __future__ import annotations

import sys

from controller.cli import bench, console, evidence, facts, field, lane
from controller.cli.kit import app

__all__ = ["app", "bench", "console", "evidence", "facts", "field", "lane", "main"]


def main() -> None:
    """Entry point of the ``steelyard`` command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8")
    app()
