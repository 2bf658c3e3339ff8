"""Two processes at one ledger: one writes, any number read, and nobody harms anybody."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

from aftermath import missing
from ledger_rig import passage
from morning import LEDGER, Promise, Station, blobs_of

from protocol.ledger import Ledger

RECORDS = 60

SECOND = dedent("""
    import sys
    from pathlib import Path
    from morning import Station
    try:
        Station(Path(sys.argv[1]), None, [])
    except OSError as error:
        sys.exit(str(error))
""")

OTHER = dedent("""
    import sqlite3, sys
    db = sqlite3.connect(sys.argv[1])
    db.execute("SELECT count(*) FROM record").fetchone()
    db.close()
""")

READER = dedent("""
    import json, sys
    from pathlib import Path
    from protocol.ledger import Ledger
    path, stop = Path(sys.argv[1]), Path(sys.argv[2])
    looks, newest, wrong = 0, 0, []
    print("reading", flush=True)
    while True:
        last = stop.exists()
        with Ledger.open(path, read_only=True) as ledger:
            wrong += [str(finding) for finding in ledger.verify()]
            seqs = [row.seq for row in ledger.stored()]
        if seqs != list(range(1, len(seqs) + 1)) or len(seqs) < newest:
            wrong.append(f"saw {seqs} after {newest}")
        looks, newest = looks + 1, len(seqs)
        if last:
            break
    print(json.dumps({"looks": looks, "newest": newest, "wrong": wrong}))
""")


def process(code: str, *arguments: Path) -> subprocess.Popen[str]:
    command: Sequence[str] = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command,
        env={"PYTHONPATH": ":".join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_controller_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    promises: list[Promise] = []
    station = Station(tmp_path, None, promises)
    station.keep(passage(1), blobs_of(1))
    second = process(SECOND, tmp_path)
    _, refusal = second.communicate()
    assert second.returncode == 1
    assert "another process writes this ledger" in refusal
    assert "stop the other controller" in refusal
    station.keep(passage(2), blobs_of(2))
    assert station.ledger.verify() == []
    assert missing(station, promises) == []
    station.close()
    second = process(SECOND, tmp_path)
    assert second.communicate()[1] == ""
    assert second.returncode == 0


def test_a_look_from_the_writers_own_process_leaves_its_locks(tmp_path: Path) -> None:
    promises: list[Promise] = []
    station = Station(tmp_path, None, promises)
    station.keep(passage(1), blobs_of(1))
    with Ledger.open(tmp_path / LEDGER, read_only=True) as ledger:
        assert ledger.verify() == []
    # Any other program that opens and closes the file would take its WAL away without the locks.
    other = process(OTHER, tmp_path / LEDGER)
    assert other.communicate() == ("", "")
    station.keep(passage(2), blobs_of(2))
    reader = process(READER, tmp_path / LEDGER, tmp_path / "lane.key")
    seen, complaint = reader.communicate()
    assert complaint == ""
    assert json.loads(seen.splitlines()[-1])["newest"] == 2
    station.close()


def test_readers_see_a_sound_ledger_at_any_moment_of_the_writing(tmp_path: Path) -> None:
    promises: list[Promise] = []
    station = Station(tmp_path, None, promises)
    station.keep(passage(1), blobs_of(1))
    stop = tmp_path / "stop"
    readers = [process(READER, tmp_path / LEDGER, stop) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
    for number in range(2, RECORDS):
        station.keep(passage(number), blobs_of(number))
    assert missing(station, promises) == []
    station.close()
    stop.touch()
    for reader in readers:
        seen, complaint = reader.communicate()
        assert complaint == ""
        found = json.loads(seen)
        assert found["wrong"] == []
        assert found["looks"] > 1
        assert found["newest"] == len(promises)
