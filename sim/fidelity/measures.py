"""What is measured of a weighing: how fast, how it swings, how it comes to rest, how it hums.

Each measure is one number of one trace, nan where the trace does not show it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from sim.fidelity.trace import Floats, Trace

E_KG = 20.0
SMOOTH_S = 0.1
CLIMB_M = 0.5
"""How far an axle must be from the others for its own climb to be seen."""
CLIMBED_S = 0.3
BANDS_HZ = ((1.0, 3.0), (3.0, 6.0), (6.0, 10.0), (10.0, 20.0))

Measure = Callable[[Trace], float]


def measures(trace: Trace) -> dict[str, float]:
    """All measures of a trace."""
    return {name: measure(trace) for name, (_, measure) in MEASURES.items()}


def spectrum(signal: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """One-sided power spectrum (Hann): frequencies and kg² per Hz."""
    n = len(signal)
    window = np.hanning(n)
    power = np.abs(np.fft.rfft((signal - signal.mean()) * window)) ** 2
    power *= 2.0 / (rate_hz * float((window**2).sum()))
    return np.asarray(np.fft.rfftfreq(n, 1 / rate_hz), np.float64), np.asarray(power)


def standing(trace: Trace) -> Floats:
    """The sum over the last five seconds, when the vehicle has mostly come to rest."""
    return np.asarray(trace.total_kg[trace.t_s > trace.t_s[-1] - 5.0])


def smooth(trace: Trace) -> Floats:
    """The sum less the mass it settles at, averaged over a tenth of a second."""
    total = trace.total_kg - float(np.mean(trace.total_kg[trace.t_s > trace.t_s[-1] - 4.0]))
    width = max(1, round(SMOOTH_S * trace.rate_hz))
    return np.convolve(total, np.ones(width) / width, "same")


def _speed(trace: Trace) -> float:
    """Over the way from the first axle's coming on to the last one's, km/h."""
    took = trace.on_s[-1] - trace.on_s[0]
    return float((trace.axles_m[-1] - trace.axles_m[0]) / took * 3.6)


def _climb(trace: Trace) -> float:
    """From a tenth to nine tenths of the load of an axle that comes on alone, seconds."""
    found = []
    total = trace.total_kg
    for i, on in enumerate(trace.on_s):
        others = np.delete(trace.on_s, i)
        speed = _speed(trace) / 3.6
        alone_s = CLIMB_M / speed
        if np.abs(others - on).min() < 2 * alone_s or on > trace.stop_s - alone_s:
            continue
        part = trace.between(on - alone_s, on + alone_s)
        found.append(_rise_s(trace.t_s[part], total[part]))
    return float(np.median(found)) if found else float("nan")


def _rise_s(t_s: Floats, kg: Floats) -> float:
    quarter = max(2, len(kg) // 4)
    low, high = np.median(kg[:quarter]), np.median(kg[-quarter:])
    part = (kg - low) / (high - low)
    first = np.argmax(part > 0.1)
    last = len(part) - 1 - np.argmax(part[::-1] < 0.9)
    return float(t_s[last] - t_s[first])


def _swing(from_s: float, to_s: float) -> Measure:
    """Half of the swing of the sum in a stretch after the stop, e."""

    def measure(trace: Trace) -> float:
        part = smooth(trace)[trace.between(trace.stop_s + from_s, trace.stop_s + to_s)]
        return float(np.ptp(part)) / 2 / E_KG if len(part) > 3 else float("nan")

    return measure


def _driving(trace: Trace) -> float:
    """The swing between the coming on of two axles, per mille of what is on the deck."""
    found = []
    width = max(1, round(SMOOTH_S * trace.rate_hz))
    total = np.convolve(trace.total_kg, np.ones(width) / width, "same")
    for before, after in pairwise(trace.on_s):
        if after - before > CLIMBED_S + 1.0 and after < trace.stop_s:
            part = total[trace.between(before + CLIMBED_S, after - CLIMBED_S / 2)]
            found.append(float(np.ptp(part)) / 2 / float(np.median(part)) * 1000)
    return max(found) if found else float("nan")


def _settling(within_e: float) -> Measure:
    """From the stop until the sum stays within so many e of where it ends, seconds."""

    def measure(trace: Trace) -> float:
        off = np.abs(smooth(trace)) > within_e * E_KG
        late = trace.t_s[off & (trace.t_s < trace.t_s[-1] - SMOOTH_S)]
        return max(0.0, float(late[-1]) - trace.stop_s) if len(late) else 0.0

    return measure


def _overshoot(trace: Trace) -> float:
    """The greatest excess in the second after the stop, per mille of the mass."""
    part = smooth(trace)[trace.between(trace.stop_s, trace.stop_s + 1.0)]
    return float(part.max() / trace.mass_kg * 1000)


def _dip(trace: Trace) -> float:
    """The greatest lack in the second after the stop, per mille of the mass."""
    part = smooth(trace)[trace.between(trace.stop_s, trace.stop_s + 1.0)]
    return float(-part.min() / trace.mass_kg * 1000)


def _nod(trace: Trace) -> float:
    """How far the centre of the load swings along the deck after the stop, millimetres."""
    centre = trace.kg @ trace.cell_x_m / np.maximum(trace.total_kg, 1000.0)
    width = max(1, round(SMOOTH_S * trace.rate_hz))
    centre = np.convolve(centre, np.ones(width) / width, "same")
    part = centre[trace.between(trace.stop_s + 0.1, trace.stop_s + 1.6)]
    return float(np.ptp(part)) / 2 * 1000


def _ringing(trace: Trace) -> Floats:
    return smooth(trace)[trace.between(trace.stop_s + 0.2, trace.stop_s + 4.2)]


def _bounce_hz(trace: Trace) -> float:
    """Where the swing after the stop is strongest, Hz."""
    part = _ringing(trace)
    power = np.abs(np.fft.rfft((part - part.mean()) * np.hanning(len(part)), 8192))
    hz = np.fft.rfftfreq(8192, 1 / trace.rate_hz)
    band = (hz > 0.8) & (hz < 6.0)
    return float(hz[band][np.argmax(power[band])])


def _decay(trace: Trace) -> float:
    """How fast the swing dies between the first and the third second, 1/s."""
    one, three = _swing(0.0, 1.0)(trace), _swing(2.0, 3.0)(trace)
    return float(np.log(max(one, 0.05) / max(three, 0.05)) / 2.0)


def _band(low_hz: float, high_hz: float) -> Measure:
    """Rms of the standing sum in a band, kg."""

    def measure(trace: Trace) -> float:
        hz, power = spectrum(standing(trace), trace.rate_hz)
        part = (hz >= low_hz) & (hz < high_hz)
        return float(np.sqrt(power[part].sum() * hz[1]))

    return measure


def _strongest_hz(trace: Trace) -> float:
    """Where the standing sum is strongest between 4 and 20 Hz."""
    hz, power = spectrum(standing(trace), trace.rate_hz)
    part = (hz >= 4.0) & (hz <= 20.0)
    return float(hz[part][np.argmax(power[part])])


def _line_kg(trace: Trace) -> float:
    """Amplitude of the strongest line of the standing sum above 5 Hz: the engine, as sampled."""
    signal = standing(trace)
    hz, _ = spectrum(signal, trace.rate_hz)
    window = np.hanning(len(signal))
    size = np.abs(np.fft.rfft((signal - signal.mean()) * window)) * 2 / window.sum()
    return float(size[hz > 5.0].max())


def _cell_noise(trace: Trace) -> float:
    """White noise of a cell of the empty deck, from second differences, kg."""
    empty = trace.kg[trace.t_s < trace.on_s[0] - 0.4]
    return float(np.median(np.diff(empty, 2, axis=0).std(0))) / 6**0.5


def _loaded_noise(trace: Trace) -> float:
    """The same of a cell under the standing vehicle, kg."""
    loaded = trace.kg[trace.t_s > trace.t_s[-1] - 5.0]
    return float(np.median(np.diff(loaded, 2, axis=0).std(0))) / 6**0.5


def _empty_sum(trace: Trace) -> float:
    """Rms of the sum of the empty deck, kg."""
    return float(trace.total_kg[trace.t_s < trace.on_s[0] - 0.4].std())


def _standing_sum(trace: Trace) -> float:
    """Rms of the sum over the last five seconds, kg."""
    return float(standing(trace).std())


def _left(trace: Trace) -> float:
    """How much of the standing load is on the left cells beyond the half, per cent."""
    rest = trace.kg[trace.t_s > trace.t_s[-1] - 4.0].mean(0)
    return float(rest[trace.cell_y_m > 0].sum() / rest.sum() - 0.5) * 100


def _error(trace: Trace) -> float:
    """Where the sum settles, less the true mass, kg."""
    return float(np.mean(trace.total_kg[trace.t_s > trace.t_s[-1] - 4.0])) - trace.mass_kg


def _way_s(trace: Trace) -> float:
    """From the first axle's coming on to the stop, seconds."""
    return float(trace.stop_s - trace.on_s[0])


