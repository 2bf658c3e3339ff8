"""The weight of a record, computed again from nothing but the record and its calibration."""

from __future__ import annotations

from msgspec import Struct

from controller.recording.basis import basis_of
from protocol.counts import unpack
from protocol.record import Record
from sensors.calibration import Scale
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
    raw = unpack(weighing.raw)
    basis, zero_g = basis_of(weighing), weighing.zero_offset_g or 0
    weight_g, u95_g = reweigh(scale, raw.t_us, raw.counts, basis, zero_g)
    difference_g = weighing.estimate_g - weight_g
    return Reweighed(
        weight_g=weight_g,
        u95_g=u95_g,
        difference_g=difference_g,
        agrees=abs(difference_g) <= weighing.u95_g,
    )
