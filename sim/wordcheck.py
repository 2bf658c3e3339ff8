"""What people have told the lane, against the records that it made of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from protocol.parts import Kind, Service
from protocol.record import Record
from sim.finding import Finding
from sim.world import Yard

HEARD_US = 500_000
_TOLD = {"CONFIGURE": Service.CONFIGURE, "CALIBRATE": Service.CALIBRATE}


def of_words(records: Sequence[Record], yard: Yard, excused: bool) -> Iterator[Finding]:
    """Every change that a named person told of, and that no record tells of.

    ``excused``: what a lane that died was about to write may be lost, and what one still waits for
    as the run ends is to come; who told of it sees in both that it is not confirmed.
    """
    if excused:
        return
    left = Counter(
        (record.service.action, record.service.detail)
        for record in records
        if record.kind is Kind.SERVICE and record.service is not None
    )
    for asked in yard.options.requests:
        said, request = _TOLD.get(asked.request.kind), asked.request
        if said is None or not request.detail or asked.at_us > yard.now_us - HEARD_US:
            continue
        key = (said, request.detail)
        left[key] -= 1
        if left[key] < 0:
            seen = f"{request.who} told of {said} {request.detail!r}, which no record tells of"
            yield Finding(check="I18", at_us=asked.at_us, seen=seen)
