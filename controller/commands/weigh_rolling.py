"""`steelyard weigh --mode rolling`: gross and axle loads of a vehicle that rolls over."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from controller.commands.weigh import TraceError, read_scale, read_trace
from sensors.rolling import (
    AXLE_INITIAL_PERCENT,
    GROSS_INITIAL_PERCENT,
    RollingVerdict,
    RollingWeighing,
    class_for,
    weigh_recording,
)


def weigh_rolling(trace: Path, scale: Path) -> dict[str, Any]:
    """Weigh the one vehicle that rolls over the deck or plate in a recording.

    The weights are null unless the verdict is `ok`; the uncertainties are expanded (95 %). The
    accuracy classes are what this single passage's uncertainty would meet (R 134), no approval.

    Raises:
        TraceError: the calibration cannot be read, or has no two rows of cells along the deck.
        RecordingError: the recording cannot be believed.
    """
    site = read_scale(scale)
    recording = read_trace(trace, site)
    try:
        found = weigh_recording(
            recording.t_us, recording.counts, site, recording.entry_beam, recording.exit_beam
        )
    except ValueError as error:
        raise TraceError(f"{scale}: {error}") from error
    return _result(found)


def _result(found: Sequence[RollingWeighing]) -> dict[str, Any]:
    if not found:
        return _printed(RollingVerdict.NO_VEHICLE, None)
    if len(found) > 1:
        return _printed(RollingVerdict.SECOND_VEHICLE, None, found)
    return _printed(found[0].verdict, found[0], found)


def _printed(
    verdict: RollingVerdict,
    weighing: RollingWeighing | None,
    found: Sequence[RollingWeighing] = (),
) -> dict[str, Any]:
    sound = weighing if weighing is not None and verdict is RollingVerdict.OK else None
    return {
        "verdict": verdict.value,
        "mode": "rolling",
        "gross_kg": sound and _kg(sound.gross_g),
        "u95_kg": sound and _kg(sound.gross_u95_g),
        "axles": len(sound.axle_g) if sound else None,
        "axle_loads_kg": [_kg(load) for load in sound.axle_g] if sound else None,
        "axle_u95_kg": [_kg(u95) for u95 in sound.axle_u95_g] if sound else None,
        "axle_spacings_m": [gap / 1000 for gap in sound.spacing_mm] if sound else None,
        "speed_kmh": weighing and weighing.speed_kmh,
        "speed_change_kmh": weighing and weighing.speed_change_kmh,
        "accuracy_class_gross": sound and _gross_class(sound),
        "accuracy_class_axle": sound and _axle_class(sound),
        "events": [
            {"t_s": event.at_us / 1e6, "event": event.kind, "value": event.value}
            for vehicle in found
            for event in vehicle.events
        ],
    }


def _kg(grams: int | None) -> float | None:
    return None if grams is None else round(grams / 1000, 1)


def _gross_class(weighing: RollingWeighing) -> str | None:
    if weighing.gross_g is None or weighing.gross_u95_g is None:
        return None
    return class_for(100 * weighing.gross_u95_g / weighing.gross_g, GROSS_INITIAL_PERCENT)


def _axle_class(weighing: RollingWeighing) -> str | None:
    pairs = zip(weighing.axle_u95_g, weighing.axle_g, strict=True)
    return class_for(max(100 * u95 / load for u95, load in pairs), AXLE_INITIAL_PERCENT)
