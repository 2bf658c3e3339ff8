"""All commands of the console, from the modules that have them."""

from __future__ import annotations

from controller.console.grammar import Command

COMMANDS: tuple[Command, ...] = ()
