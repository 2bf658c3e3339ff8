"""Sessions and who they are: log-in, first boot, roles, locks, idle time."""

from __future__ import annotations

from pathlib import Path

import pytest
from pty_rig import PASSWORD
from shell_rig import Lane, Open, audited

from controller.console.roles import Role


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
