"""What the chip remembers over a reset: its starts, the first cause of trouble, its wiring.

The first cause is kept until the host has read it and says so; later ones only count.  Each file
is written beside the old one and then takes its name, so a power cut leaves one of the two whole.
"""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Json

NONE, EXCEPTION, WATCHDOG, BAD_WIRING = 0, 1, 2, 3
TEXT_MAX = 120
STARTS_MAX = 0xFFFF
_MEMORY = "memory.json"
_WIRING = "wiring.json"


class Memory:
    """Counts a start as it is made; ``damaged`` says that the flash cannot be written."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.damaged = False
        kept = _read(folder + _MEMORY)
        sound = isinstance(kept, dict)
        self.starts = 1
        self.cause = NONE
        self.text = ""
        self.more = 0
        if sound:
            self.starts = _int(kept.get("starts")) % STARTS_MAX + 1
            self.cause = _int(kept.get("cause"))
            self.text = str(kept.get("text", ""))[:TEXT_MAX]
            self.more = _int(kept.get("more"))
        self._write()

    def keep(self, cause: int, text: str) -> None:
        """Remember a cause of trouble; the first one stays."""
        if self.cause == NONE:
            self.cause = cause
            self.text = text[:TEXT_MAX]
        else:
            self.more = min(self.more + 1, 255)
        self._write()

    def forget(self) -> None:
        """The host has read it."""
        if self.cause != NONE:
            self.cause = NONE
            self.text = ""
            self.more = 0
            self._write()

    def wiring(self) -> str | None:
        """The configuration as last taken, as text; None where there is none."""
        kept = _read(self._folder + _WIRING)
        return kept if isinstance(kept, str) else None

    def keep_wiring(self, text: str) -> None:
        """Keep the configuration for the next start."""
        _write(self._folder + _WIRING, text)

    def _write(self) -> None:
        """A flash that cannot be written costs the memory, not the lane."""
        kept = {"starts": self.starts, "cause": self.cause, "text": self.text, "more": self.more}
        try:
            _write(self._folder + _MEMORY, kept)
        except OSError:
            self.damaged = True


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _read(path: str) -> "Json":
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def _write(path: str, value: "Json") -> None:
    with open(path + ".new", "w") as file:
        json.dump(value, file)
    os.rename(path + ".new", path)
