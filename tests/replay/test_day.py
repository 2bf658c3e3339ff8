"""A few passages of the long day (``make day`` has 1,000): every record replays to the byte."""

from __future__ import annotations

from pathlib import Path

import long_day


def test_a_short_day_replays_in_other_processes(tmp_path: Path) -> None:
    found = long_day.run(10, tmp_path, jobs=2, trucks=5)
    assert int(str(found["passages"])) >= 10
    assert set(found["results"]) <= {"identical", "the ledger's own"}  # type: ignore[call-overload]
    assert found["same_under_both_hash_seeds"]
