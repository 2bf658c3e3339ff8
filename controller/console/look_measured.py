"""What was measured of a standing fault, from what its devices say and from the lane's state."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from controller.console.context import Context
from controller.console.lines import age, profile_of, wall
from controller.console.look_disk import use_of
from controller.console.messages import Samples, State
from controller.core.faults import Fault
from controller.faults import Entry

Measure = Callable[[Context, State, Samples], Iterator[str]]


def measured(ctx: Context, state: State, samples: Samples, entry: Entry) -> list[str]:
    """One text for each thing that was seen; words of devices as they came."""
    told = [f"{one.device}: {one.seen}" for one in state.troubles if one.name == entry.name]
    fault = Fault(entry.code)
    for faults, measure in _MEASURES:
        if fault in faults:
            told += measure(ctx, state, samples)
    return told


def _unknown(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    """Everything that a start or a blind lane waits for."""
    now_us = state.inputs.now_us
    for point in state.points:
        if point.way == "in" and point.state == "UNKNOWN":
            yield f"{point.name} UNKNOWN for {age(now_us - point.since_us)}"
    weight = state.inputs.weight
    if weight.deck.name != "EMPTY" or not weight.zero_ok:
        yield f"deck {weight.deck.name}, zero {'ok' if weight.zero_ok else 'NOT ok'}"
    if not state.inputs.ledger.ready:
        yield f"ledger not ready {state.failure}".rstrip()


def _booms(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    now_us = state.inputs.now_us
    for point in state.points:
        boom = point.name.endswith(".boom") and point.state != "CLOSED"
        if boom or (point.way == "in" and point.state in ("BLOCKED", "UNKNOWN")):
            yield f"{point.name} {point.state} for {age(now_us - point.since_us)}"


def _zero(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    weight = state.inputs.weight
    shown = "blank" if weight.indicated_g is None else f"{weight.indicated_g} g"
    yield (
        f"indication {shown}, {'in motion' if weight.motion else 'steady'}, deck "
        f"{weight.deck.name}, zero {weight.zero_offset_g:+d} g from the calibration"
    )


def _cells(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    if samples.fault is not None:
        yield f"{samples.fault.device}: {samples.fault.seen}"
    if not samples.t_us:
        yield "no sample in the last second"
    for cell, health in enumerate(state.cell_health):
        if health != "OK":
            yield f"cell {cell}: {health}"


def _indicator(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    if samples.fault is not None:
        yield f"{samples.fault.device}: {samples.fault.seen}"
    if samples.heard is not None:
        states = ", ".join(f"{name} {times}" for name, times in samples.heard.states)
        yield f"{samples.heard.frames} frames in the last second {states}".rstrip()
        if samples.heard.last:
            yield f"last frame {samples.heard.last}"


def _ledger(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    if state.failure:
        yield state.failure
    disk = use_of(ctx.folder)
    if disk is not None:
        yield f"disk {disk.used_percent:.1f} % full, {disk.free_bytes // 1_000_000} MB free"


def _clock(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    time = state.inputs.wall
    yield f"wall time {wall(time.ms, time.offset_min)}, {time.quality.name}"


def _certificate(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    profile, note = profile_of(ctx, state)
    if profile is None:
        yield note
        return
    scale = profile.scale
    yield f"certificate {scale.certificate_no} valid until {scale.certificate_valid_until}"


def _weighing(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    weight = state.inputs.weight
    yield f"weighing {weight.weighing_id}: {weight.status.name}, withdrawn {weight.withdrawn.name}"


def _passage(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    waits = age(state.inputs.now_us - state.since_us)
    yield f"{state.phase.name} for {waits}, passage {state.outputs.passage_id}: {state.outcome}"


def _pace(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    pace = state.pace
    yield f"scans late p99 {pace.late_p99_us} us, max {pace.late_max_us} us"


_MEASURES: tuple[tuple[frozenset[Fault], Measure], ...] = (
    (frozenset({Fault.START_NOT_READY, Fault.BLIND}), _unknown),
    (frozenset({Fault.BOOM_MOVED, Fault.BOOM_NOT_CLOSED, Fault.ENTRY_BOOM_OPEN}), _booms),
    (
        frozenset(
            {
                Fault.ZERO_NOT_RETURNED,
                Fault.UNDER_RANGE,
                Fault.UNEXPECTED_LOAD,
                Fault.ZERO_DRIFTS,
                Fault.DECK_PROPPED,
                Fault.OVER_CAPACITY,
            }
        ),
        _zero,
    ),
    (
        frozenset(
            {
                Fault.CELLS_SILENT,
                Fault.CELLS_DISAGREE,
                Fault.DEGRADED_WEIGHING,
                Fault.ADC_SILENT,
                Fault.ADC_TROUBLE,
            }
        ),
        _cells,
    ),
    (
        frozenset(fault for fault in Fault if fault.name.startswith("INDICATOR_")),
        _indicator,
    ),
    (
        frozenset({Fault.LEDGER_SILENT, Fault.LEDGER_AWAY})
        | frozenset(fault for fault in Fault if 400 <= fault < 500),
        _ledger,
    ),
    (frozenset({Fault.CLOCK_UNSET, Fault.CLOCK_STEPPED}), _clock),
    (frozenset({Fault.CERTIFICATE_LAPSED}), _certificate),
    (frozenset({Fault.NOT_STEADY, Fault.WEIGHT_WITHDRAWN, Fault.WEIGHT_STEP}), _weighing),
    (
        frozenset(
            {
                Fault.NOT_POSITIONED,
                Fault.TRAILER_BEHIND,
                Fault.SECOND_VEHICLE,
                Fault.DID_NOT_BOARD,
                Fault.DID_NOT_LEAVE,
                Fault.OPERATOR_WANTED,
                Fault.PLATE_UNCONFIRMED,
                Fault.MANUAL_MODE,
                Fault.EMERGENCY_STOP,
            }
        ),
        _passage,
    ),
    (frozenset({Fault.WATCHDOG_TROUBLE}), _pace),
)
