"""What led to a programming error, on disk: enough to run the last scans again.

A bundle is the folder ``crash-NNNN``: ``crash.json`` (the error in words, the first cause, where
the lane stood), the settings, and the journal of the last record and of all scans since.  The
first bundle and the newest are kept: the first cause is the one that explains the others.
"""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import msgspec
from msgspec import Struct

from controller.core.faults import Fault
from controller.core.images import InputImage
from controller.core.passage import Lane
from controller.journal import KIND, Journal
from protocol.files import PART, Files

BUNDLE = "crash-"
CRASH_FILE = "crash.json"
FORMAT = 1
KEPT_MAX = 4
TEXT_MAX = 20_000
CAUSES_MAX = 16


class CrashError(ValueError):
    """A folder that is no evidence bundle, or one that cannot be read."""


class Cause(Struct, frozen=True):
    """One error of a chain."""

    type: str
    text: str


class Crash(Struct, frozen=True, kw_only=True):
    """``crash.json``: ``causes`` has the first cause first and the error itself last.

    ``in_core`` says that the pure part ended in it, so that the journal alone brings it back.
    ``fault`` is the catalogue's code for the fault that had stopped the lane before, 0 if none had.
    """

    format: int
    software: str
    in_core: bool
    causes: tuple[Cause, ...]
    traceback: str
    scan: int | None
    now_us: int | None
    phase: str
    passage_id: int
    fault: int
    journals: tuple[str, ...]
    settings: str


class BlackBox:
    """Writes bundles into ``folder``, and keeps no more than KEPT_MAX of them."""

    def __init__(self, folder: Path, journal: Journal, files: Files | None = None) -> None:
        self._folder = folder
        self._journal = journal
        self._files = files or Files()

    def keep(
        self, error: BaseException, lane: Lane, inputs: InputImage | None, *, in_core: bool
    ) -> str:
        """Write a bundle and return a sentence on it; never raises, for an error is under way."""
        try:
            path = self._keep(error, lane, inputs, in_core)
        except Exception as problem:
            return f"no evidence bundle of this could be written: {problem!r}"
        return f"evidence bundle: {path} (steelyard replay {path})"

    def _keep(
        self, error: BaseException, lane: Lane, inputs: InputImage | None, in_core: bool
    ) -> Path:
        journals = [blob for blob in self._journal.all() if blob.kind == KIND]
        names = tuple(f"{number}.{KIND}" for number in range(1, len(journals) + 1))
        settings = f"{self._journal.settings.kind}.{self._journal.settings.kind}"
        crash = Crash(
            format=FORMAT,
            software=self._journal.software,
            in_core=in_core,
            causes=_causes(error),
            traceback="".join(traceback.format_exception(error))[-TEXT_MAX:],
            scan=inputs.scan if inputs is not None else None,
            now_us=inputs.now_us if inputs is not None else None,
            phase=lane.phase.name,
            passage_id=lane.passage.id if lane.passage is not None else 0,
            fault=lane.cause if lane.cause in set(Fault) else 0,
            journals=names,
            settings=settings,
        )
        about = json.dumps(msgspec.to_builtins(crash), ensure_ascii=False, indent=1)
        contents = {CRASH_FILE: about.encode(), settings: self._journal.settings.data}
        contents |= {name: blob.data for name, blob in zip(names, journals, strict=True)}
        return self._write(contents)

    def _write(self, contents: dict[str, bytes]) -> Path:
        """Write under another name first, so that what has the name of a bundle is whole."""
        before = self._bundles()
        number = 1 + max((int(path.name.removeprefix(BUNDLE)) for path in before), default=0)
        target = self._folder / f"{BUNDLE}{number:04d}"
        part = target.with_name(target.name + PART)
        self._files.make_folder(part)
        for name, data in contents.items():
            self._files.write_new(part / name, data)
        self._files.sync_folder(part)
        self._files.replace(part, target)
        self._files.sync_folder(self._folder)
        for old in [*before[1:], target][: -(KEPT_MAX - 1)]:
            self._remove(old)
        return target

    def _bundles(self) -> list[Path]:
        found = self._folder.glob(f"{BUNDLE}[0-9][0-9][0-9][0-9]")
        return sorted(path for path in found if path.name.removeprefix(BUNDLE).isdecimal())

    def _remove(self, bundle: Path) -> None:
        for name in list(self._files.names(bundle)):
            self._files.unlink(bundle / name)
        bundle.rmdir()


def read_crash(folder: Path) -> Crash:
    """What a bundle says of itself.  Raises CrashError."""
    path = folder / CRASH_FILE
    try:
        crash = msgspec.json.decode(path.read_bytes(), type=Crash)
    except OSError as error:
        raise CrashError(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise CrashError(f"{path}: not the account of a crash: {error}") from error
    if crash.format > FORMAT:
        raise CrashError(
            f"{path}: of format {crash.format}, newer than {FORMAT}; use a newer program"
        )
    return crash


def _causes(error: BaseException) -> tuple[Cause, ...]:
    """The chain of an error, the first cause first."""
    chain: list[Cause] = []
    one: BaseException | None = error
    while one is not None and len(chain) < CAUSES_MAX:
        chain.append(cause_of(one))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return tuple(reversed(chain))


def cause_of(error: BaseException) -> Cause:
    """The type and the words of one error."""
    return Cause(type=type(error).__qualname__, text=str(error)[:TEXT_MAX])
