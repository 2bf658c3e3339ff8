"""Golden journals: passages of every kind, kept as files, run again by every version of the core.

    python -m golden_rig check     prints a digest of all outputs and summaries
    python -m golden_rig update    runs today's core over the kept inputs and keeps its outputs
    python -m golden_rig record    drives the passages anew in the simulated yard

(with tests/support in PYTHONPATH; ``make golden`` updates).  Beside each set of journals stands a
summary in words, so that what an update changes can be reviewed line by line.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from controller.commands.replay import readable
from controller.core.images import InputImage, OutputImage
from controller.core.interlock import interlock
from controller.core.kinds import Phase
from controller.core.lane import step
from controller.core.passage import Lane
from controller.journal import KIND, SETTINGS_KIND, Journal
from controller.journalfile import Header, JournalWriter, Settings, write_settings
from controller.journalread import JournalFile, read_journal, read_settings
from controller.replay import differences
from hal.ports import PersonRequest
from protocol.media import Blob
from sim.run import simulate
from sim.world import Asked, Yard

GOLDEN = Path(__file__).parent.parent / "replay" / "golden"
SEED = 3
SOFTWARE = "golden"
MOVES = (
    (20.0, "ENTER_MANUAL", None),
    (25.0, "RAISE_BOOM", "yard"),
    (36.0, "LOWER_BOOM", "yard"),
    (36.4, "LOWER_BOOM", "yard"),
    (36.8, "LOWER_BOOM", "yard"),
    (50.0, "LEAVE_MANUAL", None),
)
RESTART_US = 32_000_000
END_US = 400_000_000


def scenario(name: str) -> Callable[[Path], list[Blob]]:
    """A passage of a scenario file, driven to its end."""

    def drive(folder: Path) -> list[Blob]:
        return _drive(Yard.from_scenario(name, seed=SEED), folder)

    return drive


def by_hand(folder: Path) -> list[Blob]:
    """A person raises and lowers the yard boom before a truck comes."""
    yard = Yard.from_scenario("legal", seed=SEED)
    asked = tuple(
        Asked(
            at_us=int(at_s * 1e6),
            request=PersonRequest(kind=kind, who="维修 李", why="boom tested", end=end),
        )
        for at_s, kind, end in MOVES
    )
    yard.options = replace(yard.options, requests=asked)
    return _drive(yard, folder)


def restarted(folder: Path) -> list[Blob]:
    """The controller ends while a truck is on the deck, and starts again."""
    yard = Yard.from_scenario("legal", seed=SEED)
    return _drive(yard, folder, until_us=RESTART_US) + _drive(yard, folder)


PASSAGES: dict[str, Callable[[Path], list[Blob]]] = {
    "released": scenario("legal"),
    "over_and_returned": scenario("overloaded_reweigh"),
    "held_and_released": scenario("unreadable_plate"),
    "tare_and_gross": scenario("tare_and_gross"),
    "degraded": scenario("cell_fails"),
    "by_hand": by_hand,
    "restarted": restarted,
}


def journals(name: str) -> Iterator[tuple[Path, JournalFile]]:
    """The journals of a golden passage, in order."""
    for path in sorted(GOLDEN.glob(f"{name}-*.journal")):
        yield path, read_journal(path.read_bytes())


def settings_of(name: str) -> Settings:
    return read_settings((GOLDEN / f"{name}.settings").read_bytes())


def record(name: str) -> None:
    """Drive a passage in the yard and keep the journals of its records, and that of its end."""
    _forget(name)
    with tempfile.TemporaryDirectory() as folder:
        kept = PASSAGES[name](Path(folder))
    for number, blob in enumerate((one for one in kept if one.kind == KIND), 1):
        _path(name, number).write_bytes(blob.data)
    shared = next(blob for blob in kept if blob.kind == SETTINGS_KIND)
    (GOLDEN / f"{name}.settings").write_bytes(shared.data)
    update(name)


def update(name: str) -> None:
    """Keep what today's core makes of the inputs, in place of what an earlier one did."""
    settings = settings_of(name)
    blob = Blob(kind=SETTINGS_KIND, data=write_settings(settings))
    (GOLDEN / f"{name}.settings").write_bytes(blob.data)
    kept = list(journals(name))
    lane: Lane | None = None
    scan = 0
    for path, journal in kept:
        writer = JournalWriter(Header(software=SOFTWARE, settings=blob.sha256))
        for entry in journal.entries():
            if lane is None or entry.inputs.scan != scan + 1:
                lane = entry.lane
            assert lane is not None
            before, scan = lane, entry.inputs.scan
            lane, out = stepped(lane, entry.inputs, settings)
            if entry.lane is None:
                writer.add(entry.inputs, out)
            else:
                writer.begin(before, entry.inputs, out)
        path.write_bytes(writer.close())
    (GOLDEN / f"{name}.txt").write_text(told(name), encoding="utf-8")


