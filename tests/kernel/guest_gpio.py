"""GPIO drivers on gpio-sim: libgpiod 2, and the RPi.GPIO interface through rpi-lgpio."""

from __future__ import annotations

from pathlib import Path

from guest_support import drivers, same, until

from hal.ports import BoomContacts, Contact, Drive, Signal

CONFIG = Path("/sys/kernel/config/gpio-sim/yard")
OPEN, CLOSE, OPEN_LIMIT, CLOSED_LIMIT = 10, 11, 12, 13
RED, GREEN = 20, 21
PULSES = 5
CLOSED_BOOM = BoomContacts(Contact.BLOCKED, Contact.CLEAR)
OPEN_BOOM = BoomContacts(Contact.CLEAR, Contact.BLOCKED)


class SimulatedChip:
    """A gpio-sim bank: contacts to ground are closed by pulling a line down.

    It has one pull for each line, which a driver that asks for a bias sets anew: contacts are
    closed after a driver was made.  A line that is let go falls to its pull, so outputs are pulled
    down as a relay board does.
    """

    def __init__(self, bank: str) -> None:
        folder = CONFIG / bank
        self.path = "/dev/" + (folder / "chip_name").read_text().strip()
        device = (CONFIG / "dev_name").read_text().strip()
        self._lines = Path(f"/sys/devices/platform/{device}") / self.path.removeprefix("/dev/")
        for line in (OPEN, CLOSE, RED, GREEN):
            self.contact(line, closed=True)

    def contact(self, line: int, *, closed: bool) -> None:
        pull = "pull-down" if closed else "pull-up"
        (self._lines / f"sim_gpio{line}" / "pull").write_text(pull)

    def level(self, line: int) -> int:
        return int((self._lines / f"sim_gpio{line}" / "value").read_text())


def a_gpio_chip_is_made_by_the_kernel() -> str:
    """Two banks; the first is labelled as a Raspberry Pi's."""
    for bank, lines, label in (("a", 54, "pinctrl-bcm2835"), ("b", 32, "yard")):
        (CONFIG / bank).mkdir(parents=True)
        (CONFIG / bank / "num_lines").write_text(str(lines))
        (CONFIG / bank / "label").write_text(label)
    named = CONFIG / "b" / "line3"
    named.mkdir()
    (named / "name").write_text("LOOP_IN")
    (CONFIG / "live").write_text("1")
    chips = [SimulatedChip("a").path, SimulatedChip("b").path]
    same(chips, ["/dev/gpiochip0", "/dev/gpiochip1"], "chips")
    return ", ".join(chips)


def gpiod_inputs_follow_their_contacts() -> str:
    chip = SimulatedChip("b")
    with drivers() as make:
        beam = make("gpio.input", chip=chip.path, line=2, kind="beam")
        loop = make("gpio.input", chip=chip.path, line="LOOP_IN", kind="loop")
        until(lambda: beam.read() is Contact.BLOCKED, "no current, as of a cut cable, blocks")
        chip.contact(2, closed=True)
        chip.contact(3, closed=True)
        until(lambda: beam.read() is Contact.CLEAR and loop.read() is Contact.CLEAR, "both clear")
        chip.contact(2, closed=False)
        until(lambda: beam.read() is Contact.BLOCKED, "a cut cable blocks the beam")
        same(loop.read(), Contact.CLEAR, "the loop beside it")
        same(beam.faults(), (), "faults")
    return "a beam by offset, a loop by name"


def gpiod_keeps_a_pulse_between_two_looks() -> str:
    chip = SimulatedChip("b")
    with drivers() as make:
        beam = make("gpio.input", chip=chip.path, line=2, kind="beam")
        chip.contact(2, closed=True)
        until(lambda: beam.read() is Contact.CLEAR, "clear")
        for _ in range(PULSES):
            chip.contact(2, closed=False)
            chip.contact(2, closed=True)
            until(lambda: beam.read() is Contact.BLOCKED, "the pulse is seen")
            until(lambda: beam.read() is Contact.CLEAR, "and is over")
    return f"{PULSES} pulses shorter than a look, by the kernel's edge events"


