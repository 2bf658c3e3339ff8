"""The console's end of the service socket: one question at a time, each with its answer."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from controller.console.messages import (
    SAMPLES_S_MAX,
    SOCKET_NAME,
    AskEvents,
    AskReload,
    AskRequest,
    AskSamples,
    AskSnap,
    AskState,
    Events,
    Question,
    Samples,
    Snap,
    State,
    Taken,
)
from hal.ports import PersonRequest

ANSWER_S_MAX = 5.0
ANSWER_BYTES_MAX = 16 * 1024 * 1024
PIXELS_BYTES_MAX = 64 * 1024 * 1024
_Answer = TypeVar("_Answer", State, Samples, Events, Snap)
# Made before any thread: msgspec crashes where two threads meet a type for the first time.
_ANSWERS = {kind: msgspec.json.Decoder(kind) for kind in (State, Samples, Events, Snap)}
_TAKEN = msgspec.json.Decoder(Taken)


class LaneAwayError(OSError):
    """The lane gave no answer; the words say where it was looked for and what to do."""


class LaneLink:
    """Asks the lane of a folder; connects when first asked, and again after a failure."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / SOCKET_NAME
        self._socket: socket.socket | None = None
        self._lines: BinaryIO | None = None

    def state(self) -> State:
        """How the lane is now."""
        return self._asked(AskState(), State)

    def samples(self, seconds: float = SAMPLES_S_MAX, after_us: int = 0) -> Samples:
        """Raw samples of the last seconds, those after a time alone."""
        return self._asked(AskSamples(seconds=seconds, after_us=after_us), Samples)

    def events(self, after: int = 0) -> Events:
        """What happened after an event's number."""
        return self._asked(AskEvents(after=after), Events)

    def request(self, request: PersonRequest) -> str:
        """Put a request before the lane; "" where it is taken, else why not."""
        return self._taken(AskRequest(request=request))

    def reload(self, site: str, revert_s: int = 0) -> str:
        """Have the lane take up a site file; "" where it will, else why not."""
        return self._taken(AskReload(site=site, revert_s=revert_s))

    def snap(self, camera: str) -> tuple[Snap, NDArray[np.uint8] | None]:
        """A picture, BGR uint8 (height, width, 3); None with an error in its place."""
        said = self._asked(AskSnap(camera=camera), Snap)
        if said.error:
            return said, None
        if said.size != said.width * said.height * 3 or said.size > PIXELS_BYTES_MAX:
            self.close()
            raise LaneAwayError(f"{self.path}: a picture of {said.size} bytes cannot be")
        data = self._read(said.size)
        pixels = np.frombuffer(data, dtype=np.uint8).reshape(said.height, said.width, 3)
        return said, pixels

    def close(self) -> None:
        """Let go of the socket."""
        for end in (self._lines, self._socket):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.close()
        self._socket = self._lines = None

    def _taken(self, question: Question) -> str:
        return _TAKEN.decode(self._line(question)).error

    def _asked(self, question: Question, kind: type[_Answer]) -> _Answer:
        line = self._line(question)
        try:
            return cast(_Answer, _ANSWERS[kind].decode(line))
        except msgspec.MsgspecError as error:
            with contextlib.suppress(msgspec.MsgspecError):
                told = _TAKEN.decode(line).error
                if told:
                    raise LaneAwayError(told) from error
            self.close()
            raise LaneAwayError(
                f"{self.path}: an answer of another version of the program ({error}); "
                "start lane and console from the same one"
            ) from error

    def _line(self, question: Question) -> bytes:
        """The line that answers; one that was cut off is no answer."""
        fresh = self._socket is None
        try:
            return self._exchanged(question)
        except (OSError, EOFError) as error:
            self.close()
            # A lane that was started anew meanwhile is asked again; a request is not put twice.
            if fresh or isinstance(question, AskRequest | AskReload):
                raise self._away(error) from error
        try:
            return self._exchanged(question)
        except (OSError, EOFError) as error:
            self.close()
            raise self._away(error) from error

    def _exchanged(self, question: Question) -> bytes:
        if self._socket is None:
            self._connect()
        if self._socket is None or self._lines is None:
            raise AssertionError("connected, or it raised")
        self._socket.sendall(msgspec.json.encode(question) + b"\n")
        line = self._lines.readline(ANSWER_BYTES_MAX)
        if not line.endswith(b"\n"):
            raise EOFError("the answer was cut off")
        return line

    def _read(self, size: int) -> bytes:
        if self._lines is None:
            raise AssertionError("a picture follows its answer")
        try:
            data = self._lines.read(size)
        except OSError as error:
            self.close()
            raise self._away(error) from error
        if len(data) != size:
            self.close()
            raise self._away(EOFError("the picture was cut off"))
        return data

    def _connect(self) -> None:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(ANSWER_S_MAX)
        try:
            made.connect(str(self.path))
        except OSError:
            made.close()
            raise
        self._socket, self._lines = made, made.makefile("rb")

    def _away(self, error: BaseException) -> LaneAwayError:
        if isinstance(error, PermissionError):
            what = "this user may not ask the lane; run the console as the controller's user"
        elif isinstance(error, TimeoutError):
            what = f"the lane gave no answer in {ANSWER_S_MAX:g} s; its log and its load may tell"
        elif isinstance(error, FileNotFoundError | ConnectionRefusedError):
            what = "no lane runs with this folder; start it: steelyard run SITE --out FOLDER"
        else:
            what = f"the lane went away ({error})"
        return LaneAwayError(f"{self.path}: {what}")
