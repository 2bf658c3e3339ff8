"""The coprocessor: in each round listen, look, judge, drive, sample and tell."""

import json
import sys
import time
from binascii import crc32

import chip
import config as wiring
import machine
import memory as memories
import words
from contacts import Contacts
from framing import HEAD, Decoder
from lease import Lease
from link import Link
from moment import MASK, elapsed, later, now_ms, now_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Row, Uart

STATE_MS = 100
PARTS_MAX = 32
LEASE_MS = 1000


class Coprocessor:
    """``round`` is all that runs; ``parts`` is None until somebody has said what is wired."""

    def __init__(self, uart: "Uart", memory: memories.Memory) -> None:
        self.memory = memory
        self.link = Link(uart)
        self.lease = Lease(memory.starts, LEASE_MS)
        self.parts: chip.Parts | None = None
        self._config: Row | None = None
        self._crc = 0
        self._incoming: list[bytes] = []
        self._losses = 0
        self._number = 0
        self._late = 0
        self._due_us = 0
        self._told_ms = now_ms()
        self._round_max_ms = 0
        kept = memory.wiring()
        if kept is not None and self._refusal(kept):
            memory.keep(memories.BAD_WIRING, "the wiring kept on this chip is refused")
        elif kept is not None:
            self._wire(kept)
        self._tell_about()

    def round(self) -> None:
        """One round; STATE tells how long the longest has taken."""
        ms = now_ms()
        us = now_us()
        changed = 0
        self.link.listen()
        while self.link.take():
            self._hear(ms)
        parts = self.parts
        if parts is not None:
            changed = parts.contacts.look(ms, us)
            self._decide(parts, ms)
            self._sample(parts, us)
            if changed:
                self._tell_edges(parts.contacts, changed)
            changed |= parts.judge.changed
        if changed or elapsed(ms, self._told_ms) >= STATE_MS:
            self._tell_state(us)
            self._told_ms = ms
        took_ms = elapsed(now_ms(), ms)
        if took_ms > self._round_max_ms:
            self._round_max_ms = min(took_ms, 255)

    def make_safe(self) -> None:
        """Give the lease up, hold the booms, show red."""
        self.lease.lose()
        if self.parts is not None:
            self.parts.make_safe(now_ms())

    def _decide(self, parts: chip.Parts, now_ms: int) -> None:
        judge = parts.judge
        leased = self.lease.fresh(now_ms)
        if self.lease.losses != self._losses:
            self._losses = self.lease.losses
            judge.let_go()
        judge.judge(parts.contacts.states, leased, now_ms)
        for index in range(judge.number):
            parts.booms[index].drive(judge.level(index), now_ms)
        parts.lights.show(judge.lamps >> 4)

    def _sample(self, parts: chip.Parts, now_us: int) -> None:
        """Sample when it is due: at once where the chips are ready, else half a period later.

        A period that went by without a round costs its number, which the host sees as a gap.
        """
        behind_us = elapsed(now_us, self._due_us)
        if behind_us > MASK // 2:
            return
        cells = parts.cells
        if cells is not None:
            if not cells.ready() and behind_us < parts.period_us // 2:
                return
            cells.read()
        self._tell_sample(parts, now_us)
        self._due_us = later(self._due_us, parts.period_us)
        self._number = (self._number + 1) & 0xFFFF
        while behind_us >= parts.period_us:
            behind_us -= parts.period_us
            self._due_us = later(self._due_us, parts.period_us)
            self._number = (self._number + 1) & 0xFFFF
            self._late = (self._late + 1) & 0xFFFF

    def _tell_sample(self, parts: chip.Parts, now_us: int) -> None:
        link = self.link
        body = link.out.body
        cells = parts.cells
        number = 0 if cells is None else cells.number
        flags = 0
        at = HEAD + 13
        if cells is not None:
            for index in range(number):
                flags |= cells.flags[index] << (2 * index)
                count = cells.counts[index]
                body[at] = count & 0xFF
                body[at + 1] = count >> 8 & 0xFF
                body[at + 2] = count >> 16 & 0xFF
                at += 3
        link.put("<H", 0, self._number)
        link.put("<I", 2, now_us)
        link.put("<I", 6, parts.contacts.packed)
        link.put("<H", 10, flags)
        link.put("<B", 12, number)
        link.send(words.SAMPLE, 13 + 3 * number)

    def _tell_edges(self, contacts: Contacts, changed: int) -> None:
        for index in range(contacts.number):
            if changed >> index & 1:
                self.link.put("<I", 0, contacts.edges_us[index])
                self.link.put("<B", 4, index)
                self.link.put("<B", 5, contacts.states[index])
                self.link.send(words.EDGE, 6)

    def _tell_state(self, now_us: int) -> None:
        # A bound method kept in a variable would be an object anew each time.
        link = self.link
        link.put("<I", 0, now_us)
        link.put("<H", 4, self.lease.epoch)
        link.put("<B", 6, 1 if self.lease.held else 0)
        judge = None if self.parts is None else self.parts.judge
        for index in range(2):
            wanted = 0
            verdict = 0
            if judge is not None and index < judge.number:
                wanted = judge.wanted[index]
                verdict = judge.booms[index]
            link.put("<B", 7 + index, wanted)
            link.put("<B", 9 + index, verdict)
        link.put("<B", 11, 0 if judge is None else judge.lamps)
        link.put("<I", 12, 0 if self.parts is None else self.parts.contacts.packed)
        link.put("<H", 16, link.frame.corrupt)
        link.put("<H", 18, link.frame.missed)
        link.put("<H", 20, self._late)
        link.put("<B", 22, self.lease.losses)
        link.put("<B", 23, self._round_max_ms)
        self._round_max_ms = 0
        link.send(words.STATE, 24)

    def _hear(self, now_ms: int) -> None:
        frame = self.link.frame
        kind = frame.kind
        if kind == words.LEVELS:
            if frame.length == 5 and self.parts is not None:
                self._take_levels(self.parts, frame.body, now_ms)
        elif kind == words.HELLO:
            frame.corrupt = 0
            frame.missed = 0
            self._tell_about()
        elif kind == words.DESCRIBE:
            if frame.length == 1:
                self._tell_dictionary(frame.body[HEAD])
        elif kind == words.CONFIG:
            self._take_config(frame)
        elif kind == words.FORGET:
            self.memory.forget()
            self._tell_about()

    def _take_levels(self, parts: chip.Parts, body: bytearray, now_ms: int) -> None:
        judge = parts.judge
        if not self.lease.renew(body[HEAD] | body[HEAD + 1] << 8, now_ms):
            return
        for index in range(judge.number):
            judge.wanted[index] = body[HEAD + 2 + index]
        judge.greens = body[HEAD + 4]

    def _tell_about(self) -> None:
        memory = self.memory
        head = bytearray(24)
        head[0] = words.PROTOCOL
        head[1:4] = bytes(words.VERSION)
        head[4] = 0 if self.parts is None else 1
        head[5] = machine.reset_cause() & 0xFF
        head[6:8] = memory.starts.to_bytes(2, "little")
        head[8] = memory.cause
        head[9] = memory.more
        head[10:14] = self._crc.to_bytes(4, "little")
        unique = machine.unique_id()[:8]
        head[14 : 14 + len(unique)] = unique
        self.link.send_text(words.ABOUT, head[:22], memory.text)

    def _tell_dictionary(self, line: int) -> None:
        told = words.lines(self._config)
        if line < len(told):
            self.link.send_text(words.DICTIONARY, (line, len(told)), told[line])

    def _take_config(self, frame: Decoder) -> None:
        """Gather the parts in order; a part out of order begins anew."""
        if frame.length < 2:
            return
        part, parts = frame.body[HEAD], frame.body[HEAD + 1]
        if part == 0:
            self._incoming = []
        if part != len(self._incoming) or not 0 < parts <= PARTS_MAX:
            self._incoming = []
            return
        self._incoming.append(bytes(frame.body[HEAD + 2 : HEAD + frame.length]))
        if len(self._incoming) < parts:
            return
        data = b"".join(self._incoming)
        self._incoming = []
        self._configure(data)

    def _configure(self, data: bytes) -> None:
        """Take a configuration: as it stands, at once on a bare chip, else by a restart."""
        try:
            text = data.decode()
        except UnicodeError:
            text = ""
        refused = self._refusal(text)
        if refused:
            self._answer(words.REFUSED, refused)
        elif self.parts is None:
            self.memory.keep_wiring(text)
            self._wire(text)
            self._answer(words.TAKEN, "")
        elif crc32(data) == self._crc:
            self._answer(words.TAKEN, "")
        else:
            self.make_safe()
            self.memory.keep_wiring(text)
            self._answer(words.RESTARTING, "")
            time.sleep_ms(50)
            machine.reset()

    def _refusal(self, text: str) -> str:
        if len(text) > wiring.TEXT_MAX:
            return "longer than %d characters" % wiring.TEXT_MAX
        try:
            return "; ".join(wiring.problems(json.loads(text)))
        except ValueError:
            return "the configuration is no JSON"

    def _wire(self, text: str) -> None:
        config = json.loads(text)
        self._config = config
        self._crc = crc32(text.encode())
        self.lease.limit_ms = config["lease_ms"]
        self.parts = chip.Parts(config)
        self._due_us = now_us()

    def _answer(self, answer: int, text: str) -> None:
        self.link.send_text(words.ANSWER, (answer,), text)


def main(folder: str = "") -> None:
    """Run for ever.  An error is kept as first cause, outputs go safe, and the chip starts anew.

    Ctrl-C on the USB console ends it with safe outputs and a watchdog that is fed, so that new
    firmware can be copied.
    """
    memory = memories.Memory(folder)
    if machine.reset_cause() == machine.WDT_RESET:
        memory.keep(memories.WATCHDOG, "the main loop stood still")
    watchdog = machine.WDT(timeout=chip.WATCHDOG_MS)
    # A stream takes how much of a buffer to write; the stubs know only the buffer.
    coprocessor = Coprocessor(chip.open_uart(), memory)  # type: ignore[arg-type]
    try:
        while True:
            coprocessor.round()
            watchdog.feed()
            machine.idle()
    except KeyboardInterrupt:
        coprocessor.make_safe()
        machine.Timer(-1, period=chip.WATCHDOG_MS // 4, callback=lambda _: watchdog.feed())
    except Exception as error:
        coprocessor.make_safe()
        sys.print_exception(error)
        memory.keep(memories.EXCEPTION, repr(error))
        machine.reset()
