"""A session through a pty: log-in, editing, help, pages, live pictures, and all that goes wrong."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pty_rig import PASSWORD, Console, Tech, make_cheap

from controller.console import recorder as recorder_module
from controller.console import terminal as terminal_module
from controller.console.answer import Answer, CommandError
from controller.console.audit import Audit
from controller.console.context import Context, Screen
from controller.console.grammar import Argument, Command, Handler
from controller.console.keys import LINE_MAX
from controller.console.roles import Role
from controller.console.terminal import Mode, Stopped

NAMES = ("yard", "road")
Open = Callable[..., Console]


class Lane:
    """What the fake commands did, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.frames = 0
        self.released = 0

    def commands(self) -> list[Command]:
        def jog(ctx: Context, given: dict[str, str]) -> Answer:
            self.done.append(f"jog {given['gate']} {given.get('why', '')}".strip())
            return Answer(data={"gate": given["gate"]}, text=(f"jogged {given['gate']}",))

        def scale(_: Context, __: dict[str, str]) -> Answer:
            self.done.append("scale")
            return Answer(
                data={"kg": 1}, text=("gross 1 kg", "\x1b[2J\x07evil\u202e plate 晋A12345")
            )

        def long(_: Context, __: dict[str, str]) -> Answer:
            return Answer(text=tuple(f"row {n}" for n in range(100)))

        def live(_: Context, __: dict[str, str]) -> Answer:
            self.frames += 1
            return Answer(text=("lane picture", f"frame {self.frames}", "the end"))

        def flow(ctx: Context, __: dict[str, str]) -> Iterator[Answer]:
            number = 0
            try:
                while True:
                    yield Answer(text=(f"sample {number}",))
                    number += 1
                    ctx.pause(0.005)
            finally:
                self.released += 1

        def slow(ctx: Context, __: dict[str, str]) -> Answer:
            try:
                ctx.talk.tell("slow begins")
                ctx.pause(3_600)
                self.done.append("slow")
            finally:
                self.released += 1
            return Answer()

        def guide(ctx: Context, __: dict[str, str]) -> Answer:
            weight = ctx.talk.ask("weight on it, kg: ")
            self.done.append(f"span {weight}")
            return Answer(text=(f"span at {weight}",))

        def broken(_: Context, __: dict[str, str]) -> Answer:
            raise ZeroDivisionError("a defect")

        def refuse(_: Context, __: dict[str, str]) -> Answer:
            raise CommandError("the lane did not take it: \x1b]0;owned\x07 busy")

        gate = Argument(
            name="gate", help_en="which gate", help_zh="道闸", choices=lambda _: NAMES, only=True
        )
        why = Argument(name="why", help_en="the reason", help_zh="原因", optional=True, rest=True)

        def no_choices(_: Context) -> tuple[str, ...]:
            raise ZeroDivisionError("a defect")

        which = Argument(name="which", help_en="any", help_zh="任意", choices=no_choices)

        def made(words: str, run: Handler, **more: Any) -> Command:
            return Command(
                words=words, help_en=f"{words} it", help_zh=f"{words} 命令", run=run, **more
            )

        return [
            made("jog", jog, role=Role.MAINTAINER, arguments=(gate, why)),
            made("show scale", scale),
            made("show long", long),
            made("show lane", live, live_s=0.01),
            made("monitor", flow),
            made("slow", slow),
            made("guide", guide),
            made("broken", broken),
            made("refuse", refuse),
            made("pick", refuse, arguments=(which,)),
        ]


@pytest.fixture
def lane() -> Lane:
    return Lane()


@pytest.fixture
def opened(
    tmp_path: Path, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Console]]:
    make_cheap(monkeypatch)
    consoles: list[Console] = []

    def open_(**more: object) -> Console:
        consoles.append(Console(tmp_path, lane.commands(), **more))  # type: ignore[arg-type]
        return consoles[-1]

    yield open_
    for one in consoles:
        one.close()


def audited(folder: Path) -> list[tuple[str, str]]:
    return [(one.who, one.what) for one in Audit(folder / "console").tail()]


def test_a_prompt_shows_a_candidate_and_that_the_session_is_armed(
    opened: Open, tmp_path: Path
) -> None:
    console = opened()
    tech = console.login()
    tech.until("lane AWAY admin>")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "candidate.toml").write_text("")
    console.armed.arm(3_600)
    # It comes by itself, at a prompt that is only looked at.
    tech.until("lane AWAY admin ARMED 35", "s*>")


