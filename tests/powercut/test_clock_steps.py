"""The wall clock stepped by hours and years between records: manifests sane, nothing found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol.ledger import Ledger
from protocol.parts import ClockQuality
from protocol.record import Record

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)
SPAN = timedelta(days=365 * 30)
HOUR = 3600
STEPS = st.lists(
    st.one_of(
        st.sampled_from([0, 60, HOUR, -HOUR, 24 * HOUR, -24 * HOUR, 365 * 24 * HOUR]),
        st.integers(-int(SPAN.total_seconds()) // 8, int(SPAN.total_seconds()) // 8),
        st.none(),
    ),
    min_size=1,
    max_size=14,
)
"""Seconds by which the clock is moved before a record; None is a record without a known date."""


def records_of(steps: list[int | None]) -> list[Record]:
    """A record behind each step, its monotonic time running evenly."""
    now, records = NOON, []
    for number, step in enumerate(steps, start=1):
        record = passage(number)
        times = replace(record.times, wall_ms=None, clock=ClockQuality.UNKNOWN)
        if step is not None:
            now = min(max(now + timedelta(seconds=step), NOON - SPAN), NOON + SPAN)
            date = now.year * 10_000 + now.month * 100 + now.day
            wall_ms = int(now.timestamp() * 1000)
            times = replace(record.times, wall_ms=wall_ms, date=date)
        records.append(replace(record, times=times))
    return records


@given(STEPS, st.integers(0, 14))
@settings(max_examples=30, derandomize=True)
def test_manifests_stand_whatever_the_clock_does(steps: list[int | None], reopened: int) -> None:
    records = records_of(steps)
    with TemporaryDirectory() as name:
        path = Path(name) / "ledger.sqlite"
        for some in (records[:reopened], records[reopened:]):
            with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
                for record in some:
                    ledger.append(record)
                assert ledger.verify() == []
        with Ledger.open(path, read_only=True) as ledger:
            kept = list(ledger.records())
    assert [r.times for r in kept if r.passage_id] == [r.times for r in records]
    _check_manifests(kept)


def _check_manifests(kept: list[Record]) -> None:
    """Each covers all records since the one before it, and each date is closed once at most."""
    first = 1
    days = []
    for record in kept:
        if record.manifest is not None:
            found = record.manifest
            assert (found.first, found.last) == (first, record.seq - 1)
            assert found.count == found.last - found.first + 1
            first = record.seq
            days.append(found.day)
            dates = [r.times.date for r in kept[found.first - 1 : found.last] if r.passage_id]
            assert found.day in dates
    assert len(days) == len(set(days))


def test_a_clock_that_runs_on_closes_every_day_once(tmp_path: Path) -> None:
    steps: list[int | None] = [0, 24 * HOUR, 24 * HOUR, -24 * HOUR, 24 * HOUR, 24 * HOUR]
    with Ledger.open(tmp_path / "ledger.sqlite", SITE, LANE, key=KEY) as ledger:
        for record in records_of(steps):
            ledger.append(record)
        kept = list(ledger.records())
    days = [record.manifest.day for record in kept if record.manifest is not None]
    assert days == [20_251_124, 20_251_125, 20_251_126]
