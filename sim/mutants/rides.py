"""One program, mutant or not, in a process of its own that rides one plan after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from msgspec import Struct

from sim.explore.plan import Plan

WHERE = "from sim.mutants.worker import main; main()"


class Answer(Struct, frozen=True):
    """What one ride found: checks with what was seen, and the processor's seconds it took."""

    findings: tuple[tuple[str, str], ...]
    cpu_s: float = 0.0

    @property
    def checks(self) -> frozenset[str]:
        """The checks that spoke."""
        return frozenset(check for check, _ in self.findings)


class Rides:
    """The program that lies in ``folder``; a context, so that its process ends with it.

    A process that dies is an ``error`` of the program, with the last line that it said.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Closed where the process ends; no with of one method can hold it.
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        # Not to find the working tree, the process starts in the copy and takes it first.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", WHERE],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def ride(self, plan: Plan) -> Answer:
        """Ride one plan."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        line = ""
        try:
            asked.write(json.dumps({"seed": plan.seed, "table": plan.table}) + "\n")
            asked.flush()
            line = answers.readline()
        except BrokenPipeError:
            pass
        if not line:
            return Answer((("error", self._last_words()),))
        told = json.loads(line)
        return Answer(tuple((check, seen) for check, seen in told["findings"]), told["cpu_s"])

    def _last_words(self) -> str:
        self._process.wait()
        self._said.seek(0)
        lines = [line.strip() for line in self._said if line.strip()]
        return lines[-1] if lines else f"ended with status {self._process.returncode}"

    def __enter__(self) -> Rides:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()