def gpiod_drives_a_boom() -> str:
    chip = SimulatedChip("b")
    return _boom(chip, "gpio", {"chip": chip.path}, "line")


def gpiod_lights_one_lamp() -> str:
    chip = SimulatedChip("b")
    return _lamps(chip, "gpio", {"chip": chip.path}, "line")


def gpiod_says_who_holds_a_line() -> str:
    chip = SimulatedChip("b")
    with drivers() as make:
        make("gpio.input", chip=chip.path, line=2)
        try:
            make("gpio.input", chip=chip.path, line=2)
        except OSError as error:
            same("in use" in str(error), True, str(error))
            return str(error)
    raise AssertionError("the same line was given twice")


def rpi_inputs_follow_their_contacts() -> str:
    chip = SimulatedChip("a")
    with drivers() as make:
        beam = make("rpi.input", pin=17, kind="beam")
        until(lambda: beam.read() is Contact.BLOCKED, "no current blocks")
        chip.contact(17, closed=True)
        until(lambda: beam.read() is Contact.CLEAR, "clear")
        chip.contact(17, closed=False)
        until(lambda: beam.read() is Contact.BLOCKED, "blocked")
        same(beam.faults(), (), "faults")
    return "a beam on BCM 17"


def rpi_drives_a_boom() -> str:
    return _boom(SimulatedChip("a"), "rpi", {}, "pin")


def rpi_lights_one_lamp() -> str:
    return _lamps(SimulatedChip("a"), "rpi", {}, "pin")


def _boom(chip: SimulatedChip, kind: str, where: dict[str, str], word: str) -> str:
    numbers = {"open": OPEN, "close": CLOSE}
    numbers |= {"open_limit": OPEN_LIMIT, "closed_limit": CLOSED_LIMIT}
    options = {f"{name}_{word}": number for name, number in numbers.items()}
    with drivers() as make:
        gate = make(f"{kind}.gate", mode="level", **where, **options)
        chip.contact(CLOSED_LIMIT, closed=True)
        until(lambda: gate.read() == CLOSED_BOOM, "it reads closed")
        same([chip.level(n) for n in (OPEN, CLOSE)], [0, 0], "relays at the start")

        def held(level: Drive, relays: list[int]) -> bool:
            gate.drive(level)
            return [chip.level(n) for n in (OPEN, CLOSE)] == relays

        until(lambda: held(Drive.RAISE, [1, 0]), "RAISE holds its relay")
        chip.contact(CLOSED_LIMIT, closed=False)
        chip.contact(OPEN_LIMIT, closed=True)
        until(lambda: held(Drive.HOLD, [0, 0]) and gate.read() == OPEN_BOOM, "it reads open")
        until(lambda: held(Drive.LOWER, [0, 1]), "LOWER holds its relay")
    same([chip.level(n) for n in (OPEN, CLOSE)], [0, 0], "relays after the end")
    return "up, down, both limits, relays off before and let go after"


def _lamps(chip: SimulatedChip, kind: str, where: dict[str, str], word: str) -> str:
    with drivers() as make:
        options = {f"red_{word}": RED, f"green_{word}": GREEN}
        signal = make(f"{kind}.signal", **where, **options)

        def shown(aspect: Signal, lamps: list[int]) -> bool:
            signal.show(aspect)
            return [chip.level(n) for n in (RED, GREEN)] == lamps

        until(lambda: shown(Signal.GREEN, [0, 1]), "green")
        until(lambda: shown(Signal.RED, [1, 0]), "red")
        until(lambda: shown(Signal.GREEN, [0, 1]), "green again")
    same(chip.level(GREEN), 0, "green when it is let go")
    return "red, green, red, green, let go at the end"


CHECKS = (
    a_gpio_chip_is_made_by_the_kernel,
    gpiod_inputs_follow_their_contacts,
    gpiod_keeps_a_pulse_between_two_looks,
    gpiod_drives_a_boom,
    gpiod_lights_one_lamp,
    gpiod_says_who_holds_a_line,
    rpi_inputs_follow_their_contacts,
    rpi_drives_a_boom,
    rpi_lights_one_lamp,
)
