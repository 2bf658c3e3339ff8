"""The terminal's thread while a command runs."""

from __future__ import annotations

import os

from console_rig import until

from controller.console.terminal import Mode, Terminal


def test_each_ctrl_c_breaks_a_command_off_anew_and_other_keys_do_not() -> None:
    near, far = os.pipe()
    broken: list[int] = []
    terminal = Terminal(near, os.open(os.devnull, os.O_WRONLY), on_break=lambda: broken.append(1))
    with terminal.doing(Mode.RUN):
        os.write(far, b"\x03x")
        until(lambda: len(broken) == 1)
        os.write(far, b"\x03")
        until(lambda: len(broken) == 2)
    assert [key.data for key in terminal.taken()] == []
    os.write(far, b"\x03")
    until(terminal.taken)
    assert len(broken) == 2
    terminal.close()
    os.close(far)
    os.close(near)
