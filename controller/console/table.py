"""All commands of the console, from the modules that have them."""

from __future__ import annotations

from controller.console import (
    configure,
    do_people,
    do_session,
    monitor,
    show_cameras,
    show_config,
    show_faults,
    show_io,
    show_lane,
    show_ledger,
    show_scale,
    show_version,
    tail,
    trace_passage,
)
from controller.console.grammar import Command

COMMANDS: tuple[Command, ...] = (
    *show_lane.COMMANDS,
    *show_scale.COMMANDS,
    *show_io.COMMANDS,
    *show_cameras.COMMANDS,
    *show_faults.COMMANDS,
    *show_ledger.COMMANDS,
    *show_version.COMMANDS,
    *show_config.COMMANDS,
    *configure.COMMANDS,
    *monitor.COMMANDS,
    *tail.COMMANDS,
    *trace_passage.COMMANDS,
    *do_people.COMMANDS,
    *do_session.COMMANDS,
)
