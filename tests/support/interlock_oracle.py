"""What one pair of images must obey, written apart from the interlock's own code."""

from __future__ import annotations

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import BoomCommand, BoomPosition, Deck, End, Lamp, Presence
from controller.core.settings import InterlockSettings


def check_scan(inputs: InputImage, out: OutputImage, settings: InterlockSettings) -> None:
    """Every invariant that one image pair can show; written apart from the interlock's code."""
    for end in End:
        here, command = inputs.ends[end], out.booms[end]
        under = [s for s in (here.arm, here.beam_low, here.beam_high) if s.state != 3]
        if command == BoomCommand.LOWER:
            assert under, "lowered without any sensor under the boom"
            assert all(s.state == Presence.CLEAR for s in under), "lowered on blocked or unknown"
            assert all(inputs.now_us - s.since_us >= settings.clear_settle_us for s in under)
            assert here.boom.position != BoomPosition.UNKNOWN
            assert inputs.now_us - here.boom.raised_us >= settings.reverse_dwell_us
            assert inputs.estop == Presence.CLEAR
        if command == BoomCommand.RAISE:
            assert inputs.estop == Presence.CLEAR
            check_cause_to_rise(inputs, out, end)
    lamps = (*out.approach_lamps, *out.deck_lamps)
    assert lamps.count(Lamp.GREEN) <= 1, "conflicting greens"
    for end in End:
        if Lamp.GREEN in (out.approach_lamps[end], out.deck_lamps[end]):
            assert inputs.ends[end].boom.position == BoomPosition.OPEN
            assert inputs.estop == Presence.CLEAR
        if out.approach_lamps[end] == Lamp.GREEN:
            assert inputs.weight.deck == Deck.EMPTY
    if out.zero:
        assert not inputs.weight.motion
        assert inputs.weight.deck == Deck.EMPTY
        assert abs(inputs.weight.zero_offset_g) <= settings.zero_range_g
        assert not any(
            s.state in (Presence.BLOCKED, Presence.UNKNOWN)
            for here in inputs.ends
            for s in (here.approach, here.arm, here.beam_low, here.beam_high)
        )


def check_cause_to_rise(inputs: InputImage, out: OutputImage, end: End) -> None:
    permit = inputs.ledger.permit
    other = inputs.ends[1 - end].boom.position
    if permit is not None and permit.end == end and permit.passage_id == out.passage_id:
        assert permit.by_person or other == BoomPosition.CLOSED
        return
    assert out.entry == end, "a boom other than the entry rises without a durable record"
    boom = inputs.ends[end].boom.position
    assert boom != BoomPosition.UNKNOWN
    if boom == BoomPosition.CLOSED:
        assert inputs.weight.deck == Deck.EMPTY
        assert other == BoomPosition.CLOSED