def test_nothing_of_the_machine_is_told_before_log_in(opened: Open) -> None:
    console = opened()
    shown = console.tech.until("login:")
    assert "authorised" in shown
    for told in ("teelyard", "0.1", "SIM", "AWAY", "li.wei"):
        assert told not in shown
    console.login()
    console.tech.until("lane AWAY admin>")


def test_a_password_is_never_shown_and_a_wrong_one_does_nothing(
    opened: Open, tmp_path: Path
) -> None:
    console = opened()
    tech = console.tech
    tech.until("login:")
    tech.enter("li.wei")
    tech.until("password:")
    tech.enter("not the right one")
    tech.until("log-in failed")
    console.login()
    assert PASSWORD.encode() not in tech.raw
    assert b"not the right one" not in tech.raw
    assert audited(tmp_path) == [("li.wei", "failed"), ("li.wei", "login")]


def test_three_tries_end_a_log_in_and_the_line_waits(opened: Open, tmp_path: Path) -> None:
    console = opened()
    for _ in range(3):
        console.tech.until(lambda text: text.rstrip().endswith("login:"))
        console.tech.enter("li.wei")
        console.tech.until(lambda text: text.rstrip().endswith("password:"))
        console.tech.enter("wrong words 1")
    assert console.over() == "nobody logged in"
    again = opened()
    again.tech.until("login:")
    again.tech.enter("li.wei")
    again.tech.until("password:")
    again.tech.enter(PASSWORD)
    again.tech.until("too many failures: wait")
    assert audited(tmp_path)[-1] == ("li.wei", "locked-out")


def test_the_first_boot_makes_an_administrator_at_the_machine(opened: Open, tmp_path: Path) -> None:
    console = opened(role=None, owner=True)
    tech = console.tech
    tech.until("There is no account yet", "name:")
    tech.enter("zhang")
    tech.until("new password:")
    tech.enter("short")
    tech.until("too short")
    tech.until(lambda text: text.rstrip().endswith("name:"))
    tech.enter("zhang")
    tech.until(lambda text: text.count("new password:") == 2)
    tech.enter(PASSWORD)
    tech.until("again:")
    tech.enter(PASSWORD)
    tech.until("admin>")
    assert audited(tmp_path) == [("zhang", "setup"), ("zhang", "login")]


def test_the_first_boot_on_a_line_needs_the_code_from_the_machine(opened: Open) -> None:
    console = opened(role=None)
    tech = console.tech
    tech.until("--setup", "login:")
    code = console.door.setup.issue()
    tech.enter("setup")
    tech.until("set-up code:")
    tech.enter(code)
    tech.until("name:")
    tech.enter("zhang")
    tech.until("new password:")
    tech.enter(PASSWORD)
    tech.until("again:")
    tech.enter(PASSWORD)
    tech.until("admin>")
    assert code.encode() not in tech.raw


def test_a_first_password_has_to_be_changed(opened: Open, lane: Lane) -> None:
    console = opened()
    console.door.accounts.add("zhang", Role.MAINTAINER, PASSWORD, by="li.wei")
    tech = console.tech
    tech.until("login:")
    tech.enter("zhang")
    tech.until("password:")
    tech.enter(PASSWORD)
    tech.until("new password:")
    tech.enter(PASSWORD)
    tech.until("again:")
    tech.enter(PASSWORD)
    tech.until("choose another", lambda text: text.count("new password:") == 2)
    tech.enter("battery staple 19")
    tech.until(lambda text: text.count("again:") == 2)
    tech.enter("battery staple 19")
    tech.until("maintainer>")
    assert not console.door.accounts.people().accounts[1].fresh
    assert lane.done == []


