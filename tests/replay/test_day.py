"""A few passages of the long day (``make day`` has 1,000): every record replays to the byte."""

from __future__ import annotations

from pathlib import Path

import long_day


def test_a_short_day_replays_in_other_processes(tmp_path: Path) -> None:
    found = long_day.run(10, tmp_path, jobs=2, trucks=5)
    assert found.passages >= 10
    assert found.scans > 10_000
    assert found.equal, long_day.told(found)
