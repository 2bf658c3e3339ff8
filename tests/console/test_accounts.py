"""People of the console: passwords, roles, files, and what keeps guessers and accidents out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller.console import accounts as accounts_module
from controller.console import attempts, audit, office, passwords
from controller.console.accounts import AccountError, Accounts
from controller.console.login import FAILED, Door, RefusedError
from controller.console.passwords import PasswordError, Work
from controller.console.roles import Role

GOOD = "correct horse 73"
OTHER = "battery staple 19"


class Clock:
    """Wall time that a test moves on."""

    def __init__(self) -> None:
        self.ms = 1_763_860_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little work for a hash: what is tested here is not the time that it takes."""
    monkeypatch.setattr(passwords, "TODAY", Work(n=4, r=2, p=1))
    monkeypatch.setattr(passwords.keep, "__defaults__", (passwords.TODAY,))
    monkeypatch.setattr(passwords.decoy, "__defaults__", (passwords.TODAY,))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def door(lane: Path, clock: Clock, line: str = "ttyGS0", *, owner: bool = False) -> Door:
    return Door(lane, line, owner=owner, now_ms=clock)


def with_admin(lane: Path, clock: Clock) -> Door:
    found = door(lane, clock)
    found.accounts.add("li.wei", Role.ADMIN, GOOD, by="test", fresh=False)
    return found


def fails(at: Door, name: str = "li.wei", password: str = "nothing right") -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        at.enter(name, password)
    return refused.value


def test_there_is_no_account_to_begin_with(tmp_path: Path, clock: Clock) -> None:
    at = door(tmp_path, clock)
    assert not at.accounts.has_admin()
    for name in ("admin", "root", "steelyard", "setup", ""):
        assert str(fails(at, name, name)) != ""
        clock.ms += 3_600_000


