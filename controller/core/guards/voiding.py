"""Whether a person may void the passage under way."""

from __future__ import annotations

from controller.core.guards.common import request_of
from controller.core.images import InputImage
from controller.core.kinds import RequestKind
from controller.core.passage import Lane
from controller.core.settings import LaneSettings


def void_asked(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A named person says that nothing of this very passage stands, and why; once is enough."""
    passage = lane.passage
    if not inputs.requests or passage is None or passage.boarded_us is None:
        return False
    if passage.intent is not None or passage.owed or passage.voided:
        return False
    request = request_of(lane, inputs, RequestKind.VOID)
    return request is not None and request.passage_id == passage.id
