"""The weight of a record, computed again from nothing but the record and its calibration.

That of an indicator needs no calibration: its frames and the rule are in the record.
"""

from __future__ import annotations

from msgspec import Struct

from controller.recording.basis import basis_of
from protocol import parts
from protocol.counts import unpack
from protocol.frames import unpack_frames
from protocol.record import Record
from sensors.calibration import Scale
from sensors.indicated_rule import METHOD, VERSION, Rule, stable_g
from sensors.reweigh import reweigh


class Reweighed(Struct, frozen=True, kw_only=True):
    """The weight before rounding to d, its u95, and how far the recorded one lies from it, grams.

    ``agrees``: no further than the recorded u95.
    """

    weight_g: int
    u95_g: int
    difference_g: int
    agrees: bool


def reweigh_record(record: Record, scale: Scale) -> Reweighed:
    """Compute the weight of ``record`` from its raw counts, with the calibration ``scale``.

    ``board.profile.scale_of_config`` gives that of the record's configuration.

    Raises:
        ValueError: the record has no weighing or no raw counts, or they give no weight.
    """
    weighing = record.weighing
    if weighing is None or weighing.raw is None:
        raise ValueError("the record has no weighing with raw counts")
    if weighing.estimate_g is None or weighing.u95_g is None:
        raise ValueError("the record does not say its weight before rounding, or its uncertainty")
    if weighing.estimator == METHOD:
        weight_g = weight_of_frames(weighing)
        return _reweighed(weighing.estimate_g, weight_g, weighing.u95_g, most_g=0)
    raw = unpack(weighing.raw)
    basis, zero_g = basis_of(weighing), weighing.zero_offset_g or 0
    weight_g, u95_g = reweigh(scale, raw.t_us, raw.counts, basis, zero_g)
    return _reweighed(weighing.estimate_g, weight_g, u95_g, most_g=weighing.u95_g)


def _reweighed(estimate_g: int, weight_g: int, u95_g: int, most_g: int) -> Reweighed:
    difference_g = estimate_g - weight_g
    return Reweighed(
        weight_g=weight_g,
        u95_g=u95_g,
        difference_g=difference_g,
        agrees=abs(difference_g) <= most_g,
    )


class _Stated(Struct, frozen=True, kw_only=True):
    """Range and divisions as the record's parameters state them."""

    max_g: int
    e_g: int
    d_g: int


def weight_of_frames(weighing: parts.Weighing) -> int:
    """The weight that the frames of a weighing are by the rule that it states, grams: exactly.

    Raises:
        ValueError: there are no frames, or the rule is not stated or not one of this program's, or
            by it they are no weight.
    """
    if (weighing.estimator, weighing.estimator_version) != (METHOD, VERSION):
        raise ValueError(
            f"estimator {weighing.estimator} {weighing.estimator_version}: of frames this program "
            f"knows {METHOD} {VERSION}"
        )
    if weighing.raw is None:
        raise ValueError("the record has no frames")
    stated = dict(weighing.parameters)
    lacks = [
        name for name in ("readings", "interval_us", "span_g_max", "d_g") if name not in stated
    ]
    if lacks or stated["interval_us"] < 1 or stated["readings"] < 1:
        raise ValueError(
            f"the record does not state its rule: {', '.join(lacks) or 'none above 0'}"
        )
    capacity = _Stated(max_g=weighing.gross_g, e_g=stated["span_g_max"], d_g=stated["d_g"])
    rule = Rule(readings=stated["readings"], window_us=1)
    weight_g = stable_g(unpack_frames(weighing.raw), capacity, rule, stated["interval_us"])
    if weight_g is None:
        raise ValueError("by the rule that the record states its frames are no weight")
    return weight_g
