"""A session through a pty: editing, help, pages, live pictures, recordings, screens."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pty_rig import PASSWORD, Tech
from shell_rig import Lane, Open, audited

from controller.console import recorder as recorder_module
from controller.console.context import Screen


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


def test_os_pipes_are_given_back(opened: Open) -> None:
    held = len(os.listdir("/proc/self/fd"))
    console = opened()
    tech = console.login()
    tech.type("\x04")
    console.over()
    console.close()
    assert len(os.listdir("/proc/self/fd")) <= held
