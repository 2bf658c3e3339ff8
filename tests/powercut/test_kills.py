"""A running lane killed with SIGKILL loses no receipt; `make kill TIMES=200` does it more often."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROUNDS = Path(__file__).with_name("kill_rounds.py")
TIMES = 6


def test_a_lane_killed_at_random_instants_goes_on_without_loss() -> None:
    command = [sys.executable, str(ROUNDS), "--times", str(TIMES), "--jobs", "1", "--json"]
    done = subprocess.run(
        command, env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] == TIMES
    assert found["receipts"] > 0
    assert min(found["moments"].values()) > 0