def test_only_the_right_password_opens_an_account(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    assert at.enter("li.wei", GOOD).level is Role.ADMIN
    assert str(fails(at, "li.wei", GOOD + " ")) == FAILED
    assert str(fails(at, "LI.WEI", GOOD)) == FAILED


def test_a_name_of_nobody_is_answered_like_a_wrong_password(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = with_admin(tmp_path, clock)
    at.accounts.add("zhang", Role.VIEWER, GOOD, by="li.wei")
    at.accounts.set_locked("zhang", True)
    worked: list[Work] = []
    whole = passwords.matches

    def counted(password: str, kept: passwords.Kept) -> bool:
        worked.append(kept.work)
        return whole(password, kept)

    monkeypatch.setattr(passwords, "matches", counted)
    said = []
    for name in ("li.wei", "nobody", "zhang"):
        said.append((str(fails(at, name, "wrong words 1")), len(worked), worked[-1]))
        worked.clear()
        clock.ms += 3_600_000
    assert said == [(FAILED, 1, passwords.TODAY)] * 3


def test_a_locked_account_stays_shut_with_its_own_password(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    at.accounts.add("zhang", Role.VIEWER, OTHER, by="li.wei")
    at.accounts.set_locked("zhang", True)
    assert str(fails(at, "zhang", OTHER)) == FAILED
    at.accounts.set_locked("zhang", False)
    assert at.enter("zhang", OTHER).fresh


def test_waits_grow_with_failures_and_outlive_the_console(tmp_path: Path, clock: Clock) -> None:
    with_admin(tmp_path, clock)
    waits = []
    for attempt in range(12):
        # Another line each time, so that the account's count alone is seen.
        refused = fails(door(tmp_path, clock, f"line{attempt}"))
        waits.append(refused.wait_s)
        clock.ms += refused.wait_s * 1000
    assert waits == [0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_a_wait_is_kept_even_with_the_right_password(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    for _ in range(3):
        fails(at)
    assert fails(door(tmp_path, clock), password=GOOD).wait_s == 5
    clock.ms += 5_000
    assert at.enter("li.wei", GOOD).name == "li.wei"
    assert fails(door(tmp_path, clock, "another"), password="wrong words 1").wait_s == 0


def test_a_line_waits_whatever_names_are_tried_on_it(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    for name in ("a1", "b2", "c3"):
        fails(at, name)
    assert "wait 5 s" in str(fails(at, "li.wei", GOOD))
    assert door(tmp_path, clock, "tty1").enter("li.wei", GOOD).name == "li.wei"
    waits = []
    for number in range(20):
        waits.append(fails(at, f"d{number}").wait_s)
        clock.ms += waits[-1] * 1000
    assert max(waits) == attempts.LINE_S_MAX


def test_an_own_account_is_no_way_to_guess_on(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    at.accounts.add("zhang", Role.VIEWER, OTHER, by="li.wei")
    waits = []
    for number in range(8):
        waits.append(fails(at, f"name{number}").wait_s)
        clock.ms += 60_000
        at.enter("zhang", OTHER)
        clock.ms += 60_000
    assert waits == [0, 0, 5, 10, 20, 40, 60, 60]


def test_many_attempts_at_once_count_before_any_is_answered(tmp_path: Path, clock: Clock) -> None:
    with_admin(tmp_path, clock)
    begun = [
        attempts.Attempts(tmp_path / "console", clock).begin("li.wei", f"line{n}", known=True)
        for n in range(6)
    ]
    assert begun == [0, 0, 0, 5, 5, 5]


def test_nobody_keeps_the_last_administrator_out(tmp_path: Path, clock: Clock) -> None:
    with_admin(tmp_path, clock)
    for attempt in range(30):
        fails(door(tmp_path, clock, f"line{attempt % 7}"))
        clock.ms += 1_000
    assert fails(door(tmp_path, clock, "tty9"), password=GOOD).wait_s > 0
    # At the machine itself the account's wait does not count.
    assert door(tmp_path, clock, "tty1", owner=True).enter("li.wei", GOOD).name == "li.wei"


def test_a_clock_that_was_set_back_makes_no_wait_longer(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    for _ in range(3):
        fails(at)
    clock.ms -= 10 * 365 * 86_400_000
    assert fails(at).wait_s == 5


def test_the_files_of_attempts_and_audit_stay_small(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "BYTES_MAX", 2_000)
    with_admin(tmp_path, clock)
    for attempt in range(200):
        fails(door(tmp_path, clock, f"line{attempt}"), f"name{attempt}")
        clock.ms += 1
    kept = json.loads((tmp_path / "console" / attempts.NAME).read_text())
    assert len(kept["strangers"]) <= attempts.STRANGERS_MAX
    assert len(kept["lines"]) <= attempts.LINES_MAX
    files = sorted((tmp_path / "console").glob("audit.jsonl*"))
    assert len(files) == audit.FILES_MAX
    assert all(file.stat().st_size <= 2_000 for file in files)
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_the_audit_tells_all_and_holds_no_typed_secret(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    # A password typed where a name belongs.
    fails(at, "my password 77", "x")
    at.enter("li.wei", GOOD)
    at.leave("li.wei", "idle")
    for _ in range(4):
        fails(at, password="wrong words 1")
    told = audit.Audit(tmp_path / "console").tail()
    assert [(one.who, one.what) for one in told] == [
        ("?", "failed"),
        ("li.wei", "login"),
        ("li.wei", "logout"),
        ("li.wei", "failed"),
        ("li.wei", "failed"),
        ("li.wei", "locked-out"),
        ("li.wei", "locked-out"),
    ]
    everything = b"".join(p.read_bytes() for p in (tmp_path / "console").iterdir() if p.is_file())
    for secret in (b"my password 77", b"wrong words 1", GOOD.encode()):
        assert secret not in everything


def test_an_audit_line_that_a_power_cut_broke_costs_no_other(tmp_path: Path) -> None:
    noted = audit.Audit(office.office(tmp_path), lambda: 7)
    noted.note("tty1", "a", "login")
    with noted.path.open("ab") as file:
        file.write(b'{"t_ms":8,"li')
    noted.note("tty1", "b", "login", "one\nline \x1b[2J")
    assert [one.who for one in noted.tail()] == ["a", "b"]
    assert b"\x1b" not in noted.path.read_bytes()


def test_a_full_disk_keeps_nobody_out_and_is_told(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = with_admin(tmp_path, clock)

    def full(*_: object) -> None:
        raise office.OfficeError("no space left")

    monkeypatch.setattr(office, "write", full)
    monkeypatch.setattr(at._audit, "note", full)
    for _ in range(3):
        fails(at)
    assert fails(at, password=GOOD).wait_s == 5
    clock.ms += 5_000
    assert at.enter("li.wei", GOOD).name == "li.wei"
    assert "no space left" in at.warning


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o666])
def test_a_file_that_others_may_touch_is_not_believed(
    tmp_path: Path, clock: Clock, mode: int
) -> None:
    at = with_admin(tmp_path, clock)
    assert at.accounts.path.stat().st_mode & 0o777 == 0o600
    at.accounts.path.chmod(mode)
    with pytest.raises(office.OfficeError, match=r"group or others.*chmod go="):
        at.enter("li.wei", GOOD)


def test_a_folder_that_others_may_touch_is_not_believed(tmp_path: Path, clock: Clock) -> None:
    folder = office.office(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o770)
    with pytest.raises(office.OfficeError, match="group or others"):
        door(tmp_path, clock)


def test_a_link_or_a_pipe_in_the_place_of_the_audit_is_not_followed(tmp_path: Path) -> None:
    folder = office.office(tmp_path)
    target = tmp_path / "victim"
    target.write_text("as it was")
    (folder / audit.NAME).symlink_to(target)
    with pytest.raises(office.OfficeError):
        audit.Audit(folder).note("tty1", "a", "login")
    assert target.read_text() == "as it was"


def test_a_broken_file_is_named_and_left_as_it_is(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    office.write(at.accounts.path, b'{"version": 1, "accounts": [{"name": 3}]}')
    with pytest.raises(office.OfficeError, match=r"accounts\.json.*--setup"):
        at.accounts.people()
    with pytest.raises(office.OfficeError):
        at.accounts.add("zhang", Role.VIEWER, GOOD, by="x")
    assert b'"name": 3' in at.accounts.path.read_bytes()


def test_a_hash_of_yesterday_is_made_stronger_at_log_in(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    weak = at.accounts._alter("li.wei", password=passwords.keep(GOOD, Work(n=2, r=1, p=1)))
    at.enter("li.wei", GOOD)
    strong = at.accounts.people().accounts[0].password
    assert strong.work == passwords.TODAY != weak.password.work
    assert at.enter("li.wei", GOOD).password.key == strong.key


def test_a_hash_that_would_eat_the_memory_is_refused(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    text = at.accounts.path.read_text()
    assert '"n": 4' in text
    at.accounts.path.write_text(
        text.replace('"n": 4', f'"n": {1 << 20}').replace('"r": 2', '"r": 4')
    )
    with pytest.raises(ValueError, match="bytes"):
        at.enter("li.wei", GOOD)


def test_the_work_of_a_hash_fits_a_small_controller() -> None:
    today = Work(n=1 << 15, r=8, p=3)
    assert today.memory_bytes == 32 * 1024 * 1024
    assert today.n * today.r * today.p >= (1 << 16) * 8


@pytest.mark.parametrize("change", ["remove", "lock", "role"])
def test_the_last_administrator_stays(tmp_path: Path, clock: Clock, change: str) -> None:
    at = with_admin(tmp_path, clock).accounts
    at.add("zhang", Role.MAINTAINER, GOOD, by="li.wei")

    def take_away() -> None:
        if change == "remove":
            at.remove("li.wei")
        elif change == "lock":
            at.set_locked("li.wei", True)
        else:
            at.set_role("li.wei", Role.OPERATOR)

    with pytest.raises(AccountError, match="last administrator"):
        take_away()
    assert at.has_admin()
    at.set_role("zhang", Role.ADMIN)
    take_away()
    assert at.has_admin()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short 1", "short"),
        ("x" * 129, "long"),
        ("password123!", "guessed"),
        ("Raspberry2026", "guessed"),
        ("0123456789", "row"),
        ("9876543210", "row"),
        ("qwertyuiopas", "row"),
        ("aaaaaaaaaaaaaa", "row"),
        ("abababababab", "row"),
        ("the li.wei way", "name"),
        ("tab\there 12345", "control"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str, why: str) -> None:
    with pytest.raises(PasswordError, match=why) as refused:
        passwords.checked(password, "li.wei")
    assert password not in str(refused.value)


@pytest.mark.parametrize("password", [GOOD, "三辆卡车过磅要排队等候", "x9#kQ!v2 LpW"])
def test_a_password_that_will_do_is_taken(password: str) -> None:
    assert passwords.checked(password, "li.wei") == password


def test_a_composed_letter_is_the_same_from_every_keyboard(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    at.accounts.set_password("li.wei", "caf\u00e9 au lait 7")
    assert at.enter("li.wei", "cafe\u0301 au lait 7").name == "li.wei"


@pytest.mark.parametrize("name", ["", "a", "Li", "1li", "li wei", "setup", "x" * 33, "a\x1b[2J"])
def test_a_name_that_a_record_could_not_show_is_refused(
    tmp_path: Path, clock: Clock, name: str
) -> None:
    with pytest.raises(AccountError):
        door(tmp_path, clock).accounts.add(name, Role.VIEWER, GOOD, by="x")


def test_two_consoles_change_people_without_losing_a_change(tmp_path: Path, clock: Clock) -> None:
    one, two = Accounts(office.office(tmp_path), clock), Accounts(office.office(tmp_path), clock)
    one.add("li.wei", Role.ADMIN, GOOD, by="x")
    before = one.people()
    two.add("zhang", Role.VIEWER, GOOD, by="x")
    one.set_idle(120)
    assert before != one.people()
    assert {a.name for a in two.people().accounts} == {"li.wei", "zhang"}
    assert two.people().idle_s == 120


def test_there_is_an_end_to_accounts(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = with_admin(tmp_path, clock).accounts
    monkeypatch.setattr(accounts_module, "ACCOUNTS_MAX", 2)
    at.add("zhang", Role.VIEWER, GOOD, by="x")
    with pytest.raises(AccountError, match="2 accounts"):
        at.add("wang", Role.VIEWER, GOOD, by="x")


def test_a_setup_code_makes_one_administrator_once(tmp_path: Path, clock: Clock) -> None:
    at = door(tmp_path, clock)
    code = at.setup.issue()
    assert len(code.replace("-", "")) == 12
    with pytest.raises(RefusedError):
        at.enter_new("AAAA-BBBB-CCCC", lambda: ("eve", GOOD))
    made = at.enter_new(code.lower().replace("-", " "), lambda: ("li.wei", GOOD))
    assert (made.level, made.fresh) == (Role.ADMIN, False)
    with pytest.raises(RefusedError):
        at.enter_new(code, lambda: ("eve", GOOD))
    assert {one.name for one in at.accounts.people().accounts} == {"li.wei"}


def test_a_setup_code_is_void_after_its_time_and_after_another(
    tmp_path: Path, clock: Clock
) -> None:
    at = door(tmp_path, clock)
    first, second = at.setup.issue(), at.setup.issue()
    with pytest.raises(RefusedError):
        at.enter_new(first, lambda: ("eve", GOOD))
    clock.ms += 3_600_000
    with pytest.raises(RefusedError):
        at.enter_new(second, lambda: ("eve", GOOD))
    assert not at.setup.waits()
    assert first not in (tmp_path / "console" / "setup.json").read_text()


def test_a_setup_code_stays_good_until_the_account_is_there(tmp_path: Path, clock: Clock) -> None:
    at = door(tmp_path, clock)
    code = at.setup.issue()
    with pytest.raises(PasswordError):
        at.enter_new(code, lambda: ("li.wei", "short"))
    assert at.enter_new(code, lambda: ("li.wei", GOOD)).name == "li.wei"


def test_a_setup_code_gives_back_a_lost_account(tmp_path: Path, clock: Clock) -> None:
    at = with_admin(tmp_path, clock)
    at.accounts.add("zhang", Role.VIEWER, OTHER, by="li.wei")
    at.accounts.set_locked("zhang", True)
    code = at.setup.issue()
    at.enter_new(code, lambda: ("zhang", GOOD))
    assert at.enter("zhang", GOOD).level is Role.ADMIN
