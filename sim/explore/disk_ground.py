"""Where the lives of one ride lie, a folder each, and what a death leaves to the next.

A process that dies leaves its folder as it lies.  A power cut leaves what was synced and any part
of the rest: then, and where the disk has trouble of its own, the lane stands on ``sim/disk``, which
needs apsw.  Every other ride goes without it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from hashlib import sha256
from pathlib import Path
from random import Random

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.bookkeeper import Key
from protocol.files import Files
from protocol.ledger import Ledger
from protocol.media import QUARANTINE, MediaStore, digest_of
from protocol.record import Record
from protocol.retention import Upkeep
from protocol.writer import Writer
from sim.disk.recorder import Recorder
from sim.disk.states import drawn
from sim.disk.volatile import WHOLE, Disk, Image, Name, Truncate, Write, apply, lay_out
from sim.explore.disk import Health, Refusals, RideFiles
from sim.explore.disk_writer import RideWriter, Told
from sim.explore.plan import Plan
from sim.units import ScenarioError
from sim.world import Yard

CHECKPOINT_PAGES = 24
"""A checkpoint every few records, not every thousand pages: a shift must see several."""


class Ground:
    """The folders of a ride whose disk is sound: each death leaves a copy of what lay there."""

    def __init__(self, base: Path, health: Health) -> None:
        self.health = health
        self.files: Files | None = None
        self.told = Told()
        self.writer: RideWriter | None = None
        self._base = base
        self._lives = 1
        self._struck = False

    @property
    def folder(self) -> Path:
        """The folder of this life."""
        return self._base / str(self._lives - 1)

    def begin(self) -> Path:
        """Make the folder of the next life ready, and return it."""
        self.writer = None
        return self.folder

    def hand(self, ledger: Ledger, media: MediaStore, upkeep: Upkeep) -> Writer[Key]:
        """The writer of this life."""
        self.writer = RideWriter(ledger, media, upkeep, health=self.health, told=self.told)
        return self.writer

    def strike(self, cut: bool) -> None:
        """The lane dies now, once: what it does to its folder from here on is of no account."""
        if not self._struck:
            self._struck = self.told.deaf = True
            self._leave(cut)

    def _leave(self, cut: bool) -> None:
        _copy(self.folder, self._base / str(self._lives))

    def aside(self) -> AbstractContextManager[None]:
        """Keep the disk's trouble from whoever is no part of the lane: the judge, the dead."""
        return nullcontext()

    def bury(self) -> None:
        """The dead one has closed its files; the next life may begin."""
        shutil.rmtree(self.folder)
        self._lives += 1
        self._struck = self.told.deaf = False

    def close(self) -> None:
        """The last life has ended."""


class RecordedGround(Ground):
    """The same on a disk that is recorded: it can lose what was not synced, and refuse.

    ``view`` is what a program sees of it, also where a sync that failed has dropped its bytes.
    """

    def __init__(self, base: Path, health: Health, dice: Random) -> None:
        super().__init__(base, health)
        self.files = self._files = RideFiles(health)
        self._recording = _recording()
        self._dice = dice
        self._disk = Disk()
        self._view = Image({}, {})
        self._recorder = Recorder(base)
        self._stack = ExitStack()

    def begin(self) -> Path:
        """Lay the folder out as the disk shows it, and record what is done to it."""
        folder = super().begin()
        lay_out(self._view, folder)
        if LEDGER_FILE in self._view.names:
            # Not recorded, for it has no bytes; its name is older than the ledger's own.
            (folder / f"{LEDGER_FILE}.lock").touch()
        recorder = self._recorder = Recorder(folder)
        recorder.begin_with(self._view)
        self._files.refusals = Refusals(self.health, recorder)
        self._stack.enter_context(self._recording(folder, recorder))
        return folder

    def hand(self, ledger: Ledger, media: MediaStore, upkeep: Upkeep) -> Writer[Key]:
        """The writer of this life."""
        ledger._db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self.writer = RideWriter(
            ledger, media, upkeep, health=self.health, told=self.told, marks=self._recorder.log
        )
        return self.writer

    def _leave(self, cut: bool) -> None:
        """What a kill leaves is all that the dead one did; a cut takes any part of the unsynced."""
        log = self._recorder.log
        span = self.writer.under_way if self.writer is not None else None
        done = log[: len(log) if span is None else self._dice.randint(*span)]
        for operation in done:
            self._disk.take(operation)
        if cut:
            _, self._view = drawn(self._disk, self._dice)
            self._disk = Disk(self._view)
        else:
            changes = (op for op in done if isinstance(op, Write | Truncate | Name))
            self._view = apply(self._view, ((change, WHOLE) for change in changes))

    def bury(self) -> None:
        """The dead one has closed its files; the next life may begin."""
        self._stack.close()
        super().bury()

    def aside(self) -> AbstractContextManager[None]:
        """See Ground."""
        refusals = self._files.refusals
        return nullcontext() if refusals is None else refusals.aside()

    def close(self) -> None:
        """The last life has ended."""
        self._stack.close()


def ground_of(plan: Plan, base: Path, yard: Yard) -> Ground:
    """Where the lives of this plan lie.  Raises ScenarioError where apsw is needed and missing."""
    troubles = plan.troubles()
    health = Health(troubles, lambda: yard.now_us)
    if troubles or any(kill.cut for kill in plan.kills()):
        return RecordedGround(base, health, yard.random("disk"))
    return Ground(base, health)


def damage(folder: Path, records: Sequence[Record]) -> Iterator[str]:
    """What no trouble of a plan can rightly bring about, since none of it alters what was synced.

    A death may leave a medium whose record never came to be; whole, it moves to the quarantine, and
    the same one after another death beside it, under a number.
    Whether all that records name is there is for ``verify_folder`` to say.
    """
    for record in records:
        if record.recovery is not None:
            yield f"seq {record.seq} records a recovery: {record.recovery.cause}"
    for path in sorted((folder / QUARANTINE).rglob("*")):
        name = path.stem if path.suffix[1:].isdecimal() else path.name
        if path.is_file() and digest_of(name) != sha256(path.read_bytes()).digest():
            yield f"{path.relative_to(folder)} is in quarantine"


def _recording() -> Callable[[Path, Recorder], AbstractContextManager[Recorder]]:
    try:
        from sim.disk.calls import recording  # noqa: PLC0415 - only here is apsw needed
    except ImportError as error:
        raise ScenarioError(
            "a power cut or trouble of the disk is run with apsw, which is not installed "
            f"({error}): pip install 'steelyard[explore]'"
        ) from error
    return recording


def _copy(before: Path, after: Path) -> None:
    """Copy a folder as it lies; media are never written twice, so their names suffice."""

    def copy(source: str, target: str) -> None:
        if Path(source).parent.name == MEDIA_FOLDER:
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    shutil.copytree(before, after, copy_function=copy)
