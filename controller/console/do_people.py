"""Commands about people: one's own password, and for administrators the accounts."""

from __future__ import annotations

from collections.abc import Sequence

from controller.console.accounts import Account
from controller.console.answer import Answer, CommandError
from controller.console.context import Context
from controller.console.grammar import Argument, Command
from controller.console.roles import Role
from controller.console.seat import Seat, seat_of

ROLES = tuple(role.name.lower() for role in Role)


def _names(ctx: Context) -> Sequence[str]:
    return [one.name for one in seat_of(ctx).door.accounts.people().accounts]


def _passwd(ctx: Context, _: dict[str, str]) -> Answer:
    seat, name = seat_of(ctx), ctx.account.name
    _proven(ctx, seat)
    seat.door.accounts.set_password(name, seat.new_password(name))
    seat.door.note(name, "password", "own")
    return Answer(data={"account": name}, text=("password changed",))


def _list(ctx: Context, _: dict[str, str]) -> Answer:
    people = seat_of(ctx).door.accounts.people()
    rows = [f"{'NAME':<20} {'ROLE':<11} STATE"]
    rows += [f"{one.name:<20} {one.role:<11} {_state(one)}" for one in people.accounts]
    rows.append(f"log-out after {people.idle_s} s without a key")
    data = [{"name": one.name, "role": one.role, "state": _state(one)} for one in people.accounts]
    return Answer(data={"accounts": data, "idle_s": people.idle_s}, text=tuple(rows))


def _add(ctx: Context, given: dict[str, str]) -> Answer:
    seat, name, role = seat_of(ctx), given["name"], given["role"]
    _proven(ctx, seat)
    ctx.talk.tell(f"A first password for {name}, who has to change it at log-in.")
    password = seat.new_password(name)
    seat.door.accounts.add(name, Role[role.upper()], password, by=ctx.account.name)
    return _done(ctx, seat, f"add {name} {role}")


def _password(ctx: Context, given: dict[str, str]) -> Answer:
    seat, name = seat_of(ctx), given["name"]
    _proven(ctx, seat)
    seat.door.accounts.set_password(name, seat.new_password(name), fresh=True)
    return _done(ctx, seat, f"password {name}")


def _role(ctx: Context, given: dict[str, str]) -> Answer:
    seat = seat_of(ctx)
    seat.door.accounts.set_role(given["name"], Role[given["role"].upper()])
    return _done(ctx, seat, f"role {given['name']} {given['role']}")


def _lock(ctx: Context, given: dict[str, str]) -> Answer:
    seat = seat_of(ctx)
    seat.door.accounts.set_locked(given["name"], True)
    return _done(ctx, seat, f"lock {given['name']}")


def _unlock(ctx: Context, given: dict[str, str]) -> Answer:
    seat = seat_of(ctx)
    seat.door.accounts.set_locked(given["name"], False)
    return _done(ctx, seat, f"unlock {given['name']}")


def _remove(ctx: Context, given: dict[str, str]) -> Answer:
    seat = seat_of(ctx)
    seat.door.accounts.remove(given["name"])
    return _done(ctx, seat, f"remove {given['name']}")


def _idle(ctx: Context, given: dict[str, str]) -> Answer:
    seat, seconds = seat_of(ctx), given["seconds"]
    if not seconds.isascii() or not seconds.isdecimal():
        raise CommandError(f"{seconds!r:.20}: a number of seconds, as 600")
    seat.door.accounts.set_idle(int(seconds))
    seat.terminal.idle_s = float(seconds)
    return _done(ctx, seat, f"idle {seconds} s")


def _done(ctx: Context, seat: Seat, what: str) -> Answer:
    seat.door.note(ctx.account.name, "account", what)
    return Answer(data={"account": what}, text=(f"account {what}: done",))


def _state(account: Account) -> str:
    if account.locked:
        return "locked"
    return "to change its password" if account.fresh else "good"


def _proven(ctx: Context, seat: Seat) -> None:
    """A session that was left open gives nobody an account of their own."""
    password = seat.secret("your own password: ")
    seat.door.prove(ctx.account.name, password)


_NAME = Argument(name="name", help_en="an account", help_zh="账户", choices=_names, only=True)
_NEW = Argument(name="name", help_en="a new account: a-z 0-9 . _ -", help_zh="新账户名")
_ROLE = Argument(
    name="role", help_en="what it may", help_zh="角色", choices=lambda _: ROLES, only=True
)
_SECONDS = Argument(name="seconds", help_en="60 to 28800", help_zh="60至28800秒")

COMMANDS = (
    Command(
        words="passwd",
        help_en="change your own password",
        help_zh="修改自己的密码",
        run=_passwd,
    ),
    Command(
        words="account list",
        help_en="all accounts, their roles and state",
        help_zh="列出所有账户",
        role=Role.ADMIN,
        run=_list,
    ),
    Command(
        words="account add",
        help_en="a new account with a first password",
        help_zh="新建账户",
        role=Role.ADMIN,
        arguments=(_NEW, _ROLE),
        run=_add,
    ),
    Command(
        words="account password",
        help_en="a new first password for an account",
        help_zh="重设账户密码",
        role=Role.ADMIN,
        arguments=(_NAME,),
        run=_password,
    ),
    Command(
        words="account role",
        help_en="let an account do more or less",
        help_zh="修改账户角色",
        role=Role.ADMIN,
        arguments=(_NAME, _ROLE),
        run=_role,
    ),
    Command(
        words="account lock",
        help_en="shut an account; its sessions end at their next line",
        help_zh="锁定账户",
        role=Role.ADMIN,
        arguments=(_NAME,),
        run=_lock,
    ),
    Command(
        words="account unlock",
        help_en="open a locked account",
        help_zh="解锁账户",
        role=Role.ADMIN,
        arguments=(_NAME,),
        run=_unlock,
    ),
    Command(
        words="account remove",
        help_en="take an account away",
        help_zh="删除账户",
        role=Role.ADMIN,
        arguments=(_NAME,),
        run=_remove,
    ),
    Command(
        words="account idle",
        help_en="log out after so many seconds without a key",
        help_zh="设置空闲退出时间（秒）",
        role=Role.ADMIN,
        arguments=(_SECONDS,),
        run=_idle,
    ),
)