def test_words_are_completed_and_cut_short(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.type("jo\t")
    tech.until("> jog")
    tech.type("y\t")
    tech.until("> jog yard")
    tech.enter("because it sticks")
    tech.until("jogged yard")
    tech.prompt()
    tech.enter("sh sc")
    tech.until("gross 1 kg")
    assert lane.done == ["jog yard because it sticks", "scale"]


def test_several_ways_to_go_on_are_listed(opened: Open) -> None:
    tech = opened().login()
    tech.type("show \t\t")
    tech.until(lambda text: "lane" in text.split("show ")[-1] and "scale" in text)


def test_a_question_mark_helps_at_every_point(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.type("?")
    tech.until("monitor it", "account")
    tech.type("show ?")
    tech.until("scale", "show scale it")
    tech.until(lambda text: text.rstrip().endswith("> show"))
    tech.type("\x03")
    tech.type("jog ?")
    tech.until("which gate")
    tech.type("\x03")
    tech.type('jog yard "is it stuck?"\r')
    tech.until("jogged yard")
    assert lane.done == ["jog yard is it stuck?"]


def test_lines_are_edited_and_remembered(opened: Open, lane: Lane, tmp_path: Path) -> None:
    console = opened()
    tech = console.login()
    tech.type("jog roXd\x1b[D\x1b[D\x1b[3~\x1b[F")
    tech.until("> jog rod")
    tech.type("\x7f\x7f")
    tech.enter("oad")
    tech.until("jogged road")
    tech.prompt()
    tech.type("\x1b[A")
    tech.until(lambda text: text.rstrip().endswith("> jog road"))
    tech.enter("")
    tech.until(lambda text: text.count("jogged road") == 2)
    tech.prompt()
    tech.enter("exit")
    assert console.over() == "logout"
    kept = tmp_path / "console" / "history" / "li.wei"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in kept.read_text()
    again = opened().login()
    again.type("\x1b[A\x1b[A")
    again.until(lambda text: text.rstrip().endswith("> jog road"))
    assert lane.done == ["jog road", "jog road"]


def test_ctrl_c_drops_a_line_and_ctrl_d_logs_out(opened: Open, lane: Lane, tmp_path: Path) -> None:
    console = opened()
    tech = console.login()
    tech.type("jog yard\x03")
    tech.prompt()
    tech.type("\x04")
    assert console.over() == "logout"
    assert lane.done == []
    assert audited(tmp_path)[-1] == ("li.wei", "logout")


def test_a_long_answer_comes_in_pages(opened: Open) -> None:
    tech = opened().login()
    tech.enter("show long")
    tech.until("row 22", "--more--")
    assert "row 23" not in tech.text()
    tech.type("\r")
    tech.until("row 23", "--more--")
    tech.type(" ")
    tech.until("row 46", "--more--")
    assert "row 47" not in tech.text()
    tech.type("q")
    assert "row 47" not in tech.prompt()


def test_what_is_typed_ahead_goes_where_it_belongs(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.type("show long\rqguide\r2000\rjog yard\r")
    tech.until("jogged yard")
    assert lane.done == ["span 2000", "jog yard"]


def test_a_terminal_that_is_gone_ends_each_wait(opened: Open) -> None:
    terminal = opened().terminal
    terminal.end("hang-up")
    for mode in (Mode.RUN, Mode.STREAM):
        with terminal.doing(mode), pytest.raises(Stopped):
            terminal.pause(3_600)
    assert terminal.key() is None


def test_a_page_and_a_prompt_fit_other_screens(opened: Open) -> None:
    tech = opened(tech=Tech(132, 10), screen=Screen(width=132, height=10)).login()
    tech.enter("show long")
    tech.until("row 8", "--more--")
    assert "row 9" not in tech.text()
    tech.type("\x03")
    tech.prompt()
    tech.enter("terminal height 24")
    tech.until("132 x 24")


def test_a_live_picture_is_redrawn_in_its_place_until_a_key(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    before = len(tech.raw)
    tech.enter("show lane")
    tech.until(lambda _: lane.frames > 20)
    tech.type("x")
    shown = tech.prompt()
    assert shown.count("lane picture") == 1
    assert shown.count("frame ") == 1
    # What stays the same is sent once.
    assert tech.raw[before:].count(b"lane picture") == 1
    tech.enter("show scale")
    tech.until("gross 1 kg")


def test_a_stream_ends_with_any_key_and_is_tidied_up(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.enter("monitor")
    tech.until("sample 3")
    tech.type(" ")
    tech.prompt()
    assert lane.released == 1
    tech.enter("show scale")
    tech.until("gross 1 kg")


def test_ctrl_c_stops_a_command_and_the_session_goes_on(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.enter("slow")
    tech.until("slow begins")
    tech.type("\x03")
    tech.until("stopped")
    tech.prompt()
    assert (lane.done, lane.released) == ([], 1)
    tech.enter("show scale")
    tech.until("gross 1 kg")


def test_a_dialogue_asks_and_can_be_given_up(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.enter("guide")
    tech.until("weight on it, kg:")
    tech.enter("2000")
    tech.until("span at 2000")
    tech.prompt()
    tech.enter("guide")
    tech.until(lambda text: text.count("weight on it, kg:") == 2)
    tech.type("\x03")
    tech.until("given up")
    tech.prompt()
    assert lane.done == ["span 2000"]


def test_no_error_leaves_a_session(opened: Open, lane: Lane) -> None:
    tech = opened().login()
    tech.enter("broken")
    tech.until("ZeroDivisionError", "console.log. The lane")
    tech.prompt()
    tech.type("pick \t?")
    tech.until(lambda text: text.count("ZeroDivisionError") == 2)
    tech.type("\x03")
    tech.prompt()
    tech.enter("no such thing")
    tech.until("% no command")
    tech.prompt()
    tech.enter("show scale")
    tech.until("gross 1 kg")


def test_nothing_that_a_device_says_steers_the_terminal(opened: Open) -> None:
    tech = opened().login()
    before = len(tech.raw)
    tech.enter("show scale")
    tech.until("evil", "晋A12345")
    tech.prompt()
    tech.enter("refuse")
    tech.until("owned")
    sent = tech.raw[before:]
    for evil in (b"\x1b[2J", b"\x07", "\u202e".encode(), b"\x1b]"):
        assert evil not in sent


def test_a_viewer_cannot_and_that_is_noted(opened: Open, lane: Lane, tmp_path: Path) -> None:
    console = opened()
    console.door.accounts.add("zhang", Role.VIEWER, PASSWORD, by="li.wei", fresh=False)
    tech = console.login("zhang")
    for line in ("jog yard", "account add eve admin", "record start x", "account list"):
        before = len(tech.raw)
        tech.enter(line)
        tech.until_raw(b"needs the role", before)
        tech.prompt()
    assert lane.done == []
    assert audited(tmp_path).count(("zhang", "denied")) == 4


def test_an_account_that_is_locked_elsewhere_does_nothing_more(opened: Open, lane: Lane) -> None:
    console = opened()
    console.door.accounts.add("zhang", Role.ADMIN, PASSWORD, by="li.wei", fresh=False)
    tech = console.login("zhang")
    console.door.accounts.set_role("zhang", Role.VIEWER)
    tech.enter("jog yard")
    tech.until("needs the role maintainer")
    console.door.accounts.set_locked("zhang", True)
    tech.enter("show scale")
    assert console.over() == "locked"
    assert lane.done == []


def test_accounts_are_managed_by_an_administrator_who_shows_who_it_is(
    opened: Open, tmp_path: Path
) -> None:
    console = opened()
    tech = console.login()
    tech.enter("account add zhang operator")
    tech.until("your own password:")
    tech.enter("wrong words 1")
    tech.until("log-in failed")
    tech.enter("account add zhang operator")
    tech.until(lambda text: text.count("your own password:") == 2)
    tech.enter(PASSWORD)
    tech.until("new password:")
    tech.enter("battery staple 19")
    tech.until("again:")
    tech.enter("battery staple 19")
    tech.until("account add zhang operator: done")
    tech.prompt()
    for line in ("account role zhang viewer", "account lock zhang", "account remove li.wei"):
        tech.enter(line)
        tech.prompt()
    tech.until("last administrator")
    tech.enter("account list")
    tech.until("zhang                viewer      locked")
    assert audited(tmp_path).count(("li.wei", "account")) == 3
    assert b"battery staple 19" not in tech.raw


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


def test_a_session_without_keys_ends(opened: Open) -> None:
    console = opened()
    console.login()
    console.terminal.idle_s = 0.05
    assert console.over() == "idle"


def test_a_running_picture_keeps_nobody_logged_in(opened: Open) -> None:
    console = opened()
    tech = console.login()
    tech.enter("show lane")
    tech.until("lane picture")
    console.terminal.idle_s = 0.05
    assert console.over() == "idle"


def test_a_terminal_without_unicode_gets_ascii_alone(opened: Open, lane: Lane) -> None:
    tech = opened(screen=Screen(unicode=False)).login()
    tech.enter("show scale")
    tech.until("plate ?A12345")
    tech.prompt()
    tech.enter("terminal language zh")
    tech.until("shows no Chinese")
    assert all(byte < 0x80 for byte in tech.raw)


def test_chinese_is_spoken_and_measured(opened: Open) -> None:
    tech = opened().login()
    tech.enter("terminal language zh")
    tech.until("zh")
    tech.type("?")
    tech.until("修改自己的密码")
    tech.enter("slow")
    tech.until("slow begins")
    tech.type("\x03")
    tech.until("已停止")


def test_colour_is_used_where_there_is_some_and_never_needed(opened: Open) -> None:
    console = opened()
    tech = console.login()
    tech.enter("refuse")
    tech.until("% the lane did not take it")
    assert b"\x1b[31m" not in tech.raw
    tech.prompt()
    tech.enter("terminal colour on")
    tech.until(", colour,")
    tech.prompt()
    tech.enter("refuse")
    tech.until_raw(b"\x1b[31m% the lane")


def test_no_sequence_beyond_a_vt100_s_is_needed(opened: Open) -> None:
    tech = opened().login()
    tech.type("show \t\t\x03")
    tech.enter("show long")
    tech.until("--more--")
    tech.type("q")
    tech.prompt()
    for asked in (b"\x1b[6n", b"\x1b[?1049h", b"\x1b[38;", b"\x1b[48;", b"\x1b]"):
        assert asked not in tech.raw


def test_a_recording_shows_the_session_and_no_secret(opened: Open, tmp_path: Path) -> None:
    tech = opened().login()
    tech.enter("record start ../../etc/x")
    tech.until("no folder")
    tech.prompt()
    tech.enter("record start help1")
    tech.until("recording what is shown")
    tech.prompt()
    tech.enter("show scale")
    tech.until("gross 1 kg")
    tech.prompt()
    tech.enter("passwd")
    tech.until("your own password:")
    tech.enter(PASSWORD)
    tech.until("new password:")
    tech.type("\x03")
    tech.until("given up")
    tech.prompt()
    tech.enter("record stop")
    tech.until("help1.cast")
    path = tmp_path / "console" / "recordings" / "help1.cast"
    assert path.stat().st_mode & 0o777 == 0o600
    header, *events = (json.loads(line) for line in path.read_text().splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
    shown = "".join(text for _, _, text in events)
    assert "gross 1 kg" in shown
    assert "****" not in shown
    assert PASSWORD not in path.read_text()
    assert {kind for _, kind, _ in events} == {"o"}
    assert [at for at, _, _ in events] == sorted(at for at, _, _ in events)
    tech.prompt()
    tech.enter("record start help1")
    tech.until("take another")


def test_a_recording_is_bounded(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "BYTES_MAX", 3_000)
    tech = opened().login()
    tech.enter("record start small")
    tech.prompt()
    for _ in range(5):
        tech.enter("show long")
        tech.until("--more--")
        tech.type("q")
        tech.prompt()
    assert (tmp_path / "console" / "recordings" / "small.cast").stat().st_size <= 3_000


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


@pytest.mark.parametrize("owner", [False, True])
def test_people_that_cannot_be_believed_let_nobody_in(
    opened: Open, tmp_path: Path, owner: bool
) -> None:
    first = opened()
    first.tech.until("login:")
    first.door.accounts.path.chmod(0o644)
    console = opened(role=None, owner=owner)
    console.tech.until("chmod go=" if owner else "nobody can log in now")
    assert console.over() == "nobody logged in"
    assert (str(tmp_path).encode() in console.tech.raw) is owner


def test_what_is_typed_ahead_of_a_log_in_is_no_command(opened: Open, lane: Lane) -> None:
    tech = opened().tech
    tech.until("login:")
    tech.type("jog yard\rjog road\rjog yard\rjog yard\r")
    tech.until(lambda text: "password:" in text or text.count("login:") > 1)
    assert lane.done == []


def test_os_pipes_are_given_back(opened: Open) -> None:
    held = len(os.listdir("/proc/self/fd"))
    console = opened()
    tech = console.login()
    tech.type("\x04")
    console.over()
    console.close()
    assert len(os.listdir("/proc/self/fd")) <= held
