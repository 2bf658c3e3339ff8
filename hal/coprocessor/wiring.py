"""What the drivers of one coprocessor say is wired to it, as the text that goes there."""

from __future__ import annotations

import json
from typing import Any

GUARD_KINDS = ("arm", "beam_low", "beam_high")
LEASE_MS = 900
"""Less than the second after which booms must hold, whatever the round was doing."""
RATE_HZ = 50


class Wiring:
    """Parts in the order in which the drivers came; ``text`` closes the list."""

    def __init__(self) -> None:
        self.inputs: list[dict[str, Any]] = []
        self.booms: list[dict[str, Any]] = []
        self.heads: list[dict[str, Any]] = []
        self.cells: dict[str, Any] | None = None
        self.rate_hz = RATE_HZ
        self.exclusive = False
        self._text = ""

    def add_input(self, row: dict[str, Any]) -> int:
        """An input; returns its number on the wire."""
        return self._add(self.inputs, row)

    def add_boom(self, row: dict[str, Any], one_at_a_time: bool) -> int:
        """A boom; its guards are the inputs of its end, also those that come later."""
        self.exclusive = self.exclusive or one_at_a_time
        return self._add(self.booms, row)

    def add_head(self, row: dict[str, Any]) -> int:
        """A signal head."""
        return self._add(self.heads, row)

    def set_cells(self, row: dict[str, Any], rate_hz: int) -> None:
        """The converters; raises ValueError where they have been named before."""
        self._open()
        if self.cells is not None:
            raise ValueError("one coprocessor samples one deck; its cells are named twice")
        self.cells = row
        self.rate_hz = rate_hz

    @property
    def text(self) -> str:
        """The configuration as JSON: the same bytes for the same parts."""
        if not self._text:
            self._text = json.dumps(self._config(), sort_keys=True, separators=(",", ":"))
        return self._text

    def _config(self) -> dict[str, Any]:
        names = [row["name"] for row in self.inputs]
        booms = [{**row, "guards": _guards(row["name"], names)} for row in self.booms]
        config: dict[str, Any] = {
            "rate_hz": self.rate_hz,
            "lease_ms": LEASE_MS,
            "exclusive": int(self.exclusive),
            "inputs": self.inputs,
            "booms": booms,
            "heads": self.heads,
        }
        if self.cells is not None:
            config["cells"] = self.cells
        if "estop" in names:
            config["estop"] = "estop"
        return config

    def _add(self, rows: list[dict[str, Any]], row: dict[str, Any]) -> int:
        self._open()
        if any(other["name"] == row["name"] for other in rows):
            raise ValueError(f"{row['name']} is named twice on this coprocessor")
        rows.append(row)
        return len(rows) - 1

    def _open(self) -> None:
        if self._text:
            raise ValueError("the coprocessor has been told its wiring already")


def _guards(end: str, names: list[str]) -> list[str]:
    return [f"{end}.{kind}" for kind in GUARD_KINDS if f"{end}.{kind}" in names]