def _slowing(trace: Trace) -> float:
    """From the last axle's coming on to the stop, seconds."""
    return float(trace.stop_s - trace.on_s[-1])


MEASURES: dict[str, tuple[str, Measure]] = {
    "speed": ("km/h", _speed),
    "first axle on to stop": ("s", _way_s),
    "last axle on to stop": ("s", _slowing),
    "climb of an axle": ("s", _climb),
    "swing between two axles": ("‰", _driving),
    "swing, second before the stop": ("e", _swing(-1.0, 0.0)),
    "swing, first second after": ("e", _swing(0.0, 1.0)),
    "swing, second second": ("e", _swing(1.0, 2.0)),
    "swing, third second": ("e", _swing(2.0, 3.0)),
    "swing, fifth second": ("e", _swing(4.0, 5.0)),
    "overshoot": ("‰", _overshoot),
    "dip": ("‰", _dip),
    "nod along the deck": ("mm", _nod),
    "bounce": ("Hz", _bounce_hz),
    "decay of the swing": ("1/s", _decay),
    "settling to 3 e": ("s", _settling(3.0)),
    "settling to 1 e": ("s", _settling(1.0)),
    "standing sum, 1-3 Hz": ("kg", _band(*BANDS_HZ[0])),
    "standing sum, 3-6 Hz": ("kg", _band(*BANDS_HZ[1])),
    "standing sum, 6-10 Hz": ("kg", _band(*BANDS_HZ[2])),
    "standing sum, 10-20 Hz": ("kg", _band(*BANDS_HZ[3])),
    "strongest above 4 Hz": ("Hz", _strongest_hz),
    "engine line": ("kg", _line_kg),
    "noise of an empty cell": ("kg", _cell_noise),
    "noise of a loaded cell": ("kg", _loaded_noise),
    "sum of the empty deck": ("kg", _empty_sum),
    "sum of the standing vehicle": ("kg", _standing_sum),
    "load on the left beyond half": ("%", _left),
    "settled sum less true mass": ("kg", _error),
}
"""Name to unit and measure, in the order of a passage."""