def stepped(lane: Lane, inputs: InputImage, settings: Settings) -> tuple[Lane, OutputImage]:
    after, wanted = step(lane, inputs, settings.lane)
    return after, interlock(inputs, wanted, settings.interlock)


def told(name: str, outputs: Callable[[bytes], object] = len) -> str:
    """A golden passage in words: each phase, and each output that changed, by its scan.

    ``outputs`` gets the bytes of every output image.
    """
    settings = settings_of(name)
    lines: list[str] = []
    for path, journal in journals(name):
        lines.append(f"{path.stem}")
        lane: Lane | None = None
        out = OutputImage()
        for entry in journal.entries():
            lane = entry.lane or lane
            assert lane is not None
            before, last = lane, out
            lane, out = stepped(lane, entry.inputs, settings)
            outputs(msgspec.msgpack.encode(out))
            lines += _lines(before, lane, last, out, entry.inputs)
    return "\n".join(lines) + "\n"


def _lines(
    before: Lane, lane: Lane, last: OutputImage, out: OutputImage, inputs: InputImage
) -> Iterator[str]:
    at = f"{inputs.scan:>6} {inputs.now_us / 1e6:9.2f} s"
    if (before.phase, before.since_us) != (lane.phase, lane.since_us):
        yield f"{at} {Phase(lane.phase).name}: {lane.outcome}"
    for one in differences(last, out):
        if one.path == "record" and out.record is not None:
            yield f"{at}   record"
            for name, value in msgspec.to_builtins(out.record).items():
                yield f"{'':>18}   {name} = {readable(value)}"
        else:
            yield f"{at}   {one.path} = {readable(one.today)}"


def digest() -> str:
    """SHA-256 over every output image and every summary of all golden passages."""
    total = hashlib.sha256()
    for name in PASSAGES:
        total.update(told(name, total.update).encode())
    return total.hexdigest()


def _path(name: str, number: int) -> Path:
    return GOLDEN / f"{name}-{number:02d}.journal"


def _forget(name: str) -> None:
    for path in GOLDEN.glob(f"{name}[-.]*"):
        path.unlink()


class Keeping:
    """A journal whose cuts are kept here too."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.kept: list[Blob] = []

    def cut(self) -> tuple[Blob, ...]:
        blobs = self._journal.cut()
        self.kept += blobs
        return blobs


def _drive(yard: Yard, folder: Path, until_us: int = END_US) -> list[Blob]:
    """Run a lane in this yard; every blob of its journal, in order."""
    # The yard is only wanted to record anew; what only replays does not build one.
    from day_rig import lane_in  # noqa: PLC0415

    yard.paint = False
    lane = lane_in(yard, folder)
    keeping = lane.bookkeeper._journal = Keeping(lane._journal)
    simulate(lane, yard, until_us=until_us)
    keeping.cut()
    lane.bookkeeper.close()
    return keeping.kept


def main(what: str, *names: str) -> None:
    if what == "check":
        print(digest())
        return
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name in names or PASSAGES:
        {"update": update, "record": record}[what](name)
        print(f"{name}: {sum(1 for _ in journals(name))} journals", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
