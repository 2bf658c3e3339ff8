"""What comes over a line that no person meant: pastes, noise, floods, cables drawn."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from shell_rig import Lane, Open, audited

from controller.console import terminal as terminal_module
from controller.console.keys import LINE_MAX
from controller.console.terminal import Mode, Stopped


def test_a_terminal_that_is_gone_ends_each_wait(opened: Open) -> None:
    terminal = opened().terminal
    terminal.end("hang-up")
    for mode in (Mode.RUN, Mode.STREAM):
        with terminal.doing(mode), pytest.raises(Stopped):
            terminal.pause(3_600)
    assert terminal.key() is None


def test_a_paste_of_lines_is_done_in_order_after_one_enter(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.type("\x1b[200~jog yard a\r\njog road b\njog nowhere\njog yard never\x1b[201~")
    tech.until("jog yard never")
    assert lane.done == []
    tech.type("\r")
    tech.until("the lines after that were not done")
    assert lane.done == ["jog yard a", "jog road b"]


def test_a_paste_of_ten_kilobytes_does_each_line_once(opened: Open, lane: Lane) -> None:
    lines = [f"jog yard line no {number:05d}" for number in range(450)]
    text = "\n".join(lines)
    assert len(text) > 10_000
    console = opened()
    tech = console.login()
    tech.type(f"\x1b[200~{text}\n\x1b[201~")
    tech.type("\r")
    tech.until(lambda _: len(lane.done) == 450)
    assert lane.done == lines


def test_ten_kilobytes_typed_at_once_lose_no_line(opened: Open, lane: Lane) -> None:
    lines = [f"jog road {'x' * 180} {number:02d}" for number in range(54)]
    tech = opened().login()
    tech.type("".join(line + "\r" for line in lines))
    tech.until(lambda _: len(lane.done) == len(lines))
    assert lane.done == lines


def test_a_megabyte_without_an_enter_is_thrown_away(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.type("jog yard " + "x" * 1_000_000)
    tech.type("\rjog road\r")
    tech.until(f"longer than {LINE_MAX} characters", "jogged road")
    assert lane.done == ["jog road"]


def test_half_a_letter_joins_the_next_read(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    for byte in "jog yard 卡住\r".encode():
        tech.type(bytes([byte]))
    tech.until("jogged yard")
    assert lane.done == ["jog yard 卡住"]


@pytest.mark.parametrize(
    "noise", [b"\xff", b"\xc3(", b"\x9b2J", b"\xc2\x9b2J", "\u202e".encode(), b"\xed\xa0\x80"]
)
def test_a_damaged_line_is_not_done(opened: Open, lane: Lane, noise: bytes) -> None:
    tech = opened().login()
    tech.type(b"jog yard a" + noise + b"b\r")
    tech.until("nothing was done")
    tech.prompt()
    tech.enter("jog road")
    tech.until("jogged road")
    assert lane.done == ["jog road"]


@pytest.mark.parametrize(
    "typed",
    [
        b"\x1b[31m",
        b"\x1b]0;title\x07",
        b"\x1bPq#0\x1b\\",
        b"\x1b[6n",
        b"\x1b[?1;2c",
        b"\x11\x13\x00",
    ],
)
def test_sequences_that_are_no_key_do_nothing(opened: Open, lane: Lane, typed: bytes) -> None:
    tech = opened().login()
    tech.type(b"jog " + typed + b"yard\r")
    tech.until("jogged yard")
    assert lane.done == ["jog yard"]


def test_a_paste_without_an_end_is_none(
    opened: Open, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal_module, "PASTE_S", 0.1)
    tech = opened().login()
    tech.type("\x1b[200~jog yard\r")
    tech.until("cut off")
    tech.enter("jog road")
    tech.until("jogged road")
    assert lane.done == ["jog road"]


def test_a_drawn_cable_ends_the_session_and_does_no_half_line(
    opened: Open, lane: Lane, tmp_path: Path
) -> None:
    console = opened()
    console.login()
    console.armed.arm(3_600)
    console.tech.type("jog yard")
    console.tech.until("> jog yard")
    console.tech.unplug()
    assert console.over() == "hang-up"
    assert lane.done == []
    assert console.armed.left_s == 0
    assert audited(tmp_path)[-1] == ("li.wei", "logout")


@pytest.mark.parametrize("line", ["slow", "monitor", "show lane", "guide", "show long", "passwd"])
def test_a_drawn_cable_ends_what_runs(opened: Open, lane: Lane, line: str, tmp_path: Path) -> None:
    console = opened()
    tech = console.login()
    tech.enter(line)
    tech.until(
        lambda text: any(
            word in text
            for word in ("slow begins", "sample 2", "the end", "weight on", "--more--", "your own")
        )
    )
    tech.unplug()
    assert console.over() == "hang-up"
    assert lane.done == []
    assert audited(tmp_path)[-1] == ("li.wei", "logout")


@pytest.mark.parametrize("seed", range(3))
def test_noise_does_nothing_and_the_session_goes_on(opened: Open, lane: Lane, seed: int) -> None:
    noise = random.Random(seed).randbytes(1_200).replace(b"\x04", b"")
    tech = opened().login()
    for at in range(0, len(noise), 400):
        tech.type(noise[at : at + 400])
    # Ends a sequence, a paste or a line that the noise has begun.
    tech.type(b"\x1b\\\x1b[201~\x03\x03")
    tech.screen.reset()
    tech.enter("jog yard now")
    tech.until("jogged yard")
    assert lane.done == ["jog yard now"]


def test_noise_at_the_log_in_is_no_attempt(opened: Open, tmp_path: Path) -> None:
    console = opened()
    console.tech.until("login:")
    console.tech.type(b"\xff\xfe\x80\x9b~~~\x1b[[[\r")
    console.tech.until(lambda text: text.count("login:") == 2)
    console.login()
    assert audited(tmp_path) == [("li.wei", "login")]


def test_what_is_typed_ahead_of_a_log_in_is_no_command(opened: Open, lane: Lane) -> None:
    tech = opened().tech
    tech.until("login:")
    tech.type("jog yard\rjog road\rjog yard\rjog yard\r")
    tech.until(lambda text: "password:" in text or text.count("login:") > 1)
    assert lane.done == []
