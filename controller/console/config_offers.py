"""What completion offers where settings are made: keys, and the values that can be counted."""

from __future__ import annotations

from collections.abc import Sequence

from controller.console import config_desk as desk
from controller.console.candidate import flat, shown
from controller.console.config_keys import choices_of, known_keys
from controller.console.context import Context
from controller.console.grammar import TYPED


def keys(ctx: Context) -> Sequence[str]:
    """Every key that can be set, for completion."""
    try:
        table = desk.load(ctx.folder).table
    except ValueError:
        return known_keys(())
    indicator = "indicator" in table.get("devices", {})
    return known_keys(tuple(flat(table)), indicator=indicator)


def set_keys(ctx: Context) -> Sequence[str]:
    """The keys that were set at the console, then all that the site file states."""
    try:
        found = desk.load(ctx.folder)
        return (*(one.key for one in found.changes), *flat(found.table))
    except ValueError:
        return ()


def values(ctx: Context) -> Sequence[str]:
    """The values that the key before may have, where they can be counted; then the present one."""
    typed = ctx.kept.get(TYPED) or ("",)
    counted = choices_of(typed[0])
    if counted:
        return counted
    try:
        present = flat(desk.load(ctx.folder).table).get(typed[0])
    except ValueError:
        return ()
    if isinstance(present, bool):
        return ("true", "false")
    return () if present is None else (shown(present),)
